"""One round at one instant: its opening or a reminder, planned so that people see it coming; then its letters."""

from __future__ import annotations

from typing import Any

from prefect import flow, get_run_logger, runtime
from prefect.client.schemas.objects import State

from consensus import orchestration, steps
from consensus.settings import Settings
from flows.parameters import Now, RoundAct, RoundId, instant
from flows.running import open_store, run_step, show, swept, wait_until
from flows.send_mail import send_mail

__all__ = ["advance_round"]


@flow(name="advance-round", flow_run_name="{round_id}: {act}")
def advance_round(round_id: RoundId, act: RoundAct, now: Now = None) -> State[Any]:
    """Do what a round does by itself at this instant, send the letters that follow, and plan what comes next.

    It does what the sweep does, at the very instant; both at once do it once.
    """
    if now is None:
        wait_until(runtime.flow_run.scheduled_start_time)
    at = instant(now)
    outcome = run_step(f"{act} the round", steps.advance_rounds, now=at, outputs=Settings.from_environment().outputs)
    if outcome.counts.get("acts"):
        show(outcome, "rounds")
        send_mail(now=now)
    with open_store() as db:
        for reply in orchestration.reconcile(db, now=instant(None)):
            get_run_logger().info(reply.sentence)
    return swept(outcome, outcome.done.strip())
