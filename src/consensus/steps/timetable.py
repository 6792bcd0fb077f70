"""When a round opens, closes and stops taking anything: instants, how people read them, and who may come in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import pandas as pd
from sqlmodel import Session

from consensus import models, store
from consensus.interface import zone_told
from consensus.protocol import Protocol
from consensus.store import Store

__all__ = [
    "CLOCK",
    "RoundView",
    "Stand",
    "grace_ends",
    "in_time",
    "list_rounds",
    "local_time",
    "record_act",
    "rounds_table",
    "stand",
]

CLOCK = "clock"
"""Who acts where an instant has come, in the decisions."""

Stand = Literal["early", "open", "paused", "full", "grace", "late", "closed"]
"""Where a round stands for one person: `grace` and `late` are of those who had begun before the close."""


@dataclass(frozen=True)
class RoundView:
    """A round as screens and flows see it; instants in UTC."""

    round_id: str
    partnership: str
    kind: str
    state: str
    opens_at: datetime
    closes_at: datetime
    grace_minutes: int
    cap: int
    closed_at: datetime | None
    ranking_id: str

    @classmethod
    def of(cls, row: models.Round) -> RoundView:
        """Return the view of a round's row."""
        return cls(**{name: getattr(row, name) for name in cls.__dataclass_fields__})


def grace_ends(round_: models.Round | RoundView) -> datetime:
    """Return the instant after which nothing more can count: the close and the declared grace."""
    return round_.closes_at + timedelta(minutes=round_.grace_minutes)


def in_time(round_: models.Round | RoundView, received_at: datetime, began_at: datetime | None) -> bool:
    """Return whether what came then counts: up to and with the close, with the grace for who had begun by then.

    Examples
    --------
    >>> noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    >>> round_ = models.Round(round_id="r", partnership="p", kind="interim", opens_at=noon, closes_at=noon,
    ...                       grace_minutes=30)
    >>> after = noon + timedelta(minutes=1)
    >>> in_time(round_, noon, None), in_time(round_, after, None), in_time(round_, after, noon)
    (True, False, True)
    """
    began = began_at is not None and began_at <= round_.closes_at
    return received_at <= (grace_ends(round_) if began else round_.closes_at)


def stand(
    round_: models.Round | RoundView, now: datetime, *, began_at: datetime | None = None, full: bool = False
) -> Stand:
    """Return where a round stands for somebody who comes now; it follows from the instants, never from a run.

    Parameters
    ----------
    round_
        The round; its state matters only for whether it was opened and whether it is paused.
    began_at
        When this person began, None for a new starter. Who began up to and with the close has the declared grace, and
        what they send after it is kept as late.
    full
        Whether the round's cap on responses is reached: then only those who had begun may still send.

    Examples
    --------
    >>> noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    >>> round_ = models.Round(round_id="r", partnership="p", kind="interim", state="open", opens_at=noon,
    ...                       closes_at=noon + timedelta(hours=1), grace_minutes=30)
    >>> stand(round_, noon), stand(round_, noon, full=True), stand(round_, noon + timedelta(minutes=61))
    ('open', 'full', 'closed')
    >>> [stand(round_, noon + timedelta(minutes=m), began_at=noon, full=True) for m in (59, 90, 91)]
    ['open', 'grace', 'late']
    """
    if round_.state == "draft":
        return "early" if now <= round_.closes_at else "closed"
    if now <= round_.closes_at:
        if round_.state == "paused":
            return "paused"
        return "full" if full and began_at is None else "open"
    if began_at is None or began_at > round_.closes_at:
        return "closed"
    return "grace" if now <= grace_ends(round_) else "late"


def local_time(instant: datetime, protocol: Protocol) -> str:
    """Return an instant as the partnership's people read it, with its zone."""
    return f"{instant.astimezone(protocol.zone):%A %-d %B %Y at %H:%M} ({zone_told(instant, protocol.zone)})"


def list_rounds(db: Store, partnership: str | None = None) -> list[RoundView]:
    """Return the rounds of one partnership, or of all, in the order in which they open."""
    with db.reading() as session:
        return [RoundView.of(row) for row in store.list_rounds(session, partnership)]


def rounds_table(rows: list[models.Round], protocol: Protocol) -> pd.DataFrame:
    """Return rounds as people read them, instants in the partnership's zone."""
    return pd.DataFrame(
        [
            {
                "round": row.round_id,
                "state": row.state,
                "opens": local_time(row.opens_at, protocol),
                "closes": local_time(row.closes_at, protocol),
                "grace in minutes": row.grace_minutes,
            }
            for row in rows
        ],
        columns=["round", "state", "opens", "closes", "grace in minutes"],
    )


def record_act(session: Session, row: models.Round, act: str, *, by: str, now: datetime, why: str) -> None:
    """Append the decision row of an act on a round, with the close that then holds."""
    value = {
        "act": act,
        "closes_at": row.closes_at.astimezone(UTC).isoformat(),
        **({"cap": row.cap} if row.cap else {}),
    }
    store.append_decision(session, row.partnership, "round", row.round_id, value, by=by, at=now, why=why)
