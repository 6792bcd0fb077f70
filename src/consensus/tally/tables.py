"""Ballots to integer tables per stakeholder group; the tables of parts add up to the tables of the whole.

Most rules are functions of these tables alone. Letters: G groups, Q questions, R places that score, L values a form
allows. Source of the definitions: METHODS, "The tally".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from consensus.errors import DataError
from consensus.tally.coded import LANES, UNSURE, CodedBallots, code_ballots
from consensus.tally.pairs import count_pairs, count_weighted
from consensus.tally.received import IntArray, index_labels
from consensus.tally.slots import are_short, read_slots
from consensus.version import __version__

__all__ = ["Tally", "tally", "tally_coded"]

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

LABELS = {"groups": "group", "questions": "question", "levels": "other"}


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
        }

    def __add__(self, more: Tally) -> Tally:
        """Return the tally of both sets of ballots: the same bits as one pass over all of them."""
        if (self.form, self.depth) != (more.form, more.depth):
            raise DataError("Tallies of different forms or depths do not add; tally both parts alike.")
        groups = index_labels((*self.groups, *more.groups))
        questions = index_labels((*self.questions, *more.questions))
        levels = index_labels((*self.levels, *more.levels))
        one, two = (part._widen(groups, questions, levels) for part in (self, more))
        tables = {name: getattr(one, name) + getattr(two, name) for name in AXES}
        kept = one.kept.join(two.kept) if one.kept is not None and two.kept is not None else None
        return replace(one, **tables, kept=kept)

    def to_frame(self) -> pd.DataFrame:
        """Return the tables as rows `table, group, question, other, count`, cells of 0 and kept ballots left out.

        `other` is the second question of W and E, the place of N, the value of C and the lane of prints, as text.
        Rows of the tables `form`, `groups`, `questions` and `levels` hold the labels, `count` their order.
        """
        head = {"table": "form", "other": self.form, "count": -1 if self.depth is None else self.depth}
        parts = [pd.DataFrame([head])]
        for name, column in LABELS.items():
            labels = list(getattr(self, name))
            parts.append(pd.DataFrame({"table": name, column: labels, "count": range(len(labels))}))
        for name, axes in AXES.items():
            table = getattr(self, name).view(np.int64)
            cells = np.nonzero(table)
            named = {
                column: [self._labels(axis)[int(at)] for at in cell]
                for (axis, column), cell in zip(axes, cells, strict=True)
            }
            parts.append(pd.DataFrame({"table": name, **named, "count": table[cells]}))
        frame = pd.concat([part.astype({"count": "int64"}) for part in parts], ignore_index=True)
        frame["other"] = frame["other"].map(str, na_action="ignore")
        return frame[["table", "group", "question", "other", "count"]].fillna("")

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Tally:
        """Return the tally that `to_frame` wrote, without kept ballots."""
        part = {str(name): rows for name, rows in frame.groupby("table", sort=False)}
        form, depth = part["form"]["other"].iloc[0], int(part["form"]["count"].iloc[0])
        listed = {
            name: part[name].sort_values("count")[column].tolist() if name in part else []
            for name, column in LABELS.items()
        }
        levels = tuple(int(level) for level in listed["levels"])
        t = _blank(form, None if depth < 0 else depth, tuple(listed["groups"]), tuple(listed["questions"]), levels)
        for name in AXES.keys() & part.keys():
            rows = part[name]
            cell = tuple(_at([str(x) for x in rows[column]], t._labels(axis)) for axis, column in AXES[name])
            getattr(t, name).view(np.int64)[cell] = rows["count"].to_numpy(np.int64)
        return t

    def _labels(self, axis: str) -> Sequence[Any]:
        fixed = {"places": range(1, self.places + 1), "lanes": range(1, LANES + 1)}
        return fixed[axis] if axis in fixed else getattr(self, axis)

    def _widen(self, groups: tuple[str, ...], questions: tuple[Any, ...], levels: tuple[int, ...]) -> Tally:
        """Return the same tally with more groups, questions or values, as one pass with them would have given it."""
        if (groups, questions, levels) == (self.groups, self.questions, self.levels):
            return self
        wide = _blank(self.form, self.depth, groups, questions, levels)
        for name, axes in AXES.items():
            cells = [_at(self._labels(axis), wide._labels(axis)) for axis, _ in axes]
            getattr(wide, name)[np.ix_(*cells)] = getattr(self, name)
        if self.form in ("ranked", "points"):
            self._place_new_last(wide)
        kept = self.kept.recode(groups, questions) if self.kept is not None else None
        return replace(wide, kept=kept)

    def _place_new_last(self, wide: Tally) -> None:
        """Count in `wide` that a question these ballots never name stands below those they do, level with the rest."""
        zero = self.C[:, :, self.levels.index(0)] if 0 in self.levels else 0
        favoured = self.given - zero
        group, old = _at(self.groups, wide.groups), _at(self.questions, wide.questions)
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

    Parameters
    ----------
    ballots
        Columns `ballot, group, question, value`; `weight` (whole number: that many identical ballots) if there is one;
        `set` for `best_worst`, `other` for `pairwise`.
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
    if depth is not None and depth < 1:
        raise DataError(f"A depth of {depth} scores no place; use 1 or more, or None for all.")
    return tally_coded(code_ballots(ballots, questions, form, groups, gaps), depth, keep_ballots)


def tally_coded(coded: CodedBallots, depth: int | None = 10, keep_ballots: bool = True) -> Tally:
    """Return the integer tables of coded ballots, which must be sorted by group."""
    form, depth = coded.form, depth if coded.form == "ranked" else None
    counted = coded.value[coded.value != UNSURE] if form not in ("ranked", "pairwise") else np.array([], np.int64)
    t = _blank(form, depth, coded.groups, coded.questions, tuple(np.unique(counted).tolist()))
    t.n[:] = count_weighted(coded.group, coded.weight, len(t.groups))
    t.prints[:] = _sum_prints(coded)
    t.W[:], t.E[:] = count_pairs(coded)
    (_count_slots if are_short(coded) else _count_rows)(t, coded)
    return replace(t, kept=coded if keep_ballots else None)


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
    form: str, depth: int | None, groups: tuple[str, ...], questions: tuple[Any, ...], levels: tuple[int, ...]
) -> Tally:
    g, q = len(groups), len(questions)
    places = 0 if form != "ranked" else q if depth is None else depth
    size = {"groups": g, "questions": q, "levels": len(levels), "places": places, "lanes": LANES}
    shape = {name: tuple(size[axis] for axis, _ in axes) for name, axes in AXES.items()}
    prints = np.zeros(shape.pop("prints"), np.uint64)
    tables: dict[str, Any] = {name: np.zeros(cells, np.int64) for name, cells in shape.items()}
    return Tally(form, depth, groups, questions, levels, prints=prints, **tables)


def _at(few: Sequence[Any], many: Sequence[Any]) -> IntArray:
    """Return where each of a few labels stands among many."""
    place = {label: at for at, label in enumerate(many)} | {str(label): at for at, label in enumerate(many)}
    return np.array([place[label] for label in few], dtype=np.int64)
