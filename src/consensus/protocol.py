"""Protocol text to a frozen `Protocol`: what the steering group fixed in advance.

A partnership is a folder with `protocol.toml`, `gather.toml` and `interim.toml`. `read_protocol` reads all three and
tells every fault of all three at once, each with its file, its key and the remedy. Times in the files are those of the
partnership's named time zone; here they are instants in UTC.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from consensus.errors import ProtocolError
from consensus.vocabulary import NOT_STATED, BallotForm

__all__ = ["FILES", "Group", "Protocol", "RoundPlan", "SurveyItem", "parse_protocol", "protocol_hash", "read_protocol"]

FILES = ("protocol.toml", "gather.toml", "interim.toml")
SMALL_CELLS_FLOOR = 5

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Sentence = Annotated[str, Field(min_length=1)]
Whole = Annotated[int, Field(ge=0, strict=True)]
Positive = Annotated[int, Field(ge=1, strict=True)]


class _Fixed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Partnership(_Fixed):
    """Who sets the priorities, and in which time zone they live."""

    id: Identifier
    title: Sentence
    description: str = ""
    time_zone: str = "Europe/London"
    languages: tuple[str, ...] = ("en",)
    contact: str = ""
    lead: str = ""
    seed: Whole = 0


class Scope(_Fixed):
    """What belongs to the partnership, and what it has ruled out in advance."""

    inside: tuple[Sentence, ...] = Field(alias="in", min_length=1)
    outside: tuple[Sentence, ...] = Field(alias="out", default=())


class Group(_Fixed):
    """A stakeholder group with its whole-number share of the say."""

    id: Identifier
    name: Sentence
    short: str = ""
    share: Whole = 1
    target_answers: Whole = 0
    target_ballots: Whole = 0
    submits: bool = True
    ranks: bool = True


class Category(_Fixed):
    """A heading of the frame in which summary questions are laid out."""

    id: Identifier
    name: Sentence
    keywords: tuple[str, ...] = ()


class Partner(_Fixed):
    """An organisation through which people are reached."""

    id: Identifier
    name: Sentence


class Signpost(_Fixed):
    """Where somebody who is not well can turn, shown wherever words are asked for."""

    name: Sentence
    contact: Sentence
    when: str = ""


class RoundPlan(_Fixed):
    """When one survey opens and closes, in UTC; reminders between the two."""

    opens: datetime
    closes: datetime
    grace_minutes: Whole = 0
    reminders: tuple[datetime, ...] = ()
    cap: Whole = 0


class Rounds(_Fixed):
    """The two surveys of a partnership."""

    gather: RoundPlan
    interim: RoundPlan


class Ballot(_Fixed):
    """The form of an interim ballot; `max_choices` 0 means no limit."""

    form: BallotForm = "ranked"
    depth: Positive = 10
    max_choices: Whole = 10
    gaps: Literal["error", "close"] = "error"


class Ranking(_Fixed):
    """The scoring rule, what is shown beside it, and how ties in a group's list are placed."""

    rule: str = "jla_positions"
    ties: Literal["mean", "min", "dense"] = "mean"
    also: tuple[str, ...] = ("mean_points",)
    empty_group: Literal["drop", "refuse"] = "drop"
    min_ballots: Whole = 0


class Shortlist(_Fixed):
    """Which summary questions go to the workshop."""

    rule: Literal["combined", "union", "union_and_subgroup", "fill"] = "combined"
    size: Positive = 25
    per_group: Positive = 10
    subgroup: str = ""


class Seats(_Fixed):
    """A declared least part of the workshop's seats, in whole per cent, for some groups together."""

    groups: tuple[str, ...] = Field(min_length=1)
    at_least_percent: Annotated[int, Field(ge=1, le=100, strict=True)]


class Workshop(_Fixed):
    """Small mixed groups that rank the shortlist, re-mixed between sessions."""

    seats: Positive = 24
    small_groups: Positive = 3
    sessions: Positive = 2
    minimum: tuple[Seats, ...] = ()
    on: datetime | None = None


class Publication(_Fixed):
    """How many priorities are published, and below which count a cell is suppressed in public outputs."""

    top: Positive = 10
    small_cells: Annotated[int, Field(ge=0, strict=True)] = 10


class SurveyItem(_Fixed):
    """One element of a survey page; the words follow XLSForm."""

    id: Identifier
    type: Literal["note", "consent", "text", "select_one", "select_multiple", "rank", "rate"]
    label: Sentence
    hint: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    choices_from: Literal["", "groups", "partners", "questions"] = ""
    maximum: Whole = 0


