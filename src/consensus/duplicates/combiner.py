"""From evidence to the probability that two submissions ask the same: a declared prior, and what answers teach.

A logistic model whose weights are held to those of the prior as firmly as the prior says: without an answer it gives
the prior's probabilities, with many it gives what the answers alone would (maximum a posteriori).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

__all__ = ["PRIOR", "Combiner", "Prior"]

Floats = NDArray[np.float64]

_ROUNDS = 50
_CLOSE = 1e-10
_DECIMALS = 6  # what is learned is kept to so many, so that the last bits of sums decide nothing
_CHANCE_DECIMALS = 9
_FARTHEST = 6.0  # spreads from the centre beyond which evidence says no more


@dataclass(frozen=True)
class Prior:
    """Coefficients before any answer: for each feature its centre, its spread and its weight, and where even odds lie.

    `hold` is the precision of each weight, `hold_level` that of the level: what share of pairs is the same differs from
    partnership to partnership, so the level is held least.
    """

    centre: tuple[float, ...]
    spread: tuple[float, ...]
    weight: tuple[float, ...]
    level: float
    hold: float = 4.0
    hold_level: float = 0.5


PRIOR = Prior(
    centre=(
        *(0.57, 0.65, -0.05, 0.86, 0.92, 0.73, 0.81, 0.56, 0.66, 0.23, 0.28, 0.62),
        *(0.53, 0.34, 0.27, 0.41, 0.59, 0.76, 0.41, 0.09, 0.02, 0.02, 0.27, 0.00),
    ),
    spread=(
        *(0.16, 0.15, 0.10, 0.09, 0.05, 0.10, 0.09, 0.13, 0.13, 0.18, 0.20, 0.14),
        *(0.12, 0.22, 0.17, 0.22, 0.19, 0.13, 0.36, 0.19, 0.10, 0.11, 0.31, 0.05),
    ),
    weight=(
        *(0.27, 0.68, 0.00, 0.00, 0.00, 0.00, 0.00, 0.39, 0.20, 0.00, 0.07, 0.00),
        *(0.00, 0.00, 0.05, 0.02, 0.00, 0.00, 0.00, 0.00, 0.00, -0.02, -0.03, -0.11),
    ),
    level=-0.19,
)
"""Fitted on near pairs of two collections of questions that people grouped (`python -m benchmarks.duplicates prior`).

It weighs meaning in the main directions and token by token; what else speaks for or against two texts differs from one
collection to another, and answers have to teach it.
"""


@dataclass(frozen=True)
class Combiner:
    """The model in its present state; learning gives a new one.

    Examples
    --------
    >>> from consensus.duplicates import FEATURES
    >>> rows = np.zeros((2, len(FEATURES)))
    >>> rows[0, :16] = 0.9
    >>> rows[1, :16] = 0.1
    >>> same, different = Combiner().probability(rows)
    >>> bool(same > 0.8 > 0.1 > different)
    True
    >>> taught = Combiner().learn(np.tile(rows, (20, 1)), np.tile([False, True], 20))
    >>> bool(taught.probability(rows)[0] < same)
    True
    """

    prior: Prior = PRIOR
    weight: Floats = field(default_factory=lambda: np.r_[PRIOR.weight, PRIOR.level])
    answers: int = 0

    @classmethod
    def of(cls, prior: Prior) -> Combiner:
        """Return the model that knows a prior and no answer."""
        return cls(prior, np.r_[prior.weight, prior.level])

    def probability(self, evidence: Floats) -> Floats:
        """Return [P] the probability that each pair asks the same, from its evidence [P, F]."""
        return np.asarray(expit((self._columns(evidence) * self.weight).sum(axis=1)), float).round(_CHANCE_DECIMALS)

    def learn(self, evidence: Floats, same: NDArray[np.bool_], weight: Floats | None = None) -> Combiner:
        """Return the model taught by all answers so far: evidence [P, F] and whether a person said the same.

        It starts from the prior every time, so that neither the order of answers nor how often it learns matters.

        Parameters
        ----------
        weight
            How much each answer counts; by default 1. Answers of one screen are alike: give them less.
        """
        columns, target = self._columns(evidence), np.asarray(same, float)
        counted = np.ones(len(target)) if weight is None else np.asarray(weight, float)
        start = np.r_[self.prior.weight, self.prior.level]
        hold = np.r_[np.full(len(self.prior.weight), self.prior.hold), self.prior.hold_level]
        return replace(self, weight=_fit(columns, target, counted, start, hold), answers=len(target))

    def _columns(self, evidence: Floats) -> Floats:
        scaled = (np.asarray(evidence, float) - self.prior.centre) / np.asarray(self.prior.spread)
        return np.column_stack([scaled.clip(-_FARTHEST, _FARTHEST), np.ones(len(scaled))])


def _fit(columns: Floats, target: Floats, counted: Floats, start: Floats, hold: Floats) -> Floats:
    """Return the weights that answers and prior together make most probable, by Newton's steps."""

    def lost(weight: Floats) -> float:
        margin = np.where(target > 0.5, 1, -1) * (columns @ weight)
        return float((counted * np.logaddexp(0, -margin)).sum() + (hold * (weight - start) ** 2).sum() / 2)

    weight, loss = start.copy(), lost(start)
    for _ in range(_ROUNDS):
        given = expit(columns @ weight)
        slope = columns.T @ (counted * (given - target)) + hold * (weight - start)
        curve = (columns * (counted * given * (1 - given)).clip(1e-9)[:, None]).T @ columns + np.diag(hold)
        step = np.linalg.solve(curve, slope)
        step *= min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-12))
        while (there := lost(weight - step)) > loss + _CLOSE * (1 + loss) and np.abs(step).max() > _CLOSE:
            step /= 2  # a step that goes too far makes it worse
        weight, loss = weight - step, there
        if np.abs(step).max() < _CLOSE:
            break
    return weight.round(_DECIMALS)
