"""What was decided: partnerships with their protocols, rounds, and people's decisions."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from consensus.models.columns import instant, text

__all__ = ["Decision", "Partnership", "ProtocolVersion", "Round"]


class Partnership(SQLModel, table=True):
    """One priority-setting exercise; `protocol_hash` is frozen from `frozen_at`, when its first round opened."""

    id: str = Field(primary_key=True)
    title: str
    protocol_hash: str
    registered_at: datetime = instant()
    frozen_at: datetime | None = instant(default=None, nullable=True)


class ProtocolVersion(SQLModel, table=True):
    """The three files of a protocol as they were read: a JSON object from file name to text."""

    id: int | None = Field(default=None, primary_key=True)
    partnership: str = Field(foreign_key="partnership.id", index=True)
    hash: str
    texts: str = text()
    by: str
    at: datetime = instant()
    why: str = text(default="")


class Decision(SQLModel, table=True):
    """A person's recorded act; undoing it is another row."""

    number: int | None = Field(default=None, primary_key=True)
    decision_id: str = Field(unique=True)
    partnership: str = Field(foreign_key="partnership.id", index=True)
    kind: str
    subject: str = Field(index=True)
    value: str = text(default="{}")
    by: str
    at: datetime = instant()
    why: str = text(default="")


class Round(SQLModel, table=True):
    """One opening of one survey.

    `questions` is the JSON list of what stands on its ballot (id, wording, category), frozen when it opens.
    """

    round_id: str = Field(primary_key=True)
    partnership: str = Field(foreign_key="partnership.id", index=True)
    kind: str
    state: str = "draft"
    opens_at: datetime = instant()
    closes_at: datetime = instant()
    grace_minutes: int = 0
    cap: int = 0  # how many responses it takes before it closes to new starters; 0 for any number
    closed_at: datetime | None = instant(default=None, nullable=True)
    questions: str = text(default="[]")
    ranking_id: str = ""
    root: str = ""  # of the hash chain over what counts, published at the close
    unlinked_at: datetime | None = instant(default=None, nullable=True)
