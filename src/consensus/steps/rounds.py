"""Rounds: opening, moving, pausing and closing; and `advance_rounds`, which does whatever is due.

Everything here can be asked for twice: the second time changes nothing. Which ballots count follows from `closes_at`
and the grace alone, never from when any of this ran.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd
from sqlmodel import Session

from consensus import models, store
from consensus.errors import ConsensusError, StageError
from consensus.protocol import Protocol
from consensus.questions import NOT_YET_REVIEWED
from consensus.steps.outcome import Outcome
from consensus.steps.partnerships import ROUND_KINDS, freeze_protocol
from consensus.store import Store

__all__ = [
    "RoundView",
    "advance_rounds",
    "close_round",
    "extend_round",
    "grace_ends",
    "list_rounds",
    "local_time",
    "open_round",
    "pause_round",
    "resume_round",
]

CLOCK = "clock"


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
    closed_at: datetime | None
    ranking_id: str

    @classmethod
    def of(cls, row: models.Round) -> RoundView:
        """Return the view of a round's row."""
        return cls(**{name: getattr(row, name) for name in cls.__dataclass_fields__})


def grace_ends(round_: models.Round | RoundView) -> datetime:
    """Return the instant after which nothing more can count: the close and the declared grace."""
    return round_.closes_at + timedelta(minutes=round_.grace_minutes)


def local_time(instant: datetime, protocol: Protocol) -> str:
    """Return an instant as the partnership's people read it, with its zone."""
    return f"{instant.astimezone(protocol.zone):%A %-d %B %Y at %H:%M} ({protocol.partnership.time_zone})"


def list_rounds(db: Store, partnership: str | None = None) -> list[RoundView]:
    """Return the rounds of one partnership, or of all, in the order in which they open."""
    with db.reading() as session:
        return [RoundView.of(row) for row in store.list_rounds(session, partnership)]


def open_round(
    db: Store,
    partnership: str,
    kind: str,
    *,
    closes_at: datetime | None = None,
    by: str,
    now: datetime,
    why: str = "",
) -> Outcome:
    """Open a partnership's gathering or interim round now; opening an open round changes nothing.

    Raises
    ------
    StageError
        The kind is not known, the round is over, its close lies in the past, or there is nothing to rank yet.
    """
    if kind not in ROUND_KINDS:
        raise StageError(f"There is no round of the kind '{kind}'; use one of {', '.join(ROUND_KINDS)}.")
    with db.writing() as session:
        protocol = store.load_protocol(session, partnership)
        row = store.load_round(session, f"{partnership}-{kind}-1")
        if row.state in ("closed", "ranked"):
            raise StageError(
                f"The round '{row.round_id}' closed {local_time(row.closes_at, protocol)}; it stays closed."
            )
        closes = closes_at or row.closes_at
        if row.state == "draft":
            if closes <= now:
                raise StageError(
                    f"The round '{row.round_id}' would close {local_time(closes, protocol)}, which is past; "
                    "give a later close with --closes."
                )
            _open(session, row, opens_at=now, closes_at=closes, by=by, now=now, why=why)
        return _outcome("open-round", row, protocol, f"The round '{row.round_id}' is {row.state}.")


def _open(
    session: Session, row: models.Round, *, opens_at: datetime, closes_at: datetime, by: str, now: datetime, why: str
) -> None:
    if row.kind == "interim":
        questions = store.load_frame(session, "questions", row.partnership)
        still_open = questions[questions["status"] == "open"].sort_values("question_id")
        on_ballot = still_open[["question_id", "wording"]].to_numpy().tolist()
        if len(on_ballot) < 2:
            raise StageError(
                f"The round '{row.round_id}' has no summary questions to rank yet; "
                f"review the duplicate groups first: `consensus review export --partnership {row.partnership}`."
            )
        row.questions = json.dumps(on_ballot, ensure_ascii=False)
    row.state, row.opens_at, row.closes_at = "open", opens_at, closes_at
    session.add(row)
    freeze_protocol(session, row.partnership, now)
    _record(session, row, "open", by=by, now=now, why=why)


