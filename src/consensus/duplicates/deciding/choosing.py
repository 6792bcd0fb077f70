"""Which screen comes next: the one from which most is to be gained for what it costs to read and decide.

What joining is worth lies between two ways to count: in the end every join that is missing has to be found, and each
is worth the same; as B-cubed counts it today, a group of a submissions that meets one of b gains 2ab / (a + b). Its
root is taken, which finds the more with fewer texts read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consensus.duplicates.combiner import Combiner
from consensus.duplicates.deciding.checking import sampled
from consensus.duplicates.deciding.hoping import HOPES, hopes
from consensus.duplicates.deciding.landscape import Landscape
from consensus.duplicates.deciding.likeness import evidence, prior

__all__ = ["Chooser", "Costs", "Plan"]

_TRIES = 24  # anchors weighed anew for one screen
_LOOKED_OVER = 1000
_NOBODY = -1.0


@dataclass(frozen=True)
class Costs:
    """What a screen costs, and where it ends.

    Parameters
    ----------
    decision
        How many texts read are worth one decision.
    longest
        The most candidates of a screen.
    least
        The least chance to ask the same with which a candidate is shown.
    text
        The least gain, in submissions wholly together with their like, for which one more text is shown. The same for
        every screen: a list that ends where reading pays less than anywhere else would have to be asked again.
    """

    decision: float = 10.0
    longest: int = 30
    least: float = 0.01
    text: float = 0.034


@dataclass(frozen=True)
class Plan:
    """A screen thought through: its anchor, its candidates with the evidence on each, and its gain for its cost."""

    anchor: str
    candidates: tuple[str, ...]
    evidence: np.ndarray
    chances: np.ndarray
    worth: float


class Chooser:
    """Groups of wordings with the worth of asking about each, kept up as groups are joined.

    Parameters
    ----------
    land
        The wordings.
    weights
        How many submissions have each wording.
    costs
        What a screen costs.
    """

    def __init__(self, land: Landscape, weights: np.ndarray, costs: Costs | None = None) -> None:
        self.land, self.weights, self.costs = land, weights.astype(float), costs or Costs()
        self.model = Combiner.of(prior(land))
        self.error = 0.0

    def arrange(self, groups: Mapping[str, Sequence[int]]) -> None:
        """Take groups as they are: for each its wordings' numbers."""
        self.names = sorted(groups)
        self._place = {name: place for place, name in enumerate(self.names)}
        self._rows = [np.array(groups[name], dtype=np.int64) for name in self.names]
        self.size = np.array([self.weights[rows].sum() for rows in self._rows])
        self._of = np.full(len(self.land), -1, dtype=np.int64)
        for place, rows in enumerate(self._rows):
            self._of[rows] = place
        self.worth = self._first_look()

    def __contains__(self, name: str) -> bool:
        return name in self._place and bool(self.size[self._place[name]])

    @property
    def group_of(self) -> np.ndarray:
        """The place of each wording's group."""
        return self._of

    def weight(self, name: str) -> float:
        """Return how many submissions are in a group."""
        return float(self.size[self._place[name]])

    def rows(self, name: str) -> np.ndarray:
        """Return the numbers of a group's wordings."""
        return self._rows[self._place[name]]

    def join(self, kept: str, gone: str) -> None:
        """Take one group into another."""
        into, out = self._place[kept], self._place[gone]
        self._rows[into] = np.union1d(self._rows[into], self._rows[out])
        self._rows[out] = self._rows[out][:0]
        self._of[self._rows[into]] = into
        self.size[into] += self.size[out]
        self.size[out], self.worth[out] = 0, _NOBODY

    def weigh(self, groups: Iterable[str], apart: Callable[[str], set[str]]) -> None:
        """Weigh groups anew, since they or what is around them changed."""
        for name in groups:
            self._keep(name, apart(name))

    def refresh(self, apart: Callable[[str], set[str]]) -> None:
        """Weigh anew the groups that are likeliest to be asked about next."""
        self.best(apart, keep=True)

    def learn(self, model: Combiner, error: float) -> None:
        """Take another weighing of evidence and of answers; every group is weighed anew when its turn comes."""
        self.model, self.error = model, error

    def look_over(self, apart: Callable[[str], set[str]]) -> tuple[np.ndarray, np.ndarray]:
        """Return the sizes of groups, and for each what is hoped to be around it (`hopes`), by the chances now.

        Of more than a thousand groups, about as many are taken, evenly by their ids.
        """
        there = np.flatnonzero(self.size)
        there = there[:: max(len(there) // _LOOKED_OVER, 1)]
        hoped = [self._hoped(self.names[place], apart(self.names[place])) for place in there]
        return self.size[there], np.array(hoped).reshape(len(there), HOPES)

    def best(self, apart: Callable[[str], set[str]], skip: Iterable[str] = (), *, keep: bool = False) -> Plan | None:
        """Return the screen worth the most, ties by the group's id; None when none is worth anything.

        With `keep` what was found out about the groups on the way is remembered.
        """
        worth = self.worth.copy()
        worth[[self._place[name] for name in skip]] = _NOBODY
        found: Plan | None = None
        for tried in range(len(self.names)):
            place = int(worth.argmax())
            if worth[place] <= 0 or (found and (tried >= _TRIES or worth[place] <= found.worth)):
                break
            name = self.names[place]
            plan = self._keep(name, apart(name)) if keep else self.plan(name, apart(name))
            worth[place] = _NOBODY
            if plan.worth > (found.worth if found else 0.0):
                found = plan
        return found

    def plan(self, name: str, apart: set[str]) -> Plan:
        """Return the best screen with a group as its anchor."""
        place = self._place[name]
        others, told, chance = self._weighed(place, apart)
        if not len(others):
            return Plan(name, (), told, chance, _NOBODY)
        (worth,), (count,) = self._gain(self.size[[place]], self.size[others][None], chance[None])
        order = np.lexsort((others, -chance))[:count]
        shown = tuple(self.names[other] for other in others[order])
        return Plan(name, shown, told[order], chance[order], float(worth))

    def _keep(self, name: str, apart: set[str]) -> Plan:
        """Return the best screen with a group as its anchor, and remember what it is worth."""
        plan = self.plan(name, apart)
        self.worth[self._place[name]] = plan.worth
        return plan

    def _hoped(self, name: str, apart: set[str]) -> np.ndarray:
        others, _, chance = self._weighed(self._place[name], apart)
        return hopes(chance, self.size[others])

    def check(self, name: str, apart: set[str], answers: int) -> Plan:
        """Return the groups with hardly a chance that the check after some answers asks about beside a group."""
        place = self._place[name]
        others, told, chance = self._weighed(place, apart)
        order = sampled(chance, self.size[others], answers)
        return Plan(name, tuple(self.names[other] for other in others[order]), told[order], chance[order], 0.0)

    def _weighed(self, place: int, apart: set[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the groups around one, the evidence on each, and its chance to ask the same."""
        others = self._around(place, apart)
        told = evidence(self.land, self._of, self._rows[place], [self._rows[other] for other in others])
        return others, told, self.model.probability(told)

    def _around(self, place: int, apart: set[str]) -> np.ndarray:
        """Return the groups that have a wording among the nearest of the group's, except those told apart from it."""
        mates = self.land.near[self._rows[place]]
        near = np.unique(self._of[mates[mates >= 0]])
        known = [self._place[name] for name in apart if name in self._place]
        return near[(near >= 0) & (near != place) & ~np.isin(near, known)]

    def _gain(
        self, size: np.ndarray, sizes: np.ndarray, chance: np.ndarray
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return for N groups the gain for its cost of the best list of candidates, and how many it holds.

        Of `size` [N] each, beside others of `sizes` [N, K] with a `chance` [N, K]; the likeliest are shown first.
        """
        order = np.argsort(-chance, axis=1, kind="stable")[:, : self.costs.longest]
        chance, sizes = np.take_along_axis(chance, order, axis=1), np.take_along_axis(sizes, order, axis=1)
        right = (chance * (1 - self.error) - (1 - chance) * self.error).clip(0)
        gain = right * np.sqrt(2 * size[:, None] * sizes / (size[:, None] + sizes)) * (chance >= self.costs.least)
        count = (gain >= self.costs.text).sum(axis=1).clip(1)
        gained = np.where(np.arange(gain.shape[1]) < count[:, None], gain, 0.0).cumsum(axis=1)[:, -1]
        some = chance[:, 0] >= self.costs.least
        return np.where(some, gained / (self.costs.decision + 1 + count), _NOBODY), np.where(some, count, 0)

    def _first_look(self) -> np.ndarray:
        """Return for each group of one wording about what asking is worth.

        Every neighbour is taken for a group of its own; who is asked about is weighed exactly before that.
        """
        worth = np.full(len(self.names), _NOBODY)
        alone = np.array([place for place, rows in enumerate(self._rows) if len(rows) == 1], dtype=np.int64)
        if not len(alone) or not self.land.near.shape[1]:
            return worth
        rows = np.array([self._rows[place][0] for place in alone])
        near, cosines = self.land.near[rows], self.land.cosines[rows]
        best = self.land.cosines[:, :2]
        rival = np.where(self.land.near[:, 0][near] == rows[:, None], best[:, -1][near], best[:, 0][near])
        land = self.land
        spelled = [land.pieces[rows], land.words[rows]]
        told = [cosines, cosines, cosines - rival, *spelled, land.company[rows], land.aligned[rows]]
        columns = np.stack(told, axis=2)
        chance = self.model.probability(columns.reshape(-1, columns.shape[2])).reshape(cosines.shape) * (near >= 0)
        worth[alone] = self._gain(self.size[alone], self.weights[near], chance)[0]
        return worth
