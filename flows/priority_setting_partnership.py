"""The parent: a partnership taken from where it stands to the next thing that a person must do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed

from consensus import orchestration, steps
from consensus.steps import NextAction, Outcome
from flows.artifacts import Progress, show_outcome
from flows.deduplicate import deduplicate
from flows.final_workshop import final_workshop
from flows.gather_uncertainties import gather_uncertainties
from flows.interim_ranking import interim_ranking
from flows.parameters import Now, PartnershipId, instant
from flows.publish import publish
from flows.running import open_store

__all__ = ["STAGES", "priority_setting_partnership"]

STAGE = "priority-setting-partnership"
STAGES: dict[str, Callable[..., Any]] = {
    "gather-uncertainties": gather_uncertainties,
    "deduplicate": deduplicate,
    "interim-ranking": interim_ranking,
    "final-workshop": final_workshop,
    "publish": publish,
}
"""What a machine can do by itself, in the order of the process."""


@flow(name=STAGE, flow_run_name="{partnership}: to the next decision")
def priority_setting_partnership(partnership: PartnershipId, now: Now = None) -> State[Any]:
    """Take a partnership from where it stands to the next thing that a person must do, and say what that is."""
    at = instant(now)
    done: list[str] = []
    with Progress(partnership, STAGE, len(STAGES)) as progress:
        action = _next(partnership, at)
        while action.actor == "machine":
            if done and done[-1] == action.stage:
                raise RuntimeError(f"The stage '{action.stage}' ran and is still the next; it did not do its work.")
            STAGES[action.stage](partnership=partnership, now=at)
            done.append(action.stage)
            progress.part()
            action = _next(partnership, at)
    _prepare(action)
    show_outcome(_outcome(partnership, action, done, at), partnership, images=_images(partnership, at))
    return Completed(message=action.sentence, data={"partnership": partnership, "actor": action.actor})


def _next(partnership: str, at: datetime) -> NextAction:
    with open_store() as db:
        return steps.next_action(db, partnership, now=at)


def _prepare(action: NextAction) -> None:
    """Have Prefect wait for what comes next: a sign-off, or the close of a round."""
    if action.stage not in ("approve-shortlist", "close-round"):
        return
    with open_store() as db:
        for reply in orchestration.reconcile(db, now=instant(None)):
            get_run_logger().info(reply.sentence)


def _outcome(partnership: str, action: NextAction, done: list[str], at: datetime) -> Outcome:
    """Return what ran and what comes next, with the rounds and what each waits for."""
    with open_store() as db:
        rounds = steps.waiting_rounds(db, partnership, now=at)
    ran = ", ".join(done) or "nothing, all that a machine can do was done"
    return Outcome(STAGE, f"Ran: {ran}.", f"({action.actor}) {action.to_text()}", tables={"rounds": rounds})


def _images(partnership: str, at: datetime) -> dict[str, bytes]:
    with open_store() as db:
        return steps.plots(db, partnership, STAGE, now=at)