def extend_round(db: Store, round_id: str, closes_at: datetime, *, by: str, why: str, now: datetime) -> Outcome:
    """Move the close of a round that is not over, with the reason recorded; the same close changes nothing."""

    def change(session: Session, row: models.Round, protocol: Protocol) -> str:
        if row.state in ("closed", "ranked"):
            raise StageError(f"The round '{round_id}' is {row.state}; a close that has passed cannot be moved.")
        if closes_at <= now:
            raise StageError(
                f"The new close {local_time(closes_at, protocol)} is past; close early with "
                f"`consensus round close {round_id} --early`, or give a later instant."
            )
        if closes_at <= row.opens_at:
            raise StageError(f"The new close {local_time(closes_at, protocol)} is before the round opens.")
        if row.closes_at != closes_at:
            row.closes_at = closes_at
            _record(session, row, "extend", by=by, now=now, why=why)
        return f"The round '{round_id}' now closes {local_time(closes_at, protocol)}."

    return _change(db, round_id, "open-round", change)


def pause_round(db: Store, round_id: str, *, by: str, why: str, now: datetime) -> Outcome:
    """Pause an open round: its survey takes nothing until it is resumed, and it still closes at its close."""
    return _switch(db, round_id, "open", "paused", "pause", by=by, why=why, now=now)


def resume_round(db: Store, round_id: str, *, by: str, why: str, now: datetime) -> Outcome:
    """Open a paused round again."""
    return _switch(db, round_id, "paused", "open", "resume", by=by, why=why, now=now)


def _switch(
    db: Store, round_id: str, before: str, after: str, act: str, *, by: str, why: str, now: datetime
) -> Outcome:
    def change(session: Session, row: models.Round, _protocol: Protocol) -> str:
        if row.state == before:
            row.state = after
            _record(session, row, act, by=by, now=now, why=why)
        elif row.state != after:
            raise StageError(f"The round '{round_id}' is {row.state}, so it cannot {act}.")
        return f"The round '{round_id}' is {after}."

    return _change(db, round_id, "open-round", change)


def close_round(
    db: Store, round_id: str, *, by: str = CLOCK, why: str = "", now: datetime, early: bool = False
) -> Outcome:
    """Close a round whose close has come, or with `early` close it now; a closed round stays as it is.

    Raises
    ------
    StageError
        The round has not opened, or its close has not come and `early` was not asked for.
    """

    def change(session: Session, row: models.Round, protocol: Protocol) -> str:
        if row.state in ("closed", "ranked"):
            return f"The round '{round_id}' is closed since {local_time(row.closes_at, protocol)}."
        if row.state == "draft":
            raise StageError(f"The round '{round_id}' has not opened yet; there is nothing to close.")
        if now < row.closes_at:
            if not early:
                raise StageError(
                    f"The round '{round_id}' closes {local_time(row.closes_at, protocol)}, which has not come; "
                    f"to close it now: `consensus round close {round_id} --early --why '...'`."
                )
            row.closes_at = now
        _close(session, row, by=by, now=now, why=why)
        return f"The round '{round_id}' closed {local_time(row.closes_at, protocol)}."

    return _change(db, round_id, "close-round", change)


def _close(session: Session, row: models.Round, *, by: str, now: datetime, why: str) -> None:
    row.state, row.closed_at = "closed", now
    session.add(row)
    _record(session, row, "close", by=by, now=now, why=why)


def _change(db: Store, round_id: str, stage: str, change: Callable[[Session, models.Round, Protocol], str]) -> Outcome:
    with db.writing() as session:
        row = store.load_round(session, round_id)
        protocol = store.load_protocol(session, row.partnership)
        sentence = change(session, row, protocol)
        session.add(row)
        return _outcome(stage, row, protocol, sentence)


def _record(session: Session, row: models.Round, act: str, *, by: str, now: datetime, why: str) -> None:
    value = {"act": act, "closes_at": row.closes_at.astimezone(UTC).isoformat()}
    store.append_decision(session, row.partnership, "round", row.round_id, value, by=by, at=now, why=why)


def _outcome(stage: str, row: models.Round, protocol: Protocol, done: str) -> Outcome:
    comes = {
        "draft": f"It opens {local_time(row.opens_at, protocol)}.",
        "open": f"It closes by itself {local_time(row.closes_at, protocol)}.",
        "paused": f"Resume it with `consensus round resume {row.round_id}`; it closes by itself "
        f"{local_time(row.closes_at, protocol)}.",
        "closed": _after_close(row, protocol),
        "ranked": f"Its interim ranking is {row.ranking_id}.",
    }[row.state]
    return Outcome(
        stage=stage,
        done=done,
        next=comes,
        tables={"Rounds": rounds_table([row], protocol)},
        ids={
            "round": row.round_id,
            "partnership": row.partnership,
            "state": row.state,
            "closes_at": row.closes_at.astimezone(UTC).isoformat(),
        },
    )


