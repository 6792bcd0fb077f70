"""Reminders of a round: when one has come due, and whom it is for."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
from sqlmodel import Session

from consensus import models, store
from consensus.protocol import Protocol
from consensus.steps.rounds import CLOCK

__all__ = ["groups_under_target", "record_reminders"]


def record_reminders(session: Session, row: models.Round, protocol: Protocol, now: datetime) -> list[str]:
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
        under = groups_under_target(session, row, protocol)
        value = {"act": "remind", "reminder": key, "groups": under}
        store.append_decision(session, row.partnership, "round", row.round_id, value, by=CLOCK, at=now)
        listed = ", ".join(protocol.group_name(group) for group in under) or "none"
        done.append(f"A reminder of the round '{row.round_id}' is due; groups under target: {listed}.")
    return done


def groups_under_target(session: Session, row: models.Round, protocol: Protocol) -> list[str]:
    if row.kind == "gather":
        people = store.load_answers(session, row.partnership).drop_duplicates("response_id")["group"]
        target = {group.id: group.target_answers for group in protocol.groups}
    else:
        people = pd.Series([b.group for b in store.load_ballots(session, row.round_id) if b.version == 1], dtype=object)
        target = {group.id: group.target_ballots for group in protocol.groups}
    counts = people.value_counts()
    return [group for group, wanted in target.items() if counts.get(group, 0) < wanted]
