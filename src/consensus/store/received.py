"""What was received: uploads, answers and ballots, kept as they came and only ever added to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import func
from sqlmodel import Session, col, select

from consensus import models
from consensus.store.frames import as_frame, as_rows
from consensus.vocabulary import COLUMNS

__all__ = [
    "Received",
    "load_answers",
    "load_ballots",
    "load_quarantine",
    "save_answers",
    "save_ballots",
    "save_quarantine",
    "save_upload",
]


@dataclass(frozen=True)
class Received:
    """How many rows of an import were new, changed (a new version) or there already."""

    new: int
    changed: int
    unchanged: int


def save_upload(
    session: Session,
    partnership: str,
    *,
    kind: str,
    sha256: str,
    source: str,
    mapping: str,
    content: bytes,
    by: str,
    at: datetime,
) -> bool:
    """Keep a file as it came; return False when the very same file is there already."""
    if session.get(models.Upload, (partnership, sha256, kind)):
        return False
    session.add(
        models.Upload(
            partnership=partnership,
            sha256=sha256,
            kind=kind,
            source=source,
            mapping=mapping,
            content=content,
            by=by,
            at=at,
        )
    )
    session.flush()
    return True


def save_quarantine(session: Session, partnership: str, kind: str, sha256: str, quarantine: pd.DataFrame) -> None:
    """Keep the rows of an upload that could not be taken: where they stand and why, without their words."""
    for number, (row, reason) in enumerate(zip(quarantine["row"], quarantine["reason"], strict=True)):
        session.merge(
            models.Quarantined(
                partnership=partnership, sha256=sha256, kind=kind, number=number, row=str(row), reason=str(reason)
            )
        )


def load_quarantine(session: Session, partnership: str) -> pd.DataFrame:
    """Return every row of an upload that could not be taken: upload, kind, where it stands and why."""
    query = (
        select(models.Quarantined)
        .where(models.Quarantined.partnership == partnership)
        .order_by(col(models.Quarantined.kind), col(models.Quarantined.sha256), col(models.Quarantined.number))
    )
    rows = [(row.sha256, row.kind, row.row, row.reason) for row in session.exec(query)]
    return pd.DataFrame(rows, columns=["upload", "kind", "row", "reason"])


def save_answers(session: Session, partnership: str, answers: pd.DataFrame) -> Received:
    """Add answers; the same answer changes nothing, a changed one becomes its next version."""
    latest = {row.answer_id: row for row in _latest_answers(session, partnership)}
    new = changed = 0
    for row in as_rows(answers[list(COLUMNS["answers"])]):
        before = latest.get(str(row["answer_id"]))
        if before and all(getattr(before, key) == row[key] for key in ("text", "group", "partner", "status")):
            continue
        row["version"] = before.version + 1 if before else 1
        session.add(models.Answer(partnership=partnership, **row))
        new, changed = new + (before is None), changed + (before is not None)
    session.flush()
    return Received(new, changed, len(answers) - new - changed)


def load_answers(session: Session, partnership: str) -> pd.DataFrame:
    """Return the last version of every answer, in the order of their ids."""
    rows = [
        tuple(getattr(row, column) for column in COLUMNS["answers"]) for row in _latest_answers(session, partnership)
    ]
    return as_frame(rows, "answers")


def _latest_answers(session: Session, partnership: str) -> list[models.Answer]:
    last = (
        select(models.Answer.answer_id, func.max(models.Answer.version).label("version"))
        .where(models.Answer.partnership == partnership)
        .group_by(col(models.Answer.answer_id))
        .subquery()
    )
    query = (
        select(models.Answer)
        .join(last, (col(models.Answer.answer_id) == last.c.answer_id) & (col(models.Answer.version) == last.c.version))
        .where(models.Answer.partnership == partnership)
        .order_by(col(models.Answer.answer_id))
    )
    return list(session.exec(query))


def save_ballots(session: Session, round_: models.Round, ballots: Sequence[Mapping[str, Any]]) -> Received:
    """Add ballots to a round, each a mapping with ballot_id, source, group, choices, began_at and received_at.

    `choices` is a list of objects as the ballot form has them. The same choices change nothing; others become the next
    version. Whether a ballot came in time is never stored: it follows from the round's close when ballots are loaded.
    """
    latest: dict[str, models.Ballot] = {}
    query = select(models.Ballot).where(models.Ballot.round_id == round_.round_id).order_by(col(models.Ballot.version))
    for row in session.exec(query):
        latest[row.ballot_id] = row
    new = changed = 0
    for ballot in ballots:
        choices = json.dumps(ballot["choices"], sort_keys=True, separators=(",", ":"))
        before = latest.get(str(ballot["ballot_id"]))
        if before and before.choices == choices and before.group == ballot["group"]:
            continue
        kept = models.Ballot(
            **{**ballot, "choices": choices},
            round_id=round_.round_id,
            partnership=round_.partnership,
            version=before.version + 1 if before else 1,
        )
        session.add(kept)
        latest[kept.ballot_id] = kept
        new, changed = new + (before is None), changed + (before is not None)
    session.flush()
    return Received(new, changed, len(ballots) - new - changed)


def load_ballots(session: Session, round_id: str) -> list[models.Ballot]:
    """Return every version of every ballot of a round, in the order of ballot and version."""
    query = (
        select(models.Ballot)
        .where(models.Ballot.round_id == round_id)
        .order_by(col(models.Ballot.ballot_id), col(models.Ballot.version))
    )
    return list(session.exec(query))
