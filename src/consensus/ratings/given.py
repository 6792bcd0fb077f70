"""Ratings as received: which were given, and which cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real

import numpy as np
import numpy.typing as npt

from consensus.errors import DataError

__all__ = ["LEAST", "MOST", "CountedRatings", "read_ratings"]

LEAST, MOST = 1, 9
"""The scale of most published definitions: 1 to 3 not important, 4 to 6 important, 7 to 9 critical."""


def read_ratings(ratings: Iterable[float], least: int = LEAST, most: int = MOST) -> list[int]:
    """Return the ratings that were given; raise on every one that is not a whole number from `least` to `most`.

    Examples
    --------
    >>> read_ratings([7, None, 9.0, float("nan")])
    [7, 9]
    """
    if not isinstance(ratings, Iterable) or isinstance(ratings, str):
        raise DataError(f"Ratings come as a list, one a person; this is a {type(ratings).__name__}.")
    kept = [(at, rating) for at, rating in enumerate(ratings, 1) if rating is not None and rating == rating]
    faults = [
        f"rating {at} is not a whole number from {least} to {most}; mend it."
        for at, rating in kept
        if not (isinstance(rating, Real) and least <= rating <= most and rating == int(rating))
    ]
    if faults:
        raise DataError.of("the ratings", faults)
    return [int(rating) for _, rating in kept]


class CountedRatings(Sequence[int]):
    """Ratings in rising order, held as how often each value was given, so that a million take no more than ten.

    Examples
    --------
    >>> list(CountedRatings([1, 5, 9], [2, 0, 1]))
    [1, 1, 9]
    """

    def __init__(self, values: Sequence[int], counts: npt.ArrayLike) -> None:
        self._values = list(values)
        self._ends = np.cumsum(np.asarray(counts, dtype=np.int64))

    def __len__(self) -> int:
        """Return how many ratings there are."""
        return int(self._ends[-1]) if len(self._ends) else 0

    def __getitem__(self, at):  # type: ignore[no-untyped-def]
        """Return the rating at a place in the rising order."""
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return int(self._values[int(np.searchsorted(self._ends, at % len(self), side="right"))])
