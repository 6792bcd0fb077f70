"""A person's sign-off on the shortlist: the run exits, and comes back when the decision is there.

The decision lives in our store, never in Prefect: the run looks there first, and what is decided in Prefect's own form
is recorded there as well. A resumed run starts again from its first line.
"""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any, Literal

from prefect import flow, get_run_logger, runtime, suspend_flow_run
from prefect.client.schemas.objects import State
from prefect.input import RunInput
from prefect.states import Completed
from pydantic import Field, ValidationError

from consensus import orchestration, steps
from consensus.errors import ConsensusError, StageError
from consensus.settings import Settings
from consensus.steps import Outcome
from flows.parameters import Now, PartnershipId, RankingId, instant
from flows.running import completed, open_store, show

__all__ = ["SignOff", "approve_shortlist"]

STAGE = "approve-shortlist"
RECORDED = "recorded"


class SignOff(RunInput):
    """Sign-off of a shortlist."""

    decision: Literal["approve", "reject", "recorded"] = Field(
        description="'approve' sends the shortlist to the workshop, 'reject' sends it back; 'recorded' takes the "
        "decision that was already recorded in Consensus."
    )
    signed_by: str = Field(
        pattern=r"\S", description="Who decides, as it will stand in the record, for example 'steering group chair'."
    )
    why: str = Field(default="", description="The reason; a rejection needs one.")


@flow(name=STAGE, flow_run_name="{partnership}: approve shortlist")
def approve_shortlist(partnership: PartnershipId, ranking_id: RankingId = "", now: Now = None) -> State[Any]:
    """Wait, without a process, until a person approves or rejects the shortlist of an interim ranking.

    Ends as Completed when it is approved, as Rejected (a completed state of that name) when it is not, and as
    Superseded when the partnership was ranked again meanwhile, which asks for a decision of its own.
    """
    fault = ""
    for attempt in count(1):
        current, decided = _standing(partnership, ranking_id)
        if ranking_id and ranking_id != current:
            return Completed(name="Superseded", message=f"The ranking '{ranking_id}' gave way to '{current}'.")
        if decided:
            return _finish(partnership, current, decided)
        fault = _ask(partnership, current, attempt, fault, instant(now))
    raise AssertionError("unreachable")


def _standing(partnership: str, ranking_id: str) -> tuple[str, str]:
    """Return the partnership's current ranking, and the decision in force on it or an empty text."""
    with open_store() as db:
        current = steps.current_ranking_id(db, partnership)
        decided = steps.approval(db, current)
    return current, decided.decision if decided else ""


def _ask(partnership: str, ranking_id: str, attempt: int, fault: str, at: datetime) -> str:
    """Suspend the run until a form comes, and record it; return the sentence that says what was wrong with it."""
    if not runtime.deployment.id:
        raise StageError(
            f"The shortlist of '{ranking_id}' waits for sign-off; decide with `consensus approve --partnership "
            f"{partnership}`, or run this flow from its deployment, which can wait (`consensus up` registers it)."
        )
    if attempt == 1:
        _show(partnership, ranking_id, _invitation(partnership, ranking_id, ""))
    try:
        form = suspend_flow_run(
            wait_for_input=SignOff.with_initial_data(description=_invitation(partnership, ranking_id, fault)),
            key=orchestration.pause_key(ranking_id, attempt),
        )
        return _record(partnership, ranking_id, form, at)
    except ValidationError as error:
        told = "; ".join(str(one["msg"]) for one in error.errors())
    except ConsensusError as error:
        told = str(error)
    get_run_logger().warning("A form was not accepted, and the sign-off waits again: %s", told)
    return told


def _record(partnership: str, ranking_id: str, form: SignOff, at: datetime) -> str:
    if form.decision == RECORDED:
        with open_store() as db:
            return (
                "" if steps.approval(db, ranking_id) else "No decision on this shortlist is recorded in Consensus yet."
            )
    with open_store() as db:
        steps.record_approval(
            db, partnership, ranking_id, form.decision, by=form.signed_by.strip(), why=form.why.strip(), now=at
        )
    return ""


def _invitation(partnership: str, ranking_id: str, fault: str) -> str:
    """Return the words above the form, in markdown."""
    page = Settings.from_environment().web_url
    lines = [f"The shortlist of **{partnership}** (ranking `{ranking_id}`) waits for sign-off."]
    if fault:
        lines.insert(0, f"**The last form was not accepted:** {fault} Nothing was lost; please fill it in again.")
    lines.append(
        "The tables of the run *interim ranking* show the whole order and what another rule or a missing group "
        f"would have changed. Decide here, or with `consensus approve --partnership {partnership} --by NAME`. "
        f"Where the partnership stands: [{page}]({page})."
    )
    return "\n\n".join(lines)


def _finish(partnership: str, ranking_id: str, decision: str) -> State[Any]:
    approved = decision == "approve"
    outcome = _show(
        partnership,
        ranking_id,
        f"The shortlist of '{ranking_id}' is {'approved' if approved else 'rejected'}.",
        "Hold the workshop." if approved else "Change the shortlist by hand or by amendment, and rank again.",
    )
    get_run_logger().info(outcome.done)
    return completed(outcome, name="Completed" if approved else "Rejected")


def _show(partnership: str, ranking_id: str, done: str, comes_next: str = "") -> Outcome:
    """Return the stage's outcome, shown with the shortlist that it is about."""
    with open_store() as db:
        tables = {"Shortlist": steps.shortlist_table(db, partnership)}
    outcome = Outcome(STAGE, done, comes_next, tables=tables, ids={"partnership": partnership, "ranking": ranking_id})
    show(outcome, partnership, plot=True)
    return outcome
