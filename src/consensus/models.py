"""The tables: what was received, what was decided, and what was derived from the two.

Answers, ballots and decisions are only ever added to. Submissions, proposals, questions, lineage and set-aside rows are
derived, and are replaced whole. Instants are kept in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, LargeBinary, Text, TypeDecorator
from sqlmodel import Field, SQLModel

__all__ = [
    "Answer",
    "Ballot",
    "Decision",
    "Derivation",
    "Identifier",
    "Instant",
    "Lineage",
    "Partnership",
    "Proposal",
    "ProtocolVersion",
    "PublicTable",
    "Publication",
    "Quarantined",
    "Question",
    "Ranking",
    "Round",
    "SetAside",
    "Submission",
    "Upload",
    "WorkshopPlace",
]


class Instant(TypeDecorator[datetime]):
    """An instant in UTC; a time without a zone is refused at the door of the table."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC, as the database keeps it."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant without a time zone cannot be stored; pass one in UTC.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored instant with its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _instant(**options: Any) -> Any:
    return Field(sa_type=Instant, **options)


def _text(**options: Any) -> Any:
    return Field(sa_type=Text, **options)


class Partnership(SQLModel, table=True):
    """One priority-setting exercise; `protocol_hash` is frozen from `frozen_at`, when its first round opened."""

    id: str = Field(primary_key=True)
    title: str
    protocol_hash: str
    registered_at: datetime = _instant()
    frozen_at: datetime | None = _instant(default=None, nullable=True)


class ProtocolVersion(SQLModel, table=True):
    """The three files of a protocol as they were read: a JSON object from file name to text."""

    id: int | None = Field(default=None, primary_key=True)
    partnership: str = Field(foreign_key="partnership.id", index=True)
    hash: str
    texts: str = _text()
    by: str
    at: datetime = _instant()
    why: str = _text(default="")


class Upload(SQLModel, table=True):
    """A file as it came, restricted and erasable; `content` is emptied when it is erased, the digest stays."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    sha256: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    source: str
    mapping: str = _text(default="{}")
    content: bytes = Field(default=b"", sa_type=LargeBinary)
    by: str
    at: datetime = _instant()


class Quarantined(SQLModel, table=True):
    """A row of an upload that could not be taken, with the reason and without its words."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    sha256: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    row: str
    reason: str = _text()


class Answer(SQLModel, table=True):
    """One person's text in one box, as received; an edit before the close is a new version."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    answer_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    source: str
    response_id: str
    box: str
    group: str
    partner: str = ""
    language: str = ""
    text: str = _text()
    status: str = ""
    received_at: datetime = _instant()


class Submission(SQLModel, table=True):
    """One uncertainty cut from an answer; `text` is the answer's characters from `start` to `end`."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    submission_id: str = Field(primary_key=True)
    answer_id: str = Field(index=True)
    response_id: str
    group: str
    start: int
    end: int
    text: str = _text()
    status: str = ""


class Identifier(SQLModel, table=True):
    """A suspected identifier in a submission, for a person to redact or to leave."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    submission_id: str = Field(primary_key=True)
    start: int = Field(primary_key=True)
    end: int = Field(primary_key=True)
    kind: str = Field(primary_key=True)


class Proposal(SQLModel, table=True):
    """The machine's suggestion of a duplicate group for a submission."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    submission_id: str = Field(primary_key=True)
    group: str
    similarity: float
    why: str = ""


class Decision(SQLModel, table=True):
    """A person's recorded act; undoing it is another row."""

    number: int | None = Field(default=None, primary_key=True)
    decision_id: str = Field(unique=True)
    partnership: str = Field(foreign_key="partnership.id", index=True)
    kind: str
    subject: str = Field(index=True)
    value: str = _text(default="{}")
    by: str
    at: datetime = _instant()
    why: str = _text(default="")


class Question(SQLModel, table=True):
    """An agreed wording for a set of submissions."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    question_id: str = Field(primary_key=True)
    wording: str = _text()
    category: str = ""
    status: str = "open"
    submissions: int = 0
    respondents: int = 0


class Lineage(SQLModel, table=True):
    """Which submission ended in which summary question."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    submission_id: str = Field(primary_key=True)
    question_id: str = Field(index=True)


class SetAside(SQLModel, table=True):
    """A submission that ended in no summary question, with the reason."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    submission_id: str = Field(primary_key=True)
    reason: str = _text()
    by: str = ""
    at: datetime | None = _instant(default=None, nullable=True)


class Round(SQLModel, table=True):
    """One opening of one survey; `questions` is the JSON list of what stands on its ballot, frozen when it opens."""

    round_id: str = Field(primary_key=True)
    partnership: str = Field(foreign_key="partnership.id", index=True)
    kind: str
    state: str = "draft"
    opens_at: datetime = _instant()
    closes_at: datetime = _instant()
    grace_minutes: int = 0
    closed_at: datetime | None = _instant(default=None, nullable=True)
    questions: str = _text(default="[]")
    ranking_id: str = ""


class Ballot(SQLModel, table=True):
    """One person's choices in a round as received; an edit before the close is a new version, and the last counts."""

    round_id: str = Field(foreign_key="round.round_id", primary_key=True)
    ballot_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    partnership: str = Field(foreign_key="partnership.id", index=True)
    source: str
    group: str
    choices: str = _text()
    began_at: datetime | None = _instant(default=None, nullable=True)
    received_at: datetime = _instant()


class WorkshopPlace(SQLModel, table=True):
    """The place that a small group at the workshop gave a question; 1 is most favoured."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    session: int = Field(primary_key=True)
    small_group: str = Field(primary_key=True)
    question: str = Field(primary_key=True)
    place: int


class Ranking(SQLModel, table=True):
    """A stored order, interim or final, with what it was made from: `tables` is a JSON object of frames."""

    ranking_id: str = Field(primary_key=True)
    partnership: str = Field(foreign_key="partnership.id", index=True)
    round_id: str = ""
    kind: str = "interim"
    rule: str
    protocol_hash: str
    package_version: str
    ballots_digest: str
    tables: str = _text()
    at: datetime = _instant()


class Derivation(SQLModel, table=True):
    """What a stage's derived rows were made from, so that it is known when they must be made again."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    stage: str = Field(primary_key=True)
    inputs: str
    at: datetime = _instant()


class Publication(SQLModel, table=True):
    """What was published of a final order, as it followed from `inputs`: the files' names and digests."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    ranking_id: str = Field(primary_key=True)
    inputs: str = Field(primary_key=True)
    files: str = _text(default="{}")
    at: datetime = _instant()


class PublicTable(SQLModel, table=True):
    """A table of counts as anybody could see it, kept so that no later one differs from it by a small count."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    name: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    content: str = _text()
    at: datetime = _instant()
