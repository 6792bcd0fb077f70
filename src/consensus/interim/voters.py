"""Who approves what, and the whole-number counts of them from which proportional rules work out exact fractions.

A rule's next question is the cheapest, and what a question costs only ever rises: so a question is looked at again only
when, by its last cost, it could be the cheapest (Minoux 1978 does so for greedy sums).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
import numpy.typing as npt

from consensus.errors import ProtocolError
from consensus.tally import IntArray, Tally

__all__ = ["Costs", "Voters", "read_voters"]


@dataclass(frozen=True, eq=False)
class Voters:
    """Ballots that approve questions, of groups with a share.

    Attributes
    ----------
    begin, ballot
        (Q + 1,), (rows,) question `q` is approved by the ballots `ballot[begin[q]:begin[q + 1]]`.
    group, weight
        (B,) the group's code; how many identical ballots.
    income, divisor
        (G,) what each ballot of a group earns in a unit of time is `income / divisor`: its group's share, split evenly
        over the group's ballots, all groups' shares together 1.
    """

    begin: IntArray
    ballot: IntArray
    group: IntArray
    weight: IntArray
    income: tuple[int, ...]
    divisor: int

    @property
    def questions(self) -> int:
        """Return how many questions there are."""
        return len(self.begin) - 1

    def approving(self, question: int) -> IntArray:
        """Return the ballots that approve a question."""
        return self.ballot[self.begin[question] : self.begin[question + 1]]

    def earn(self, ballots: IntArray) -> Fraction:
        """Return what some ballots earn together in a unit of time."""
        return self.earn_by(ballots, None, 1)[0]

    def earn_by(self, ballots: IntArray, state: IntArray | None, states: int) -> list[Fraction]:
        """Return the same for those in each of some states, (states,); `state` is that of each of these ballots."""
        groups = len(self.income)
        cell = self.group[ballots] if state is None else state * groups + self.group[ballots]
        counts = np.rint(np.bincount(cell, self.weight[ballots], states * groups)).astype(np.int64)
        sums = counts.reshape(states, groups).astype(object) @ np.array(self.income, dtype=object)
        return [Fraction(int(total), self.divisor) for total in sums]

    def earnings(self) -> npt.NDArray[np.float64]:
        """Return (B,) what each ballot and those identical to it earn, in floats."""
        return self.weight * np.array([float(Fraction(income, self.divisor)) for income in self.income])[self.group]


def read_voters(t: Tally, shares: Mapping[str, int]) -> Voters:
    """Return the ballots of groups with a share.

    Raises
    ------
    ProtocolError
        The form of the ballots does not say what a ballot approves.
    """
    coded = t.grouped
    approves = {"ranked": coded.value <= t.places, "chosen": coded.value == 1, "points": coded.value > 0}
    if t.form not in approves:
        raise ProtocolError(f"A proportional shortlist needs ballots that are {', '.join(approves)}, not {t.form}.")
    say = sum(shares.get(group, 1) for group, n in zip(t.groups, t.n, strict=True) if n)
    each = [
        Fraction(shares.get(name, 1), int(n) * say) if n else Fraction(0) for name, n in zip(t.groups, t.n, strict=True)
    ]
    divisor = lcm(*(part.denominator for part in each))
    length = np.where(np.array([part > 0 for part in each])[coded.group], np.diff(coded.start), 0)
    rows = approves[t.form] & np.repeat(length > 0, np.diff(coded.start))
    question = coded.question[rows].astype(np.min_scalar_type(len(t.questions)))
    order = np.argsort(question, kind="stable")
    ballot = coded.owner[rows].astype(np.min_scalar_type(-max(len(coded), 1)))[order]
    begin = np.searchsorted(question[order], np.arange(len(t.questions) + 1))
    income = tuple(int(part * divisor) for part in each)
    return Voters(begin, ballot, coded.group, coded.weight, income, divisor)


class Costs:
    """What each question still open costs, worked out only where it could be the least."""

    def __init__(self, questions: Iterable[int], cost: Callable[[int], Fraction | None]):
        """Take the open questions, and what one costs now; None: it can never be had. A cost may rise, never fall."""
        self.cost = cost
        self.least: dict[int, Fraction | float] = dict.fromkeys(questions, float("-inf"))

    def cheapest(self) -> dict[int, Fraction]:
        """Return the questions that cost least, all that are level, with the cost; none: there is none to be had."""
        fresh: dict[int, Fraction] = {}
        while True:
            stale = [q for q in self.least if q not in fresh]
            at = min(stale, key=self.least.__getitem__, default=None)
            lowest = min(fresh.values(), default=None)
            if at is None or (lowest is not None and self.least[at] > lowest):
                return {q: cost for q, cost in fresh.items() if cost == lowest}
            cost = self.cost(at)
            if cost is None:
                del self.least[at]
            else:
                fresh[at] = self.least[at] = cost

    def take(self, questions: Iterable[int]) -> None:
        """Close questions."""
        for q in questions:
            self.least.pop(q, None)
