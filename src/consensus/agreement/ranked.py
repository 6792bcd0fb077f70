"""Ranked ballots as lists of places of all questions, summed from the places they give: what is left out is derived.

A ballot that leaves out k questions puts all of them at the mean of the last k places; those level share theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consensus.tally import CodedBallots, IntArray

__all__ = ["RankedSums", "sum_ranked"]

FEW = 1 << 13
"""How many ballots are read at once, so that they stay in cache."""


@dataclass(frozen=True, eq=False)
class RankedSums:
    """Sums over one group's ballots.

    Attributes
    ----------
    n
        Ballots.
    counts
        (Q, 2 Q + 1) how often each question is given each place, doubled so that a mean place is whole.
    ties
        Sum of t^3 - t over the ties of every ballot.
    unit_sums, untied
        (Q,) sum of the lists centred and scaled to length 1; over how many ballots, those all tied not counted.
    """

    n: int
    counts: IntArray
    ties: int
    unit_sums: npt.NDArray[np.float64]
    untied: int


def sum_ranked(coded: CodedBallots, group: int) -> RankedSums:
    """Return sums over a group's ranked ballots; the digits do not depend on the order of the ballots."""
    q = len(coded.questions)
    counts, by_length, square = _count_rows(coded, group)
    weight, length = _of_group(coded, group)
    for each in np.unique(length[length < q]).tolist():
        counts[:, each + 1 + q] += int(weight[length == each].sum()) - by_length[each]
    kinds, kind = np.unique(square, return_inverse=True)
    n = int(weight.sum())
    if len(kinds) == 1:  # as with whole top tens
        apart: npt.NDArray = (counts @ np.arange(2 * q + 1) - n * (q + 1))[None]
    else:
        apart = _sums_by_kind(coded, group, kind, len(kinds))
    scaled = [total / np.sqrt(size) for size, total in zip(kinds.tolist(), apart, strict=True) if size]
    ties = n * (q**3 - q) - 3 * int(weight @ square)
    return RankedSums(n, counts, ties, np.sum([np.zeros(q), *scaled], axis=0), int(weight[square > 0].sum()))


def _of_group(coded: CodedBallots, group: int) -> tuple[IntArray, IntArray]:
    """Return the weight and the length of each ballot of a group."""
    mine = slice(*np.searchsorted(coded.group, [group, group + 1]))
    return coded.weight[mine], np.diff(coded.start)[mine]


def _blocks(coded: CodedBallots, group: int) -> Iterator[tuple[slice, IntArray, IntArray, IntArray]]:
    """Yield which of a group's ballots, and for each row twice its place, its question, which of them owns it."""
    first, last = np.searchsorted(coded.group, [group, group + 1]).tolist()
    for begin in range(first, last, FEW):
        some = slice(begin, min(begin + FEW, last))
        yield slice(begin - first, some.stop - first), *_doubled(coded, some)


def _count_rows(coded: CodedBallots, group: int) -> tuple[IntArray, IntArray, IntArray]:
    """Return (Q, 2 Q + 1) places given, (Q + 1, Q) questions by length of ballot, (B,) squared lengths of lists.

    A list is centred for that; the questions left out stand `length` half places beyond its middle.
    """
    q = len(coded.questions)
    weight, length = _of_group(coded, group)
    counts, by_length, square = np.zeros((q, 2 * q + 1), np.int64), np.zeros((q + 1, q), np.int64), length * 0
    for mine, doubled, question, owner in _blocks(coded, group):
        heavy = None if (weight[mine] == 1).all() else weight[mine][owner]
        counts += _count(question * (2 * q + 1) + doubled, heavy, counts.shape)
        by_length += _count(length[mine][owner] * q + question, heavy, by_length.shape)
        starts = np.cumsum(length[mine]) - length[mine]
        square[mine] = np.add.reduceat((doubled - (q + 1)) ** 2, starts) + (q - length[mine]) * length[mine] ** 2
    return counts, by_length, square


def _sums_by_kind(coded: CodedBallots, group: int, kind: IntArray, kinds: int) -> npt.NDArray[np.float64]:
    """Return (kinds, Q) sums of the centred lists of each kind of ballot, in whole numbers."""
    q = len(coded.questions)
    weight, length = _of_group(coded, group)
    total = np.zeros(kinds * q)
    for mine, doubled, question, owner in _blocks(coded, group):
        away = (doubled - (q + 1 + length[mine][owner])) * weight[mine][owner]
        total += np.bincount(kind[mine][owner] * q + question, away, kinds * q)
    return total.reshape(kinds, q) + np.bincount(kind, weight * length, kinds)[:, None]


def _doubled(coded: CodedBallots, some: slice) -> tuple[IntArray, IntArray, IntArray]:
    """Return for each row of some ballots twice its place, its question, and which of the ballots owns it."""
    start = coded.start[some.start : some.stop + 1]
    rows = slice(int(start[0]), int(start[-1]))
    value, question = coded.value[rows].astype(np.int64), coded.question[rows].astype(np.int64)
    owner = np.repeat(np.arange(len(start) - 1), np.diff(start))
    fresh = np.ones(len(value), bool)
    fresh[1:] = (value[1:] != value[:-1]) | (owner[1:] != owner[:-1])
    if fresh.all():
        return 2 * value, question, owner
    tie = np.cumsum(fresh) - 1
    return 2 * value + np.bincount(tie)[tie] - 1, question, owner


def _count(cell: IntArray, weight: IntArray | None, shape: tuple[int, int]) -> IntArray:
    return np.rint(np.bincount(cell, weight, shape[0] * shape[1])).astype(np.int64).reshape(shape)
