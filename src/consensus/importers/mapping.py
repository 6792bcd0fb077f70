"""Which column of a file is what: a small TOML file that a person confirms and the store keeps beside the upload."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from consensus.errors import DataError
from consensus.importers.reading import Table, fold
from consensus.protocol import Protocol, SurveyItem
from consensus.vocabulary import BallotForm

__all__ = ["AnswersMapping", "BallotsMapping", "Mapping", "guess_answers", "guess_ballots", "read_mapping"]

_GUESSES = {
    "response_id": (
        "response_id",
        "response id",
        "responseid",
        "respondent id",
        "id",
        "token",
        "ballot",
        "participant",
    ),
    "group": ("group", "stakeholder group", "stakeholder_group", "role"),
    "partner": ("partner", "organisation", "organization"),
    "received_at": (
        "received_at",
        "submitted_at",
        "submitted at",
        "submitdate",
        "timestamp",
        "end time",
        "completed at",
    ),
    "consent": ("consent", "i consent", "i agree"),
    "language": ("language", "lang"),
}
_TEXTS = ("text", "answer", "question", "uncertainty", "submission", "your question")
_QUESTIONS = ("question_id", "question", "item", "item_id", "statement", "priority")
_VALUES = ("value", "rank", "place", "points", "rating", "vote", "choice")
_PLACE_HEADING = re.compile(r"(?:rank|choice|place|priority|preference)[ _-]*(\d{1,3})")
MOST_BOXES = 50
_QUESTION_ID = re.compile(r"q[0-9a-f]{12}")


class _Columns(BaseModel):
    """The columns that answers and ballots share; `groups` says which group a value of the group column means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(default="table", min_length=1, max_length=40)
    sheet: str = ""
    response_id: str = ""
    group: str = ""
    received_at: str = ""
    consent: str = ""
    consent_values: tuple[str, ...] = ()
    groups: dict[str, str] = Field(default_factory=dict)
    keep: tuple[str, ...] = ()


class AnswersMapping(_Columns):
    """Which columns of a file of answers are what; each column of `texts` is one box."""

    partner: str = ""
    language: str = ""
    texts: tuple[str, ...] = Field(min_length=1)

    def columns(self) -> list[str]:
        """Return every column that is named."""
        named = [self.response_id, self.group, self.received_at, self.consent, self.partner, self.language]
        return [column for column in [*named, *self.texts] if column]


class BallotsMapping(_Columns):
    """Which columns of a file of ballots are what, in one of three orientations.

    `ranks` are columns for the first, second, ... choice whose cells name questions; `questions` are columns for
    questions (heading = question id) whose cells hold places, ticks, points or ratings; `question_column` and
    `value_column` are for files of one row a ballot and question. `labels` says which question a cell's text means.
    """

    ranks: tuple[str, ...] = ()
    questions: dict[str, str] = Field(default_factory=dict)
    question_column: str = ""
    value_column: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    form: BallotForm | None = None

    def columns(self) -> list[str]:
        """Return every column that is named."""
        named = [self.response_id, self.group, self.received_at, self.consent, self.question_column, self.value_column]
        return [column for column in [*named, *self.ranks, *self.questions] if column]

    def faults(self) -> list[str]:
        """Return what is wrong between the keys: exactly one orientation, and a ballot that can be told from others."""
        given = [bool(self.ranks), bool(self.questions), bool(self.question_column)]
        faults = []
        if sum(given) != 1:
            faults.append("ballots: give exactly one of 'ranks', 'questions' or 'question_column'.")
        if self.question_column and not self.response_id:
            faults.append("ballots.response_id is missing; with one row a question it says which rows are one ballot.")
        if self.question_column and not self.value_column and self.form != "chosen":
            faults.append("ballots.value_column is missing; it holds the place, points or rating.")
        return faults


