"""Reminders of a round: when one has come due, and whom it is for at the moment of sending."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlmodel import Session, col, select

from consensus import models, store
from consensus.protocol import Protocol
from consensus.steps.timetable import CLOCK

__all__ = ["groups_under_target", "is_reminder", "pending_reminders", "record_missed_reminders", "record_reminders"]

KIND = "reminder"


def is_reminder(kind: str) -> bool:
    """Tell whether a mail of this kind is a reminder."""
    return kind.startswith(f"{KIND}-")


def groups_under_target(session: Session, row: models.Round, protocol: Protocol) -> list[str]:
    """Return the groups of which fewer people have sent something than the partnership aims for."""
    counts = store.people_by_group(session, row)
    target = "target_answers" if row.kind == "gather" else "target_ballots"
    return [group.id for group in protocol.groups if counts.get(group.id, 0) < getattr(group, target)]


def pending_reminders(session: Session, row: models.Round, protocol: Protocol) -> list[datetime]:
    """Return the declared reminders between a round's opening and close that are not recorded yet, in their order."""
    declared = sorted({instant.astimezone(UTC) for instant in protocol.plan(row.round_id).reminders})
    told = set(_told(session, row))
    return [at for at in declared if row.opens_at < at <= row.closes_at and at.isoformat() not in told]


def record_reminders(session: Session, row: models.Round, protocol: Protocol, now: datetime) -> list[str]:
    """Record each reminder of an open round that has come due, once, and queue its letters.

    Of several that are due together, because nothing ran for a while, only the last one goes; nobody gets two letters
    at once.
    """
    due = [instant for instant in pending_reminders(session, row, protocol) if instant <= now]
    for instant in due[:-1]:
        _record(session, row, instant, None, now)
    for instant in due[-1:]:
        under = groups_under_target(session, row, protocol)
        number = _record(session, row, instant, under, now)
        if under and number <= len(protocol.plan(row.round_id).reminders):
            store.queue_mail(session, row, _invited(session, row), f"{KIND}-{number}", now)
        listed = ", ".join(protocol.group_name(group) for group in under) or "none"
        return [f"A reminder of the round '{row.round_id}' is due; groups under target: {listed}."]
    return []


def record_missed_reminders(session: Session, row: models.Round, protocol: Protocol, now: datetime) -> None:
    """Record the reminders of a round that closes now which should have gone before and did not; none of them goes."""
    for instant in pending_reminders(session, row, protocol):
        if instant <= now:
            _record(session, row, instant, None, now)


def _record(session: Session, row: models.Round, instant: datetime, groups: list[str] | None, now: datetime) -> int:
    """Append the decision row of a reminder, with the groups it is for or as missed, and return its number."""
    number = len(_told(session, row)) + 1
    value: dict[str, object] = {"act": "remind", "reminder": instant.isoformat(), "number": number}
    value |= {"missed": True} if groups is None else {"groups": groups}
    store.append_decision(session, row.partnership, "round", row.round_id, value, by=CLOCK, at=now)
    return number


def _told(session: Session, row: models.Round) -> list[str]:
    """Return the instants of the reminders that are recorded."""
    decisions = store.load_decisions(session, row.partnership)
    recorded = zip(decisions["subject"], decisions["value"], strict=True)
    return [value["reminder"] for subject, value in recorded if subject == row.round_id and "reminder" in value]


def _invited(session: Session, row: models.Round) -> list[str]:
    """Return everybody who has an invitation into a round; whether they get the reminder shows when it is sent."""
    query = select(models.Mail.person_id).where(
        models.Mail.round_id == row.round_id,
        models.Mail.kind == "invitation",
        col(models.Mail.state).in_(("queued", "sending", "sent")),
    )
    return [person_id for person_id in session.exec(query) if person_id]