class Survey(_Fixed):
    """The items of one survey, in the order in which people meet them."""

    title: Sentence
    version: Positive = 1
    items: tuple[SurveyItem, ...] = Field(min_length=1)


class Protocol(_Fixed):
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
    shortlist: Shortlist = Shortlist()
    workshop: Workshop = Workshop()
    publication: Publication = Publication()
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


def read_protocol(folder: Path | str) -> Protocol:
    """Return the protocol in a partnership's folder.

    Raises
    ------
    ProtocolError
        Every fault of the three files at once, each with file, key and remedy.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ProtocolError(f"There is no partnership folder {folder.name!r}; make one with `consensus init`.")
    texts, faults = {}, []
    for name in FILES:
        path = folder / name
        if not path.is_file():
            faults.append(
                f"{name}: the file is missing from the folder {folder.name!r}; copy the example's and edit it."
            )
            continue
        try:
            texts[name] = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            faults.append(f"{name}: the file is not UTF-8; save it again as UTF-8 text.")
    return parse_protocol(texts, faults=faults)


def parse_protocol(texts: Mapping[str, str], faults: list[str] | None = None) -> Protocol:
    """Return the protocol declared by the texts of its three files, keyed by file name.

    `faults` are those already found by the caller; they are told together with those found here.
    """
    faults = list(faults or [])
    parsed: dict[str, dict[str, Any]] = {}
    for name, text in texts.items():
        try:
            parsed[name] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            faults.append(f"{name}: not readable as TOML ({error}); mend the line it names.")
    content: dict[str, Any] = {**parsed.get("protocol.toml", {})}
    for reserved in ("gather", "interim", "hash"):
        if reserved in content:
            faults.append(f"protocol.toml: key '{reserved}' does not belong here; take the line out.")
            del content[reserved]
    content |= {name.removesuffix(".toml"): parsed[name] for name in FILES[1:] if name in parsed}
    unread = {name.removesuffix(".toml") for name in FILES if name not in parsed}
    faults += _instants_to_utc(content)
    protocol = None
    try:
        protocol = Protocol.model_validate({**content, "hash": protocol_hash(content)})
    except ValidationError as error:
        faults += _sentences(error, unread)
    faults += _disagreements(content)
    if faults or protocol is None:
        raise ProtocolError.of("the protocol", faults)
    return protocol


def protocol_hash(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of declared content, whatever the order of its keys."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(value: object) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _section(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name, {})
    return value if isinstance(value, Mapping) else {}


def _tables(content: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = content.get(name, [])
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _instants_to_utc(content: dict[str, Any]) -> list[str]:
    """Turn the local times of rounds and workshop into UTC, in place; return the faults found."""
    name = _section(content, "partnership").get("time_zone", "Europe/London")
    try:
        zone = ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):
        return [f"protocol.toml: partnership.time_zone {name!r} is not a time zone; write one such as 'Europe/London'."]

    faults: list[str] = []

    def instant(value: Any, where: str) -> Any:
        if not isinstance(value, datetime):
            return value
        if value.tzinfo is not None:
            return value.astimezone(UTC)
        there_and_back = value.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
        if there_and_back != value:
            faults.append(
                f"protocol.toml: {where} {value} does not exist in {name} (clocks go forward); choose another time."
            )
        return value.replace(tzinfo=zone).astimezone(UTC)

    rounds = {key: dict(value) for key, value in _section(content, "rounds").items() if isinstance(value, Mapping)}
    for key, plan in rounds.items():
        for moment in ("opens", "closes"):
            if moment in plan:
                plan[moment] = instant(plan[moment], f"rounds.{key}.{moment}")
        if isinstance(plan.get("reminders"), list):
            plan["reminders"] = [instant(value, f"rounds.{key}.reminders") for value in plan["reminders"]]
    if rounds:
        content["rounds"] = {**content["rounds"], **rounds}
    workshop = _section(content, "workshop")
    if "on" in workshop:
        content["workshop"] = {**workshop, "on": instant(workshop["on"], "workshop.on")}
    return faults


def _sentences(error: ValidationError, unread: set[str]) -> list[str]:
    """Return one sentence a fault: file, key, what is wrong, what to do."""
    sentences = []
    told = [fault["loc"] for fault in error.errors(include_url=False)]
    for fault in error.errors(include_url=False):
        keys = [str(key) for key in fault["loc"]]
        if keys[0] in unread or (keys[0] not in ("gather", "interim") and "protocol" in unread):
            continue
        inside = any(len(other) > len(fault["loc"]) and other[: len(fault["loc"])] == fault["loc"] for other in told)
        if fault["type"] == "too_short" and inside:
            continue  # pydantic counts entries that have faults of their own as absent
        file = f"{keys[0]}.toml" if keys[0] in ("gather", "interim") else "protocol.toml"
        where = ".".join(_place(keys[1:] if file != "protocol.toml" else keys))
        sentences.append(f"{file}: {where} {_remedy(fault, keys)}")
    return sentences


def _place(keys: list[str]) -> list[str]:
    """Count entries of a list from 1, as people do."""
    return [str(int(key) + 1) if key.isdigit() else key for key in keys]


def _remedy(fault: Any, keys: list[str]) -> str:
    match fault["type"]:
        case "missing":
            return "is missing; add it."
        case "extra_forbidden":
            close = get_close_matches(keys[-1], _known_keys(), n=1)
            return f"is not a known key; {f'did you mean {close[0]!r}?' if close else 'take it out.'}"
        case "literal_error":
            return f"is {fault['input']!r}; use one of {fault['ctx']['expected']}."
        case "string_pattern_mismatch":
            return f"is {fault['input']!r}; use lower-case letters, digits and underscores, starting with a letter."
        case "too_short":
            return "is empty; list at least one."
        case _:
            return f"is {fault['input']!r}; {fault['msg'][0].lower()}{fault['msg'][1:]}."


def _known_keys() -> list[str]:
    classes: list[type[BaseModel]] = [Protocol, *_Fixed.__subclasses__()]
    return sorted({field.alias or name for cls in classes for name, field in cls.model_fields.items()})


def _disagreements(content: Mapping[str, Any]) -> list[str]:
    """Return the faults that no single key shows: what one part of the protocol says against another."""
    groups = _tables(content, "groups")
    listed = [str(group.get("id")) for group in groups]
    say = f"the protocol lists {', '.join(listed) or 'none'}"
    faults = []
    for section in ("groups", "categories", "partners"):
        ids = [row.get("id") for row in _tables(content, section)]
        faults += [
            f"protocol.toml: {section} id {i!r} stands twice; give each its own."
            for i in dict.fromkeys(ids)
            if i is not None and ids.count(i) > 1
        ]
    ranking_groups = [group for group in groups if group.get("ranks", True)]
    if groups and not any(isinstance(g.get("share", 1), int) and g.get("share", 1) > 0 for g in ranking_groups):
        faults.append("protocol.toml: no stakeholder group that ranks has a share above 0; give at least one a share.")
    subgroup = _section(content, "shortlist").get("subgroup", "")
    if subgroup and subgroup not in listed:
        faults.append(f"protocol.toml: shortlist.subgroup is {subgroup!r}; {say}.")
    if not subgroup and _section(content, "shortlist").get("rule") == "union_and_subgroup":
        faults.append("protocol.toml: shortlist.subgroup is missing; the rule 'union_and_subgroup' needs it.")
    for seats in _tables(_section(content, "workshop"), "minimum"):
        named = seats.get("groups", [])
        unknown = [g for g in named if g not in listed] if isinstance(named, list) else []
        faults += [f"protocol.toml: workshop.minimum.groups names {g!r}; {say}." for g in unknown]
    cells = _section(content, "publication").get("small_cells", 10)
    if isinstance(cells, int) and 0 < cells < SMALL_CELLS_FLOOR:
        faults.append(
            f"protocol.toml: publication.small_cells is {cells}; use {SMALL_CELLS_FLOOR} or more (0 switches it off)."
        )
    faults += _round_faults(_section(content, "rounds"))
    for name in ("gather", "interim"):
        ids = [item.get("id") for item in _tables(_section(content, name), "items")]
        faults += [
            f"{name}.toml: item id {i!r} stands twice; give each item its own."
            for i in dict.fromkeys(ids)
            if i is not None and ids.count(i) > 1
        ]
    return faults


def _round_faults(rounds: Mapping[str, Any]) -> list[str]:
    faults = []
    for key, plan in rounds.items():
        if not isinstance(plan, Mapping):
            continue
        opens, closes = plan.get("opens"), plan.get("closes")
        if not (isinstance(opens, datetime) and isinstance(closes, datetime)):
            continue
        if closes <= opens:
            faults.append(f"protocol.toml: rounds.{key}.closes is not after rounds.{key}.opens; mend one of them.")
        reminders = plan.get("reminders", [])
        if isinstance(reminders, list) and any(isinstance(r, datetime) and not opens < r < closes for r in reminders):
            faults.append(f"protocol.toml: rounds.{key}.reminders lie outside the round; keep them between its ends.")
    return faults
