"""The long ballots frame to coded ballots: small integer arrays in which a ballot is a run of rows.

`faults` checks the frame first; `pairs` and `tables` count the arrays. Nothing here knows a rule.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from consensus.tally.faults import find_ballot_faults, raise_faults
from consensus.tally.received import IntArray, Received, receive

__all__ = ["LANES", "UNSURE", "CodedBallots", "code_ballots", "code_received"]

UNSURE = np.iinfo(np.int64).min
"""The coded value of "don't know" in a `rated` ballot."""

LANES = 4
"""How many 64-bit words a fingerprint has."""
_STEP = 0x9E3779B97F4A7C15
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, eq=False)
class CodedBallots:
    """Ballots as integer arrays; ballot `b` is the rows `start[b]:start[b + 1]`.

    Attributes
    ----------
    form
        One of the six forms of `vocabulary.BALLOT_FORMS`.
    groups, questions
        The labels behind the codes, both sorted.
    group, weight
        (B,) the group's code; how many identical ballots this one stands for.
    start
        (B + 1,) where each ballot's rows begin.
    question, value
        (rows,) the question's code; the place (`ranked`: 1 is most favoured, the lowest place of a tie) or the value.
        A rating of "don't know" is `UNSURE`.
    other
        (rows,) the other question's code (`pairwise`), the number of the task in its ballot (`best_worst`), else 0.
    """

    form: str
    groups: tuple[str, ...]
    questions: tuple[Any, ...]
    group: IntArray
    weight: IntArray
    start: IntArray
    question: IntArray
    value: IntArray
    other: IntArray

    def __len__(self) -> int:
        """Return the number of coded ballots, each counted once whatever its weight."""
        return len(self.group)

    @property
    def owner(self) -> IntArray:
        """Return for each row the ballot that it belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    def fingerprints(self) -> npt.NDArray[np.uint64]:
        """Return for each ballot 256 bits, shape (B, 4), that depend on what it says and on nothing else."""
        name = np.array([_label_bits(label) for label in self.questions], dtype=np.uint64)
        prints = np.zeros((len(self), LANES), dtype=np.uint64)
        if not len(self):
            return prints
        other = name[self.other] if self.form == "pairwise" else self.other.view(np.uint64)
        parts = [name[self.question], self.value.view(np.uint64), other] if self.form != "ranked" else []
        for lane in range(LANES):
            seed = np.uint64((lane + 1) * _STEP % 2**64)
            rows = _row_bits(parts, seed) if parts else self._ranked_bits(name, seed)
            prints[:, lane] = np.add.reduceat(rows, self.start[:-1])
        return _mix(prints)

    def _ranked_bits(self, name: npt.NDArray[np.uint64], seed: np.uint64) -> npt.NDArray[np.uint64]:
        """Return each row's bits, looked up among those of every question at every place: few, however many ballots."""
        last = int(self.value.max(initial=0)) + 1
        questions, place = np.repeat(name, last), np.tile(np.arange(last, dtype=np.uint64), len(name))
        return _row_bits([questions, place, np.zeros_like(place)], seed)[self.question * last + self.value]

    def canonical(self) -> CodedBallots:
        """Return the same ballots with identical ones merged, in an order that no file's row order decides."""
        prints = self.fingerprints()
        order = np.lexsort((*prints.T, self.group))
        if not len(order):
            return self
        key = np.column_stack([self.group.view(np.uint64), prints])[order]
        first = np.r_[True, (key[1:] != key[:-1]).any(axis=1)]
        weight = np.add.reduceat(self.weight[order], np.flatnonzero(first))
        return self._take(order[first], weight)

    def _take(self, chosen: IntArray, weight: IntArray) -> CodedBallots:
        length = np.diff(self.start)[chosen]
        start = np.r_[0, np.cumsum(length)]
        rows = np.repeat(self.start[chosen] - start[:-1], length) + np.arange(start[-1])
        columns = (self.question[rows], self.value[rows], self.other[rows])
        return CodedBallots(self.form, self.groups, self.questions, self.group[chosen], weight, start, *columns)

    def recode(self, groups: tuple[str, ...], questions: tuple[Any, ...]) -> CodedBallots:
        """Return the same ballots coded by longer lists of groups and questions."""
        group_at = _places(self.groups, groups)
        question_at = _places(self.questions, questions)
        other = question_at[self.other] if self.form == "pairwise" else self.other
        question = question_at[self.question]
        coded = (self.weight, self.start, question, self.value, other)
        return CodedBallots(self.form, groups, questions, group_at[self.group], *coded)._sort_rows()

    def join(self, more: CodedBallots) -> CodedBallots:
        """Return both sets of ballots, which must share form, groups and questions."""
        start = np.r_[self.start, more.start[1:] + self.start[-1]]
        names = ("group", "weight")
        group, weight = (np.r_[getattr(self, name), getattr(more, name)] for name in names)
        rows = (np.r_[getattr(self, name), getattr(more, name)] for name in ("question", "value", "other"))
        return CodedBallots(self.form, self.groups, self.questions, group, weight, start, *rows)

    def _sort_rows(self) -> CodedBallots:
        """Return each ballot's rows by task, value, question, so that equal ballots are equal arrays."""
        task = self.other if self.form == "best_worst" else np.zeros_like(self.other)
        order = np.lexsort((self.other, self.question, self.value, task, self.owner))
        columns = (self.question[order], self.value[order], self.other[order])
        return CodedBallots(self.form, self.groups, self.questions, self.group, self.weight, self.start, *columns)


