"""The outbox sent: what is due now in every partnership, or in one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from consensus import steps
from consensus.errors import ConsensusError
from consensus.settings import Settings
from consensus.steps import Outcome
from consensus.store import Store
from flows.parameters import Now, instant
from flows.running import open_store, run_step, show

__all__ = ["send_mail"]


@flow(name="send-mail", flow_run_name="send mail")
def send_mail(now: Now = None) -> State[Any]:
    """Send what is due in the outbox of every partnership. No letter goes twice; who still gets one is decided now."""
    at, told, faults = instant(now), [], list[str]()
    for partnership in _with_mail(at, faults):
        with steps.noting(faults, f"The letters of '{partnership}' wait"):
            try:
                outcome = run_step(f"send the mail of {partnership}", _send, partnership=partnership, now=at)
            except ConsensusError as error:
                get_run_logger().warning("'%s': %s", partnership, error)
                told.append(f"'{partnership}': {error}")
                continue
            told.append(f"'{partnership}': {outcome.done}")
            show(outcome, partnership)
    if faults:
        return Failed(message=" ".join([*faults, *told]))
    return Completed(message=" ".join(told) or "No letter was due.")


def _send(db: Store, partnership: str, now: datetime) -> Outcome:
    return steps.send_mail(db, partnership, Settings.from_environment(), now=now)


def _with_mail(now: datetime, faults: list[str]) -> list[str]:
    due = []
    with open_store() as db:
        for name, _title in steps.list_partnerships(db):
            with steps.noting(faults, f"Whether letters of '{name}' are due is not known"):
                due += [name] if steps.mail_is_due(db, name, now=now) else []
    return due
