"""A folder of TOML to a frozen `Specification`: the people, questions and words of a simulation."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from consensus.errors import ProtocolError
from consensus.protocol import Protocol

__all__ = ["EXPERT", "PLAIN", "PLAIN_OF_OTHERS", "LatentQuestion", "Specification", "read_specification"]

Whole = Annotated[int, Field(ge=0, strict=True)]
PerThousand = Annotated[int, Field(ge=0, le=1000, strict=True)]
LEAST_PHRASINGS = 6
EXPERT, PLAIN, PLAIN_OF_OTHERS = "expert", "plain", "plain, not of oneself"


class _Fixed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LatentQuestion(_Fixed):
    """A question that people have in mind, and the words in which they say it.

    `heard` is how often it is written, `importance` how much each stakeholder group wants it answered, in the order of
    the protocol's groups. `plain` and `expert` are different ways of saying it; one that starts with `~` is a clause
    that needs a lead-in. `me` and `them` are what people tell with it, of themselves and of somebody they love. A
    `settled` question is one that research has answered.
    """

    id: str
    question: str
    category: str
    heard: Annotated[int, Field(ge=1, strict=True)]
    importance: tuple[Whole, ...]
    plain: tuple[str, ...] = Field(min_length=1)
    expert: tuple[str, ...] = Field(min_length=1)
    me: tuple[str, ...] = ()
    them: tuple[str, ...] = ()
    settled: bool = False


class People(_Fixed):
    """How many of a stakeholder group answer and rank, who reached them, and how often they write as experts do."""

    people: Whole
    ballots: Whole
    partners: dict[str, Whole] = Field(min_length=1)
    expert: PerThousand


class Chances(_Fixed):
    """How people write, each a chance per thousand."""

    second_box: PerThousand
    third_box: PerThousand
    out_of_scope: PerThousand
    two_questions: PerThousand
    three_questions: PerThousand
    opener: PerThousand
    story: PerThousand
    closer: PerThousand
    other_words: PerThousand
    no_question_mark: PerThousand
    lower_case: PerThousand
    typos: PerThousand
    identifier: PerThousand
    no_partner: PerThousand


class Ballots(_Fixed):
    """How people choose; `pull` and `difference` in hundredths, the rest counts of deliberately bad ballots."""

    pull: Whole
    difference: Whole
    fewer_than_ten: PerThousand
    unknown_question: Whole
    repeated_question: Whole
    late: Whole


class Workshop(_Fixed):
    """How much the discussion of a small group blurs its members' mean view, in hundredths."""

    blur: Whole


class Closers(_Fixed):
    """What people say last, in plain and in expert words."""

    plain: tuple[str, ...] = Field(min_length=1)
    expert: tuple[str, ...] = Field(min_length=1)

    def of(self, register: str) -> tuple[str, ...]:
        """Return what people say last in a register."""
        return self.plain if register == PLAIN else self.expert


class Several(_Fixed):
    """What stands between two questions in one answer."""

    joiners: tuple[str, ...] = Field(min_length=1)


class OutOfScope(_Fixed):
    """Remarks that are no question for research."""

    remarks: tuple[str, ...] = Field(min_length=1)


class Identifiers(_Fixed):
    """Sentences with a place for a made-up `{phone}` or `{email}`."""

    sentences: tuple[str, ...] = Field(min_length=1)
    names: tuple[str, ...] = Field(min_length=1)


class Variants(_Fixed):
    """Lines of words that stand for one another, and asides before and after a question."""

    lines: tuple[tuple[str, ...], ...]
    before: tuple[str, ...] = Field(min_length=1)
    after: tuple[str, ...] = Field(min_length=1)


class Typos(_Fixed):
    """Words and how some people spell them."""

    spellings: dict[str, str]


class Specification(_Fixed):
    """A partnership whose truth is known: what people have in mind and how they say it."""

    groups: dict[str, People]
    chances: Chances
    ballots: Ballots
    workshop: Workshop
    questions: tuple[LatentQuestion, ...] = Field(min_length=1)
    lead_ins: tuple[str, ...] = Field(min_length=1)
    openers: dict[str, tuple[str, ...]]
    closers: Closers
    several: Several
    out_of_scope: OutOfScope
    identifiers: Identifiers
    variants: Variants
    typos: Typos

    def latent(self, latent_id: str) -> LatentQuestion:
        """Return the latent question called `latent_id`."""
        return next(question for question in self.questions if question.id == latent_id)


def read_specification(folder: Path | str, protocol: Protocol) -> Specification:
    """Return the specification in a folder of TOML files; the `[[questions]]` of all files count together.

    Raises
    ------
    ProtocolError
        Every fault at once, each with its key and remedy: of form, and against the protocol.
    """
    folder = Path(folder)
    content: dict[str, Any] = {"questions": []}
    faults = [] if folder.is_dir() else [f"the folder {folder.name!r} is missing; copy the example's and edit it."]
    for path in sorted(folder.glob("*.toml")):
        try:
            parsed = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            faults.append(f"{path.name}: not readable as TOML in UTF-8 ({error}); mend the place it names.")
            continue
        content["questions"] += parsed.pop("questions", [])
        content |= parsed
    if not faults:
        try:
            specification = Specification.model_validate(content)
        except ValidationError as error:
            faults += [f"{_place(fault['loc'])}: {fault['msg']}; mend it." for fault in error.errors(include_url=False)]
        else:
            faults += _disagreements(specification, protocol)
    if faults:
        raise ProtocolError.of("the simulation", faults)
    return specification


def _place(keys: tuple[int | str, ...]) -> str:
    return ".".join(str(key) for key in keys)


def _disagreements(specification: Specification, protocol: Protocol) -> Iterator[str]:
    """Yield what the specification says against the protocol, a sentence each."""
    groups = [group.id for group in protocol.groups]
    if list(specification.groups) != groups or set(specification.openers) != set(groups):
        yield f"groups and openers: not those of the protocol; list {', '.join(groups)}, groups in this order."
    partners = {partner.id for partner in protocol.partners}
    for group, people in specification.groups.items():
        for unknown in sorted(set(people.partners) - partners):
            yield f"groups.{group}.partners: {unknown!r} is no partner in the protocol; take it out or declare it."
    ids = [question.id for question in specification.questions]
    categories = {category.id for category in protocol.categories}
    for question in specification.questions:
        if ids.count(question.id) > 1:
            yield f"questions.{question.id}: the id stands twice; give each its own."
        if question.category not in categories:
            yield f"questions.{question.id}.category: {question.category!r} is not in the protocol; use one that is."
        if len(question.importance) != len(groups):
            yield f"questions.{question.id}.importance: give {len(groups)} numbers, one a group."
        if len(question.plain) + len(question.expert) < LEAST_PHRASINGS:
            yield f"questions.{question.id}: fewer than {LEAST_PHRASINGS} phrasings; write more."
