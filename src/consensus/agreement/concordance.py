"""How far raters agree: Kendall's W, Friedman's test, mean Spearman and Krippendorff's alpha, from small tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy  # what is used of it is imported when it is used: statistics and optimising take 45 MB

from consensus.errors import DataError

__all__ = [
    "LEVELS",
    "alphas_of_lists",
    "category_counts",
    "friedman",
    "kendall_w",
    "krippendorff_alpha",
    "mean_spearman",
    "replicate_alphas",
]

FloatArray = npt.NDArray[np.float64]

LEVELS = ("ordinal", "interval")
FEW = 1 << 11
"""Raters counted at once, so that their ratings stay in cache."""


def kendall_w(doubled_sums: Sequence[int] | npt.NDArray, n: int, ties: int) -> float:
    """Return Kendall's coefficient of concordance, corrected for ties; 1 is full agreement.

    W = [12 * sum(R_i^2) - 3 n^2 m (m + 1)^2] / [n^2 m (m^2 - 1) - n * sum(T_b)], worked out in whole numbers.

    Parameters
    ----------
    doubled_sums
        (m,) twice R_i, the sum of the places that n raters give question i; ties share the mean place.
    n
        Raters. With fewer than 2 there is nothing to agree with: NaN.
    ties
        sum(T_b), where T_b is the sum of t^3 - t over the ties of t questions in one rater's list. All tied: NaN.

    Examples
    --------
    >>> kendall_w([4, 8, 12], 2, 0), kendall_w([8, 8, 8], 2, 0), kendall_w([8, 8, 8], 2, 48)
    (1.0, 0.0, nan)
    """
    sums = [int(each) for each in doubled_sums]
    m = len(sums)
    above = 3 * sum(each * each for each in sums) - 3 * n * n * m * (m + 1) ** 2
    below = n * n * m * (m * m - 1) - n * int(ties)
    return above / below if below and n > 1 else float("nan")


def friedman(w: float, n: int, m: int) -> tuple[float, float]:
    """Return Friedman's Q = n (m - 1) W, and the chance of at least that with m - 1 degrees of freedom.

    Examples
    --------
    >>> q, p = friedman(1.0, 10, 3)
    >>> q, round(p, 6)
    (20.0, 4.5e-05)
    """
    if not np.isfinite(w) or m < 2:
        return float("nan"), float("nan")
    return n * (m - 1) * w, float(scipy.stats.chi2.sf(n * (m - 1) * w, m - 1))


def mean_spearman(unit_sums: npt.NDArray, n: int | npt.NDArray) -> npt.NDArray:
    """Return the mean of Spearman's rho over all pairs of n raters; fewer than 2: NaN.

    `unit_sums` is the sum over raters of their places centred and scaled to length 1, shape (..., m): the length of
    the sum squared is n and twice the sum over pairs. A rater with everything tied has no rho and is not among the n.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.array([-1, 0, 1]) / np.sqrt(2)
    >>> float(mean_spearman(one + one, 2).round(9)), float(mean_spearman(one - one, 2))
    (1.0, -1.0)
    """
    raters = np.asarray(n, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = ((np.asarray(unit_sums) ** 2).sum(axis=-1) - raters) / (raters * (raters - 1))
    return np.where(raters > 1, found, np.nan)


def krippendorff_alpha(counts: npt.ArrayLike, values: npt.ArrayLike | None = None, level: str = "ordinal") -> float:
    """Return Krippendorff's alpha from how often each unit was given each value; 1 is full agreement, 0 is chance.

    Parameters
    ----------
    counts
        (units, V) whole numbers. Units with fewer than 2 ratings drop.
    values
        (V,) in rising order; None: 0, 1, 2 ...
    level
        "ordinal" or "interval".

    Returns
    -------
    float
        NaN, not 1, where no disagreement could be expected: fewer than two values were given, or no unit has 2.

    Notes
    -----
    Source: Krippendorff, Content Analysis, 3rd edition, 2013, chapter 12.

    Examples
    --------
    >>> krippendorff_alpha([[2, 0], [0, 2]]), krippendorff_alpha([[3, 0], [2, 0]])
    (1.0, nan)
    """
    if level not in LEVELS:
        raise DataError(f"No level of measurement {level!r}; use one of {', '.join(LEVELS)}.")
    table = np.asarray(counts)
    value = np.arange(table.shape[1]) if values is None else np.asarray(values)
    table = table[table.sum(axis=1) > 1]
    if not len(table):
        return float("nan")
    raters = table.sum(axis=1)
    pairs = table[:, :, None] * table[:, None, :] - table[:, :, None] * np.eye(table.shape[1])
    seen = (pairs / (raters - 1)[:, None, None]).sum(axis=0)
    given = seen.sum(axis=0)
    expected = (np.outer(given, given) - np.diag(given)) / (given.sum() - 1)
    far = _ordinal(given) if level == "ordinal" else (value[:, None] - value[None, :]).astype(np.float64) ** 2
    by_chance = (expected * far).sum()
    return float(1 - (seen * far).sum() / by_chance) if np.count_nonzero(given) > 1 else float("nan")


def category_counts(ratings: npt.NDArray, least: int, most: int) -> npt.NDArray[np.int64]:
    """Return how often each unit was given each value, (units, V), from whole ratings, (raters, units).

    Values outside `least` to `most` are no ratings. Two units are counted at once, one cell for each pair of values.

    Examples
    --------
    >>> category_counts(np.array([[1, 3, 2], [1, 2, 0]]), 1, 3).tolist()
    [[2, 0, 0], [0, 1, 1], [0, 1, 0]]
    """
    raters, units = ratings.shape
    side = most - least + 2
    counts = np.zeros((units + units % 2, side), np.int64)
    for begin in range(0, raters, FEW):
        some = ratings[begin : begin + FEW].astype(np.int16) - np.int16(least)
        some[(some < 0) | (some > most - least)] = side - 1
        if units % 2:
            some = np.column_stack([some, np.full(len(some), side - 1, np.int16)])
        cell = some[:, ::2].astype(np.intp) * side + some[:, 1::2]
        cell += np.arange(cell.shape[1]) * side**2
        both = np.bincount(cell.ravel(), minlength=cell.shape[1] * side**2).reshape(-1, side, side)
        counts[::2] += both.sum(axis=2)
        counts[1::2] += both.sum(axis=1)
    return counts[:units, :-1]


def _ordinal(given: FloatArray) -> FloatArray:
    """Return (V, V) squared distances: the ratings from one value to the other, those at both ends counted half."""
    at = np.arange(len(given))
    low, high = np.minimum(at[:, None], at), np.maximum(at[:, None], at)
    ends = np.stack([low, high + 1], axis=-1).ravel()
    between = np.add.reduceat(np.append(given, 0.0), ends)[::2].reshape(low.shape)
    return (between - (given[low] + given[high]) / 2) ** 2


def replicate_alphas(counts: npt.NDArray, values: npt.NDArray, level: str) -> FloatArray:
    """Return alpha for each of many tables of counts, (replicates, units, V), as `krippendorff_alpha` defines it.

    Both levels are squared differences of one number a value: the value itself, or for "ordinal" the middle of the
    places that its ratings take among all. So sums and sums of squares a unit suffice.
    """
    table = counts * (counts.sum(axis=2, keepdims=True) > 1).astype(np.float64)
    given = table.sum(axis=1)
    middle = np.cumsum(given, axis=1) - given / 2 if level == "ordinal" else np.broadcast_to(values, given.shape)
    middle = middle - middle.mean(axis=1, keepdims=True)
    total, square = ((table @ each[:, :, None])[:, :, 0] for each in (middle, middle**2))
    found = _from_sums(table.sum(axis=2), total, square)
    return np.where((given > 0).sum(axis=1) > 1, found, np.nan)


def alphas_of_lists(places: npt.NDArray, level: str) -> FloatArray:
    """Return alpha for each of many sets of full lists of places, (replicates, raters, units)."""
    x = places.astype(np.float64)
    if level == "ordinal":
        x = scipy.stats.rankdata(x.reshape(len(x), -1), axis=1).reshape(x.shape)
    x -= x.mean(axis=(1, 2), keepdims=True)
    raters = np.full((len(x), x.shape[2]), float(x.shape[1]))
    return _from_sums(raters, x.sum(axis=1), (x**2).sum(axis=1))


def _from_sums(raters: FloatArray, total: FloatArray, square: FloatArray) -> FloatArray:
    """Return 1 - seen / expected from each unit's number, sum and sum of squares, (replicates, units) each."""
    n = raters.sum(axis=1)
    seen = ((raters * square - total**2) / np.maximum(raters - 1, 1)).sum(axis=1)
    expected = n * square.sum(axis=1) - total.sum(axis=1) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((expected > 0) & (raters > 1).any(axis=1), 1 - seen * (n - 1) / expected, np.nan)
