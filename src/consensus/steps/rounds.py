"""What people do with a round: open, move, cap, pause, resume and close it.

Everything here can be asked for twice: the second time changes nothing. Which ballots count follows from `closes_at`
and the grace alone, never from when any of this ran.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from sqlmodel import Session

from consensus import models, store, survey
from consensus.errors import DataError, StageError
from consensus.protocol import MOST, Protocol
from consensus.steps.following import earlier_round
from consensus.steps.freezing import freeze_round
from consensus.steps.inviting import queue_invitations
from consensus.steps.outcome import Outcome
from consensus.steps.partnerships import ROUND_KINDS, freeze_protocol
from consensus.steps.reminders import record_missed_reminders
from consensus.steps.timetable import CLOCK, grace_ends, local_time, record_act, rounds_table
from consensus.store import Store

__all__ = [
    "begin_round",
    "cap_round",
    "close_in_words",
    "close_round",
    "end_round",
    "extend_round",
    "open_round",
    "pause_round",
    "resume_round",
]


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
    DataError
        The kind is not known.
    StageError
        The round is over or open until another close, its close lies in the past, or there is nothing to rank yet.
    """
    if kind not in ROUND_KINDS:
        raise DataError(f"There is no round of the kind '{kind}'; use one of {', '.join(ROUND_KINDS)}.")
    with db.writing() as session:
        protocol = store.load_protocol(session, partnership)
        row = _round_to_open(session, partnership, kind)
        if row.state in ("closed", "ranked"):
            raise StageError(
                f"The round '{row.round_id}' closed {local_time(row.closes_at, protocol)}; it stays closed."
            )
        closes = closes_at or row.closes_at
        if row.state == "draft":
            if closes <= now:
                raise StageError(
                    f"The round '{row.round_id}' would close {local_time(closes, protocol)}, which is past; give a "
                    f"later close: `consensus round open {kind} --closes '14 days' --partnership {partnership}`."
                )
            begin_round(session, row, opens_at=now, closes_at=closes, by=by, now=now, why=why)
        elif closes != row.closes_at:
            raise StageError(
                f"The round '{row.round_id}' is {row.state} and closes {local_time(row.closes_at, protocol)}; "
                f"to move that: `consensus round extend {row.round_id} WHEN`."
            )
        return _outcome("open-round", row, protocol, f"The round '{row.round_id}' is {row.state}.")


def _round_to_open(session: Session, partnership: str, kind: str) -> models.Round:
    """Return the round of a kind that is next to open: the first that is not over, else the last."""
    rounds = [row for row in store.list_rounds(session, partnership) if row.kind == kind]
    first = [row for row in rounds if row.state not in ("closed", "ranked")] or rounds[-1:]
    return first[0] if first else store.load_round(session, f"{partnership}-{kind}-1")


def begin_round(
    session: Session, row: models.Round, *, opens_at: datetime, closes_at: datetime, by: str, now: datetime, why: str
) -> None:
    """Open a draft round within a transaction: what stands on its ballot, its instants and the protocol are fixed."""
    before = earlier_round(session, row)
    if before is not None:
        freeze_round(session, before, store.load_protocol(session, row.partnership), now=now)
        if not before.root:
            raise StageError(f"The round '{row.round_id}' follows '{before.round_id}', which is not over yet.")
        row.questions = before.questions
    elif row.kind == "interim":
        questions = store.load_frame(session, "questions", row.partnership)
        still_open = questions[questions["status"] == "open"].sort_values("question_id")
        on_ballot = still_open[["question_id", "wording", "category"]].to_numpy().tolist()
        if len(on_ballot) < 2:
            raise StageError(
                f"The round '{row.round_id}' has no summary questions to rank yet; "
                f"review the duplicate groups first: `consensus review export --partnership {row.partnership}`."
            )
        row.questions = json.dumps(on_ballot, ensure_ascii=False)
    row.state, row.opens_at, row.closes_at = "open", opens_at, closes_at
    session.add(row)
    freeze_protocol(session, row.partnership, now)
    queue_invitations(session, row, now)
    record_act(session, row, "open", by=by, now=now, why=why)


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
        stale = _written_out(protocol, row, closes_at)
        if row.closes_at != closes_at:
            row.closes_at = closes_at
            record_act(session, row, "extend", by=by, now=now, why=why)
        return f"The round '{round_id}' now closes {local_time(closes_at, protocol)}.{stale}"

    return _change(db, round_id, "open-round", change)


