"""How often an answer on one candidate is wrong, from what was asked more than once.

What was repeated at random tells it plainly: of two answers on the same that disagree one is wrong. What was asked
again because it looked wrong tells more of it with fewer answers, once it is taken into account how wrong each looked:
where few stand up to it answers err often, where many do they hardly err.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["Asked", "error_rate", "wrong"]

_GRID = np.arange(1, 101) / 400  # from 1 in 400 to 1 in 4
_BELIEVED = (1.0, 40.0)  # beta variate believed in before anything was repeated: an answer in forty is wrong, or fewer
_DECIMALS = 6


class Asked(NamedTuple):
    """An answer that was asked for again because it looked wrong.

    `chance`: how likely it was wrong by the evidence alone; `times`: how often it was given more than its opposite;
    `turned`: whether the opposite was said this time.
    """

    chance: float
    times: int
    turned: bool


def wrong(chance: float | np.ndarray, error: float | np.ndarray, times: int | np.ndarray) -> np.ndarray:
    """Return how likely an answer is wrong that was given so many times more than its opposite.

    Parameters
    ----------
    chance
        How likely it is wrong by the evidence alone.
    error
        How often an answer is wrong.

    Examples
    --------
    >>> wrong(0.5, 0.1, np.array([0, 1, 2])).round(3).tolist()
    [0.5, 0.1, 0.012]
    """
    odds = (np.asarray(error) / (1 - np.asarray(error))) ** times
    return np.asarray(chance * odds / np.maximum(chance * odds + (1 - np.asarray(chance)), 1e-12))


def error_rate(repeats: int, disagreements: int, asked: Sequence[Asked] = ()) -> float:
    """Return how often an answer is taken to be wrong: the mean of what is believed after all that was repeated.

    Parameters
    ----------
    repeats, disagreements
        How many answers were repeated at random, and how many of them differed from the first.

    Examples
    --------
    >>> error_rate(0, 0) > error_rate(40, 0) < error_rate(40, 6)
    True
    >>> stood = [Asked(0.8, 1, turned=False)] * 10
    >>> error_rate(0, 0, stood) < error_rate(10, 0)
    True
    """
    unlike = 2 * _GRID * (1 - _GRID)
    told = (_BELIEVED[0] - 1) * np.log(_GRID) + (_BELIEVED[1] - 1) * np.log(1 - _GRID)
    told = told + disagreements * np.log(unlike) + (repeats - disagreements) * np.log(1 - unlike)
    if asked:
        chance, times, turned = (np.array(column)[:, None] for column in zip(*asked, strict=True))
        looked = wrong(chance, _GRID, times)
        turns = looked * (1 - _GRID) + (1 - looked) * _GRID
        told = told + np.log(np.where(turned, turns, 1 - turns)).sum(axis=0)
    believed = np.exp(told - told.max())
    return round(float((believed * _GRID).sum() / believed.sum()), _DECIMALS)
