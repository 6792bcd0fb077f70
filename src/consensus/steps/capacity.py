"""A round's cap on responses: whether it is reached, and the record of when that was."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from consensus import models, store
from consensus.steps.timetable import CLOCK, record_act

__all__ = ["is_full", "record_full"]


def is_full(session: Session, row: models.Round) -> bool:
    """Tell whether a round has a cap and it is reached; it follows from what was received alone.

    So a raised cap, or somebody who withdraws, lets new starters in again.
    """
    return row.cap > 0 and store.count_people(session, row) >= row.cap


def record_full(session: Session, row: models.Round, now: datetime) -> bool:
    """Record that a round reached its cap, once for each cap; return whether it was new."""
    if not is_full(session, row):
        return False
    decisions = store.load_decisions(session, row.partnership)
    acts = zip(decisions["subject"], decisions["value"], strict=True)
    caps = [v.get("cap") for subject, v in acts if subject == row.round_id and v.get("act") == "full"]
    if row.cap in caps:
        return False
    record_act(session, row, "full", by=CLOCK, now=now, why="its cap is reached")
    return True