class Mapping(BaseModel):
    """The mapping of a file of answers, of ballots, or of both; `guessed` when no person has confirmed it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    answers: AnswersMapping | None = None
    ballots: BallotsMapping | None = None
    guessed: bool = False

    def __str__(self) -> str:
        """Return the mapping as the TOML file that says the same."""
        parts = []
        for name, section in (("answers", self.answers), ("ballots", self.ballots)):
            if section is not None:
                said = section.model_dump(exclude_defaults=True)
                parts.append("\n".join([f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in said.items())]))
        return "\n\n".join(parts)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    escaped = "".join(f"\\u{ord(c):04X}" if ord(c) < 32 or ord(c) == 127 else c for c in value.replace("\\", "\\\\"))
    return '"' + escaped.replace('"', '\\"') + '"'


def read_mapping(path: Path | str) -> Mapping:
    """Return the mapping that a TOML file declares.

    Raises
    ------
    DataError
        Every fault of the file at once.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"There is no mapping {path.name!r}; check its name and folder.")
    try:
        mapping = Mapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except UnicodeDecodeError:
        raise DataError(f"{path.name} is not UTF-8; save it again as UTF-8 text.") from None
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path.name} is not readable as TOML ({error}); mend the line it names.") from None
    except ValidationError as error:
        raise DataError.of(path.name, [_sentence(fault) for fault in error.errors(include_url=False)]) from None
    faults = mapping.ballots.faults() if mapping.ballots else []
    if mapping.answers is None and mapping.ballots is None:
        faults.append("There is neither a section [answers] nor [ballots]; write one.")
    if faults:
        raise DataError.of(path.name, faults)
    return mapping


def _sentence(fault: Any) -> str:
    where = ".".join(str(key) for key in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"{where} is not a known key; take it out."
    if fault["type"] == "missing":
        return f"{where} is missing; add it."
    return f"{where}: {fault['msg'][0].lower()}{fault['msg'][1:]}."


def guess_answers(table: Table, protocol: Protocol) -> Mapping:
    """Return a mapping guessed from the headings: the survey's own item ids and labels first, then common words.

    Raises
    ------
    DataError
        No column looks like a text that people wrote.
    """
    items = protocol.gather.items
    texts = [name for item in items if item.type == "text" for name in _boxes(table, item)]
    texts = texts or [name for name in [_heading(table, _TEXTS)] if name]
    if not texts:
        raise DataError(
            f"{table.name}: no column looks like a text that people wrote; write a mapping with `texts = [...]`. "
            f"The file has {', '.join(repr(str(column)) for column in table.frame.columns[:20])}."
        )
    people = {key: name for key in _GUESSES if (name := _person(table, protocol.gather.items, key)) not in ("", *texts)}
    return Mapping(answers=AnswersMapping(texts=tuple(texts), **people), guessed=True)  # type: ignore[arg-type]


def guess_ballots(table: Table, protocol: Protocol) -> Mapping:
    """Return a mapping guessed from the headings: `rank_1` ..., question ids, or a question and a value column.

    Raises
    ------
    DataError
        None of the three orientations shows in the headings.
    """
    headings = [str(column) for column in table.frame.columns]
    keys = [key for key in _GUESSES if key in ("response_id", "group", "received_at", "consent")]
    people = {key: name for key in keys if (name := _person(table, protocol.interim.items, key))}
    places = {int(match[1]): name for name in headings if (match := _PLACE_HEADING.fullmatch(fold(name)))}
    ids = {name: name for name in headings if _QUESTION_ID.fullmatch(name)}
    question, value = _heading(table, _QUESTIONS), _heading(table, _VALUES)
    found: dict[str, Any] = {**people}
    if places:
        found |= {"ranks": tuple(places[place] for place in sorted(places))}
    elif ids:
        found |= {"questions": ids}
    elif question and value:
        found |= {"question_column": question, "value_column": value}
    else:
        raise DataError(
            f"{table.name}: no columns look like choices; write a mapping with `ranks`, `questions` or "
            f"`question_column`. The file has {', '.join(repr(name) for name in headings[:20])}."
        )
    return Mapping(ballots=BallotsMapping(**found), guessed=True)


def _person(table: Table, items: Iterable[Any], key: str) -> str:
    """Return the column that tells `key` of a person: by the survey's item for it, else by common words."""
    own = {"group": ("groups", ""), "partner": ("partners", ""), "consent": ("", "consent")}.get(key)
    for item in items:
        if own and ((own[0] and item.choices_from == own[0]) or (own[1] and item.type == own[1])):
            found = _heading(table, (item.id, item.label))
            if found:
                return found
    return _heading(table, _GUESSES[key])


def _boxes(table: Table, item: SurveyItem) -> list[str]:
    """Return the columns of a text's box, or of all its boxes where it is repeated."""
    first = _heading(table, (item.id, item.box(1), item.label))
    more = [name for number in range(2, MOST_BOXES + 1) if (name := _heading(table, (item.box(number),)))]
    return [name for name in (first, *(more if item.repeat else ())) if name]


def _heading(table: Table, names: Iterable[str]) -> str:
    """Return the first heading that reads like one of `names`; "" when there is none."""
    headings = {fold(str(column)): str(column) for column in reversed(list(table.frame.columns))}
    return next((headings[fold(name)] for name in names if fold(name) in headings), "")
