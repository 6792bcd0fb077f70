"""A tally's tables as one long frame, for the store, and back to the same bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from consensus.errors import DataError
from consensus.tally.received import IntArray
from consensus.vocabulary import check_frame

if TYPE_CHECKING:
    from consensus.tally.tables import Tally

__all__ = ["AXES", "axes_of", "places_among", "read_frame", "write_frame"]

AXES: dict[str, tuple[tuple[str, str], ...]] = {
    "n": (("groups", "group"),),
    "given": (("groups", "group"), ("questions", "question")),
    "N": (("groups", "group"), ("places", "other"), ("questions", "question")),
    "W": (("groups", "group"), ("questions", "question"), ("questions", "other")),
    "E": (("groups", "group"), ("questions", "question"), ("questions", "other")),
    "C": (("groups", "group"), ("questions", "question"), ("levels", "other")),
    "unsure": (("groups", "group"), ("questions", "question")),
    "prints": (("groups", "group"), ("lanes", "other")),
}
"""Each table's axes, each with the column of the long frame that names the cell on it."""

SQUARES = {"squares": (("groups", "group"),)}
"""The table that only respondent weights have."""
LABELS = {"groups": "group", "questions": "question", "levels": "other"}
IN_VOICES = "voices."
"""What stands before the names of the tables in which ballots count their respondent weights."""
COLUMNS = ["table", "group", "question", "other", "count"]


def axes_of(t: Tally) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return the tables that a tally has, each with its axes."""
    return AXES if t.squares is None else AXES | SQUARES


def write_frame(t: Tally) -> pd.DataFrame:
    """Return the tables as rows `table, group, question, other, count`, see `Tally.to_frame`."""
    parts = [pd.DataFrame([{"table": "form", "other": t.form, "count": -1 if t.depth is None else t.depth}])]
    for name, column in LABELS.items():
        labels = list(getattr(t, name))
        as_they_are = pd.Series(labels, dtype=object)
        parts.append(pd.DataFrame({"table": name, column: as_they_are, "count": range(len(labels))}))
    parts += _cells(t, "")
    if t.voices is not None:
        parts.append(pd.DataFrame([{"table": "unit", "count": t.voices.unit}]))
        parts += _cells(t.voices, IN_VOICES)
    frame = pd.concat([part.astype({"count": "int64"}) for part in parts], ignore_index=True)
    frame["other"] = frame["other"].map(str, na_action="ignore")
    return frame[COLUMNS].fillna("")


def _cells(t: Tally, before: str) -> Iterator[pd.DataFrame]:
    """Yield the cells of each table that are not 0."""
    for name, axes in axes_of(t).items():
        table = getattr(t, name).view(np.int64)
        cells = np.nonzero(table)
        named = {
            column: [t._labels(axis)[int(at)] for at in cell] for (axis, column), cell in zip(axes, cells, strict=True)
        }
        yield pd.DataFrame({"table": before + name, **named, "count": table[cells]})


def read_frame(frame: pd.DataFrame, blank: Callable[..., Tally]) -> Tally:
    """Return the tally that `write_frame` wrote, without kept ballots; `blank` makes one of zeros."""
    check_frame("the tally's frame", frame, COLUMNS)
    try:
        return _read(frame, blank)
    except (KeyError, IndexError, ValueError) as error:
        raise DataError(
            "The frame is not one that Tally.to_frame wrote; pass what it returned, every row of it."
        ) from error


def _read(frame: pd.DataFrame, blank: Callable[..., Tally]) -> Tally:
    part = {str(name): rows for name, rows in frame.groupby("table", sort=False)}
    form, depth = part["form"]["other"].iloc[0], int(part["form"]["count"].iloc[0])
    listed = {
        name: part[name].sort_values("count")[column].tolist() if name in part else []
        for name, column in LABELS.items()
    }
    levels = tuple(int(level) for level in listed["levels"])
    labels = (form, None if depth < 0 else depth, tuple(listed["groups"]), tuple(listed["questions"]), levels)
    t = _filled(blank(*labels), part, "")
    if "unit" not in part:
        return t
    return replace(t, voices=_filled(blank(*labels, int(part["unit"]["count"].iloc[0])), part, IN_VOICES))


def _filled(t: Tally, part: Mapping[str, pd.DataFrame], before: str) -> Tally:
    for name, axes in axes_of(t).items():
        if before + name in part:
            rows = part[before + name]
            cell = tuple(places_among([str(x) for x in rows[column]], t._labels(axis)) for axis, column in axes)
            getattr(t, name).view(np.int64)[cell] = rows["count"].to_numpy(np.int64)
    return t


def places_among(few: Sequence[Any], many: Sequence[Any]) -> IntArray:
    """Return where each of a few labels stands among many.

    Examples
    --------
    >>> places_among(["b", 3], ["a", "b", 3]).tolist()
    [1, 2]
    """
    place = {label: at for at, label in enumerate(many)} | {str(label): at for at, label in enumerate(many)}
    return np.array([place[label] for label in few], dtype=np.int64)
