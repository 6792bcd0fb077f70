"""The long ballots frame to coded ballots: small integer arrays in which a ballot is a run of rows.

`faults` checks the frame first; `pairs` and `tables` count the arrays. Nothing here knows a rule.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from consensus.tally.faults import find_ballot_faults, raise_faults
from consensus.tally.received import IntArray, Received, receive, sorted_rows

__all__ = ["LANES", "UNSURE", "CodedBallots", "code_ballots", "code_received"]

UNSURE = np.iinfo(np.int64).min
"""The coded value of "don't know" in a `rated` ballot."""

LANES = 2
"""How many 64-bit words a fingerprint has."""
FEW = 1 << 13
"""How many ballots' fingerprints are worked out at once, so that they stay in cache."""
_STEP = 0x9E3779B97F4A7C15
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)

_SEEDS = [np.uint64((lane + 1) * _STEP % 2**64) for lane in range(LANES)]


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
    voice
        (B,) the respondent weight of each person behind the ballot, in millionths (`UNIT` is a weight of 1); None:
        there are no respondent weights.
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
    voice: IntArray | None = None

    def __len__(self) -> int:
        """Return the number of coded ballots, each counted once whatever its weight."""
        return len(self.group)

    @property
    def owner(self) -> IntArray:
        """Return for each row the ballot that it belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    def in_voices(self) -> CodedBallots:
        """Return the same ballots, each standing for as many millionths of a person as its respondent weight says."""
        return self if self.voice is None else replace(self, weight=self.weight * self.voice, voice=None)

    def fingerprints(self) -> npt.NDArray[np.uint64]:
        """Return for each ballot 128 bits, shape (B, 2), that depend on what it says and on nothing else."""
        name = np.array([_label_bits(label) for label in self.questions], dtype=np.uint64)
        prints = np.zeros((len(self), LANES), dtype=np.uint64)
        if not len(self):
            return prints
        if self.form == "ranked":
            return self._with_voice(self._ranked_bits(name, prints))
        other = name[self.other] if self.form == "pairwise" else self.other.view(np.uint64)
        parts = [name[self.question], self.value.view(np.uint64), other]
        for lane, seed in enumerate(_SEEDS):
            prints[:, lane] = np.add.reduceat(_row_bits(parts, seed), self.start[:-1])
        return self._with_voice(prints)

    def _with_voice(self, prints: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        return _mix(prints) if self.voice is None else _mix(prints + _mix(self.voice.view(np.uint64))[:, None])

    def _ranked_bits(self, name: npt.NDArray[np.uint64], prints: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        """Add up each ballot's bits, looked up among those of every question at every place: few, and kept in cache."""
        last = int(self.value.max(initial=0)) + 1
        questions, place = np.repeat(name, last), np.tile(np.arange(last, dtype=np.uint64), len(name))
        tables = [_row_bits([questions, place, np.zeros_like(place)], seed) for seed in _SEEDS]
        for begin in range(0, len(self), FEW):
            edges = self.start[begin : begin + FEW + 1]
            rows = slice(edges[0], edges[-1])
            cell = self.question[rows].astype(np.intp) * last + self.value[rows]
            for lane, table in enumerate(tables):
                prints[begin : begin + FEW, lane] = np.add.reduceat(table[cell], edges[:-1] - edges[0])
        return prints

    def canonical(self) -> CodedBallots:
        """Return the same ballots with identical ones merged, in an order that no file's row order decides."""
        if not len(self):
            return self
        prints = self.fingerprints()
        order = _ordered(self.group, prints)
        group, ordered = self.group[order], prints[order]
        first = np.r_[True, (group[1:] != group[:-1]) | (ordered[1:] != ordered[:-1]).any(axis=1)]
        weight = np.add.reduceat(self.weight[order], np.flatnonzero(first))
        return self._take(order[first], weight)

    def _take(self, chosen: IntArray, weight: IntArray) -> CodedBallots:
        length = np.diff(self.start)[chosen]
        start = np.r_[0, np.cumsum(length)]
        rows = np.repeat(self.start[chosen] - start[:-1], length) + np.arange(start[-1])
        voice = self.voice[chosen] if self.voice is not None else None
        columns = (self.question[rows], self.value[rows], self.other[rows], voice)
        return CodedBallots(self.form, self.groups, self.questions, self.group[chosen], weight, start, *columns)

    def recode(self, groups: tuple[str, ...], questions: tuple[Any, ...]) -> CodedBallots:
        """Return the same ballots coded by longer lists of groups and questions."""
        group_at = _places(self.groups, groups)
        question_at = _places(self.questions, questions)
        other = question_at[self.other] if self.form == "pairwise" else self.other
        question = question_at[self.question].astype(self.question.dtype)
        coded = (self.weight, self.start, question, self.value, other, self.voice)
        return CodedBallots(self.form, groups, questions, group_at[self.group], *coded)._sort_rows()

    def join(self, more: CodedBallots) -> CodedBallots:
        """Return both sets of ballots, which must share form, groups and questions."""
        start = np.r_[self.start, more.start[1:] + self.start[-1]]
        names = ("group", "weight")
        group, weight = (np.r_[getattr(self, name), getattr(more, name)] for name in names)
        voice = np.r_[self.voice, more.voice] if self.voice is not None and more.voice is not None else None
        rows = ("question", "value", "other")
        question, value, other = (np.r_[getattr(self, name), getattr(more, name)] for name in rows)
        labels = (self.form, self.groups, self.questions)
        return CodedBallots(*labels, group, weight, start, question, value, other, voice)

    def _sort_rows(self) -> CodedBallots:
        """Return each ballot's rows by task, value, question, so that equal ballots are equal arrays."""
        task = self.other if self.form == "best_worst" else np.zeros_like(self.other)
        order = sorted_rows(self.owner, task, self.value, self.question, self.other)
        if order is None:
            return self
        columns = (self.question[order], self.value[order], self.other[order], self.voice)
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
    if received.plain:
        return _code_plain(received)
    first = received.first
    by_group = np.argsort(received.group[first], kind="stable")
    number = np.empty_like(by_group)
    number[by_group] = np.arange(len(by_group))
    owner, first = number[received.ballot], first[by_group]
    value = np.where(received.blank, 0, received.value).astype(np.int64)
    value[received.blank] = UNSURE
    other = received.other if received.form == "pairwise" else received.task
    question = _narrow(received.question)
    order = sorted_rows(owner, received.task, value, question, other)
    if order is not None:
        owner, question, value, other = (column[order] for column in (owner, question, value, other))
    start = np.r_[0, np.cumsum(np.bincount(owner, minlength=len(first)))]
    if received.form == "ranked":
        value = _narrow(_lowest_places(owner, value, start))
        other = np.broadcast_to(np.int64(0), len(owner))
    if received.form == "best_worst":
        other = _number_within(owner, other, start)
    return _coded(received, first, start, question, value, other)


