"""The workshop as an event that a calendar takes in (RFC 5545)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

__all__ = ["Event", "to_ics"]

_LONGEST_LINE = 75  # octets


@dataclass(frozen=True)
class Event:
    """A meeting: instants in UTC, so that every calendar shows it in its own zone."""

    uid: str
    title: str
    begins_at: datetime
    minutes: int
    place: str = ""
    description: str = ""


def to_ics(event: Event, at: datetime) -> str:
    """Return an event as the text of an `.ics` file; the same event has the same UID, so that a calendar keeps one.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    >>> print(to_ics(Event("w1", "Workshop; room 2", noon, 90), noon).replace("\\r\\n", "\\n"))
    BEGIN:VCALENDAR
    VERSION:2.0
    PRODID:-//Consensus//Priority setting//EN
    METHOD:PUBLISH
    BEGIN:VEVENT
    UID:w1
    DTSTAMP:20260601T120000Z
    DTSTART:20260601T120000Z
    DTEND:20260601T133000Z
    SUMMARY:Workshop\\; room 2
    END:VEVENT
    END:VCALENDAR
    <BLANKLINE>
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Consensus//Priority setting//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{event.uid}",
        f"DTSTAMP:{_instant(at)}",
        f"DTSTART:{_instant(event.begins_at)}",
        f"DTEND:{_instant(event.begins_at + timedelta(minutes=event.minutes))}",
        f"SUMMARY:{_text(event.title)}",
        *([f"LOCATION:{_text(event.place)}"] if event.place else []),
        *([f"DESCRIPTION:{_text(event.description)}"] if event.description else []),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _folded(line: str) -> str:
    """Return a line cut into pieces of at most 75 octets, never within a character."""
    pieces: list[str] = []
    piece = ""
    for character in line:
        if len((piece + character).encode()) > _LONGEST_LINE - (1 if pieces else 0):
            pieces.append(piece)
            piece = ""
        piece += character
    return "\r\n ".join([*pieces, piece])
