"""Published definitions of consensus, by name. Counts decide: 0.7 * n in floats fails on the boundary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from consensus.errors import DataError
from consensus.ratings.given import read_ratings

__all__ = ["PRESETS", "Preset", "Verdict", "comet_70_15", "judge"]

Verdict = Literal["in", "out", "provisional", "no consensus"]
ByGroup = Mapping[str, list[int]]


@dataclass(frozen=True)
class Preset:
    """A published definition of consensus.

    Attributes
    ----------
    name
        As METHODS and the protocol name it.
    scale
        The lowest and the highest answer that it is defined for.
    source
        Where it was printed.
    decide
        Ratings by group (groups without any left out, never all of them) and the round, from 1 -> the verdict.
    """

    name: str
    scale: tuple[int, int]
    source: str
    decide: Callable[[ByGroup, int], Verdict]


def judge(
    ratings: Iterable[float] | Mapping[str, Iterable[float]],
    preset: str = "COMET 70/15 symmetric",
    round_number: int = 2,
) -> Verdict:
    """Return what one question's ratings come to by a published definition.

    Parameters
    ----------
    ratings
        Of one question; by stakeholder group where the definition asks about every group (else all are one group).
        Missing ratings (None, NaN) are not counted, a group without any is left out, nobody left is no consensus.
    preset
        A name in `PRESETS`.
    round_number
        From 1; the definition "Round-dependent" asks for less in the first.

    Raises
    ------
    DataError
        An unknown definition, or answers that it is not defined for.

    Examples
    --------
    >>> both = {"carer": [9] * 8 + [5] * 2, "nurse": [9] * 6 + [5] * 4}
    >>> judge(both, "70/15 with 50% out"), judge(both, "70/15 every group")
    ('in', 'no consensus')
    """
    if preset not in PRESETS:
        raise DataError(f"No definition of consensus called {preset!r}; use one of {', '.join(PRESETS)}.")
    chosen = PRESETS[preset]
    named = ratings if isinstance(ratings, Mapping) else {"all": ratings}
    given = {group: read_ratings(values, *chosen.scale) for group, values in named.items()}
    by_group = {group: values for group, values in given.items() if values}
    return chosen.decide(by_group, round_number) if by_group else "no consensus"


def comet_70_15(ratings: Iterable[float]) -> Verdict:
    """Return "in" when at least 70 % rate 7 to 9 and fewer than 15 % rate 1 to 3, "out" the other way round.

    Missing ratings (None, NaN) are not counted; nobody left is no consensus. Source: Trials 2015;16:507, table 1.

    Examples
    --------
    >>> comet_70_15([9] * 7 + [5] * 3), comet_70_15([9] * 17 + [1] * 3), comet_70_15([1] * 7 + [5] * 3)
    ('in', 'no consensus', 'out')
    """
    return judge(ratings, "COMET 70/15 symmetric")


def _high(ratings: list[int]) -> int:
    return sum(rating >= 7 for rating in ratings)


def _low(ratings: list[int]) -> int:
    return sum(rating <= 3 for rating in ratings)


def _mostly(many: int, few: int, n: int, tenths: int = 7) -> bool:
    """Whether at least so many tenths are on one side and fewer than 15 % on the other."""
    return 10 * many >= tenths * n and 20 * few < 3 * n


def _pooled(by_group: ByGroup) -> list[int]:
    return [rating for ratings in by_group.values() for rating in ratings]


def _symmetric(by_group: ByGroup, round_number: int) -> Verdict:
    return _both_ways(_pooled(by_group), 7)


def _both_ways(ratings: list[int], tenths: int) -> Verdict:
    high, low, n = _high(ratings), _low(ratings), len(ratings)
    if _mostly(high, low, n, tenths):
        return "in"
    return "out" if _mostly(low, high, n, tenths) else "no consensus"


def _half_out(by_group: ByGroup, round_number: int) -> Verdict:
    pooled = _pooled(by_group)
    if _mostly(_high(pooled), _low(pooled), len(pooled)):
        return "in"
    return _out_in_each(by_group)


def _every_group(by_group: ByGroup, round_number: int) -> Verdict:
    if all(_mostly(_high(ratings), _low(ratings), len(ratings)) for ratings in by_group.values()):
        return "in"
    return _out_in_each(by_group)


def _out_in_each(by_group: ByGroup) -> Verdict:
    """Return "out" when at most half of each group rate 7 to 9."""
    return "out" if all(2 * _high(ratings) <= len(ratings) for ratings in by_group.values()) else "no consensus"


def _by_round(by_group: ByGroup, round_number: int) -> Verdict:
    return _both_ways(_pooled(by_group), 5 if round_number == 1 else 7)


def _outside_mode(by_group: ByGroup, round_number: int) -> Verdict:
    pooled = _pooled(by_group)
    n = len(pooled)
    if not 8 <= n <= 25:
        raise DataError(f"'Count outside mode' is defined for 8 to 25 answers; there are {n}. Use another definition.")
    outside = n - max(pooled.count(rating) for rating in set(pooled))
    return "in" if outside <= 2 + (n - 8) // 3 else "no consensus"


def _bands(by_group: ByGroup, round_number: int) -> Verdict:
    pooled = _pooled(by_group)
    agree, n = sum(vote == 1 for vote in pooled), len(pooled)
    if 10 * agree >= 7 * n:
        return "in"
    return "out" if 10 * agree < 3 * n else "provisional"


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("COMET 70/15 symmetric", (1, 9), "Trials 2015;16:507, table 1", _symmetric),
        Preset("70/15 with 50% out", (1, 9), "BMJ Open, markup 169116", _half_out),
        Preset("70/15 every group", (1, 9), "PMC10860107, table 2", _every_group),
        Preset("Round-dependent", (1, 9), "PMC8024512, table 1", _by_round),
        Preset("Count outside mode", (1, 9), "PMC5966219, table 4", _outside_mode),
        Preset("Binary vote bands", (0, 1), "publicatie-online.nl 173774, page 28", _bands),
    )
}
"""Published definitions by their name: 7 to 9 is high, 1 to 3 low, a vote is 1 (agree) or 0."""
