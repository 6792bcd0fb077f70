"""Ballots to integer tables per stakeholder group; the tables of parts add up to the tables of the whole.

Most rules are functions of these tables alone. Letters: G groups, Q questions, R places that score, L values a form
allows. Source of the definitions: METHODS, "The tally".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from consensus.arguments import check_whole, check_word, labels
from consensus.errors import DataError
from consensus.tally.coded import LANES, UNSURE, CodedBallots, code_ballots
from consensus.tally.pairs import count_pairs, count_weighted
from consensus.tally.received import MOST_BALLOTS, UNIT, IntArray, index_labels
from consensus.tally.slots import are_short, read_slots
from consensus.tally.written import AXES, axes_of, places_among, read_frame, write_frame
from consensus.version import __version__

__all__ = ["Tally", "tally", "tally_coded"]

EXACT = 2**53
"""Counts below it are exact in a float, in which counters with weights count."""


DEEPEST = 10_000
"""No ballot names more places than this."""


@dataclass(frozen=True, eq=False)
class Tally:
    """Integer tables of one interim round, with the coded ballots they were counted from unless told not to.

    Attributes
    ----------
    form, depth
        The ballots' form; how many places score (`ranked` only; None: all).
    groups, questions
        (G,) and (Q,) the labels behind the codes, both sorted.
    n
        (G,) ballots.
    given
        (G, Q) ballots that give the question a place or value (`best_worst`: tasks that showed it; `pairwise`:
        comparisons it was in).
    N
        (G, R, Q) ballots that put the question at place r; row 0 is place 1, the most favoured. `ranked` only. Tied
        questions share the lowest place of their tie: 1,1,2 and 1,1,3 both count as 1,1,3.
    W, E
        (G, Q, Q) ballots that put i above j; ballots that put i level with j (diagonal 0).
    C, levels
        (G, Q, L) ballots that give the question the value `levels[l]`. Empty for `ranked` and `pairwise`.
    unsure
        (G, Q) ballots that say "don't know". `rated` only.
    prints
        (G, 2) the sum of the ballots' fingerprints, from which `digest` is made.
    kept
        The coded ballots as counted, or None.
    voices
        The same tables in which each ballot counts its respondent weight, in millionths of a person, so that they too
        are whole numbers and add; None where there are no respondent weights.
    unit
        How much one person of weight 1 counts: 1, or `UNIT` in `voices`.
    squares
        (G,) in `voices`, the sum of squared respondent weights, in millionths; else None.
    weighting
        How the respondent weights were made, where the ballots frame says so (see `weights.weigh_ballots`).

    Examples
    --------
    >>> ballots = pd.DataFrame({"ballot": ["b1", "b1", "b2"], "group": "carer", "question": ["q1", "q2", "q2"],
    ...                         "value": [1, 2, 1]})
    >>> t = tally(ballots, depth=2)
    >>> t.n.tolist(), t.N[0].tolist(), t.W[0].tolist()
    ([2], [[1, 1], [0, 1]], [[0, 1], [1, 0]])
    """

    form: str
    depth: int | None
    groups: tuple[str, ...]
    questions: tuple[Any, ...]
    levels: tuple[int, ...]
    n: IntArray
    given: IntArray
    N: IntArray
    W: IntArray
    E: IntArray
    C: IntArray
    unsure: IntArray
    prints: npt.NDArray[np.uint64]
    kept: CodedBallots | None = None
    voices: Tally | None = None
    unit: int = 1
    squares: IntArray | None = None
    weighting: Mapping[str, Any] = field(default_factory=dict)

    @property
    def counting(self) -> Tally:
        """Return the tables that rules read: those with respondent weights where there are any."""
        return self.voices if self.voices is not None else self

    @property
    def effective(self) -> dict[str, float]:
        """Return each group's effective sample size, (sum w)^2 / sum w^2; nothing without respondent weights."""
        if self.voices is None or self.voices.squares is None:
            return {}
        sums = zip(self.groups, self.voices.n.tolist(), self.voices.squares.tolist(), strict=True)
        return {group: total**2 / (UNIT * square) for group, total, square in sums if square}

    @cached_property
    def index(self) -> pd.Index:
        """Return the questions as the index of a frame."""
        return pd.Index(self.questions, name="question")

    @property
    def places(self) -> int:
        """Return R, the number of places that score."""
        return self.N.shape[1]

    @cached_property
    def ballots(self) -> CodedBallots:
        """Return the ballots kept, identical ones merged, in an order no file decides; `DataError` if not kept."""
        if self.kept is None:
            raise DataError("This tally does not keep its ballots; tally again with keep_ballots=True.")
        return self.kept.canonical()

    @property
    def grouped(self) -> CodedBallots:
        """Return the ballots kept, sorted by group and no further: for whole-number sums, which no order changes."""
        if self.kept is not None and (np.diff(self.kept.group) >= 0).all():
            return self.kept
        return self.ballots

    @cached_property
    def digest(self) -> str:
        """Return a SHA-256 of the ballots tallied, whatever the order of their rows and of the parts added."""
        head = repr((self.form, self.depth, self.groups, self.questions, self.levels))
        body = b"".join(np.ascontiguousarray(getattr(self, name)).astype("<u8").tobytes() for name in AXES)
        return hashlib.sha256(head.encode() + body).hexdigest()

    @property
    def attrs(self) -> dict[str, Any]:
        """Return method, options, version and digest, as every result carries them."""
        return {
            "method": "tally",
            "options": {"form": self.form, "depth": self.depth},
            "ballots": dict(zip(self.groups, self.n.tolist(), strict=True)),
            "questions": len(self.questions),
            "version": __version__,
            "digest": self.digest,
            **self.told_weighting,
        }

    @property
    def told_weighting(self) -> dict[str, Any]:
        """Return what a result says of respondent weights: `weighting` with how they were made, people and `effective`.

        Empty where there are none.
        """
        people = {group: n for group, n in zip(self.groups, self.n.tolist(), strict=True) if n}
        told = {**self.weighting, "people": people, "effective": self.effective}
        return {"weighting": told} if self.voices is not None else {}

    def __radd__(self, start: object) -> Tally:
        """Let `sum` add parts: its start, 0, adds nothing."""
        return self if start == 0 else NotImplemented

    def __add__(self, more: Tally) -> Tally:
        """Return the tally of both sets of ballots: the same bits as one pass over all of them."""
        if not isinstance(more, Tally):
            return NotImplemented
        if (self.form, self.depth) != (more.form, more.depth):
            raise DataError("Tallies of different forms or depths do not add; tally both parts alike.")
        if (self.voices is None) != (more.voices is None):
            raise DataError(
                "One tally has respondent weights and the other none; give every part the column 'respondent_weight'."
            )
        groups = index_labels((*self.groups, *more.groups))
        questions = index_labels((*self.questions, *more.questions))
        levels = index_labels((*self.levels, *more.levels))
        one, two = (part._widen(groups, questions, levels) for part in (self, more))
        tables: dict[str, Any] = {name: getattr(one, name) + getattr(two, name) for name in axes_of(one)}
        tables["kept"] = one.kept.join(two.kept) if one.kept is not None and two.kept is not None else None
        if one.voices is not None and two.voices is not None:
            tables["voices"] = one.voices + two.voices
        return replace(one, **tables, weighting=one.weighting if one.weighting == two.weighting else {})

    def to_frame(self) -> pd.DataFrame:
        """Return the tables as rows `table, group, question, other, count`, cells of 0 and kept ballots left out.

        `other` is the second question of W and E, the place of N, the value of C and the lane of prints, as text.
        Rows of the tables `form`, `groups`, `questions` and `levels` hold the labels, `count` their order.
        """
        return write_frame(self)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Tally:
        """Return the tally that `to_frame` wrote, without kept ballots.

        Raises
        ------
        DataError
            The frame is another, or rows of it are missing.
        """
        return read_frame(frame, _blank)

    def _labels(self, axis: str) -> Sequence[Any]:
        fixed = {"places": range(1, self.places + 1), "lanes": range(1, LANES + 1)}
        return fixed[axis] if axis in fixed else getattr(self, axis)

    def _widen(self, groups: tuple[str, ...], questions: tuple[Any, ...], levels: tuple[int, ...]) -> Tally:
        """Return the same tally with more groups, questions or values, as one pass with them would have given it."""
        if (groups, questions, levels) == (self.groups, self.questions, self.levels):
            return self
        wide = _blank(self.form, self.depth, groups, questions, levels, self.unit)
        for name, axes in axes_of(self).items():
            cells = [places_among(self._labels(axis), wide._labels(axis)) for axis, _ in axes]
            getattr(wide, name)[np.ix_(*cells)] = getattr(self, name)
        if self.form in ("ranked", "points"):
            self._place_new_last(wide)
        kept = self.kept.recode(groups, questions) if self.kept is not None else None
        voices = self.voices._widen(groups, questions, levels) if self.voices is not None else None
        return replace(wide, kept=kept, voices=voices, weighting=self.weighting)

    def _place_new_last(self, wide: Tally) -> None:
        """Count in `wide` that a question these ballots never name stands below those they do, level with the rest."""
        zero = self.C[:, :, self.levels.index(0)] if 0 in self.levels else 0
        favoured = self.given - zero
        group, old = places_among(self.groups, wide.groups), places_among(self.questions, wide.questions)
        new = np.setdiff1d(np.arange(len(wide.questions)), old)
        level = (self.n[:, None] - favoured)[:, :, None]
        wide.W[np.ix_(group, old, new)] = favoured[:, :, None]
        wide.E[np.ix_(group, old, new)] = level
        wide.E[np.ix_(group, new, old)] = level.transpose(0, 2, 1)
        wide.E[np.ix_(group, new, new)] = self.n[:, None, None] * (1 - np.eye(len(new), dtype=np.int64))


