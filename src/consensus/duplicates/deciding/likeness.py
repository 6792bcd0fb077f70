"""How likely two groups ask the same: evidence of their texts, weighed by a model that learns from answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["EVIDENCE", "PRIOR", "chances", "fit"]

EVIDENCE = ("always", "mean cosine", "best cosine", "ahead of rivals", "crowding", "size", "alone")
"""What is known of a pair of groups, in the order of the columns.

`ahead of rivals`: the best cosine less the candidate's best to any third group. `crowding`: the mean of the ten best
cosines to others, of both added up. `size`: logarithm of the number of wordings of both. `alone`: the candidate is one
wording.
"""

PRIOR = np.array([-5.0, 4.0, 6.0, 3.0, -2.0, 0.0, 0.0])
"""Weights before anybody answered; what answers teach moves them."""

_HOLD = np.array([0.4, 1.0, 1.0, 1.0, 1.0, 6.0, 6.0])  # how firmly each weight is held to its prior
_ROUNDS = 50
_DECIMALS = 6  # what is learned is kept to so many, so that the last bits of sums decide nothing


def chances(evidence: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return for each row of evidence the probability that the two ask the same.

    Examples
    --------
    >>> near, far = [1, 0.9, 0.9, 0.3, 0.6, 0, 1], [1, 0.1, 0.1, -0.3, 0.6, 0, 1]
    >>> chances(np.array([near, far]), PRIOR).round(2).tolist()
    [0.98, 0.0]
    """
    score = np.clip((evidence * weights).sum(axis=1), -30, 30)
    return (1 / (1 + np.exp(-score))).round(9)


def fit(evidence: np.ndarray, same: Sequence[bool], start: np.ndarray = PRIOR) -> np.ndarray:
    """Return the weights that explain answers best, held to the prior as far as answers are few.

    Newton's method on the logistic likelihood with a normal prior, steps halved until they help.

    Examples
    --------
    >>> bool(fit(np.array([[1, 0.5, 0.5, 0, 0.6, 0, 1]]), [True])[0] > PRIOR[0])
    True
    """
    truth, weights = np.asarray(same, dtype=float), np.array(start, dtype=float)
    loss = _loss(evidence, truth, weights)
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(_scores(evidence, weights), -30, 30)))
        slope = np.einsum("ij,i->j", evidence, chance - truth) + _HOLD * (weights - PRIOR)
        curve = np.einsum("ij,i,ik->jk", evidence, chance * (1 - chance), evidence) + np.diag(_HOLD)
        step, part = np.linalg.solve(curve, slope), 1.0
        while part > 1e-6 and _loss(evidence, truth, weights - part * step) > loss:
            part /= 2
        weights = weights - part * step
        before, loss = loss, _loss(evidence, truth, weights)
        if before - loss < 1e-7:
            break
    return weights.round(_DECIMALS)


def _scores(evidence: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return (evidence * weights).sum(axis=1)


def _loss(evidence: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> float:
    scores = _scores(evidence, weights)
    held = 0.5 * float((_HOLD * (weights - PRIOR) ** 2).sum())
    return float((np.logaddexp(0, scores) - truth * scores).sum()) + held
