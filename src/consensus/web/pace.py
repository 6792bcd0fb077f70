"""How fast forms may come: who is faster is slowed and flagged, and never dropped without a word."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

__all__ = ["Pace"]


@dataclass
class Pace:
    """A bucket of forms for each of those who send them, filled again at a steady rate; kept in memory alone.

    Attributes
    ----------
    a_minute
        How many forms a minute are usual.
    at_once
        How many may come at once.
    longest
        Seconds that anybody is made to wait; who would have to wait longer is asked to come again.
    most_known
        How many senders are remembered.

    Examples
    --------
    >>> pace = Pace(a_minute=60, at_once=2, longest=3)
    >>> [pace.wait("somebody", now=0.0) for _ in range(6)]
    [0.0, 0.0, 1.0, 2.0, 3.0, None]
    >>> pace.wait("somebody", now=9.0)
    0.0
    """

    a_minute: float
    at_once: float
    longest: float = 4.0
    most_known: int = 50_000
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict, repr=False)

    def wait(self, sender: str, *, now: float) -> float | None:
        """Return how many seconds a sender's form has to wait, or None where it should come again later."""
        left, at = self._buckets.pop(sender, (self.at_once, now))
        left = min(self.at_once, left + (now - at) * self.a_minute / 60) - 1
        wait = max(0.0, -left * 60 / self.a_minute)
        if wait > self.longest:
            self._buckets[sender] = (left + 1, now)
            return None
        self._buckets[sender] = (left, now)
        while len(self._buckets) > self.most_known:
            self._buckets.popitem(last=False)
        return wait
