"""Which sheets are taken: those that came before the close, as somebody vouches for after it, in known words."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from consensus import models
from consensus.protocol import Protocol, reworded_items
from consensus.steps.paper import PaperSurvey
from consensus.steps.timetable import local_time

__all__ = ["received_at", "receiving_faults", "version_faults"]


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


def version_faults(paper: PaperSurvey, mode: str, version: str, *, older: bool) -> list[str]:
    """Return what is amiss in the version that stands on a sheet; with `older`, words of before are not.

    Who was asked on the telephone or with help may have been asked without a sheet, by the words in force.
    """
    if not version:
        return ["Write the version that stands at the head of the sheet."] if mode == "paper" else []
    if version not in paper.versions:
        return [
            f"There never was a version '{version}' of this survey; look at the sheet again. Now it is {paper.version}."
        ]
    if version == paper.version or older:
        return []
    reworded = ", ".join(f"'{each}'" for each in reworded_items(paper.versions[version], paper.survey)) or "the title"
    return [
        f"The sheet is of version {version}; in force is {paper.version}, in which {reworded} read otherwise. Ask the "
        "person again on a new sheet; where you cannot, tick that this is to be kept as an answer to the older words."
    ]
