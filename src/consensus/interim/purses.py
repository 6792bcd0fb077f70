"""What each ballot has left when questions are bought with equal money: exact, and followed in floats to know who.

Money is counted in the time it takes to earn, so that all start alike. A ballot's money is what it started with less
the prices it has paid in full; one that could not has none left. So sums over ballots are whole-number counts times
prices, and floats only say on which side of a price a ballot is: near it, the exact amounts do.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from consensus.interim.voters import Voters
from consensus.tally import IntArray

__all__ = ["Purses"]

NEAR = 1e-9
"""Amounts so near in floats, whose error is far smaller, are compared exactly."""

Mask = npt.NDArray[np.bool_]


class Purses:
    """Every ballot's money; a question costs 1, and what one ballot earns in a unit of time is its income.

    Attributes
    ----------
    money
        (B,) in floats; 0 where `spent`.
    spent
        (B,) whether a ballot has nothing left, exactly.
    prices, paid
        The prices so far, and for each (B,) whether a ballot has paid it in full.
    """

    def __init__(self, voters: Voters, start: int):
        self.voters, self.start, self.earning = voters, Fraction(start), voters.earnings()
        self.money = np.full(len(voters.group), float(start))
        self.spent: Mask = np.full(len(voters.group), start == 0)
        self.prices: list[Fraction] = []
        self.paid: list[Mask] = []

    def total(self, ballots: IntArray) -> Fraction:
        """Return what some ballots hold together, in money."""
        left = ballots[~self.spent[ballots]]
        held = self.start * self.voters.earn(left)
        for price, paid in zip(self.prices, self.paid, strict=True):
            held -= price * self.voters.earn(left[paid[left]])
        return held

    def price(self, question: int) -> Fraction | None:
        """Return the least r such that paying r times their income, or all they have, raises 1; None: it cannot."""
        ballots = self._able(question)
        money, earning = self.money[ballots], self.earning[ballots]
        held = float(earning @ money)
        if held < 1 - NEAR or (held < 1 + NEAR and self.total(ballots) < 1):
            return None
        level = _level(money, earning)
        while True:
            price = self._price_near(ballots, level)
            if abs(float(price) - level) <= NEAR / 2:
                return price
            level = float(price)

    def _price_near(self, ballots: IntArray, level: float) -> Fraction:
        """Return the price exactly, if it is near a level: those who have clearly less pay all, the others it."""
        near, rich = self._sides(ballots, level)
        spent, income = self.total(ballots[~near & ~rich]), self.voters.earn(ballots[near | rich])
        for most, earned in self._amounts(ballots[near]):
            if spent + most * income >= 1:
                break
            spent += most * earned
            income -= earned
        return (1 - spent) / income

    def _able(self, question: int) -> IntArray:
        """Return the ballots that approve a question and have anything."""
        ballots = self.voters.approving(question)
        return ballots[~self.spent[ballots]]

    def buy(self, question: int) -> bool:
        """Let those who approve a question pay for it; False where they cannot any more."""
        price = self.price(question)
        if price is None:
            return False
        ballots = self._able(question)
        near, rich = self._sides(ballots, float(price))
        if near.any():
            group, amounts = self._histories(ballots[near])
            rich[near] = np.array([amount > price for amount in amounts])[group]
        self.spent[ballots[~rich]] = True
        self.money[ballots] = np.where(rich, self.money[ballots] - float(price), 0)
        paid = np.zeros(len(self.spent), bool)
        paid[ballots[rich]] = True
        self.prices.append(price)
        self.paid.append(paid)
        return True

    def _sides(self, ballots: IntArray, price: float) -> tuple[Mask, Mask]:
        """Return who has about the price, and who has more."""
        money = self.money[ballots]
        near = np.abs(money - price) <= NEAR
        return near, (money > price) & ~near

    def _amounts(self, ballots: IntArray) -> list[tuple[Fraction, Fraction]]:
        """Return the exact amounts that some ballots have, the least first, with the income of those who have each."""
        group, amounts = self._histories(ballots)
        earned = self.voters.earn_by(ballots, group, len(amounts)) if amounts else []
        return sorted(zip(amounts, earned, strict=True))

    def _histories(self, ballots: IntArray) -> tuple[IntArray, list[Fraction]]:
        """Return for each ballot which amount it has, and the amounts: one for each set of prices paid."""
        if not len(ballots) or not self.paid:
            return np.zeros(len(ballots), np.int64), [self.start] if len(ballots) else []
        paid = np.stack([paid[ballots] for paid in self.paid])
        found, group = np.unique(np.packbits(paid, axis=0), axis=1, return_inverse=True)
        sets = np.unpackbits(found, axis=0, count=len(self.paid)).T.astype(bool)
        amounts = [self.start - sum((self.prices[k] for k in np.flatnonzero(one)), Fraction(0)) for one in sets]
        return group.ravel(), amounts


def _level(money: npt.NDArray, earning: npt.NDArray) -> float:
    """Return the least price that raises 1, in floats: Newton's steps from below never pass it, and end."""
    price, most = 0.0, float(money.max(initial=0.0))
    while True:
        rich = money > price
        income = float(earning[rich].sum())
        if not income:
            return most
        step = min((1 - float(earning[~rich] @ money[~rich])) / income, most)
        if step <= price * (1 + 1e-12):
            return price
        price = step
