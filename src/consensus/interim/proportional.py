"""Shortlists that give every part of every stakeholder group its due: proportional rules on who approves what.

A ballot approves the questions it ranks within the depth, chooses, or gives points. Each group has equal money, times
its share, split evenly over its ballots. All sums are exact fractions. Where questions are level, the one higher in the
combined order is taken; those level there too are taken together, so that the shortlist may grow past its size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from consensus.errors import ProtocolError
from consensus.tally import IntArray, Tally

__all__ = ["PROPORTIONAL_RULES", "Voters", "equal_shares", "read_voters", "sequential_pav", "sequential_phragmen"]

Purse = tuple[int, Fraction]
Taken = list[tuple[list[int], str]]
"""The questions taken at each turn, mostly one, and why."""


@dataclass
class Voters:
    """Ballots that approve questions; those of one group with one purse are counted together.

    Attributes
    ----------
    start, question
        (B + 1,), (rows,) what each ballot approves.
    weight, purse
        (B,) how many identical ballots; which of `purses` each has now.
    purses
        Each a group and an amount: money, or for PAV how many of its questions are taken.
    income
        Group -> what each of its ballots earns in a unit of time: share / (ballots, all groups' shares together 1).
    counts
        (purses, Q) how many ballots with this purse approve the question.
    """

    start: IntArray
    question: IntArray
    weight: IntArray
    purse: IntArray
    purses: list[Purse]
    income: Mapping[int, Fraction]
    counts: IntArray
    known: dict[Purse, int] = field(default_factory=dict)

    def change(self, chosen: int, amount: Callable[[Purse], Fraction]) -> None:
        """Give every ballot that approves a question another amount, worked out from its purse."""
        owner = np.repeat(np.arange(len(self.weight)), np.diff(self.start))
        moved = owner[self.question == chosen]
        old = self.purse[moved]
        new_of = {int(at): self._purse((self.purses[at][0], amount(self.purses[at]))) for at in np.unique(old)}
        self.purse[moved] = [new_of[int(at)] for at in old]
        if len(self.purses) > len(self.counts):
            grown = np.zeros((len(self.purses) - len(self.counts), self.counts.shape[1]), np.int64)
            self.counts = np.concatenate([self.counts, grown])
        rows = np.isin(owner, moved) if len(moved) else np.zeros(len(owner), bool)
        before = np.zeros(len(self.weight), np.int64)
        before[moved] = old
        ballot = owner[rows]
        np.subtract.at(self.counts, (before[ballot], self.question[rows]), self.weight[ballot])
        np.add.at(self.counts, (self.purse[ballot], self.question[rows]), self.weight[ballot])

    def _purse(self, purse: Purse) -> int:
        if purse not in self.known:
            self.known[purse] = len(self.purses)
            self.purses.append(purse)
        return self.known[purse]

    def approving(self, question: int) -> Iterator[tuple[int, Fraction, int]]:
        """Yield group, amount and number of the ballots that approve a question, purse by purse."""
        column = self.counts[:, question]
        for at in np.flatnonzero(column):
            yield (*self.purses[at], int(column[at]))


def read_voters(t: Tally, shares: Mapping[str, int], amount: Callable[[Fraction], Fraction]) -> Voters:
    """Return the ballots of groups with a share, each with the amount that its income gives it at the start.

    Raises
    ------
    ProtocolError
        The form of the ballots does not say what a ballot approves.
    """
    coded = t.ballots
    approves = {"ranked": coded.value <= t.places, "chosen": coded.value == 1, "points": coded.value > 0}
    if t.form not in approves:
        raise ProtocolError(f"A proportional shortlist needs ballots that are {', '.join(approves)}, not {t.form}.")
    say = sum(shares.get(group, 1) for group, n in zip(t.groups, t.n, strict=True) if n)
    income = {g: Fraction(shares.get(name, 1), int(t.n[g]) * say) for g, name in enumerate(t.groups) if t.n[g]}
    voice = np.array([bool(income.get(g)) for g in range(len(t.groups))])
    rows = approves[t.form] & voice[coded.group][coded.owner]
    start = np.r_[0, np.cumsum(np.bincount(coded.owner[rows], minlength=len(coded)))]
    purses = [(g, amount(income.get(g, Fraction(0)))) for g in range(len(t.groups))]
    counts = np.zeros((len(purses), len(t.questions)), np.int64)
    np.add.at(counts, (coded.group[coded.owner[rows]], coded.question[rows]), coded.weight[coded.owner[rows]])
    known = {purse: at for at, purse in enumerate(purses)}
    return Voters(start, coded.question[rows], coded.weight, coded.group.copy(), purses, income, counts, known)


def sequential_pav(t: Tally, shares: Mapping[str, int], size: int, rank: IntArray) -> Taken:
    """Return the questions taken one by one, each adding most to the sum of 1 + 1/2 + 1/3 ... over ballots.

    Source: Thiele (1895); Lackner and Skowron, Multi-Winner Voting with Approval Preferences (2023), rule 2.
    """
    voters = read_voters(t, shares, lambda income: Fraction(0))
    taken: Taken = []
    while open_ := _open(taken, size, len(t.questions)):
        gain = {q: sum((voters.income[g] * n / (1 + k) for g, k, n in voters.approving(q)), Fraction(0)) for q in open_}
        chosen = _best({q: -x for q, x in gain.items() if x}, rank)
        if not chosen:
            break
        for q in chosen:
            voters.change(q, lambda purse: purse[1] + 1)
        taken.append((chosen, f"taken {len(taken) + 1}. by sequential PAV"))
    return taken


def sequential_phragmen(t: Tally, shares: Mapping[str, int], size: int, rank: IntArray) -> Taken:
    """Return the questions in the order in which those who approve them have earned their price of 1.

    Source: Phragmen (1894); Brill et al., Math Program 2024;203:47.
    """
    voters = read_voters(t, shares, lambda income: Fraction(0))
    return _phragmen(voters, [], size, rank, "by sequential Phragmen")


def equal_shares(t: Tally, shares: Mapping[str, int], size: int, rank: IntArray) -> Taken:
    """Return the questions bought with equal money, the cheapest per approving ballot first; then by Phragmen.

    The money is enough for `size` questions at a price of 1. Completion: sequential Phragmen, starting from the money
    left. Source: Peters and Skowron, EC 2020; completion as in Lackner and Skowron (2023), rule 11.
    """
    voters = read_voters(t, shares, lambda income: income * size)
    taken: Taken = []
    while open_ := _open(taken, size, len(t.questions)):
        near = _near_cheapest(voters, open_)
        price = {q: level for q in near if (level := _level_price(voters, q)) is not None}
        if not price:
            break
        cheapest = _best(price, rank)
        chosen = [q for q in cheapest if _buy(voters, q)]
        taken.append((chosen, f"taken {len(taken) + 1}. by equal shares"))
    return _phragmen(voters, taken, size, rank, "by equal shares, completed by sequential Phragmen")


def _buy(voters: Voters, question: int) -> bool:
    """Let those who approve a question pay for it; False where those level with it have just spent the money."""
    cap = _level_price(voters, question)
    if cap is None:
        return False
    voters.change(question, lambda purse: purse[1] - min(purse[1], cap * voters.income[purse[0]]))
    return True


def _near_cheapest(voters: Voters, open_: list[int]) -> list[int]:
    """Return the questions whose level price, in floats, is the least or so near it that exact sums must decide."""
    most = np.array([float(money / voters.income[g]) if voters.income.get(g) else 0.0 for g, money in voters.purses])
    income = np.array([float(voters.income.get(g, 0)) for g, _ in voters.purses])
    order = np.argsort(most, kind="stable")
    weight = voters.counts[order][:, open_] * income[order, None]
    spent = np.cumsum(weight * most[order, None], axis=0) - weight * most[order, None]
    left = weight[::-1].cumsum(axis=0)[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(left > 0, (1 - spent) / left, np.inf)
    enough = level <= most[order, None] * (1 + 1e-9)
    price = np.where(enough.any(axis=0), level[enough.argmax(axis=0), np.arange(len(open_))], np.inf)
    return [q for q, p in zip(open_, price.tolist(), strict=True) if p <= price.min() * (1 + 1e-9)]


def _level_price(voters: Voters, question: int) -> Fraction | None:
    """Return the least r such that paying r times their income, or all they have, raises 1; None: it cannot."""
    held = sorted((money / voters.income[g], voters.income[g] * n) for g, money, n in voters.approving(question))
    income, spent = sum((w for _, w in held), Fraction(0)), Fraction(0)
    for most, w in held:
        if spent + most * income >= 1:
            return (1 - spent) / income
        spent += most * w
        income -= w
    return None


def _phragmen(voters: Voters, taken: Taken, size: int, rank: IntArray, how: str) -> Taken:
    """Take questions as they can be paid for; a purse holds what its ballots would have had at time 0."""
    while open_ := _open(taken, size, voters.counts.shape[1]):
        when = {}
        for q in open_:
            held = list(voters.approving(q))
            if held:
                income = sum((voters.income[g] * n for g, _, n in held), Fraction(0))
                when[q] = (1 - sum((money * n for _, money, n in held), Fraction(0))) / income
        if not when:
            break
        chosen = _best(when, rank)
        for q in chosen:
            voters.change(q, lambda purse, now=when[q]: -now * voters.income[purse[0]])  # type: ignore[misc]
        taken = [*taken, (chosen, f"taken {len(taken) + 1}. {how}")]
    return taken


def _open(taken: Taken, size: int, questions: int) -> list[int]:
    """Return the questions not taken, or none once there are enough."""
    gone = {q for chosen, _ in taken for q in chosen}
    return [] if len(gone) >= size else [q for q in range(questions) if q not in gone]


def _best(cost: Mapping[int, Fraction], rank: IntArray) -> list[int]:
    """Return the cheapest; of those level, the highest in the combined order, and all that are level there too."""
    if not cost:
        return []
    lowest = min(cost.values())
    level = [q for q, c in cost.items() if c == lowest]
    first = min(rank[q] for q in level)
    return [q for q in level if rank[q] == first]


PROPORTIONAL_RULES: dict[str, Callable[[Tally, Mapping[str, int], int, IntArray], Taken]] = {
    "sequential_pav": sequential_pav,
    "sequential_phragmen": sequential_phragmen,
    "equal_shares": equal_shares,
}