def close_in_words(protocol: Protocol) -> list[str]:
    """Return a sentence for each text that writes out the day of a close, or names an instant that none is known by."""
    told = []
    for name, plan in protocol.rounds.named().items():
        kind = name.partition("-")[0]
        told += [
            f"{kind}.toml: {where} writes out the close in {language!r}, {day}, which goes stale when the round is "
            "extended; write {closes} there, and {unlinked} for when nobody can tell any more whose answers are whose."
            for where, language, day in survey.dated(getattr(protocol, kind), plan.closes, protocol.zone)
        ]
    for kind in ("gather", "interim"):
        told += [
            f"{kind}.toml: {where} has {{{name}}}, which the pages show as it stands; they fill in "
            f"{' and '.join(f'{{{each}}}' for each in survey.MOMENTS)}."
            for where, name in survey.unknown_moments(getattr(protocol, kind))
        ]
    return told


def _written_out(protocol: Protocol, row: models.Round, closes_at: datetime) -> str:
    """Return a sentence that names the words in which people still read the close of before, or nothing."""
    days = (row.closes_at, protocol.plan(row.round_id).closes)
    found = [place for day in days for place in survey.dated(getattr(protocol, row.kind), day, protocol.zone)]
    still = set(survey.dated(getattr(protocol, row.kind), closes_at, protocol.zone))
    where = ", ".join(
        dict.fromkeys(f"{each} ({language})" for each, language, day in found if (each, language, day) not in still)
    )
    if not where:
        return ""
    return (
        f" People still read the close of before in {row.kind}.toml: {where}. Write {{closes}} there, in a new version "
        "of the survey, and it is always the close in force."
    )


def cap_round(db: Store, round_id: str, cap: int, *, by: str, why: str, now: datetime) -> Outcome:
    """Let a round close to new starters once so many people have sent something; 0 lets in any number.

    Who had begun before may still send. The same cap changes nothing.

    Raises
    ------
    StageError
        The cap is below 0 or larger than any number of people, or the round is over.
    """

    def change(session: Session, row: models.Round, _protocol: Protocol) -> str:
        if not 0 <= cap <= MOST:
            raise StageError(f"A cap of {cap} is none; give a whole number, or 0 to let in any number.")
        if row.state in ("closed", "ranked"):
            raise StageError(f"The round '{round_id}' is {row.state}; a cap changes nothing any more.")
        if row.cap != cap:
            row.cap = cap
            record_act(session, row, "cap", by=by, now=now, why=why)
        return f"The round '{round_id}' takes {cap or 'any number of'} responses."

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
            record_act(session, row, act, by=by, now=now, why=why)
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
        end_round(session, row, by=by, now=now, why=why)
        return f"The round '{round_id}' closed {local_time(row.closes_at, protocol)}."

    return _change(db, round_id, "close-round", change)


def end_round(session: Session, row: models.Round, *, by: str, now: datetime, why: str) -> None:
    """Close a round within a transaction; reminders that never came are recorded as missed."""
    record_missed_reminders(session, row, store.load_protocol(session, row.partnership), now)
    row.state, row.closed_at = "closed", now
    session.add(row)
    record_act(session, row, "close", by=by, now=now, why=why)


def _change(db: Store, round_id: str, stage: str, change: Callable[[Session, models.Round, Protocol], str]) -> Outcome:
    with db.writing() as session:
        row = store.load_round(session, round_id)
        protocol = store.load_protocol(session, row.partnership)
        sentence = change(session, row, protocol)
        session.add(row)
        return _outcome(stage, row, protocol, sentence)


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
