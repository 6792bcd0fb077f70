"""A long ballots frame as received, taken apart once into arrays that both the checks and the coding read."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from consensus.errors import DataError
from consensus.vocabulary import BALLOT_FORMS, check_columns

__all__ = [
    "ALSO_NEEDED",
    "AT_ONCE",
    "MISSING",
    "MOST_BALLOTS",
    "MOST_VOICE",
    "UNIT",
    "UNKNOWN",
    "IntArray",
    "Received",
    "first_rows",
    "index_labels",
    "numbers",
    "receive",
    "sorted_rows",
    "whole_numbers",
]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

UNIT = 10**6
"""A respondent weight of 1, in the millionths in which respondent weights are counted."""
MOST_BALLOTS = 10**10
"""No ballot may stand for more, and no round hold more: there are fewer people."""
MOST_VOICE = 1000
"""No respondent weight may be above it: one is a multiple of the group's mean of 1."""

ALSO_NEEDED = {"best_worst": ("set",), "pairwise": ("other",)}
"""The column that a form needs beyond those of every ballots frame."""

AT_ONCE = 1 << 16
"""How many rows are looked at together, so that they stay in cache."""

MISSING, UNKNOWN = -1, -2
"""Codes of a label that is not there, and of one that is not among those known."""


@dataclass(frozen=True, eq=False)
class Received:
    """Rows as received; every array has one entry a row.

    Attributes
    ----------
    frame, form
        The frame itself, and one of the six forms.
    groups, questions
        Labels behind the codes, sorted: those known, or those in the frame.
    ballot
        The number of the row's ballot, from 0; one id under two groups is two ballots.
    group, question, other
        Codes, `MISSING` or `UNKNOWN`; `other` is all `MISSING` but for `pairwise`.
    task
        The number of the row's task among all tasks, in the order of their labels; 0 but for `best_worst`.
    value, blank
        The value, NaN where it is not a whole number; whether it is missing altogether.
    weight
        How many identical ballots the row's ballot stands for, NaN where it is not a whole number.
    voice
        The respondent weight in millionths, to the nearest, NaN where it is no number; None: the frame has none.
    """

    frame: pd.DataFrame
    form: str
    groups: tuple[Any, ...]
    questions: tuple[Any, ...]
    ballot: IntArray
    group: IntArray
    question: IntArray
    other: IntArray
    task: IntArray
    value: FloatArray
    blank: npt.NDArray[np.bool_]
    weight: FloatArray
    voice: FloatArray | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.ballot)

    @cached_property
    def first(self) -> IntArray:
        """Return the row where each ballot stands first."""
        return first_rows(self.ballot)

    @cached_property
    def plain(self) -> bool:
        """Return whether every ballot is a run of rows with places 1, 2, 3 ... in this order, as mostly they are."""
        ballot, value = self.ballot, self.value
        return (
            self.form == "ranked"
            and all(
                (np.where(ballot[1:][some] == ballot[:-1][some], value[:-1][some] + 1, 1) == value[1:][some]).all()
                and (np.diff(ballot[begin : begin + AT_ONCE + 1]) >= 0).all()
                for begin, some in ((at, slice(at, at + AT_ONCE)) for at in range(0, len(self), AT_ONCE))
            )
            and (not len(self) or value[0] == 1)
        )


def receive(
    ballots: pd.DataFrame,
    form: str = "ranked",
    questions: Iterable[Any] | None = None,
    groups: Iterable[Any] | None = None,
) -> Received:
    """Return a long ballots frame taken apart, or raise a `DataError` for an unknown form or a missing column."""
    if form not in BALLOT_FORMS:
        raise DataError(f"No ballot form {form!r}; use one of {', '.join(BALLOT_FORMS)}.")
    check_columns(ballots, "ballots", also=ALSO_NEEDED.get(form, ()))
    if twice := sorted({str(name) for name in ballots.columns[ballots.columns.duplicated()]}):
        raise DataError(f"The ballots have a column twice: {', '.join(twice)}; keep one of each name.")
    try:
        return _taken_apart(ballots, form, questions, groups)
    except TypeError:
        _refuse_lists(ballots, ("ballot", "group", "question", *ALSO_NEEDED.get(form, ())))
        raise