def tally(
    ballots: pd.DataFrame,
    questions: Iterable[Any] | None = None,
    form: str = "ranked",
    depth: int | None = 10,
    keep_ballots: bool = True,
    *,
    groups: Iterable[str] | None = None,
    gaps: str = "error",
) -> Tally:
    """Return the integer tables of a long ballots frame, one row a ballot and question.

    A ballot is what has one id in one group: one person under two groups would be two. Each declares one voice.

    Parameters
    ----------
    ballots
        Columns `ballot, group, question, value`; `weight` (whole number: that many identical ballots) if there is one;
        `respondent_weight` (a number above 0, read to six decimals: how much each person behind the ballot counts in
        the group) if there is one; `set` for `best_worst`, `other` for `pairwise`.
    questions, groups
        Those there are, so that one nobody names still has its row of zeros; None: those in the frame.
    form
        One of `vocabulary.BALLOT_FORMS`.
    depth
        How many places score (`ranked`); None: as many as there are questions. Deeper places count in W and E.
    keep_ballots
        Keep the coded ballots, which firmness and the proportional rules need.
    gaps
        "error", or "close": 1,3 reads as 1,2.

    Raises
    ------
    DataError
        Every fault of the frame at once, each with its row and the remedy.

    Examples
    --------
    >>> ballots = pd.DataFrame({"ballot": ["b1", "b1"], "group": "carer", "question": ["q1", "q2"], "value": [1, 3]})
    >>> tally(ballots)
    Traceback (most recent call last):
    ...
    consensus.errors.DataError: 1 fault in the ballots:
      row 2: a place above this one is empty in the ballot; close the gap, or allow it with gaps = 'close'.
    """
    questions, groups = labels("tally", "questions", questions), labels("tally", "groups", groups)
    check_word("tally", "gaps", gaps, ("error", "close"))
    if depth is not None:
        check_whole("tally", depth=(depth, 1))
        if depth > DEEPEST:
            raise DataError(f"A depth of {depth:,} is more than {DEEPEST:,}; pass None where all places score.")
    coded = code_ballots(ballots, questions, form, groups, gaps)
    if int(coded.weight.sum()) > MOST_BALLOTS:
        raise DataError(f"The ballots stand for more than {MOST_BALLOTS:,}; mend the column 'weight'.")
    t = tally_coded(coded, depth, keep_ballots)
    return replace(t, weighting=dict(ballots.attrs.get("weighting", {}))) if t.voices is not None else t


