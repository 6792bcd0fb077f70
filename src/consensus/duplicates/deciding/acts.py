"""Decisions of the review queue as rows of the append-only log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from consensus.digest import short_id
from consensus.errors import DataError
from consensus.vocabulary import COLUMNS, DECISION_KINDS, check_columns, empty

__all__ = ["as_log", "decision", "frame_of"]


def decision(
    kind: str,
    subject: str,
    value: Mapping[str, Any],
    *,
    by: str,
    at: datetime | None,
    why: str,
    known: Iterable[str] = (),
) -> dict[str, Any]:
    """Return one row of the log; its id follows from its content, and from how often that was said before.

    Examples
    --------
    >>> row = decision("set_aside", "s1", {}, by="Ada", at=None, why="a greeting")
    >>> row["kind"], row["decision_id"] == decision("set_aside", "s1", {}, by="Ada", at=None, why="a greeting")[
    ...     "decision_id"]
    ('set_aside', True)
    """
    content = (kind, subject, json.dumps(value, sort_keys=True), by, at.isoformat() if at else "", why)
    there = set(known)
    identity, again = short_id("d", *content), 1
    while identity in there:
        again += 1
        identity = short_id("d", *content, str(again))
    return dict(zip(COLUMNS["decisions"], (identity, kind, subject, dict(value), by, at, why), strict=True))


def as_log(log: pd.DataFrame | Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of a decisions frame (or of mappings with its columns), a decision that is there twice once.

    Raises
    ------
    DataError
        A column is missing, or a kind of decision is not known.
    """
    frame = log if isinstance(log, pd.DataFrame) else pd.DataFrame(list(log), dtype=object)
    if frame.empty:
        return []
    check_columns(frame, "decisions")
    rows = {
        str(row["decision_id"]): dict(row) for row in reversed(frame[list(COLUMNS["decisions"])].to_dict("records"))
    }
    unknown = sorted({str(row["kind"]) for row in rows.values()} - set(DECISION_KINDS))
    if unknown:
        raise DataError(
            f"The log holds decisions of unknown kind ({', '.join(unknown)}); it was written by another version."
        )
    return [_read(row) for row in reversed(rows.values())]


def _read(row: dict[str, Any]) -> dict[str, Any]:
    value, at = row["value"], row["at"]
    return {
        **row,
        "value": dict(value) if isinstance(value, Mapping) else json.loads(value or "{}"),
        "at": None if at is None or pd.isna(at) else at,
    }


def frame_of(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows of the log as the decisions frame, in the order in which they were appended."""
    if not rows:
        return empty("decisions")
    return pd.DataFrame(
        {column: pd.Series([row[column] for row in rows], dtype=object) for column in COLUMNS["decisions"]}
    )