def _taken_apart(
    ballots: pd.DataFrame, form: str, questions: Iterable[Any] | None, groups: Iterable[Any] | None
) -> Received:
    rows, one = len(ballots), _Factors(ballots["group"])
    asked = {name: _Factors(ballots[name]) for name in ("question", *(["other"] if form == "pairwise" else []))}
    named_groups = index_labels(one.used if groups is None else groups)
    named = index_labels(
        (label for column in asked.values() for label in column.used) if questions is None else questions
    )
    group = one.codes(named_groups)
    none, missing = (np.broadcast_to(np.int64(code), rows) for code in (0, MISSING))
    return Received(
        frame=ballots,
        form=form,
        groups=named_groups,
        questions=named,
        ballot=_number_ballots(ballots["ballot"], group, len(named_groups)),
        group=group,
        question=asked["question"].codes(named),
        other=asked["other"].codes(named) if form == "pairwise" else missing,
        task=pd.factorize(ballots["set"], sort=True)[0].astype(np.int64) if form == "best_worst" else none,
        value=whole_numbers(ballots["value"]).to_numpy(),
        blank=ballots["value"].isna().to_numpy(bool),
        weight=whole_numbers(ballots["weight"]).to_numpy() if "weight" in ballots else np.broadcast_to(1.0, rows),
        voice=_millionths(ballots["respondent_weight"]) if "respondent_weight" in ballots else None,
    )


def _refuse_lists(ballots: pd.DataFrame, columns: Iterable[str]) -> None:
    """Raise a `DataError` that names every cell of some columns that holds a list or the like instead of a label."""
    faults = [
        f"row {at}: '{name}' holds a {type(cell).__name__}; write one label in a cell, and a row for each."
        for name in columns
        for at, cell in enumerate(ballots[name].tolist(), 1)
        if not isinstance(cell, Hashable)
    ]
    if faults:
        raise DataError.of("the ballots", faults)


def _millionths(weights: pd.Series) -> FloatArray:
    return np.rint(numbers(weights).to_numpy(np.float64) * UNIT)


def numbers(column: pd.Series) -> pd.Series:
    """Return a column as floats, NaN for what is no number: a text, an instant, a complex number.

    Examples
    --------
    >>> numbers(pd.Series(["1", 2.5, None, "first", 10**400], dtype=object)).tolist()
    [1.0, 2.5, nan, nan, nan]
    """
    try:
        number = pd.to_numeric(column, errors="coerce")
    except OverflowError:  # a whole number that no float holds
        number = pd.to_numeric(column.map(lambda cell: cell if len(str(cell)) < 300 else None), errors="coerce")
    told = column.dtype.kind not in "mM" and number.dtype.kind != "c"
    return number.astype("float64") if told else pd.Series(np.nan, index=column.index)


def _number_ballots(ids: pd.Series, group: IntArray, groups: int) -> IntArray:
    """Return each row's ballot as a number in the order they appear; one id under two groups is two ballots."""
    number = _number_runs(ids)
    if number is None:
        number = pd.factorize(ids)[0].astype(np.int64)
    if (number >= 0).all() and (group[first_rows(number)][number] == group).all():
        return number
    return pd.factorize(number * (groups + 2) + group)[0].astype(np.int64)


def _number_runs(ids: pd.Series) -> IntArray | None:
    """Return the numbers of ballots whose ids are whole numbers that rise from row to row; None: others."""
    plain = isinstance(ids.dtype, np.dtype) and ids.dtype.kind in "iu"
    given = ids.to_numpy() if plain else np.zeros(0)
    if not plain or (given[1:] < given[:-1]).any():
        return None
    number = np.zeros(len(given), np.int64)
    np.cumsum(given[1:] != given[:-1], out=number[1:])
    return number


