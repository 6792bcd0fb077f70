"""Shortlists that give every part of every stakeholder group its due: proportional rules on who approves what.

A ballot approves the questions it ranks within the depth, chooses, or gives points. Each group has equal money, times
its share, split evenly over its ballots. All sums are exact fractions. Where questions are level, the one higher in the
combined order is taken; those level there too are taken together, so that the shortlist may grow past its size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np

from consensus.interim.purses import Purses
from consensus.interim.voters import Costs, read_voters
from consensus.tally import IntArray, Tally

__all__ = ["PROPORTIONAL_RULES", "equal_shares", "sequential_pav", "sequential_phragmen"]

Taken = list[tuple[list[int], str]]
"""The questions taken at each turn, mostly one, and why."""


def sequential_pav(t: Tally, shares: Mapping[str, int], size: int, rank: IntArray) -> Taken:
    """Return the questions taken one by one, each adding most to the sum of 1 + 1/2 + 1/3 ... over ballots.

    Source: Thiele (1895); Lackner and Skowron, Multi-Winner Voting with Approval Preferences (2023), rule 2.
    """
    voters = read_voters(t, shares)
    have = np.zeros(len(voters.group), np.int64)

    def less_gain(question: int) -> Fraction | None:
        ballots = voters.approving(question)
        earned = voters.earn_by(ballots, have[ballots], int(have.max(initial=0)) + 1)
        return -sum((part / (1 + k) for k, part in enumerate(earned)), Fraction(0)) or None

    taken: Taken = []
    costs = Costs(range(voters.questions), less_gain)
    while _wanted(taken, size) and (chosen := _best(costs.cheapest(), rank)):
        for q in chosen:
            have[voters.approving(q)] += 1
        costs.take(chosen)
        taken.append((chosen, f"taken {len(taken) + 1}. by sequential PAV"))
    return taken


def sequential_phragmen(t: Tally, shares: Mapping[str, int], size: int, rank: IntArray) -> Taken:
    """Return the questions in the order in which those who approve them have earned their price of 1.

    Source: Phragmen (1894); Brill et al., Math Program 2024;203:47.
    """
    voters = read_voters(t, shares)
    return _phragmen(Purses(voters, 0), [], size, rank, "by sequential Phragmen")


def equal_shares(t: Tally, shares: Mapping[str, int], size: int, rank: IntArray) -> Taken:
    """Return the questions bought with equal money, the cheapest per approving ballot first; then by Phragmen.

    The money is enough for `size` questions at a price of 1. Completion: sequential Phragmen, starting from the money
    left. Source: Peters and Skowron, EC 2020; completion as in Lackner and Skowron (2023), rule 11.
    """
    voters = read_voters(t, shares)
    purses = Purses(voters, size)
    taken: Taken = []
    costs = Costs(range(voters.questions), purses.price)
    while _wanted(taken, size) and (cheapest := _best(costs.cheapest(), rank)):
        chosen = [q for q in cheapest if purses.buy(q)]
        costs.take(chosen)
        taken.append((chosen, f"taken {len(taken) + 1}. by equal shares"))
    return _phragmen(purses, taken, size, rank, "by equal shares, completed by sequential Phragmen")


def _phragmen(purses: Purses, taken: Taken, size: int, rank: IntArray, how: str) -> Taken:
    """Take questions when they can be paid for, from the money there is at time 0 and what is earned from then on.

    A ballot that pays at some time has nothing then, which is as if it had owed at time 0 what it earned until then.
    """
    voters, last, times = purses.voters, np.zeros(len(purses.spent), np.int64), [Fraction(0)]

    def when(question: int) -> Fraction | None:
        ballots = voters.approving(question)
        earned = voters.earn_by(ballots, last[ballots], len(times))
        income = sum(earned, Fraction(0))
        if not income:
            return None
        owed = sum((part * time for part, time in zip(earned, times, strict=True)), Fraction(0))
        return (1 + owed - purses.total(ballots[last[ballots] == 0])) / income

    costs = Costs(set(range(voters.questions)) - {q for chosen, _ in taken for q in chosen}, when)
    while _wanted(taken, size) and (cheapest := costs.cheapest()):
        chosen = _best(cheapest, rank)
        for q in chosen:
            last[voters.approving(q)] = len(times)
        times.append(cheapest[chosen[0]])
        costs.take(chosen)
        taken = [*taken, (chosen, f"taken {len(taken) + 1}. {how}")]
    return taken


def _wanted(taken: Taken, size: int) -> bool:
    """Return whether there is still a question to be taken."""
    return sum(len(chosen) for chosen, _ in taken) < size


def _best(level: Mapping[int, Fraction], rank: IntArray) -> list[int]:
    """Return of questions level in cost the highest in the combined order, and all that are level there too."""
    first = min((rank[q] for q in level), default=0)
    return sorted(q for q in level if rank[q] == first)


PROPORTIONAL_RULES: dict[str, Callable[[Tally, Mapping[str, int], int, IntArray], Taken]] = {
    "sequential_pav": sequential_pav,
    "sequential_phragmen": sequential_phragmen,
    "equal_shares": equal_shares,
}