def _code_plain(received: Received) -> CodedBallots:
    """Return the same for ballots that stand in runs of rows, in the order of their places and without ties."""
    first = received.first
    group = received.group[first]
    by_group = np.argsort(group, kind="stable") if (group[1:] < group[:-1]).any() else np.arange(len(first))
    length = np.diff(np.r_[first, len(received)])[by_group]
    first, start = first[by_group], np.r_[0, np.cumsum(length)]
    question, value = _narrow(received.question), received.value.astype(np.int32)
    if (first[1:] < first[:-1]).any():
        rows = np.repeat(first - start[:-1], length) + np.arange(len(received))
        question, value = question[rows], value[rows]
    other = np.broadcast_to(np.int64(0), len(received))
    return _coded(received, first, start, question, value, other)


def _coded(
    received: Received, first: IntArray, start: IntArray, question: npt.NDArray, value: npt.NDArray, other: IntArray
) -> CodedBallots:
    """Return rows as coded ballots, group and weights from the first row of each."""
    group, weight = received.group[first].astype(np.int64), received.weight[first].astype(np.int64)
    voice = received.voice[first].astype(np.int64) if received.voice is not None else None
    labels = (received.form, received.groups, received.questions)
    return CodedBallots(*labels, group, weight, start, question, value, other, voice)


def _narrow(codes: IntArray) -> npt.NDArray:
    """Return codes in half the memory, where they fit as they nearly always do."""
    return codes.astype(np.int32, copy=False) if int(codes.max(initial=0)) < 2**31 else codes


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


def _ordered(group: IntArray, prints: npt.NDArray[np.uint64]) -> IntArray:
    """Return ballots sorted by group and fingerprint; one lane decides but for the rare ballots alike in it alone."""
    order = np.argsort(prints[:, 0])
    order = order[np.argsort(group[order].astype(np.min_scalar_type(int(group.max(initial=0)))), kind="stable")]
    lane, other, same = prints[order, 0], prints[order, 1], group[order]
    alike = (lane[1:] == lane[:-1]) & (same[1:] == same[:-1])
    if (other[1:] != other[:-1])[alike].any():
        return np.lexsort((*prints.T, group))
    return order


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