def code_ballots(
    ballots: pd.DataFrame,
    questions: Iterable[Any] | None = None,
    form: str = "ranked",
    groups: Iterable[str] | None = None,
    gaps: str = "error",
) -> CodedBallots:
    """Return a long ballots frame as coded ballots, sorted by group.

    Raises
    ------
    DataError
        Every fault of the frame at once, each with its row (counted from 1) and the remedy.
    """
    received = receive(ballots, form, questions, groups)
    raise_faults(find_ballot_faults(received, gaps))
    return code_received(received)


def code_received(received: Received) -> CodedBallots:
    """Return ballots received, in which no fault was found, as coded ballots sorted by group."""
    first = np.unique(received.ballot, return_index=True)[1]
    by_group = np.argsort(received.group[first], kind="stable")
    number = np.empty_like(by_group)
    number[by_group] = np.arange(len(by_group))
    owner, first = number[received.ballot], first[by_group]
    value = np.where(received.blank, 0, received.value).astype(np.int64)
    value[received.blank] = UNSURE
    other = received.other if received.form == "pairwise" else received.task
    order = np.lexsort((other, received.question, value, received.task, owner))
    owner, question, value, other = (column[order] for column in (owner, received.question, value, other))
    start = np.searchsorted(owner, np.arange(len(first) + 1)).astype(np.int64)
    if received.form == "ranked":
        value = _lowest_places(owner, value, start)
    if received.form == "best_worst":
        other = _number_within(owner, other, start)
    weight = received.weight[first].astype(np.int64)
    labels = (received.form, received.groups, received.questions)
    return CodedBallots(*labels, received.group[first], weight, start, question, value, other)


def _lowest_places(owner: IntArray, value: IntArray, start: IntArray) -> IntArray:
    """Return 1 + how many questions of the ballot stand above: 1,1,2 and 1,1,3 both become 1,1,3."""
    at = np.arange(len(owner))
    fresh = np.r_[True, (owner[1:] != owner[:-1]) | (value[1:] != value[:-1])][: len(at)]
    return np.maximum.accumulate(np.where(fresh, at, 0)) - start[owner] + 1


def _number_within(owner: IntArray, task: IntArray, start: IntArray) -> IntArray:
    """Return each task's number within its ballot, from 0, in the order of the tasks' labels."""
    fresh = np.r_[False, task[1:] != task[:-1]][: len(owner)].astype(np.int64)
    count = np.cumsum(fresh)
    return count - count[start[owner]]


def _places(few: Sequence[Any], many: Sequence[Any]) -> IntArray:
    at = {label: code for code, label in enumerate(many)}
    return np.array([at[label] for label in few], dtype=np.int64)


def _label_bits(label: Any) -> int:
    """Return 64 bits of a question's id, so that a fingerprint does not depend on which other questions there are."""
    return int.from_bytes(hashlib.sha256(str(label).encode()).digest()[:8], "little")


def _row_bits(parts: list[npt.NDArray[np.uint64]], seed: np.uint64) -> npt.NDArray[np.uint64]:
    """Return the bits of rows from those of their parts, in one lane."""
    mixed = np.full(len(parts[0]), seed)
    for part in parts:
        mixed = _mix(mixed ^ _mix(part + seed))
    return mixed


def _mix(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return bits scrambled by the finaliser of splitmix64 (Steele, Lea and Flood 2014)."""
    bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
    return bits ^ (bits >> np.uint64(31))
