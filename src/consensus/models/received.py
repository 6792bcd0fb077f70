"""What was received: uploads, answers and ballots as they came. Only ever added to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from consensus.models.columns import WITHOUT_ORDER, instant, text

__all__ = ["Answer", "Ballot", "Quarantined", "Upload"]


class Upload(SQLModel, table=True):
    """A file as it came, restricted and erasable; `content` is emptied when it is erased, the digest stays."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    sha256: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    source: str
    mapping: str = text(default="{}")
    content: bytes = Field(default=b"", sa_type=LargeBinary)
    by: str
    at: datetime = instant()


class Quarantined(SQLModel, table=True):
    """A row of an upload that could not be taken, with the reason and without its words."""

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    sha256: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    row: str
    reason: str = text()


class Answer(SQLModel, table=True):
    """One person's text in one box, as received; an edit before the close is a new version."""

    __table_args__ = WITHOUT_ORDER

    partnership: str = Field(foreign_key="partnership.id", primary_key=True)
    answer_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    source: str
    response_id: str
    box: str
    group: str
    partner: str = ""
    language: str = ""
    text: str = text()
    status: str = ""
    received_at: datetime = instant()


class Ballot(SQLModel, table=True):
    """One person's choices in a round as received; an edit before the close is a new version, and the last counts."""

    __table_args__ = WITHOUT_ORDER

    round_id: str = Field(foreign_key="round.round_id", primary_key=True)
    ballot_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    partnership: str = Field(foreign_key="partnership.id", index=True)
    source: str
    group: str
    choices: str = text()
    began_at: datetime | None = instant(default=None, nullable=True)
    received_at: datetime = instant()
