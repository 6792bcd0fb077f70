"""Reminders of a round: when one has come due, and whom it is for at the moment of sending."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlmodel import Session, col, select

from consensus import models, store
from consensus.protocol import Protocol
from consensus.steps.rounds import CLOCK

__all__ = ["groups_under_target", "is_reminder", "pending_reminders", "record_reminders"]

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
    """Return the declared reminders of a round that are not recorded yet, in the order of time, up to its close."""
    told = set(_told(session, row))
    declared = sorted({instant.astimezone(UTC) for instant in getattr(protocol.rounds, row.kind).reminders})
    return [instant for instant in declared if instant.isoformat() not in told and instant <= row.closes_at]


def record_reminders(session: Session, row: models.Round, protocol: Protocol, now: datetime) -> list[str]:
    """Record each reminder that has come due, once, and queue the last of them; what was missed is recorded as missed.

    A round that closed meanwhile, or a later reminder that is due as well, makes a reminder one that was missed: nobody
    gets two letters at once because nothing ran for a while.
    """
    due = [instant for instant in pending_reminders(session, row, protocol) if instant <= now]
    done = []
    for instant in due:
        number = len(_told(session, row)) + 1
        missed = row.state != "open" or instant != due[-1]
        under = [] if missed else groups_under_target(session, row, protocol)
        value = {"act": "remind", "reminder": instant.isoformat(), "number": number, "groups": under, "missed": missed}
        store.append_decision(session, row.partnership, "round", row.round_id, value, by=CLOCK, at=now)
        if missed:
            done.append(f"Reminder {number} of the round '{row.round_id}' came due while nothing ran; it is left out.")
            continue
        if under and number <= len(getattr(protocol.rounds, row.kind).reminders):
            store.queue_mail(session, row, _invited(session, row), f"{KIND}-{number}", now)
        listed = ", ".join(protocol.group_name(group) for group in under) or "none"
        done.append(f"A reminder of the round '{row.round_id}' is due; groups under target: {listed}.")
    return done


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
    return list(session.exec(query))
