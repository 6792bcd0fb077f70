"""What was derived from answers, ballots and decisions; replaced whole, and can be made again."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from consensus.models.columns import instant, text

__all__ = [
    "Derivation",
    "Identifier",
    "Lineage",
    "Proposal",
    "PublicTable",
    "Publication",
    "Question",
    "Ranking",
    "SetAside",
    "Submission",
    "WorkshopPlace",
]


class Submission(SQLModel, table=True):
    """One uncertainty cut from an answer; `text` is the answer's characters from `start` to `end`."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    submission_id: str = Field(primary_key=True)
    answer_id: str = Field(index=True)
    response_id: str
    group: str
    start: int
    end: int
    text: str = text()
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


class Question(SQLModel, table=True):
    """An agreed wording for a set of submissions."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    question_id: str = Field(primary_key=True)
    wording: str = text()
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
    reason: str = text()
    by: str = ""
    at: datetime | None = instant(default=None, nullable=True)


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
    tables: str = text()
    at: datetime = instant()


class Derivation(SQLModel, table=True):
    """What a stage's derived rows were made from, so that it is known when they must be made again."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    stage: str = Field(primary_key=True)
    inputs: str
    at: datetime = instant()


class Publication(SQLModel, table=True):
    """What was published of a final order, as it followed from `inputs`: the files' names and digests."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    ranking_id: str = Field(primary_key=True)
    inputs: str = Field(primary_key=True)
    files: str = text(default="{}")
    at: datetime = instant()


class PublicTable(SQLModel, table=True):
    """A table of counts as anybody could see it, kept so that no later one differs from it by a small count."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    name: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    content: str = text()
    at: datetime = instant()
