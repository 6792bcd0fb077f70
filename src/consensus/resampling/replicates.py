"""Sums over ballots drawn again with replacement: an exact multinomial, the same digits for any number of threads.

A group's ballots are cut into blocks in an order that depends on what they say alone. One stream of random numbers
decides how many of a replicate's ballots fall into each block, and each block has a stream of its own for which. The
sums are whole numbers small enough to be exact in the matrix product, so that no order of adding can change them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from consensus.errors import DataError

__all__ = [
    "BLOCK",
    "EXACT_DOUBLE",
    "draw_normal",
    "gaussian_sums",
    "interval",
    "replicate_sums",
    "replicate_weights",
    "stream",
]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Rows = Callable[[IntArray], npt.NDArray]
"""Ballot numbers -> (ballots, K) what each adds."""

BLOCK = 4096
"""Ballots a block: the counters of one replicate stay in the nearest cache."""
IN_CACHE = 1 << 16
"""Draws held at once, for as many replicates as that takes."""
EXACT_SINGLE, EXACT_DOUBLE = 2**24, 2**53


def stream(seed: int, *names: object) -> np.random.Generator:
    """Return the stream of random numbers that hangs on a seed and names, and on nothing else.

    Examples
    --------
    >>> stream(7, "carer", 0).integers(100) == stream(7, "carer", 0).integers(100)
    np.True_
    """
    told = hashlib.sha256("\x1f".join(map(str, names)).encode("utf-8", "surrogatepass")).digest()
    words = np.frombuffer(told, dtype="<u4").tolist()
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, *words])))


def replicate_sums(
    rows: Rows,
    weight: IntArray,
    replicates: int,
    seed: int,
    name: str,
    *,
    largest: int,
    workers: int = 1,
    draws: int | None = None,
) -> IntArray:
    """Return what n ballots drawn with replacement from n add up to, shape (replicates, K), in whole numbers.

    Parameters
    ----------
    rows
        Ballot numbers -> whole numbers (ballots, K), none beyond `largest` either way.
    weight
        (B,) how many identical ballots each stands for; n is their sum.
    name
        The group's, on which its streams hang.
    workers
        Threads; the digits do not depend on it.
    draws
        How many ballots a replicate draws; None: n.

    Examples
    --------
    >>> points = np.array([[1, 0], [0, 1]])
    >>> replicate_sums(lambda at: points[at], np.array([3, 5]), 4, 0, "carer", largest=1).sum(axis=1).tolist()
    [8, 8, 8, 8]
    """
    member = np.repeat(np.arange(len(weight)), weight)
    starts = range(0, len(member), BLOCK)
    size = np.array([min(BLOCK, len(member) - at) for at in starts], dtype=np.int64)
    falls = stream(seed, name, "blocks").multinomial(
        len(member) if draws is None else draws, size / size.sum(), size=replicates
    )
    if largest * max(len(member), draws or 0) >= EXACT_DOUBLE:
        raise DataError(f"Values up to {largest} are too large to be summed exactly; use smaller ones.")
    exact = np.float32 if largest * int(falls.max(initial=0)) < EXACT_SINGLE else np.float64

    def block(at: int) -> IntArray:
        drawn = _draw(stream(seed, name, at), falls[:, at], int(size[at]), exact)
        wanted = rows(member[at * BLOCK : at * BLOCK + int(size[at])]).astype(exact)
        return np.rint(drawn @ wanted).astype(np.int64)

    total: IntArray | None = None
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        wave = max(1, workers) * 2
        for begin in range(0, len(size), wave):
            for part in pool.map(block, range(begin, min(begin + wave, len(size)))):
                total = part if total is None else total + part
    if total is None:
        raise DataError(f"Stakeholder group '{name}' has no ballots to draw from; leave it out.")
    return total


def replicate_weights(weight: IntArray, replicates: int, seed: int, name: str) -> IntArray:
    """Return how often each ballot is drawn, shape (replicates, B): the draws that `replicate_sums` sums over."""
    at = np.arange(len(weight))
    return replicate_sums(lambda chosen: chosen[:, None] == at, weight, replicates, seed, name, largest=1)


def _draw(rng: np.random.Generator, falls: IntArray, size: int, exact: type) -> npt.NDArray:
    """Return how often each of a block's ballots is drawn in each replicate, shape (replicates, size)."""
    drawn: npt.NDArray = np.empty((len(falls), size), dtype=exact)
    step = max(1, IN_CACHE // size)
    for begin in range(0, len(falls), step):
        some = falls[begin : begin + step]
        cell = _indices(rng, size, int(some.sum())).astype(np.intp)
        if len(some) > 1:
            cell += np.repeat(np.arange(len(some)) * size, some)
        drawn[begin : begin + step] = np.bincount(cell, minlength=len(some) * size).reshape(-1, size)
    return drawn


def _indices(rng: np.random.Generator, size: int, count: int) -> npt.NDArray:
    """Return so many whole numbers below `size`, all equally likely: random bits, those that come out larger left out.

    Four numbers are cut from each random word; with all bits used and none rescaled there is nothing to round.
    """
    bits = max(1, (size - 1).bit_length())
    narrow: type = np.uint16 if bits <= 16 else np.uint32
    found, lack = [], count
    while lack > 0:
        words = int(lack * 2**bits / size * np.dtype(narrow).itemsize / 8 * 1.01) + 8
        some = rng.bit_generator.random_raw(words).astype("<u8", copy=False).view(narrow) & narrow(2**bits - 1)
        if size < 2**bits:
            some = some[some < size]
        found.append(some)
        lack -= len(some)
    return np.concatenate([*found, np.zeros(0, narrow)])[:count]


def gaussian_sums(
    rows: Rows, weight: IntArray, replicates: int, seed: int, name: str, *, largest: int
) -> tuple[FloatArray, IntArray]:
    """Return sums drawn from the normal distribution with the bootstrap's own mean and covariance, and that mean.

    Returns
    -------
    (replicates, K) and (K,). The covariance is that of n draws, n * (mean of squares - square of means), exact before
    it is factored; good when a group has some hundred ballots.
    """
    n = int(weight.sum())
    if largest * largest * n >= EXACT_DOUBLE:
        raise DataError(f"Values up to {largest} are too large to be summed exactly; use smaller ones.")
    cross, total = np.zeros(0), np.zeros(0)
    for begin in range(0, len(weight), BLOCK):
        at = np.arange(begin, min(begin + BLOCK, len(weight)))
        block = rows(at).astype(np.float64)
        weighed = block * weight[at, None]
        cross = block.T @ weighed + (cross if cross.size else 0.0)
        total = weighed.sum(axis=0) + (total if total.size else 0.0)
    return draw_normal(total, cross, n, replicates, seed, name), np.rint(total).astype(np.int64)


def draw_normal(
    total: FloatArray, cross: FloatArray, n: int, replicates: int, seed: int, name: str
) -> npt.NDArray[np.float64]:
    """Return (replicates, K) sums of n draws as the normal distribution has them, from sums and sums of products."""
    spread, axes = np.linalg.eigh(cross - np.outer(total, total) / n)
    root = axes * np.sqrt(np.maximum(spread, 0))
    drawn = stream(seed, name, "gaussian").standard_normal((replicates, len(total)))
    return total + drawn @ root.T


def interval(values: npt.NDArray, level: float = 0.95) -> tuple[npt.NDArray, npt.NDArray]:
    """Return the interval that leaves out half of `1 - level` at each end of the first axis; NaN if any value is.

    Values that occurred, not values between them: a rank interval is made of ranks.

    Examples
    --------
    >>> [float(end) for end in interval(np.arange(1, 1001))]
    [25.0, 976.0]
    """
    tail = (1 - level) / 2
    ordered = np.sort(values, axis=0)
    below = max(0, int(np.ceil(round(tail * len(values), 6))) - 1)
    return ordered[below], ordered[len(values) - 1 - below]
