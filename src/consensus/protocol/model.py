"""What a protocol declares, as frozen types: every section and key that the three files may hold."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from consensus.errors import ProtocolError
from consensus.protocol.naming import ALSO, ShortlistRule
from consensus.protocol.survey import Choice, Fixed, Identifier, Positive, Sentence, Survey, SurveyItem, Whole
from consensus.protocol.weighting import Weighting
from consensus.protocol.words import Words
from consensus.vocabulary import NOT_STATED, BallotForm

__all__ = [
    "Category",
    "Choice",
    "Group",
    "Partner",
    "Protocol",
    "RoundPlan",
    "Seats",
    "Signpost",
    "Survey",
    "SurveyItem",
    "known_keys",
]


class Partnership(Fixed):
    """Who sets the priorities, and in which time zone they live.

    `post` is the postal address to which paper sheets go back, line by line.
    """

    id: Identifier
    title: Words
    description: Words | Literal[""] = ""
    time_zone: str = "Europe/London"
    languages: tuple[str, ...] = ("en",)
    contact: str = ""
    post: Words | Literal[""] = ""
    lead: str = ""
    seed: Whole = 0


class Scope(Fixed):
    """What belongs to the partnership, and what it has ruled out in advance."""

    inside: tuple[Sentence, ...] = Field(alias="in", min_length=1)
    outside: tuple[Sentence, ...] = Field(alias="out", default=())


class Group(Fixed):
    """A stakeholder group with its whole-number share of the say."""

    id: Identifier
    name: Words
    short: str = ""
    share: Whole = 1
    target_answers: Whole = 0
    target_ballots: Whole = 0
    submits: bool = True
    ranks: bool = True


class Category(Fixed):
    """A heading of the frame in which summary questions are laid out."""

    id: Identifier
    name: Words
    keywords: tuple[str, ...] = ()


class Partner(Fixed):
    """An organisation through which people are reached; its name is the same in every language."""

    id: Identifier
    name: Sentence


def _opened_by_a_phone(link: str) -> str:
    if link and not re.fullmatch(r"(tel|sms):[0-9+*#][0-9A-Za-z+*#?=&%]*|https://\S+", link):
        raise PydanticCustomError(
            "link", "use what a phone opens, such as tel:116123, sms:85258?body=SHOUT or https://example.org"
        )
    return link


class Signpost(Fixed):
    """Where somebody who is not well can turn, shown wherever words are asked for.

    `link` is what a phone opens for the contact: `tel:116123`, `sms:85258?body=SHOUT`, or a page.
    """

    name: Words
    contact: Words
    when: Words | Literal[""] = ""
    link: Annotated[str, AfterValidator(_opened_by_a_phone)] = ""


class RoundPlan(Fixed):
    """When one survey opens and closes, in UTC; reminders between the two."""

    opens: datetime
    closes: datetime
    grace_minutes: Whole = 0
    reminders: tuple[datetime, ...] = ()
    cap: Whole = 0


class LaterRound(RoundPlan):
    """A round of a Delphi: the interim survey again, beside the ratings of the round that it follows."""

    follows: Sentence


class Rounds(Fixed):
    """The two surveys of a partnership; `delphi` opens the interim one again, as interim-2, interim-3 and so on."""

    gather: RoundPlan
    interim: RoundPlan
    delphi: tuple[LaterRound, ...] = ()

    def named(self) -> dict[str, RoundPlan]:
        """Return every plan by the name of its round within the partnership."""
        later = {f"interim-{number}": plan for number, plan in enumerate(self.delphi, start=2)}
        return {"gather-1": self.gather, "interim-1": self.interim, **later}


class Ballot(Fixed):
    """The form of an interim ballot; `max_choices` 0 means no limit."""

    form: BallotForm = "ranked"
    depth: Positive = 10
    max_choices: Whole = 10
    gaps: Literal["error", "close"] = "error"


class Ranking(Fixed):
    """The scoring rule, the rules shown beside it with their own options, and how ties in a group's list are placed.

    `consensus` names the published definition by which ratings are judged; "": they are not.
    """

    rule: str = "jla_positions"
    ties: Literal["mean", "min", "dense"] = "mean"
    also: tuple[str, ...] = ALSO
    options: dict[str, dict[str, str | int | float]] = Field(default_factory=dict)
    empty_group: Literal["drop", "refuse"] = "drop"
    min_ballots: Whole = 0
    consensus: str = ""


class Firmness(Fixed):
    """How it is tried how firm the order is; without a `seed` of its own, from the partnership's."""

    replicates: Annotated[int, Field(ge=2, le=100_000, strict=True)] = 1000
    method: Literal["exact", "gaussian"] = "exact"
    seed: Whole | None = None


