"""Ratings on the 1 to 9 scale: is there consensus, and do the raters disagree?

Counts decide; percentages are compared as whole numbers, because 0.7 * n in floats fails on the boundary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from consensus.errors import DataError

__all__ = ["PERCENTILES", "PRESETS", "RandUcla", "Verdict", "comet_70_15", "percentile", "rand_ucla"]

Verdict = Literal["in", "out", "no consensus"]

LEAST, MOST = 1, 9
IPRAS_AT_CENTRE, IPRAS_STEP = Fraction(47, 20), Fraction(3, 2)
"""2.35 and 1.5 of Fitch et al., The RAND/UCLA Appropriateness Method User's Manual, 2001."""


def comet_70_15(ratings: Iterable[float]) -> Verdict:
    """Return "in" when at least 70 % rate 7 to 9 and fewer than 15 % rate 1 to 3, "out" the other way round.

    Missing ratings (None, NaN) are not counted; nobody left is no consensus. Source: Trials 2015;16:507, table 1.

    Examples
    --------
    >>> comet_70_15([9] * 7 + [5] * 3), comet_70_15([9] * 17 + [1] * 3), comet_70_15([1] * 7 + [5] * 3)
    ('in', 'no consensus', 'out')
    """
    given = _given(ratings)
    n, high, low = len(given), sum(r >= 7 for r in given), sum(r <= 3 for r in given)
    if n and 10 * high >= 7 * n and 20 * low < 3 * n:
        return "in"
    if n and 10 * low >= 7 * n and 20 * high < 3 * n:
        return "out"
    return "no consensus"


PRESETS: dict[str, Callable[[Iterable[float]], Verdict]] = {"COMET 70/15": comet_70_15}
"""Published definitions of consensus by their name, each a function of one question's ratings."""


def _linear(ordered: Sequence[int], part: Fraction) -> Fraction:
    at = part * (len(ordered) - 1)
    below = at.numerator // at.denominator
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])


def _nearest_rank(ordered: Sequence[int], part: Fraction) -> Fraction:
    at = part * len(ordered)
    return Fraction(ordered[max(0, -(-at.numerator // at.denominator) - 1)])


def _averaged(ordered: Sequence[int], part: Fraction) -> Fraction:
    at = part * len(ordered)
    if at.denominator != 1 or not 0 < at < len(ordered):
        return _nearest_rank(ordered, part)
    return Fraction(ordered[int(at) - 1] + ordered[int(at)], 2)


PERCENTILES: dict[str, Callable[[Sequence[int], Fraction], Fraction]] = {
    "linear": _linear,
    "nearest_rank": _nearest_rank,
    "averaged": _averaged,
}
"""Definitions of a percentile: types 7, 1 and 2 of Hyndman and Fan, Am Stat 1996;50:361."""


def percentile(ratings: Iterable[float], percent: int, definition: str = "linear") -> Fraction:
    """Return a percentile of the ratings given, exactly, by the named definition.

    Examples
    --------
    >>> percentile([1, 2, 3, 4], 50), percentile([1, 2, 3, 4], 50, "nearest_rank")
    (Fraction(5, 2), Fraction(2, 1))
    """
    given = sorted(_given(ratings))
    if definition not in PERCENTILES:
        raise DataError(f"No percentile called {definition!r}; use one of {', '.join(PERCENTILES)}.")
    if not given or not 0 <= percent <= 100:
        raise DataError("A percentile needs at least one rating and a per cent from 0 to 100.")
    return PERCENTILES[definition](given, Fraction(percent, 100))


@dataclass(frozen=True)
class RandUcla:
    """How far raters disagree on one question, by the RAND/UCLA appropriateness method.

    Attributes
    ----------
    n
        Ratings given.
    median, p30, p70
        Of the ratings, 1 to 9.
    ipr, iprcp, ai, ipras
        The interpercentile range p70 - p30, its centre, the asymmetry |5 - centre|, the range adjusted for symmetry.
    disagreement, index
        Whether ipr > ipras; ipr / ipras, where more than 1 is disagreement.
    definition
        The percentile definition used.
    """

    n: int
    median: float
    p30: float
    p70: float
    ipr: float
    iprcp: float
    ai: float
    ipras: float
    disagreement: bool
    index: float
    definition: str


def rand_ucla(ratings: Iterable[float], definition: str = "linear") -> RandUcla:
    """Return the RAND/UCLA disagreement statistics of one question's ratings from 1 to 9.

    Missing ratings are not counted. IPRAS = 2.35 + 1.5 * AI; disagreement is IPR > IPRAS, decided on fractions.

    Raises
    ------
    DataError
        A rating that is not a whole number from 1 to 9, or none at all.

    Examples
    --------
    >>> found = rand_ucla([7, 7, 8, 8, 9])
    >>> found.median, found.ipras, found.disagreement
    (8.0, 6.25, False)
    """
    given = list(_given(ratings))
    p30, p70 = (percentile(given, percent, definition) for percent in (30, 70))
    centre = (p30 + p70) / 2
    asymmetry = abs(5 - centre)
    ipr, ipras = p70 - p30, IPRAS_AT_CENTRE + IPRAS_STEP * asymmetry
    return RandUcla(
        n=len(given),
        median=float(percentile(given, 50, "averaged")),
        p30=float(p30),
        p70=float(p70),
        ipr=float(ipr),
        iprcp=float(centre),
        ai=float(asymmetry),
        ipras=float(ipras),
        disagreement=ipr > ipras,
        index=float(ipr / ipras),
        definition=definition,
    )


def _given(ratings: Iterable[float]) -> list[int]:
    """Return the ratings that were given; raise on every one that is not a whole number from 1 to 9."""
    kept = [(at, rating) for at, rating in enumerate(ratings, 1) if rating is not None and rating == rating]
    faults = [
        f"rating {at} is not a whole number from {LEAST} to {MOST}; mend it."
        for at, rating in kept
        if not (LEAST <= rating <= MOST and rating == int(rating))
    ]
    if faults:
        raise DataError.of("the ratings", faults)
    return [int(rating) for _, rating in kept]