def tally_coded(coded: CodedBallots, depth: int | None = 10, keep_ballots: bool = True) -> Tally:
    """Return the integer tables of coded ballots, which must be sorted by group."""
    form, depth = coded.form, depth if coded.form == "ranked" else None
    counted = coded.value[coded.value != UNSURE] if form not in ("ranked", "pairwise") else np.array([], np.int64)
    t = _blank(form, depth, coded.groups, coded.questions, tuple(np.unique(counted).tolist()))
    t.n[:] = count_weighted(coded.group, coded.weight, len(t.groups))
    t.prints[:] = _sum_prints(coded)
    t.W[:], t.E[:] = count_pairs(coded)
    (_count_slots if are_short(coded) else _count_rows)(t, coded)
    voices = _count_voices(coded, depth, keep_ballots) if coded.voice is not None else None
    return replace(t, kept=coded if keep_ballots else None, voices=voices)


def _count_voices(coded: CodedBallots, depth: int | None, keep_ballots: bool) -> Tally:
    """Return the tables in which each ballot counts as many millionths of a person as its respondent weight says."""
    said = coded.in_voices()
    if float(said.weight.sum(dtype=np.float64)) >= EXACT:
        raise DataError("The respondent weights are too large to be summed exactly; scale each group's to a mean of 1.")
    t = tally_coded(said, depth, keep_ballots)
    each = np.zeros(0) if coded.voice is None else np.rint(coded.voice.astype(np.float64) ** 2 / UNIT)
    squares = count_weighted(coded.group, coded.weight * each.astype(np.int64), len(t.groups))
    return replace(t, unit=UNIT, squares=squares)