class Shortlist(Fixed):
    """Which summary questions go to the workshop."""

    rule: ShortlistRule = "combined"
    size: Positive = 25
    per_group: Positive = 10
    subgroup: str = ""


class Seats(Fixed):
    """A declared least part of the workshop's seats, in whole per cent, for some groups together."""

    groups: tuple[str, ...] = Field(min_length=1)
    at_least_percent: Annotated[int, Field(ge=1, le=100, strict=True)]


class Workshop(Fixed):
    """Small mixed groups that rank the shortlist, re-mixed between sessions.

    `on` is when it begins, for how many `minutes` it is put into calendars, and `place` where it is held.
    """

    seats: Positive = 24
    small_groups: Positive = 3
    sessions: Positive = 2
    minimum: tuple[Seats, ...] = ()
    on: datetime | None = None
    minutes: Positive = 360
    place: Words | Literal[""] = ""


class Duplicates(Fixed):
    """How submissions are compared to propose duplicate groups.

    `threshold` is the least mean cosine of groups that are joined; without one it is found from the groups that people
    have settled, once there are enough. `common_directions` says whether the directions in which all texts differ most
    are damped: that helps on one subject, and can hurt where the texts are on many.
    """

    threshold: Annotated[float, Field(gt=0, le=1)] | None = None
    common_directions: bool = True


class Risk(Fixed):
    """Whom words are shown to that may tell of a risk; without an address nothing is flagged."""

    role: str = ""
    email: str = ""


class Publication(Fixed):
    """How many priorities are published, below which count a cell is suppressed in public outputs, and where."""

    top: Positive = 10
    small_cells: Annotated[int, Field(ge=0, strict=True)] = 10
    page: str = ""


class Protocol(Fixed):
    """Everything the steering group fixed in advance, from the three files of a partnership's folder.

    `hash` is the SHA-256 of the declared content: comments and layout do not change it, a new word in a survey does.
    """

    partnership: Partnership
    scope: Scope
    groups: tuple[Group, ...] = Field(min_length=1)
    categories: tuple[Category, ...] = ()
    partners: tuple[Partner, ...] = ()
    signposting: tuple[Signpost, ...] = Field(min_length=1)
    rounds: Rounds
    ballot: Ballot = Ballot()
    ranking: Ranking = Ranking()
    firmness: Firmness = Firmness()
    weighting: Weighting = Weighting()
    shortlist: Shortlist = Shortlist()
    workshop: Workshop = Workshop()
    publication: Publication = Publication()
    risk: Risk = Risk()
    duplicates: Duplicates = Duplicates()
    gather: Survey
    interim: Survey
    hash: str = ""

    @property
    def id(self) -> str:
        """Return the partnership's id."""
        return self.partnership.id

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone in which the partnership shows instants."""
        return ZoneInfo(self.partnership.time_zone)

    @property
    def shares(self) -> dict[str, int]:
        """Return the whole-number share of each group that ranks, in the order of the protocol."""
        return {group.id: group.share for group in self.groups if group.ranks}

    @property
    def firmness_seed(self) -> int:
        """Return the seed from which ballots are drawn again."""
        return self.partnership.seed if self.firmness.seed is None else self.firmness.seed

    def plan(self, round_id: str) -> RoundPlan:
        """Return the plan of a round; one that an amendment took out goes by the plan of the first of its kind."""
        named, name = self.rounds.named(), round_id.removeprefix(f"{self.id}-")
        return named.get(name) or named[f"{name.partition('-')[0]}-1"]

    def group(self, group_id: str) -> Group:
        """Return the stakeholder group called `group_id`, or raise a `ProtocolError` that lists those there are."""
        for group in self.groups:
            if group.id == group_id:
                return group
        listed = ", ".join(group.id for group in self.groups)
        raise ProtocolError(f"No stakeholder group '{group_id}'; the protocol lists {listed}.")

    def group_name(self, group_id: str) -> str:
        """Return a group's short name for a table's head; `not_stated` reads 'Not stated'."""
        if group_id == NOT_STATED:
            return "Not stated"
        group = self.group(group_id)
        return group.short or group.name


def known_keys() -> list[str]:
    """Return every key that some section of a protocol may hold, for telling what a misspelt one may have meant."""
    classes: list[type[BaseModel]] = [Protocol, *Fixed.__subclasses__()]
    return sorted({field.alias or name for cls in classes for name, field in cls.model_fields.items()})
