"""Where ratings lie and how far they spread: percentiles by a named definition, and RAND/UCLA disagreement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from consensus.digest import digest
from consensus.errors import DataError
from consensus.ratings.given import read_ratings
from consensus.version import __version__

__all__ = ["PERCENTILES", "RandUcla", "percentile", "percentile_of", "rand_ucla"]

IPRAS_AT_CENTRE, IPRAS_STEP = Fraction(47, 20), Fraction(3, 2)
"""2.35 and 1.5 of Fitch et al., The RAND/UCLA Appropriateness Method User's Manual, 2001."""


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
    return percentile_of(sorted(read_ratings(ratings)), percent, definition)


def percentile_of(ordered: Sequence[int], percent: int, definition: str = "linear") -> Fraction:
    """Return a percentile, exactly, of whole numbers in rising order, on any scale.

    Examples
    --------
    >>> percentile_of([0, 10, 40], 75)
    Fraction(25, 1)
    """
    if definition not in PERCENTILES:
        raise DataError(f"No percentile called {definition!r}; use one of {', '.join(PERCENTILES)}.")
    if not len(ordered) or not 0 <= percent <= 100:
        raise DataError("A percentile needs at least one rating and a per cent from 0 to 100.")
    return PERCENTILES[definition](ordered, Fraction(percent, 100))


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
    digest
        SHA-256 of the ratings, whatever their order.
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
    digest: str

    @property
    def attrs(self) -> dict[str, Any]:
        """Return method, options, version and digest, as frames carry them."""
        options = {"definition": self.definition}
        return {
            "method": "rand_ucla",
            "options": options,
            "ratings": self.n,
            "version": __version__,
            "digest": self.digest,
        }


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
    given = list(read_ratings(ratings))
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
        digest=digest(sorted(given)),
    )
