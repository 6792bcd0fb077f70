"""How much of what belongs together is together: an estimate with an interval that says how far it can be trusted.

The model's chances are taken by two measures. Where a chance is fair, what recent screens found beside what was
expected of them says how far to trust it; where it is slight only checks do, which ask about such groups at random.
Each measure is a gamma variate: what is believed at the start, and what was found. Simulated reviews of several
collections showed that the truth lies farther off than these tell; the odds are spread by as much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from consensus.duplicates.deciding.checking import HARDLY

__all__ = ["HOPES", "Recall", "hopes", "recall"]

HOPES = 4
"""Numbers kept of what is hoped to be around a group: how many groups and submissions, of fair and of slight chance."""

LEVEL = 0.9
RECENT = 30
"""Screens from which is judged how far fair chances can be trusted."""

_FAIR = (8.0, 8.0)  # shape and rate believed at the start: chances are right, within a third
_SLIGHT = (0.6, 4.5)  # an eighth of what slight chances add up to, or nothing, or half
_BEYOND = (1.0, 60.0)  # the part that is not among the nearest of anything: one in sixty, or none, or twice that
_CLUMPED = (0.25, 1.0)  # how much what is missing comes together: groups that lack nothing are so many the more
_UNLIKE = 0.5  # what no measure tells: by how much the odds of what is missing differ from one review to another
_DRAWS = 400
_LEAST = 1e-6
_SEED = 7


@dataclass(frozen=True)
class Recall:
    """The estimate, and the interval that holds the truth nine times of ten."""

    estimate: float
    low: float
    high: float


def hopes(chances: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return [..., 4] how many groups ask the same by fair and by slight chances, and how many submissions are in them.

    Examples
    --------
    >>> hopes(np.array([0.5, 0.01]), np.array([2.0, 10.0])).tolist()
    [0.5, 0.01, 1.0, 0.1]
    """
    fair = chances >= HARDLY
    parts = [chances * fair, chances * ~fair, chances * sizes * fair, chances * sizes * ~fair]
    return np.stack([part.sum(axis=-1) for part in parts], axis=-1)


def recall(sizes: NDArray[np.float64], hoped: NDArray[np.float64], answers: Sequence[Mapping[str, Any]]) -> Recall:
    """Return the mean over submissions of which part of what belongs beside them is in their group.

    Parameters
    ----------
    sizes
        How many submissions each group has.
    hoped
        What is hoped to be around each: `hopes`.
    answers
        The answers that stand, by which chances are measured.
    """
    if not sizes.sum():
        return Recall(1.0, 1.0, 1.0)
    draws = np.random.default_rng(_SEED)
    trust = np.stack([draws.gamma(shape, 1 / rate, _DRAWS) for shape, rate in _measured(answers)], axis=1)
    clumps, beyond = draws.uniform(*_CLUMPED, _DRAWS), draws.beta(*_BEYOND, _DRAWS)
    told = zip(trust, clumps, beyond, strict=True)
    shares = np.array([_share(sizes, hoped, one, clump) * (1 - part) for one, clump, part in told])
    shares = expit(logit(shares.clip(_LEAST, 1 - _LEAST)) + _UNLIKE * draws.standard_normal(_DRAWS))
    low, high = np.quantile(shares, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Recall(float(shares.mean()), float(low), float(high))


def _share(sizes: NDArray[np.float64], hoped: NDArray[np.float64], trust: NDArray[np.float64], clump: float) -> float:
    """Return the mean recall when chances are right up to a factor for each kind.

    How many groups are missing from one is a negative binomial variate, since those that ask the same as one another
    are missing together; if any is, the submissions missing are their mean.
    """
    groups, missing = hoped[:, :2] @ trust, hoped[:, 2:] @ trust
    whole = (1 + groups / clump) ** -clump
    some = np.divide(missing, 1 - whole, out=np.zeros_like(missing), where=whole < 1)
    return float((sizes * (whole + (1 - whole) * sizes / (sizes + some))).sum() / sizes.sum())


def _measured(answers: Sequence[Mapping[str, Any]]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return shape and rate of the measure of fair chances, from recent screens, and of slight ones, from checks."""
    asked = [value for value in answers if any(value.get("evidence", ()))]
    fair = [pair for value in asked[-RECENT:] for pair in _found(value) if pair[0] >= HARDLY]
    slight = [pair for value in asked if value.get("check") for pair in _found(value) if pair[0] < HARDLY]
    return _gamma(_FAIR, fair), _gamma(_SLIGHT, slight)


def _gamma(start: tuple[float, float], told: list[tuple[float, bool]]) -> tuple[float, float]:
    return start[0] + sum(same for _, same in told), start[1] + sum(chance for chance, _ in told)


def _found(value: Mapping[str, Any]) -> list[tuple[float, bool]]:
    """Return for each candidate that was asked about for the first time its chance, and whether it was the same."""
    said = [True] * len(value["same"]) + [False] * len(value["different"])
    asked = zip(value["evidence"], value["chances"], said, strict=True)
    return [(float(chance), same) for row, chance, same in asked if row]
