"""Questions that people put on the shortlist by hand, each with the recorded reason."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from consensus import store
from consensus.errors import DataError
from consensus.questions import in_force
from consensus.steps.ballots import interim_round, on_ballot
from consensus.steps.outcome import Outcome
from consensus.store import Store

__all__ = ["record_by_hand", "shortlist_by_hand"]

STAGE = "interim-ranking"


def record_by_hand(db: Store, partnership: str, question_id: str, *, by: str, why: str, now: datetime) -> Outcome:
    """Record that people put a question on the shortlist by hand, with the reason; the next ranking shows it there."""
    if not why.strip():
        raise DataError("The reason is missing; a question goes on the shortlist by hand with why.")
    with db.writing() as session:
        if question_id not in set(on_ballot(interim_round(session, partnership))["question_id"]):
            raise DataError(f"The question '{question_id}' was not on the ballot; `consensus questions` lists those.")
        row = {"kind": "shortlist_by_hand", "subject": question_id, "value": {}, "by": by, "at": now, "why": why}
        store.append_decisions(session, partnership, [row])
    return Outcome(
        stage=STAGE,
        done=f"Recorded: {question_id} goes on the shortlist by hand.",
        next=f"Rank again: `consensus rank --partnership {partnership}`.",
        ids={"partnership": partnership, "question": question_id},
    )


def shortlist_by_hand(decisions: pd.DataFrame) -> dict[str, str]:
    """Return the questions that people put on the shortlist by hand, each with the recorded reason."""
    rows = in_force(decisions)
    rows = rows[rows["kind"] == "shortlist_by_hand"]
    return dict(zip(rows["subject"].astype(str), rows["why"].astype(str), strict=True))
