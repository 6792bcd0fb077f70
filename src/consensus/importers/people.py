"""What a file says of people: their group, consent, time and id, and the columns that are never taken in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd

from consensus.digest import short_id
from consensus.importers.reading import Table, fold
from consensus.protocol import Protocol
from consensus.vocabulary import NOT_STATED

__all__ = ["GroupFinder", "affirms", "columns_at_the_door", "read_instant", "response_ids"]

_YES = frozenset(
    ["yes", "y", "true", "1", "x", "on", "checked", "selected", "agree", "agreed", "i agree", "consent", "i consent"]
).union(["i do", "✓", "✔", "ja", "oui", "si", "sí"])
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")
_NAMES_A_PERSON = frozenset(
    ["email", "mail", "ip", "surname", "latitude", "longitude", "phone", "telephone", "mobile", "address", "postcode"]
).union(["firstname", "lastname", "fullname", "username", "zip", "xid"])
_WHOSE_NAME = frozenset(
    ["first", "last", "full", "family", "given", "middle", "user", "your", "respondent", "recipient"]
)
_MOST_WORDS = 4  # longer headings are questions of the survey


def columns_at_the_door(columns: Iterable[object], mapped: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that hold addresses, names or places of people and are not taken in, by their headings.

    A column that the mapping names is taken in.

    Examples
    --------
    >>> columns_at_the_door(["IPAddress", "Your name", "E-mail", "LocationLatitude", "group", "What is its name?"], [])
    ('IPAddress', 'Your name', 'E-mail', 'LocationLatitude')
    """
    wanted = set(mapped)
    return tuple(str(column) for column in columns if str(column) not in wanted and _names_a_person(str(column)))


def _names_a_person(heading: str) -> bool:
    words = [word.lower() for word in _WORD.findall(heading.replace("e-mail", "email").replace("E-mail", "email"))]
    if not 0 < len(words) <= _MOST_WORDS:
        return False
    is_name = words == ["name"] or (words[-1] == "name" and words[-2] in _WHOSE_NAME)
    return is_name or words in (["lat"], ["long"], ["lng"], ["lon"]) or bool(_NAMES_A_PERSON & set(words))


@dataclass(frozen=True)
class GroupFinder:
    """Stakeholder groups by what a cell may say: the group's id, name or short name, or a value that the mapping names.

    Parameters
    ----------
    protocol
        The declared groups.
    values
        From the value of a cell to the id of a group.
    act
        "submits" or "ranks": groups that the protocol lets not do so are refused.
    """

    protocol: Protocol
    values: Mapping[str, str]
    act: str

    def find(self, cell: str) -> tuple[str, str]:
        """Return the group's id and no reason, or no group and the reason; a blank cell is a group not stated."""
        if not cell.strip():
            return NOT_STATED, ""
        mapped = {fold(value): group_id for value, group_id in self.values.items()}
        told = fold(mapped.get(fold(cell), cell))
        if told == NOT_STATED:
            return NOT_STATED, ""
        names = {fold(name): group for group in self.protocol.groups for name in (group.short, group.name, group.id)}
        group = names.get(told) if told else None
        if group is None:
            listed = ", ".join(group.id for group in self.protocol.groups)
            return "", f"the stakeholder group is not one of the protocol's, which lists {listed}"
        if not getattr(group, self.act):
            return "", f"the protocol does not let the group '{group.id}' {self.act.removesuffix('s')} here"
        return group.id, ""


def affirms(cell: str, also: Iterable[str] = ()) -> bool:
    """Tell whether a consent cell says yes: by a common word, or by one of the texts in `also`.

    Examples
    --------
    >>> affirms(" Yes "), affirms("no"), affirms(""), affirms("I take part", ["i take part"])
    (True, False, False, True)
    """
    said = fold(cell)
    return bool(said) and (said in _YES or said in {fold(text) for text in also})


def read_instant(cell: str, zone: ZoneInfo) -> datetime | None:
    """Return the instant in UTC that an ISO 8601 cell tells; a time without a zone is one of `zone`.

    Where the clocks go back, the earlier of the two is meant.

    Raises
    ------
    ValueError
        The cell is not blank and tells no time.

    Examples
    --------
    >>> read_instant("2026-07-01 09:30", ZoneInfo("Europe/London")).isoformat()
    '2026-07-01T08:30:00+00:00'
    """
    if not cell.strip():
        return None
    told = datetime.fromisoformat(cell.strip())
    return (told if told.tzinfo else told.replace(tzinfo=zone)).astimezone(UTC)


def response_ids(table: Table, column: str, told: Sequence[str]) -> pd.Series:
    """Return each row's response id; without one in `column`, an id made from the row's mapped cells.

    So the same row has the same id at the next import, whatever stands around it.
    """
    frame = table.frame
    cells = frame[list(told)].itertuples(index=False, name=None)
    made = [short_id("r", *row) for row in cells]
    if not column:
        return pd.Series(made, index=frame.index, dtype=object)
    given = [value.strip() or other for value, other in zip(frame[column], made, strict=True)]
    return pd.Series(given, index=frame.index, dtype=object)
