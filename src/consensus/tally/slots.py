"""Short ranked ballots as columns: all first questions, all second ones and so on, a few thousand ballots at a time.

A block of columns stays in the nearest caches, so that counting runs at the speed of the counters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consensus.tally.coded import CodedBallots
from consensus.tally.received import IntArray

__all__ = ["Slots", "are_short", "read_slots"]

SHORT = 24
"""The longest ranked ballot, in questions, that is counted pair by pair."""

IN_CACHE = 1 << 16
"""How many cells of a block are held at once."""


@dataclass(frozen=True, eq=False)
class Slots:
    """Some ballots of one group, S slots each.

    Attributes
    ----------
    group, ballots
        The group's code; which ballots.
    question, place
        (S, B) by place; a slot that a ballot does not fill holds the number of questions, and place 0.
    weight
        (B,) identical ballots; None: 1 each.
    """

    group: int
    ballots: slice
    question: IntArray
    place: IntArray
    weight: npt.NDArray[np.float64] | None

    def count(self, cell: IntArray, size: int) -> IntArray:
        """Return how often each cell below `size` occurs, (..., B) cells each counted with its ballot's weight."""
        if self.weight is None:
            return np.bincount(cell.ravel(), minlength=size)
        weight = np.broadcast_to(self.weight, cell.shape).ravel()
        return np.rint(np.bincount(cell.ravel(), weight, size)).astype(np.int64)


def are_short(coded: CodedBallots) -> bool:
    """Return whether all are ranked ballots of few questions."""
    return coded.form == "ranked" and int(np.diff(coded.start).max(initial=0)) <= SHORT


def read_slots(coded: CodedBallots, only: int | None = None) -> Iterator[Slots]:
    """Yield blocks of ballots, group by group, or those of one group alone."""
    length = np.diff(coded.start)
    width = max(int(length.max(initial=1)), 1)
    step, plain = max(1, IN_CACHE // width), bool((coded.weight == 1).all())
    bounds = np.searchsorted(coded.group, np.arange(len(coded.groups) + 1)).tolist()
    for group in range(len(coded.groups)) if only is None else [only]:
        for begin in range(bounds[group], bounds[group + 1], step):
            ballots = slice(begin, min(begin + step, bounds[group + 1]))
            weight = None if plain else coded.weight[ballots].astype(np.float64)
            yield Slots(group, ballots, *_columns(coded, ballots, length[ballots], width), weight)


def _columns(coded: CodedBallots, ballots: slice, length: IntArray, width: int) -> tuple[IntArray, IntArray]:
    begin, end = int(coded.start[ballots.start]), int(coded.start[ballots.stop])
    question, place = coded.question[begin:end], coded.value[begin:end]
    if end - begin == len(length) * width:
        whole = (np.ascontiguousarray(part.reshape(-1, width).T, dtype=np.intp) for part in (question, place))
        return next(whole), next(whole)
    row = np.repeat(np.arange(len(length)), length)
    slot = np.arange(begin, end) - np.repeat(coded.start[ballots.start : ballots.stop], length)
    padded = np.full((width, len(length)), len(coded.questions), np.intp), np.zeros((width, len(length)), np.intp)
    padded[0][slot, row], padded[1][slot, row] = question, place
    return padded