def _after_close(row: models.Round, protocol: Protocol) -> str:
    if row.kind == "gather":
        return f"Find the duplicates: `consensus deduplicate --partnership {row.partnership}`."
    return f"It can be ranked after {local_time(grace_ends(row), protocol)}."


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


def advance_rounds(db: Store, *, now: datetime, rank: Callable[[Store, str, datetime], str] | None = None) -> Outcome:
    """Do whatever is due in every partnership: open, remind, close, rank. Doing it twice changes nothing.

    `rank` takes the store, the partnership and `now` and returns the id of the ranking it stored; it is called for each
    interim round whose close and grace have passed. Without it nothing is ranked.
    """
    done: list[str] = []
    waiting: list[str] = []
    with db.writing() as session:
        for row in store.list_rounds(session):
            try:
                done += _advance(session, row, store.load_protocol(session, row.partnership), now)
            except ConsensusError as error:  # one partnership's fault does not stop the others
                waiting.append(str(error))
        due = [
            (row.round_id, row.partnership)
            for row in store.list_rounds(session)
            if row.kind == "interim" and row.state == "closed" and grace_ends(row) <= now
        ]
    for round_id, partnership in due if rank else []:
        try:
            done.append(f"The round '{round_id}' is ranked: {rank(db, partnership, now)}.")  # type: ignore[misc]
        except ConsensusError as error:
            waiting.append(f"The round '{round_id}' could not be ranked: {error}")
    return Outcome(
        stage="advance-rounds",
        done=" ".join(done) or "Nothing was due.",
        next=" ".join([*waiting, "The sweep looks again in five minutes."]),
        counts={"acts": len(done)},
    )


def _advance(session: Session, row: models.Round, protocol: Protocol, now: datetime) -> list[str]:
    done = []
    if row.state == "draft" and row.opens_at <= now < row.closes_at:
        waiting = store.load_frame(session, "set_aside", row.partnership)["reason"].eq(NOT_YET_REVIEWED).sum()
        if row.kind == "interim" and waiting:
            raise StageError(
                f"The round '{row.round_id}' does not open by itself while submissions wait for review: "
                f"`consensus review export --partnership {row.partnership}`."
            )
        why = "its opening came"
        _open(session, row, opens_at=row.opens_at, closes_at=row.closes_at, by=CLOCK, now=now, why=why)
        done.append(f"The round '{row.round_id}' opened.")
    if row.state in ("open", "paused") and row.closes_at <= now:
        _close(session, row, by=CLOCK, now=now, why="its close came")
        done.append(f"The round '{row.round_id}' closed {local_time(row.closes_at, protocol)}.")
    if row.state == "open":
        done += _remind(session, row, protocol, now)
    return done


def _remind(session: Session, row: models.Round, protocol: Protocol, now: datetime) -> list[str]:
    """Record each reminder that has come due, once, with the groups that were under target at that moment."""
    plan = getattr(protocol.rounds, row.kind)
    decisions = store.load_decisions(session, row.partnership)
    told = {
        value["reminder"]
        for subject, value in zip(decisions["subject"], decisions["value"], strict=True)
        if subject == row.round_id and "reminder" in value
    }
    done = []
    for reminder in plan.reminders:
        key = reminder.astimezone(UTC).isoformat()
        if reminder > now or key in told:
            continue
        under = _under_target(session, row, protocol)
        value = {"act": "remind", "reminder": key, "groups": under}
        store.append_decision(session, row.partnership, "round", row.round_id, value, by=CLOCK, at=now)
        listed = ", ".join(protocol.group_name(group) for group in under) or "none"
        done.append(f"A reminder of the round '{row.round_id}' is due; groups under target: {listed}.")
    return done


def _under_target(session: Session, row: models.Round, protocol: Protocol) -> list[str]:
    if row.kind == "gather":
        people = store.load_answers(session, row.partnership).drop_duplicates("response_id")["group"]
        target = {group.id: group.target_answers for group in protocol.groups}
    else:
        people = pd.Series([b.group for b in store.load_ballots(session, row.round_id) if b.version == 1], dtype=object)
        target = {group.id: group.target_ballots for group in protocol.groups}
    counts = people.value_counts()
    return [group for group, wanted in target.items() if counts.get(group, 0) < wanted]
