"""What is kept of decisions while they are read: what was said of two submissions, and what is contested or aside."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

__all__ = ["Aside", "Contest", "Pair", "Said"]

Pair = tuple[str, str]


class Aside(NamedTuple):
    """Why a submission is set aside, and who decided so when."""

    reason: str
    by: str = ""
    at: datetime | None = None


class Said(NamedTuple):
    """How often two submissions were said to be the same, or not, more than the opposite; on which screen last."""

    times: int
    number: int


class Contest(NamedTuple):
    """Two submissions of which decisions say both: that they ask the same, and that they do not."""

    pair: Pair
    by: str
