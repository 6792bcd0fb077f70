"""What was answered and looks wrong: links and partings that the texts as they now stand together speak against.

An answer is weighed, not believed: the evidence on what it joined or kept apart, and how often reviewers err, give the
chance that it is wrong. What would be gained by mending it competes with what the next new screen would gain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consensus.duplicates.deciding.choosing import Chooser
from consensus.duplicates.deciding.likeness import evidence, evidence_inside
from consensus.duplicates.deciding.standing import Standing

__all__ = ["Doubt", "Doubts"]

_PATIENCE = 10
"""Screens that pass before what is doubted is shown again."""

_PAYS = 0.08
"""The least gain, as B-cubed counts it, for which an answer is doubted."""

_TRIES = 12
"""Groups whose answers are weighed anew for one screen."""

_SURE = 1.1
"""Mean and best cosine, added up, from which two parts are not doubted."""


@dataclass(frozen=True)
class Doubt:
    """An answer that may be wrong: the two submissions it was on, what mending it would gain, and when it was given."""

    one: str
    other: str
    together: bool
    gain: float
    number: int


class Doubts:
    """The doubts on each group's answers, weighed anew when the group changes.

    Parameters
    ----------
    chooser
        The groups, and the model that weighs evidence.
    standing
        What was said.
    number
        The number of each submission's wording; of one that says nothing none.
    """

    def __init__(self, chooser: Chooser, standing: Standing, number: dict[str, int]) -> None:
        self._chooser, self._standing, self._number = chooser, standing, number
        self._of: dict[str, list[Doubt]] = {}

    def weigh(self, groups: set[str]) -> None:
        """Weigh the answers on some groups anew."""
        for group in groups:
            found = [*self._links(group), *self._partings(group)] if group in self._chooser else []
            self._of[group] = [doubt for doubt in found if doubt.gain >= _PAYS]

    def refresh(self) -> None:
        """Weigh anew the groups whose answers are likeliest to be doubted next, of those in which any is."""
        doubted = [group for group, doubts in self._of.items() if doubts]
        likeliest = sorted(doubted, key=lambda group: (-self._worth(self._of[group]), group))
        self.weigh(set(likeliest[:_TRIES]))

    def best(self, worth: float) -> tuple[str, list[Doubt]] | None:
        """Return the group and doubts whose screen gains more for its cost than `worth`, ties by the group's id.

        What was answered a moment ago waits, unless nothing else is worth asking.
        """
        patience = _PATIENCE if worth > 0 else 0
        ripe = {
            group: [doubt for doubt in doubts if self._standing.compared - doubt.number >= patience]
            for group, doubts in self._of.items()
            if doubts and group in self._chooser
        }
        rated = [(self._worth(doubts), group) for group, doubts in ripe.items() if doubts]
        rate, group = max(rated, key=lambda rated: (rated[0], rated[1]), default=(0.0, ""))
        return (group, ripe[group]) if rate > worth else None

    def _worth(self, doubts: list[Doubt]) -> float:
        return sum(doubt.gain for doubt in doubts) / (self._chooser.costs.decision + 1 + len(doubts))

    def _links(self, group: str) -> Iterator[Doubt]:
        """Yield doubts on what was said to be the same: the parts of a group on either side of a link."""
        rows = self._chooser.rows(group)
        if len(rows) < 2:
            return
        root = self._root(group, rows)
        if not root:
            return
        own, found = set(rows.tolist()), []
        for near, far, part in self._standing.links.behind(root):
            said = self._standing.joined.get(_pair(near, far))
            behind = own.intersection(self._number[each] for each in part if each in self._number)
            if said is not None and 0 < len(behind) < len(own):
                found.append((far, said, (np.array(sorted(own - behind)), np.array(sorted(behind)))))
        halves = [halves for *_, halves in found]
        told = evidence_inside(self._chooser.land, self._chooser.group_of, rows, halves)
        chances = self._chooser.model.probability(told)
        for (far, said, parts), (mean, best, *_), chance in zip(found, told, chances, strict=True):
            if mean + best <= _SURE:
                wrong = _wrong(1 - chance, self._standing.error(), said.times)
                one, other = (float(self._chooser.weights[part].sum()) for part in parts)
                yield Doubt(root, far, True, wrong * 2 * one * other / (one + other), said.number)

    def _partings(self, group: str) -> Iterator[Doubt]:
        """Yield doubts on what was said to be different."""
        told = [(one, other) for one, other in self._standing.partings(group) if self._home(other) in self._chooser]
        if not told:
            return
        chances = self._chance(self._chooser.rows(group), [self._chooser.rows(self._home(other)) for _, other in told])
        size, error = self._chooser.weight(group), self._standing.error()
        for (one, other), chance in zip(told, chances, strict=True):
            said = self._standing.parted.get(_pair(one, other))
            theirs = self._chooser.weight(self._home(other))
            if said is not None:
                gain = _wrong(chance, error, said.times) * 2 * size * theirs / (size + theirs)
                yield Doubt(one, other, False, gain, said.number)

    def _home(self, submission: str) -> str:
        return self._standing.home(submission)

    def _chance(self, rows: NDArray[np.int64], parts: list[NDArray[np.int64]]) -> NDArray[np.float64]:
        told = evidence(self._chooser.land, self._chooser.group_of, rows, parts)
        return self._chooser.model.probability(told)

    def _root(self, group: str, rows: NDArray[np.int64]) -> str:
        """Return the first submission of a group's most central wording on which somebody decided, if there is one."""
        central = rows[self._chooser.land.central(rows)]
        there = [each for each in self._standing.members.get(group, ()) if self._number.get(each) == central]
        return min((each for each in there if each not in self._standing.aside), default="")


def _wrong(chance: float, error: float, times: int) -> float:
    """Return how likely an answer is wrong that was given some times, when it had that chance to be before."""
    wrong, right = chance * error**times, (1 - chance) * (1 - error) ** times
    return float(wrong / max(wrong + right, 1e-12))


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)
