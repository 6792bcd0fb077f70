"""The parameters of the flows: ids, paths and options, described so that the form in the Prefect UI explains itself.

Never a participant's words, name or address: whoever opens the UI reads parameters. Prefect takes a parameter's
description from a docstring in Google's style and from nowhere else; what is said in the JSON schema survives.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

__all__ = [
    "AnswersPath",
    "BallotsPath",
    "ClosesAt",
    "Early",
    "MappingPath",
    "Now",
    "OutputFolder",
    "PartnershipId",
    "RankingId",
    "RankingsPath",
    "Reason",
    "ReviewPath",
    "RoundAct",
    "RoundId",
    "RoundKind",
    "Source",
    "instant",
]


def _described(description: str, **more: Any) -> Any:
    return Field(json_schema_extra={"description": description, **more})


def _file(what: str, otherwise: str) -> Any:
    return _described(f"{what}, by its path on the machine that runs the flows; left empty, {otherwise}.")


PartnershipId = Annotated[
    str,
    _described("The partnership's id, as in its protocol.toml and in `consensus status`.", examples=["lanternfield"]),
]
RoundId = Annotated[
    str, _described("The round's id, as in `consensus round list`.", examples=["lanternfield-interim-1"])
]
RoundKind = Annotated[
    Literal["gather", "interim"],
    _described("Which survey opens: 'gather' asks for uncertainties, 'interim' for ballots."),
]
RoundAct = Annotated[
    Literal["open", "remind"],
    _described("What the round does by itself at this instant; whatever is due is done, whichever is named."),
]
RankingId = Annotated[
    str, _described("The interim ranking whose shortlist is decided on; left empty, the partnership's current one.")
]
AnswersPath = Annotated[
    Path | None, _file("A file of answers to import first", "those already in the store are worked on")
]
BallotsPath = Annotated[
    Path | None, _file("A file of ballots to import first", "those already in the store are counted")
]
MappingPath = Annotated[
    Path | None, _file("The mapping that says which column is what", "the columns go by the names they have")
]
ReviewPath = Annotated[
    Path | None, _file("The workbook in which people have decided", "groups are proposed and the workbook is written")
]
RankingsPath = Annotated[
    Path | None, _file("The small groups' rankings to take first", "those already in the store are combined")
]
OutputFolder = Annotated[
    Path | None,
    _described("Where report and spreadsheet are written; left empty, the partnership's folder under the outputs."),
]
Source = Annotated[
    Literal["auto", "table", "polis"],
    _described("The tool that the file comes from; 'auto' looks at its columns."),
]
ClosesAt = Annotated[
    AwareDatetime | None, _described("When the round closes, with its time zone; left empty, as the protocol says.")
]
Early = Annotated[bool, _described("Close the round now although its close has not come.")]
Reason = Annotated[str, _described("Why, for the record. No participant's words or names.")]
Now = Annotated[
    AwareDatetime | None, _described("The clock to go by, with its time zone; left empty, the present moment.")
]


def instant(now: datetime | None) -> datetime:
    """Return the clock to go by in UTC: `now` where it is given, else the present moment.

    Examples
    --------
    >>> instant(datetime.fromisoformat("2026-03-01T18:00+01:00")).isoformat()
    '2026-03-01T17:00:00+00:00'
    """
    return datetime.now(UTC) if now is None else now.astimezone(UTC)