class _Factors:
    """A column of labels as the different ones and the number of each row's; -1: missing, or nothing but blanks."""

    def __init__(self, column: pd.Series):
        if isinstance(column.dtype, pd.CategoricalDtype):
            self.found, self.labels = column.cat.codes.to_numpy(), column.cat.categories.tolist()
        else:
            self.found, unique = pd.factorize(column)
            self.labels = list(unique)
        blank = [at for at, label in enumerate(self.labels) if isinstance(label, str) and not label.strip()]
        if blank:
            self.found = np.where(np.isin(self.found, blank), -1, self.found)

    @property
    def used(self) -> list[Any]:
        """Return the labels that there are rows of."""
        seen = np.zeros(len(self.labels) + 1, bool)
        seen[self.found] = True
        return [label for label, there in zip(self.labels, seen, strict=False) if there]

    def codes(self, labels: Sequence[Any]) -> npt.NDArray[Any]:
        """Return each row's place among labels, `MISSING` or `UNKNOWN`."""
        place = {str(label): at for at, label in enumerate(labels)}
        code = [place.get(str(label), UNKNOWN) for label in self.labels]
        return np.array([*code, MISSING], dtype=np.int32)[self.found]


def index_labels(labels: Iterable[Any]) -> tuple[Any, ...]:
    """Return labels sorted, each once; as text when they are of kinds that do not compare.

    Examples
    --------
    >>> index_labels(["q2", "q10", "q2"]), index_labels([10, 2])
    (('q10', 'q2'), (2, 10))
    """
    plain = {label.item() if isinstance(label, np.generic) else label for label in labels}
    plain = {str(label) if isinstance(label, tuple) else label for label in plain}  # an index would take it apart
    try:
        return tuple(sorted(plain))
    except TypeError:
        return tuple(sorted({str(label) for label in plain}))


def whole_numbers(column: pd.Series) -> pd.Series:
    """Return a column as floats, NaN where it is not a whole number below 2**53.

    Examples
    --------
    >>> whole_numbers(pd.Series(["1", 2.5, None, "first"])).tolist()
    [1.0, nan, nan, nan]
    """
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu" and len(column):
        given = column.to_numpy()
        if max(abs(int(given.min())), abs(int(given.max()))) < 2**53:
            return column.astype("float64")
    number = numbers(column)
    return number.where((number % 1 == 0) & (number.abs() < 2**53))


def first_rows(number: IntArray) -> IntArray:
    """Return the row where each number stands first, for numbers 0, 1, 2 ... given in the order they appear.

    Examples
    --------
    >>> first_rows(np.array([0, 0, 1, 0, 2])).tolist()
    [0, 2, 4]
    """
    rises = number[1:] > number[:-1]
    if np.count_nonzero(rises) != int(number.max(initial=0)):  # else they stand in runs, one after the other
        most = np.maximum.accumulate(number)
        rises = most[1:] > most[:-1]
    return np.r_[np.zeros(min(len(number), 1), np.int64), np.flatnonzero(rises) + 1]


def sorted_rows(*columns: npt.NDArray) -> IntArray | None:
    """Return the order of the rows by these columns, the first first; None where they stand in that order already.

    Examples
    --------
    >>> sorted_rows(np.array([1, 0, 0]), np.array([5, 7, 6])).tolist()
    [2, 1, 0]
    """
    low = [int(column.min(initial=0)) for column in columns]
    span = [int(column.max(initial=0)) - least + 1 for column, least in zip(columns, low, strict=True)]
    if prod(span) >= 2**62:
        order = np.lexsort(columns[::-1])
        return None if (np.diff(order) > 0).all() else order
    key = np.zeros(len(columns[0]), np.int64)
    for column, least, size in zip(columns, low, span, strict=True):
        if size > 1:
            key *= size
            key += column
            key -= least
    return None if (key[1:] >= key[:-1]).all() else np.argsort(key, kind="stable")
