"""What each ballot adds to its group's tables, written out for a few ballots at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consensus.tally import CodedBallots, IntArray
from consensus.tally.coded import UNSURE
from consensus.tally.placing import doubled_positions
from consensus.tally.tables import Tally

__all__ = ["BallotMatrix", "doubled_places", "in_voices", "midrank_matrix", "points_matrix", "voices_matrix"]

Rows = Callable[[IntArray], npt.NDArray]


@dataclass(frozen=True)
class BallotMatrix:
    """What each ballot of one group adds, whole numbers, with how many identical ballots each stands for.

    Attributes
    ----------
    name
        The stakeholder group.
    weight
        (B,) identical ballots.
    rows
        Ballot numbers -> (ballots, K).
    largest
        No entry is beyond it either way.
    """

    name: str
    weight: IntArray
    rows: Rows
    largest: int

    @property
    def n(self) -> int:
        """Return how many ballots the group has."""
        return int(self.weight.sum())


def voices_matrix(t: Tally, group: int) -> BallotMatrix:
    """Return the respondent weight of each ballot of a group, (B, 1) in millionths; 1 where there are none."""
    coded, first, last = _of_group(t, group)
    voice = np.ones(last - first, np.int64) if coded.voice is None else coded.voice[first:last]
    return BallotMatrix(
        t.groups[group], coded.weight[first:last], lambda at: voice[at, None], int(voice.max(initial=1))
    )


def in_voices(matrix: BallotMatrix, t: Tally, group: int) -> BallotMatrix:
    """Return what each ballot of a group adds times its respondent weight, for matrices of all of its ballots."""
    if t.voices is None:
        return matrix
    voices = voices_matrix(t, group)
    rows, most = (lambda at: matrix.rows(at) * voices.rows(at).astype(np.float64)), matrix.largest * voices.largest
    return BallotMatrix(matrix.name, matrix.weight, rows, most)


def points_matrix(t: Tally, group: int) -> BallotMatrix:
    """Return what each ballot of a group adds to its total T.

    (B, Q) points; `best_worst` and `pairwise` (B, 2 * Q): what it adds above the line and below it of T as a fraction.
    """
    coded, first, last = _of_group(t, group)
    above, below = _row_points(t, coded)
    q = len(t.questions)
    two = below is not None
    largest = max(int(np.abs(above[coded.start[first] : coded.start[last]]).max(initial=1)), 1)

    def rows(at: IntArray) -> npt.NDArray:
        owner, row = _rows_of(coded, at + first)
        out = np.zeros((len(at), 2 * q if two else q), np.float32 if largest < 2**24 else np.float64)
        if not two:
            out[owner, coded.question[row]] = above[row]
            return out
        np.add.at(out, (owner, coded.question[row]), above[row])
        np.add.at(out, (owner, q + coded.question[row]), 1)
        if coded.form == "pairwise":
            np.add.at(out, (owner, coded.other[row]), 2 - above[row])
            np.add.at(out, (owner, q + coded.other[row]), 1)
        return out

    if two:
        largest *= int(np.diff(coded.start).max(initial=1))
    return BallotMatrix(t.groups[group], coded.weight[first:last], rows, largest)


def _row_points(t: Tally, coded: CodedBallots) -> tuple[IntArray, IntArray | None]:
    """Return each row's points, and a second array where the total is a fraction."""
    if t.form == "ranked":
        return np.maximum(t.places + 1 - coded.value, 0), None
    if t.form == "chosen":
        return (coded.value == 1).astype(np.int64), None
    if t.form == "pairwise":
        return coded.value + 1, coded.value
    value = np.where(coded.value == UNSURE, 0, coded.value)
    return value, (value if t.form == "best_worst" else None)


def midrank_matrix(t: Tally, group: int) -> BallotMatrix:
    """Return twice the place each ballot gives every question, ties and those left out sharing the mean place.

    (B, Q); a ballot that leaves out k questions puts all of them at the mean of the last k places. `ranked`: any
    ballot. `points`: by points, none is 0. `chosen`, `rated`: only ballots that give every question a value count;
    the others are left out, weight and all.
    """
    coded, first, last = _of_group(t, group)
    q = len(t.questions)
    chosen = np.arange(first, last)
    if t.form in ("chosen", "rated"):
        chosen = chosen[_complete(coded, q)[first:last]]

    def rows(at: IntArray) -> npt.NDArray:
        return doubled_places(coded, chosen[at], q)

    return BallotMatrix(t.groups[group], coded.weight[chosen], rows, 2 * q)


def doubled_places(coded: CodedBallots, ballots: IntArray, q: int) -> npt.NDArray:
    """Return twice the mean place some ballots give each of Q questions, shape (ballots, Q)."""
    owner, row = _rows_of(coded, ballots)
    if coded.form != "ranked":
        return _by_value(coded, owner, row, len(ballots), q)
    length = np.diff(coded.start)[ballots]
    out = np.repeat((length + 1 + q)[:, None], q, axis=1).astype(np.float32)
    value = coded.value[row]
    fresh = np.r_[True, (owner[1:] != owner[:-1]) | (value[1:] != value[:-1])][: len(row)]
    tie = np.cumsum(fresh) - 1
    shared = np.bincount(tie, minlength=1)[tie] if len(tie) else tie
    out[owner, coded.question[row]] = 2 * value + shared - 1
    return out


def _by_value(coded: CodedBallots, owner: IntArray, row: IntArray, ballots: int, q: int) -> npt.NDArray:
    favour = np.zeros((ballots, q))
    favour[owner, coded.question[row]] = coded.value[row]
    return doubled_positions(favour).astype(np.float32)


def _complete(coded: CodedBallots, q: int) -> npt.NDArray[np.bool_]:
    sure = coded.value != UNSURE
    return np.bincount(coded.owner[sure], minlength=len(coded)) == q


def _of_group(t: Tally, group: int) -> tuple[CodedBallots, int, int]:
    coded = t.ballots
    first, last = np.searchsorted(coded.group, [group, group + 1])
    return coded, int(first), int(last)


def _rows_of(coded: CodedBallots, ballots: IntArray) -> tuple[IntArray, IntArray]:
    """Return for each row of some ballots which of them owns it, and where the row is."""
    begin, end = coded.start[ballots], coded.start[ballots + 1]
    length = end - begin
    owner = np.repeat(np.arange(len(ballots)), length)
    before = np.cumsum(length) - length
    return owner, np.arange(int(length.sum())) + np.repeat(begin - before, length)
