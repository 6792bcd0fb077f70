"""What somebody meets who comes to a round: by an open link, or by a link of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from consensus import survey
from consensus.protocol import Protocol, Survey
from consensus.steps.following import EARLIER, GroupRatings
from consensus.steps.timetable import Stand
from consensus.survey.choosing import ListedQuestion

__all__ = ["AGREED", "WORDS", "Door", "Onward", "Sent", "Visit"]

AGREED = "_agreed"
"""Under what key a draft keeps to which first page its person agreed."""

WORDS = "_words"
"""Under what key a draft keeps by which words of the survey its person began, or last sent."""

Onward = Literal["", "link", "letter"]
"""How somebody comes into the round that follows: from their link into the one before, or by a letter."""


@dataclass(frozen=True)
class Door:
    """What somebody meets who comes by an open link, or by a personal link before they have begun."""

    protocol: Protocol
    survey: Survey
    round_id: str
    kind: str
    stand: Stand
    opens_at: datetime
    closes_at: datetime
    grace_ends: datetime
    partner: str = ""
    joined_until: datetime | None = None
    """When what people send is unlinked, where that is after a later round."""

    @property
    def asked_anew(self) -> bool:
        """Tell whether somebody agreed to other words of the first page than those there are now."""
        return False


@dataclass(frozen=True)
class Sent:
    """What a person has sent: its receipt code, when it came, and whether that was too late to count."""

    code: str
    received_at: datetime
    version: int
    late: bool


@dataclass(frozen=True)
class Visit(Door):
    """What somebody meets at their own link; `said` is what was filled in so far, by item id."""

    state: str = "invited"
    language: str = ""
    seed: int | None = None
    said: Mapping[str, Any] = field(default_factory=dict)
    questions: tuple[ListedQuestion, ...] = ()
    sent: Sent | None = None
    began_at: datetime | None = None
    unsent: bool = False
    feedback: Mapping[str, tuple[GroupRatings, ...]] = field(default_factory=dict)
    onward: Onward = ""

    @property
    def earlier(self) -> Mapping[str, str]:
        """Return what the person rated in the round before, by question."""
        return self.said.get(EARLIER, {})

    @cached_property
    def asked_anew(self) -> bool:  # type: ignore[override]
        """Tell whether this person agreed to other words of the first page than those there are now."""
        return self.said.get(AGREED, "") not in ("", survey.opening_hash(self.survey))

    @property
    def reworded(self) -> bool:
        """Tell whether words of the survey changed since this person began, or last sent."""
        return self.said.get(WORDS, "") not in ("", self.survey.hash)

    @cached_property
    def pages(self) -> tuple[survey.Page, ...]:
        """Return the pages behind the first one."""
        return survey.pages(self.survey)

    @cached_property
    def listed(self) -> Mapping[str, ListedQuestion]:
        """Return the questions on the ballot by their ids."""
        return {question.id: question for question in self.questions}

    @cached_property
    def question_ids(self) -> list[str]:
        """Return the ids of the questions on the ballot, in this person's order."""
        return [question.id for question in self.questions]

    @cached_property
    def faults(self) -> list[survey.Fault]:
        """Return everything that is still amiss, on every page."""
        return survey.survey_faults(self.pages, self.said, self.protocol, self.question_ids)
