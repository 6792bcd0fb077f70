"""The sign-off of a shortlist: a person's recorded decision, which sends it to the workshop or back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlmodel import Session

from consensus import store
from consensus.errors import DataError, StageError
from consensus.questions import in_force
from consensus.steps.outcome import Outcome
from consensus.steps.ranking import current_ranking
from consensus.store import Store

__all__ = ["Approval", "approval", "record_approval"]


@dataclass(frozen=True)
class Approval:
    """A person's recorded decision on a shortlist."""

    ranking_id: str
    decision: str
    by: str
    at: datetime
    why: str


def record_approval(
    db: Store, partnership: str, ranking_id: str, decision: str, *, by: str, why: str = "", now: datetime
) -> Outcome:
    """Record that a person approves or rejects a shortlist; the same person saying the same again adds nothing.

    Raises
    ------
    DataError
        The decision is neither 'approve' nor 'reject', nobody signs it, or a rejection gives no reason.
    StageError
        The ranking is not the current one.
    """
    faults = []
    if decision not in ("approve", "reject"):
        faults.append(f"The decision is '{decision}'; use 'approve' or 'reject'.")
    if not by.strip():
        faults.append("The signer is missing; give the name of the person who decides.")
    if decision == "reject" and not why.strip():
        faults.append("The reason is missing; a rejected shortlist needs one.")
    if faults:
        raise DataError(" ".join(faults), faults)
    with db.writing() as session:
        current = current_ranking(session, partnership)
        if current.ranking_id != ranking_id:
            raise StageError(
                f"The ranking '{ranking_id}' is not the current one ('{current.ranking_id}'); decide on that."
            )
        standing = _approvals(session, partnership, ranking_id)
        said = [(value["decision"], who) for value, who in zip(standing["value"], standing["by"], strict=True)]
        added = not said or said[-1] != (decision, by)
        if added:
            store.append_decision(
                session, partnership, "approval", ranking_id, {"decision": decision}, by=by, at=now, why=why
            )
    verb = "approved" if decision == "approve" else "rejected"
    return Outcome(
        stage="approve-shortlist",
        done=f"The shortlist of '{ranking_id}' is {verb}." if added else f"It was recorded already that it is {verb}.",
        next=f"Bring the workshop's rankings: `consensus workshop import FILE --partnership {partnership}`."
        if decision == "approve"
        else f"Change the shortlist, then rank again: `consensus rank --partnership {partnership}`.",
        counts={"decisions": int(added)},
        ids={"partnership": partnership, "ranking": ranking_id, "decision": decision},
    )


def approval(db: Store, ranking_id: str) -> Approval | None:
    """Return the decision in force on a shortlist, or None while nobody has decided."""
    with db.reading() as session:
        ranking = store.load_ranking(session, ranking_id)
        rows = _approvals(session, ranking.partnership, ranking_id)
    if rows.empty:
        return None
    last = rows.iloc[-1]
    return Approval(ranking_id, str(last["value"]["decision"]), str(last["by"]), last["at"], str(last["why"]))


def _approvals(session: Session, partnership: str, ranking_id: str) -> pd.DataFrame:
    rows = in_force(store.load_decisions(session, partnership))
    return rows[(rows["kind"] == "approval") & (rows["subject"] == ranking_id)]
