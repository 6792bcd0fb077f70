"""Coded ballots to the pairwise tables: how many put one question above, or level with, another.

Two kernels: short ranked ballots count ordered pairs inside the ballot only and derive the rest; everything else
compares a dense block of ballots question by question. Neither loops over ballots.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from consensus.tally.coded import UNSURE, CodedBallots
from consensus.tally.received import IntArray
from consensus.tally.slots import are_short, read_slots

__all__ = ["count_pairs", "count_weighted", "dense_favour", "group_blocks", "tasks_as_ballots"]

BLOCK = 1 << 21
"""How many cells of a dense block are held at once."""

FloatArray = npt.NDArray[np.float64]


def count_pairs(coded: CodedBallots) -> tuple[IntArray, IntArray]:
    """Return W and E, each (G, Q, Q): ballots that put i above j; ballots that put i level with j (diagonal 0).

    `ranked`: a question left out stands below every question ranked and level with the others left out. `points`: it
    has 0 points. `chosen`, `rated`: only questions that the ballot gives a value are compared. `best_worst`: the best
    of a task stands above all it showed, the worst below. `pairwise`: as compared.
    """
    shape = (len(coded.groups), len(coded.questions), len(coded.questions))
    if coded.form == "pairwise":
        return _count_comparisons(coded, shape)
    if are_short(coded):
        return _count_short(coded, shape)
    return _count_dense(coded, shape)


def count_weighted(codes: IntArray, weight: IntArray, size: int) -> IntArray:
    """Return how often each code below `size` occurs, each occurrence counted `weight` times, exactly.

    Examples
    --------
    >>> count_weighted(np.array([0, 2, 2]), np.array([1, 1, 5]), 3).tolist()
    [1, 0, 6]
    """
    if (weight == 1).all():
        return np.bincount(codes, minlength=size).astype(np.int64)
    return np.rint(np.bincount(codes, weights=weight, minlength=size)).astype(np.int64)


def _count_comparisons(coded: CodedBallots, shape: tuple[int, int, int]) -> tuple[IntArray, IntArray]:
    group, weight = coded.group[coded.owner], coded.weight[coded.owner]
    first = np.where(coded.value >= 0, coded.question, coded.other)
    second = np.where(coded.value >= 0, coded.other, coded.question)
    cell = np.ravel_multi_index((group, first, second), shape)
    tie = coded.value == 0
    above = count_weighted(cell[~tie], weight[~tie], int(np.prod(shape))).reshape(shape)
    level = count_weighted(cell[tie], weight[tie], int(np.prod(shape))).reshape(shape)
    return above, level + level.transpose(0, 2, 1)


def _count_short(coded: CodedBallots, shape: tuple[int, int, int]) -> tuple[IntArray, IntArray]:
    """Count A[i, j], ballots that rank both and i higher; W[i, j] = (ballots that rank i) - A[j, i] - (both level)."""
    groups, questions, _ = shape
    size = questions + 1
    above, level = np.zeros((groups, size, size), np.int64), np.zeros((groups, size, size), np.int64)
    ranked = np.zeros((groups, size), np.int64)
    for block in read_slots(coded):
        ranked[block.group] += block.count(block.question, size)
        tied = bool(((block.place[1:] == block.place[:-1]) & (block.place[1:] > 0)).any())
        for at in range(len(block.question) - 1):
            cell = block.question[at] * size + block.question[at + 1 :]
            above[block.group] += block.count(cell, size * size).reshape(size, size)
            if tied:
                cell = np.where(block.place[at] == block.place[at + 1 :], cell, size * size - 1)
                level[block.group] += block.count(cell, size * size).reshape(size, size)
    n = count_weighted(coded.group, coded.weight, groups)
    above, level, ranked = above[:, :-1, :-1] - level[:, :-1, :-1], level[:, :-1, :-1], ranked[:, :-1]
    level = level + level.transpose(0, 2, 1)
    above = ranked[:, :, None] - above.transpose(0, 2, 1) - level
    level = n[:, None, None] - above - above.transpose(0, 2, 1)
    diagonal = np.arange(questions)
    above[:, diagonal, diagonal] = level[:, diagonal, diagonal] = 0
    return above, level


def _count_dense(coded: CodedBallots, shape: tuple[int, int, int]) -> tuple[IntArray, IntArray]:
    above, level = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    if coded.form == "best_worst":
        coded = tasks_as_ballots(coded)
    for group, ballots in group_blocks(coded, shape[1]):
        favour, weight = dense_favour(coded, ballots), coded.weight[ballots]
        for i in range(shape[1]):
            above[group, i] += _column_sums(favour[:, i, None] > favour, weight)
            level[group, i] += _column_sums(favour[:, i, None] == favour, weight)
    diagonal = np.arange(shape[1])
    level[:, diagonal, diagonal] = 0
    return above, level


def dense_favour(coded: CodedBallots, ballots: slice) -> FloatArray:
    """Return (B, Q) how much each ballot favours each question, higher is more; NaN: not to be compared."""
    begin, end = int(coded.start[ballots.start]), int(coded.start[ballots.stop])
    length = np.diff(coded.start[ballots.start : ballots.stop + 1])
    missing = {"ranked": -np.inf, "points": 0.0}.get(coded.form, np.nan)
    favour = np.full((len(length), len(coded.questions)), missing)
    value = coded.value[begin:end].astype(np.float64)
    value[coded.value[begin:end] == UNSURE] = np.nan
    row = np.repeat(np.arange(len(length)), length)
    favour[row, coded.question[begin:end]] = -value if coded.form == "ranked" else value
    return favour


def tasks_as_ballots(coded: CodedBallots) -> CodedBallots:
    """Return each best-worst task as a ballot of its own."""
    owner = coded.owner
    fresh = np.r_[True, (owner[1:] != owner[:-1]) | (coded.other[1:] != coded.other[:-1])][: len(owner)]
    begin = np.flatnonzero(fresh)
    start = np.r_[begin, len(owner)]
    group, weight = coded.group[owner[begin]], coded.weight[owner[begin]]
    rows = (coded.question, coded.value, coded.other)
    return CodedBallots(coded.form, coded.groups, coded.questions, group, weight, start, *rows)


def _column_sums(mask: npt.NDArray[np.bool_], weight: IntArray) -> IntArray:
    if (weight == 1).all():
        return mask.sum(axis=0, dtype=np.int64)
    return weight @ mask.astype(np.int64)


def group_blocks(coded: CodedBallots, width: int) -> list[tuple[int, slice]]:
    """Return group and range of ballots, group by group, each range small enough to be held as a dense block."""
    step = max(1, BLOCK // max(1, width))
    bounds = np.searchsorted(coded.group, np.arange(len(coded.groups) + 1))
    return [
        (group, slice(begin, min(begin + step, int(bounds[group + 1]))))
        for group in range(len(coded.groups))
        for begin in range(int(bounds[group]), int(bounds[group + 1]), step)
    ]
