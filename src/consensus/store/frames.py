"""Frames to tables and back, for the rows that are derived and replaced whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import delete, insert, select
from sqlmodel import Session, SQLModel

from consensus import models
from consensus.vocabulary import COLUMNS

__all__ = ["load_frame", "replace_frame"]

TABLES: dict[str, type[SQLModel]] = {
    "submissions": models.Submission,
    "identifiers": models.Identifier,
    "proposals": models.Proposal,
    "questions": models.Question,
    "lineage": models.Lineage,
    "set_aside": models.SetAside,
    "workshop_rankings": models.WorkshopPlace,
}


def load_frame(session: Session, name: str, partnership: str) -> pd.DataFrame:
    """Return the partnership's rows of the derived frame called `name`, in the order of their keys."""
    table = TABLES[name]
    columns = [getattr(table, column) for column in COLUMNS[name]]
    keys = table.__table__.primary_key.columns  # type: ignore[attr-defined]
    query = select(*columns).where(table.partnership == partnership).order_by(*keys)  # type: ignore[attr-defined]
    return as_frame(session.execute(query).all(), name)


def replace_frame(session: Session, name: str, partnership: str, frame: pd.DataFrame) -> None:
    """Put `frame` in the place of the partnership's rows of the derived frame called `name`."""
    table = TABLES[name]
    session.execute(delete(table).where(table.partnership == partnership))  # type: ignore[attr-defined]
    rows = as_rows(frame[list(COLUMNS[name])])
    if rows:
        session.execute(insert(table), [{"partnership": partnership, **row} for row in rows])


def as_frame(rows: object, name: str) -> pd.DataFrame:
    """Return rows of a query as the frame called `name`, text as text even when there is no row."""
    frame = pd.DataFrame([tuple(row) for row in rows], columns=list(COLUMNS[name]), dtype=object)  # type: ignore[attr-defined]
    return frame.infer_objects() if len(frame) else frame


def as_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame's rows with plain Python values, which every database driver takes."""
    return [{str(k): _plain(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _plain(value: object) -> object:
    if isinstance(value, pd.Timestamp):
        return None if value is pd.NaT else value.to_pydatetime()
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, datetime):
        return value
    return value.item() if hasattr(value, "item") else value
