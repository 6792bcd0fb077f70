"""What each round does next by itself, and when; and how far it has reached people."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pandas as pd
from sqlmodel import Session

from consensus import models, store
from consensus.protocol import Protocol
from consensus.report import tables
from consensus.report.content import ANSWERED, BALLOTS
from consensus.report.suppression import TOTAL, is_hidden, large_mark
from consensus.steps.ballots import counted_ballots
from consensus.steps.capacity import is_full
from consensus.steps.faults import noting
from consensus.steps.following import later_round
from consensus.steps.outcome import TAKING_PART, shown
from consensus.steps.reminders import pending_reminders
from consensus.steps.timetable import grace_ends, local_time
from consensus.steps.unlinking import unlinks_after
from consensus.steps.ways import ways_of
from consensus.store import Store

__all__ = ["Reach", "Upcoming", "beside", "next_acts", "reach_of", "received_counts", "told", "upcoming"]


@dataclass(frozen=True)
class Upcoming:
    """An act that a round does by itself at an instant, in UTC."""

    round_id: str
    act: Literal["open", "remind", "close", "rank", "unlink"]
    at: datetime


@dataclass(frozen=True)
class Reach:
    """How far a round has reached people; every count as anybody may see it, small ones suppressed.

    Attributes
    ----------
    funnel
        By what it counts, in order: invited, begun, sent.
    by_group
        One mapping a stakeholder group: group, people, target.
    by_way
        How people answered, and through which partner organisation's open link: by `modes` and `partners`, people by
        way; empty where that would tell of few.
    full
        Whether the cap is reached, so that nobody new may begin.
    """

    round_id: str
    funnel: dict[str, str]
    by_group: tuple[dict[str, object], ...]
    by_way: dict[str, dict[str, str]]
    full: bool


def upcoming(db: Store, *, now: datetime, faults: list[str]) -> list[Upcoming]:
    """Return what every round does next by itself, the soonest first.

    Parameters
    ----------
    faults
        To which a sentence is added for each round of which that cannot be told.
    """
    acts: list[Upcoming] = []
    with db.reading() as session:
        for row in store.list_rounds(session):
            with noting(faults, f"What the round '{row.round_id}' does next is not known"):
                acts += next_acts(session, row, store.load_protocol(session, row.partnership), now)
    return sorted(acts, key=lambda act: (act.at, act.round_id, act.act))


def next_acts(session: Session, row: models.Round, protocol: Protocol, now: datetime) -> list[Upcoming]:
    """Return what one round does next by itself: its opening; the next reminder and its close; or what follows."""
    if row.state == "draft":
        return [Upcoming(row.round_id, "open", row.opens_at)] if row.opens_at > now else []
    if row.state in ("open", "paused"):
        reminders = [at for at in pending_reminders(session, row, protocol) if at > now and row.state == "open"]
        close = [Upcoming(row.round_id, "close", row.closes_at)] if row.closes_at > now else []
        return [Upcoming(row.round_id, "remind", at) for at in reminders[:1]] + close
    last = row.kind == "interim" and row.state == "closed" and later_round(session, row) is None
    rank = [Upcoming(row.round_id, "rank", grace_ends(row))] if last else []
    unlinked = grace_ends(unlinks_after(session, row))
    unlink = [Upcoming(row.round_id, "unlink", unlinked)] if row.unlinked_at is None else []
    return [act for act in rank + unlink if act.at > now]


_SAID = {
    "open": "opens",
    "remind": "reminds groups under target",
    "close": "closes",
    "rank": "can be ranked",
    "unlink": "parts people from what they sent",
}


def told(acts: list[Upcoming], protocol: Protocol) -> str:
    """Return the next acts of a round, at their instants, as a sentence's end, or nothing."""
    return "; then ".join(f"{_SAID[act.act]} {local_time(act.at, protocol)}" for act in acts)


def reach_of(session: Session, row: models.Round, protocol: Protocol) -> Reach:
    """Return how far a round has reached people, by group against its target and as a funnel.

    The counts stand up against everything that was published of the same people before.
    """
    column = ANSWERED if row.kind == "gather" else BALLOTS
    public = _public_people(session, row, protocol)
    target = "target_answers" if row.kind == "gather" else "target_ballots"
    by_group = tuple(
        {
            "group": protocol.group_name(group.id),
            "people": str(public.loc[group.id, column]),
            "target": getattr(group, target),
        }
        for group in protocol.groups
    )
    links = store.count_participations(session, row.round_id)
    invited = store.count_mail(session, protocol.id).get((row.round_id, "invitation", "sent"), 0)
    begun = sum(count for state, count in links.items() if state in ("begun", "sent", "withdrawn"))
    sent = str(public.loc[TOTAL, column])
    funnel = {"invited": shown(invited, protocol), "begun": beside(begun, begun, sent, protocol), "sent": sent}
    by_way: dict[str, dict[str, str]] = {}
    for name, people in ways_of(session, row, protocol).items():
        shown_before = store.load_public_tables(session, protocol.id, name)
        k, total = protocol.publication.small_cells, {column: str(public.loc[TOTAL, column])}
        table = tables.count_ways({column: people}, total, k, shown_before)
        ways = table[column].drop(TOTAL).items() if column in table else ()
        by_way[name] = {str(way): str(count) for way, count in ways}
    return Reach(row.round_id, funnel, by_group, by_way, is_full(session, row))


def _public_people(session: Session, row: models.Round, protocol: Protocol) -> pd.DataFrame:
    """Return how many people of each group have sent something in a round, and in all, as anybody may see it."""
    column = ANSWERED if row.kind == "gather" else BALLOTS
    before = store.load_public_tables(session, protocol.id, TAKING_PART)
    return tables.count_groups(protocol, {column: pd.Series(_people(session, row), dtype="int64")}, before)


def received_counts(session: Session, protocol: Protocol, answers: int, ballots: int) -> dict[str, int | str]:
    """Return how many answers and ballots there are, as anybody may see it beside how many people of which group sent.

    Where the number of people is hidden, or differs by few from these, a group's could be worked out from them.
    """
    shown_as: dict[str, int | str] = {}
    for what, kind, count in (("answers", "gather", answers), ("ballots received", "interim", ballots)):
        rounds = [row for row in store.list_rounds(session, protocol.id) if row.kind == kind]
        totals = [str(_public_people(session, row, protocol).iloc[:, 0][TOTAL]) for row in rounds]
        hidden = next((total for total in totals if is_hidden(total)), "")
        counted = 0 if hidden else sum(map(int, totals))
        apart = count if kind == "gather" else count - counted  # several answers are of one person, a ballot is not
        told = beside(count, apart, hidden, protocol)
        shown_as[what] = int(told) if told.isdecimal() else told
    return shown_as


def beside(count: int, apart: int, people: str, protocol: Protocol) -> str:
    """Return a count as it is shown beside a public number of people, from which `apart` is left over.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> ten = SimpleNamespace(publication=SimpleNamespace(small_cells=10))
    >>> beside(16, 16, "10+", ten), beside(16, 16, "31", ten), beside(33, 2, "31", ten), beside(7, 7, "<10", ten)
    ('10+', '16', '10+', '<10')
    """
    k = protocol.publication.small_cells
    if count >= k and (is_hidden(people) or 0 < apart < k):
        return large_mark(k)
    return shown(count, protocol)


def _people(session: Session, row: models.Round) -> dict[str, int]:
    """Return how many people of each group have sent something in a round that counts so far."""
    if row.kind == "gather":
        return store.people_by_group(session, row)
    return dict(Counter(ballot.group for ballot in counted_ballots(session, row).ballots))
