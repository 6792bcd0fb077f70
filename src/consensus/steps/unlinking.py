"""Unlinking: from the end of a round on, nothing joins those who took part to what they sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from consensus import models, store
from consensus.digest import digest
from consensus.steps.timetable import grace_ends, in_time
from consensus.store import Store, erased

__all__ = ["clear_traces", "unlink_round", "unlinks_after"]

CLEARED = "clear traces"
ANSWERS = "gather-uncertainties"


def unlinks_after(session: Session, row: models.Round) -> models.Round:
    """Return the round at whose end a round is unlinked: itself, or the last later one of its kind.

    A later round of the same kind shows people their own earlier rating, for which the two must still be joined.
    """
    rounds = [one for one in store.list_rounds(session, row.partnership) if one.kind == row.kind]
    return max(rounds, key=lambda one: (one.closes_at, one.round_id))


def unlink_round(session: Session, row: models.Round, *, now: datetime) -> bool:
    """Take from a frozen round whatever joins a link into it to a response, in the caller's transaction.

    The link loses the response's id, its beginning, its shuffle and its draft; the response loses its times but for
    whether it counts. Returns whether anything was done.
    """
    if row.unlinked_at is not None or not row.root:
        return False
    last = unlinks_after(session, row)
    if last.state in ("open", "paused") or now < grace_ends(last):
        return False
    before = digest(store.load_answers(session, row.partnership))
    erased.separate(session, row.round_id)
    erased.forget_times(
        session,
        row,
        lambda received_at, began_at: in_time(row, received_at, began_at),
        late=grace_ends(row) + timedelta(seconds=1),
    )
    _still_up_to_date(session, row.partnership, before, now)
    row.unlinked_at = now
    session.add(row)
    value = {"act": "unlink", "closes_at": row.closes_at.astimezone(UTC).isoformat()}
    why = "no later round shows people what they sent"
    store.append_decision(session, row.partnership, "round", row.round_id, value, by="clock", at=now, why=why)
    return True


def _still_up_to_date(session: Session, partnership: str, before: str, now: datetime) -> None:
    """Let the submissions count as cut from the answers as they are now, where they were from the answers before."""
    if store.load_derivation(session, partnership, ANSWERS) == before:
        store.save_derivation(session, partnership, ANSWERS, digest(store.load_answers(session, partnership)), now)


def clear_traces(db: Store, *, now: datetime) -> bool:
    """Rewrite the database where something was withdrawn or unlinked since it was last rewritten.

    Returns False when it could not be finished because somebody was reading; the next call goes on.
    """
    with db.reading() as session:
        due = {name: state for name in store.list_partnerships(session) if (state := _untidy(session, name))}
    if not due:
        return True
    with db.writing() as session:
        for name in due:
            erased.delete_orphans(session, name)
    if not db.scrub():
        return False
    with db.writing() as session:
        for name, state in due.items():
            store.save_derivation(session, name, CLEARED, state, now)
    return True


def _untidy(session: Session, partnership: str) -> str:
    """Return a digest of what was erased in a partnership where its traces were not cleared since, else nothing."""
    erased_so_far = erased.erased_so_far(session, partnership)
    if erased_so_far == [0, []]:
        return ""
    state = digest(erased_so_far)
    cleared = store.load_derivation(session, partnership, CLEARED) == state
    return "" if cleared and not erased.orphans(session, partnership) else state
