"""How alike two groups' lists are; arrays of places may hold many replicates, the last axis is the questions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["jensen_shannon", "kendall_tau_b", "rank_biased_overlap", "top_overlap"]

FloatArray = npt.NDArray[np.float64]


def kendall_tau_b(one: npt.NDArray, two: npt.NDArray) -> FloatArray:
    """Return Kendall's tau-b of two lists of places; NaN where either is all tied.

    Examples
    --------
    >>> float(kendall_tau_b(np.array([1, 2, 3]), np.array([1, 3, 2])).round(6))
    0.333333
    """
    first, second = np.triu_indices(one.shape[-1], 1)
    signs = [np.sign(places[..., first] - places[..., second]).astype(np.float64) for places in (one, two)]
    above = (signs[0] * signs[1]).sum(axis=-1)
    untied = [np.abs(sign).sum(axis=-1) for sign in signs]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(untied[0] * untied[1] > 0, above / np.sqrt(untied[0] * untied[1]), np.nan)


def top_overlap(one: npt.NDArray, two: npt.NDArray, depth: int) -> FloatArray:
    """Return which part two Top k lists share: 2 |A and B| / (|A| + |B|), A being all places up to k, ties included.

    `one`, `two` are lowest places, so that some question always has place 1.

    Examples
    --------
    >>> float(top_overlap(np.array([1, 2, 3, 4]), np.array([2, 1, 4, 3]), 3).round(6))
    0.666667
    """
    a, b = one <= depth, two <= depth
    return 2 * (a & b).sum(axis=-1) / (a.sum(axis=-1) + b.sum(axis=-1))


def rank_biased_overlap(one: npt.NDArray, two: npt.NDArray, p: float = 0.9) -> FloatArray:
    """Return rank-biased overlap of two full lists, extrapolated; 1 is identical, p how far down a reader goes.

    RBO = A_Q p^Q + (1 - p) / p * sum over d of A_d p^d, A_d the overlap of the first d places, ties included: a tie
    enters both its questions at its lowest place. Source: Webber, Moffat and Zobel, ACM TOIS 2010;28(4):20, eq. 32.

    Examples
    --------
    >>> float(rank_biased_overlap(np.array([1, 2]), np.array([2, 1])).round(6))
    0.9
    """
    q = one.shape[-1]
    a, b, both = (_reached(places) for places in (one, two, np.maximum(one, two)))
    overlap = 2 * both / (a + b)
    weight = (1 - p) * p ** np.arange(q)
    return overlap @ weight + overlap[..., -1] * p**q


def _reached(places: npt.NDArray) -> npt.NDArray[np.int64]:
    """Return how many questions are at each place or above it."""
    q = places.shape[-1]
    rows = places.reshape(-1, q)
    cell = rows - 1 + np.arange(len(rows))[:, None] * q
    return np.bincount(cell.ravel(), minlength=rows.size).reshape(places.shape).cumsum(axis=-1)


def jensen_shannon(one: npt.NDArray, two: npt.NDArray) -> FloatArray:
    """Return the Jensen-Shannon distance of two groups' shares of points, 0 to 1 (base 2).

    NaN where a group gave no points, or points below 0.

    Examples
    --------
    >>> float(jensen_shannon(np.array([10, 0]), np.array([0, 3]))), float(jensen_shannon(np.ones(2), np.ones(2)))
    (1.0, 0.0)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (np.asarray(points) / np.asarray(points).sum(axis=-1, keepdims=True) for points in (one, two))
        middle = (a + b) / 2
        parts = [np.where(x > 0, x * np.log2(np.where(x > 0, x / middle, 1)), 0).sum(axis=-1) for x in (a, b)]
    fine = np.logical_and.reduce([(np.asarray(x) >= 0).all(-1) & (np.asarray(x).sum(-1) > 0) for x in (one, two)])
    return np.where(fine, np.sqrt(np.clip((parts[0] + parts[1]) / 2, 0, 1)), np.nan)
