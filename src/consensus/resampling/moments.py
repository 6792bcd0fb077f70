"""Sums and sums of products of what each ballot adds, from the places that it gives: what it leaves out is derived."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from consensus.errors import DataError
from consensus.resampling.replicates import EXACT_DOUBLE
from consensus.tally import CodedBallots, IntArray, Slots, read_slots
from consensus.tally.tables import Tally

__all__ = ["Worth", "place_moments", "places_worth", "points_worth"]

FloatArray = npt.NDArray[np.float64]

Worth = Callable[[Slots], tuple[IntArray, IntArray]]
"""Some ballots -> (B,) what each adds to every question, (S, B) what more to the question in each slot."""


def points_worth(t: Tally) -> Worth:
    """Return what ranked ballots add to the total T: points for the places that score."""

    def worth(block: Slots) -> tuple[IntArray, IntArray]:
        points = np.where(block.place > 0, np.maximum(t.places + 1 - block.place, 0), 0)
        return np.zeros(points.shape[1], np.int64), points

    return worth


def places_worth(t: Tally) -> Worth:
    """Return twice the place that ranked ballots give: the mean of the last ones to every question left out."""

    def worth(block: Slots) -> tuple[IntArray, IntArray]:
        given = block.place > 0
        left = given.sum(axis=0) + 1 + len(t.questions)
        level = (block.place[:, None] == block.place[None]).sum(axis=1)
        return left, np.where(given, 2 * block.place + level - 1 - left, 0)

    return worth


def place_moments(coded: CodedBallots, group: int, worth: Worth) -> tuple[FloatArray, FloatArray]:
    """Return the sum (Q,) and the sum of products (Q, Q) of what a group's short ranked ballots add, exact."""
    size = len(coded.questions) + 1
    total, shared, cross, every, square = np.zeros(size), np.zeros(size), np.zeros(size * size), 0.0, 0.0
    for block in read_slots(coded, group):
        base, more = worth(block)
        weight = np.ones(len(base)) if block.weight is None else block.weight
        every, square = every + float(weight @ base), square + float(weight @ base**2)
        total += np.bincount(block.question.ravel(), (weight * more).ravel(), size)
        shared += np.bincount(block.question.ravel(), (weight * base * more).ravel(), size)
        for at in range(len(more)):
            cell = block.question[at] * size + block.question[at:]
            cross += np.bincount(cell.ravel(), (weight * more[at] * more[at:]).ravel(), size * size)
    upper = cross.reshape(size, size)
    product = upper + upper.T - np.diag(upper.diagonal()) + shared[:, None] + shared + square
    if np.abs(product).max() >= EXACT_DOUBLE:
        raise DataError("There are too many ballots for sums of products to be exact; draw them with method='exact'.")
    return total[:-1] + every, product[:-1, :-1]
