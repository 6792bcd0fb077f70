"""What a survey may hold: items whose words follow XLSForm, each with a stable id and a content hash."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from consensus.protocol.words import Words

__all__ = ["MOST", "Choice", "Fixed", "Identifier", "Positive", "Sentence", "Survey", "SurveyItem", "Whole"]

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Sentence = Annotated[str, Field(min_length=1)]
MOST = 1_000_000_000
"""No number that a partnership declares is above this: a database and a calendar hold it, in minutes as well."""
Whole = Annotated[int, Field(ge=0, le=MOST, strict=True)]
Positive = Annotated[int, Field(ge=1, le=MOST, strict=True)]

ItemType = Literal["note", "consent", "text", "select_one", "select_multiple", "rank", "rate", "best_worst", "group"]


class Fixed(BaseModel):
    """A part of a declaration: frozen, and without keys that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Choice(Fixed):
    """One answer that can be chosen; `id` is what is stored."""

    id: Sentence
    label: Words


class SurveyItem(Fixed):
    """One element of a survey page; the words follow XLSForm.

    A `group` begins a page of its own, with its label as heading. `repeat` lets a text be given as often as people
    like. `maximum` is the most characters of a text, the most choices of a selection or a ranking, the top of a
    rating scale from 1 (0: 9), or the questions in a set of which best and worst are picked (0: 4). `sets` is how many
    such sets a person meets (0: as many as show each question three times, 12 at most).
    """

    id: Identifier
    type: ItemType
    label: Words
    hint: Words | Literal[""] = ""
    required: bool = False
    repeat: bool = False
    choices: tuple[Choice, ...] = ()
    choices_from: Literal["", "groups", "partners", "questions"] = ""
    maximum: Whole = 0
    sets: Whole = 0

    @field_validator("choices", mode="before")
    @classmethod
    def _as_tables(cls, value: Any) -> Any:
        """Take a plain text as a choice whose id it is."""
        if not isinstance(value, list | tuple):
            return value
        return [{"id": each, "label": each} if isinstance(each, str) else each for each in value]

    @cached_property
    def hash(self) -> str:
        """Return the SHA-256 of the item's content in every language."""
        return _hash(self)

    def box(self, number: int) -> str:
        """Return the name of a text's box: the item's id, with its number where the text is repeated."""
        return f"{self.id}{number}" if self.repeat else self.id


class Survey(Fixed):
    """The items of one survey, in the order in which people meet them."""

    title: Words
    version: Positive = 1
    items: tuple[SurveyItem, ...] = Field(min_length=1)

    @cached_property
    def hash(self) -> str:
        """Return the SHA-256 of the survey's content in every language, the words of consent included."""
        return _hash(self)

    def item(self, item_id: str) -> SurveyItem | None:
        """Return the item called `item_id`."""
        return next((item for item in self.items if item.id == item_id), None)


def _hash(part: BaseModel) -> str:
    return hashlib.sha256(part.model_dump_json().encode()).hexdigest()