def _sum_prints(coded: CodedBallots) -> npt.NDArray[np.uint64]:
    """Return (G, lanes) the sum of each group's fingerprints, in whole numbers that run over alike in any order."""
    prints = coded.fingerprints() * coded.weight.view(np.uint64)[:, None]
    bounds = np.searchsorted(coded.group, np.arange(len(coded.groups) + 1))
    held = [prints[begin:end].sum(axis=0, dtype=np.uint64) for begin, end in pairwise(bounds)]
    return np.array(held, dtype=np.uint64).reshape(len(coded.groups), LANES)


def _count_slots(t: Tally, coded: CodedBallots) -> None:
    """Count places of short ranked ballots; those that do not score in one row after the last."""
    q, last = len(t.questions) + 1, t.places + 1
    for block in read_slots(coded):
        cell = np.minimum(block.place, last) * q + block.question
        counts = block.count(cell, (last + 1) * q).reshape(last + 1, q)
        t.N[block.group] += counts[1:last, :-1]
        t.given[block.group] += counts[1:, :-1].sum(axis=0)


def _count_rows(t: Tally, coded: CodedBallots) -> None:
    """Count what each row says by itself: places, values, don't knows and how often a question is given any."""
    owner = coded.owner
    group, weight = coded.group[owner], coded.weight[owner]

    def count(table: IntArray, kept: npt.NDArray[np.bool_], *axes: IntArray) -> None:
        cell = np.ravel_multi_index(tuple(axis[kept] for axis in axes), table.shape)
        table += count_weighted(cell, weight[kept], table.size).reshape(table.shape)

    every = np.ones(len(owner), dtype=bool)
    count(t.given, every, group, coded.question)
    if coded.form == "pairwise":
        count(t.given, every, group, coded.other)
    elif coded.form == "ranked":
        count(t.N, coded.value <= t.places, group, coded.value - 1, coded.question)
    else:
        sure = coded.value != UNSURE
        count(t.unsure, ~sure, group, coded.question)
        count(t.C, sure, group, coded.question, np.searchsorted(np.array(t.levels, np.int64), coded.value))


def _blank(
    form: str,
    depth: int | None,
    groups: tuple[str, ...],
    questions: tuple[Any, ...],
    levels: tuple[int, ...],
    unit: int = 1,
) -> Tally:
    g, q = len(groups), len(questions)
    places = 0 if form != "ranked" else q if depth is None else depth
    size = {"groups": g, "questions": q, "levels": len(levels), "places": places, "lanes": LANES}
    shape = {name: tuple(size[axis] for axis, _ in axes) for name, axes in AXES.items()}
    prints = np.zeros(shape.pop("prints"), np.uint64)
    tables: dict[str, Any] = {name: np.zeros(cells, np.int64) for name, cells in shape.items()}
    squares = np.zeros(g, np.int64) if unit > 1 else None
    return Tally(form, depth, groups, questions, levels, prints=prints, unit=unit, squares=squares, **tables)
