"""When a sheet came: a day, on the day of the close with the time, as somebody vouches for it after the close."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from consensus import models
from consensus.protocol import Protocol
from consensus.steps.timetable import local_time

__all__ = ["received_at", "receiving_faults"]


def received_at(row: models.Round, protocol: Protocol, day: str, hour: str, now: datetime) -> datetime:
    """Return the instant at which a sheet counts as received: its time or the end of its day, from opening to now."""
    came = datetime.combine(date.fromisoformat(day), time.fromisoformat(hour or "23:59:59"), protocol.zone)
    return max(min(came.astimezone(UTC), now), row.opens_at)


def receiving_faults(
    row: models.Round, protocol: Protocol, day: str, hour: str, vouched: str, now: datetime
) -> list[str]:
    """Return what is amiss in when a sheet came; after the close it must have come before, and somebody must say so."""
    try:
        came, clock = date.fromisoformat(day), time.fromisoformat(hour or "23:59:59")
    except ValueError:
        return ["Write the day on which the sheet came, and the time if you know it."]
    if came > now.astimezone(protocol.zone).date():
        return ["The sheet cannot have come on a day that is still to come."]
    if came < row.opens_at.astimezone(protocol.zone).date():
        return [f"The sheet cannot have come before the round opened {local_time(row.opens_at, protocol)}."]
    if now <= row.closes_at:
        return []
    closed = local_time(row.closes_at, protocol)
    if not hour and came == row.closes_at.astimezone(protocol.zone).date():
        return [f"The sheet came on the day of the close, {closed}: write the time at which it came."]
    if datetime.combine(came, clock, protocol.zone) > row.closes_at:
        return [f"The sheet came after the close, {closed}, so it cannot count; put the paper with the late ones."]
    return [] if vouched.strip() else ["The round is closed: write who says that the sheet came before the close."]
