"""Seed to draws that come out the same on every Python: one stream a name, never depending on another stream."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["Deck", "Draw"]

T = TypeVar("T")
TINY = 1e-9


class Draw:
    """A seeded stream of draws with a name of its own.

    Only `random.Random.random` is used, whose sequence Python keeps from version to version; choices are made from it
    here. Streams with other names go on undisturbed when one stream draws more.

    Examples
    --------
    >>> draw = Draw(2026, "example")
    >>> [draw.below(10) for _ in range(5)], draw.pick(["a", "b", "c"])
    ([7, 4, 2, 7, 9], 'c')
    """

    def __init__(self, seed: int, stream: str) -> None:
        digest = hashlib.sha256(f"{seed}:{stream}".encode()).digest()
        self._uniform = random.Random(int.from_bytes(digest[:8], "big")).random

    def below(self, n: int) -> int:
        """Return a whole number from 0 to `n` - 1."""
        return int(self._uniform() * n)

    def chance(self, per_thousand: int) -> bool:
        """Return True in `per_thousand` of a thousand cases."""
        return self.below(1000) < per_thousand

    def pick(self, options: Sequence[T]) -> T:
        """Return one of `options`."""
        return options[self.below(len(options))]

    def weighted(self, weights: Sequence[int]) -> int:
        """Return a place in `weights`, each as likely as its whole-number weight."""
        left = self.below(sum(weights))
        for place, weight in enumerate(weights):
            left -= weight
            if left < 0:
                return place
        raise ValueError("the weights sum to 0")

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """Return `options` in a drawn order."""
        order = list(options)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order

    def normal(self) -> float:
        """Return a standard normal draw."""
        radius = math.sqrt(-2 * math.log(1 - self._uniform()))
        return radius * math.cos(2 * math.pi * self._uniform())

    def gumbel(self) -> float:
        """Return a standard Gumbel draw: the noise whose order makes Plackett-Luce choices."""
        inside = TINY + self._uniform() * (1 - 2 * TINY)  # neither 0 nor 1
        return -math.log(-math.log(inside))


class Deck:
    """Options dealt in a drawn order, and again in another once all are used, at most `rounds` times.

    Examples
    --------
    >>> deck = Deck(["a", "b"], Draw(1, "deck"), rounds=2)
    >>> sorted(deck.deal()[0] for _ in range(2)), deck.deal()[1], deck.left
    (['a', 'b'], 1, 1)
    """

    def __init__(self, options: Sequence[str], draw: Draw, rounds: int = 1) -> None:
        self._dealt = [(option, use) for use in range(rounds) for option in draw.shuffled(options)]
        self._place = 0

    @property
    def left(self) -> int:
        """Return how many cards are left."""
        return len(self._dealt) - self._place

    def deal(self) -> tuple[str, int]:
        """Return the next option and how often it was dealt before."""
        self._place += 1
        return self._dealt[self._place - 1]
