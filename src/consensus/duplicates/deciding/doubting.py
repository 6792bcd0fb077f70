"""What was answered and looks wrong: links and partings that the texts as they now stand together speak against.

An answer is weighed, not believed: the evidence on what it joined or kept apart, and how often reviewers err, give the
chance that it is wrong. What would be gained by mending it competes with what the next new screen would gain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consensus.duplicates.deciding.choosing import Chooser, Plan
from consensus.duplicates.deciding.erring import wrong
from consensus.duplicates.deciding.likeness import evidence, evidence_inside
from consensus.duplicates.deciding.standing import Standing

__all__ = ["Doubt", "Doubts"]

_PATIENCE = 10
"""Screens that pass before what is doubted is shown again."""

_PAYS = 0.08
"""The least gain, as B-cubed counts it, for which an answer is doubted."""

_SUREST = 0.98
"""No text is surer than this to ask the same as another, or something else, whatever the evidence."""

_TRIES = 12
"""Groups whose answers are weighed anew for one screen."""


@dataclass(frozen=True)
class Doubt:
    """An answer that may be wrong.

    The two submissions it is asked on, whether they are together, how likely they ask the same by the evidence alone,
    what mending it would gain, and the screen on which it was last given.
    """

    one: str
    other: str
    together: bool
    chance: float
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

    def best(self, plan: Plan | None, skip: Iterable[str] = ()) -> tuple[Plan, list[Doubt]] | None:
        """Return the screen on which new groups and what is doubted, beside one anchor, gain the most for their cost.

        Each group that is doubted is weighed with the new groups it would be shown beside, and so is the best new
        screen with what is doubted of its anchor; ties by the group's id. What was answered a moment ago waits, unless
        nothing else is worth asking.
        """
        patience = _PATIENCE if plan else 0
        ripe: dict[str, list[Doubt]] = {}
        for group in self._of.keys() - set(skip):
            doubts = [doubt for doubt in self._of[group] if self._standing.compared - doubt.number >= patience]
            if doubts and group in self._chooser:
                ripe[group] = sorted(doubts, key=lambda doubt: (-doubt.gain, doubt.other))
        likeliest = sorted(ripe, key=lambda group: (-self._worth(ripe[group]), group))[:_TRIES]
        plans = [self._chooser.plan(group, self._standing.apart(group)) for group in likeliest]
        if plan and plan.anchor not in likeliest:
            plans.append(plan)
        rated = [(self._rate(each, ripe.get(each.anchor, [])), each.anchor, each) for each in plans]
        if not rated:
            return None
        _, group, found = max(rated, key=lambda told: told[:2])
        return found, ripe.get(group, [])[: self._chooser.costs.longest]

    def _rate(self, plan: Plan, doubts: list[Doubt]) -> float:
        cost = self._chooser.costs.decision + 1
        gain = max(plan.worth, 0.0) * (cost + len(plan.candidates)) + sum(doubt.gain for doubt in doubts)
        return gain / (cost + len(plan.candidates) + len(doubts))

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
        chances = self._chooser.model.probability(told).clip(1 - _SUREST, _SUREST)
        for (far, said, parts), chance in zip(found, chances, strict=True):
            one, other = (float(self._chooser.weights[part].sum()) for part in parts)
            gain = float(wrong(1 - chance, self._standing.error(), said.times)) * 2 * one * other / (one + other)
            yield Doubt(root, far, True, float(chance), gain, said.number)

    def _partings(self, group: str) -> Iterator[Doubt]:
        """Yield doubts on what was said to be different."""
        root = self._root(group, self._chooser.rows(group))
        told = self._standing.partings(group) if root else {}
        there = sorted(home for home in told if home in self._chooser)
        theirs = [self._chooser.rows(home) for home in there]
        if not there:
            return
        chances = self._chance(self._chooser.rows(group), theirs)
        size, sizes = self._chooser.weight(group), np.array([self._chooser.weight(home) for home in there])
        times = np.array([told[home].times for home in there])
        gains = wrong(chances, self._standing.error(), times) * 2 * size * sizes / (size + sizes)
        for place in np.flatnonzero(gains >= _PAYS):
            if other := self._root(there[place], theirs[place]):
                said = told[there[place]]
                yield Doubt(root, other, False, float(chances[place]), float(gains[place]), said.number)

    def _chance(self, rows: NDArray[np.int64], parts: list[NDArray[np.int64]]) -> NDArray[np.float64]:
        told = evidence(self._chooser.land, self._chooser.group_of, rows, parts)
        return self._chooser.model.probability(told).clip(1 - _SUREST, _SUREST)

    def _root(self, group: str, rows: NDArray[np.int64]) -> str:
        """Return the first submission of a group's most central wording on which somebody decided, if there is one."""
        central = rows[self._chooser.land.central(rows)]
        there = [each for each in self._standing.members.get(group, ()) if self._number.get(each) == central]
        return min((each for each in there if each not in self._standing.aside), default="")


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)
