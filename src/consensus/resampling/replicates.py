"""Sums over ballots drawn again with replacement: an exact multinomial, the same digits for any number of threads.

A group's ballots are cut into blocks in an order that depends on what they say alone. One stream of random numbers
decides how many of a replicate's ballots fall into each block, and each block has a stream of its own for which. The
sums are whole numbers small enough to be exact in the matrix product, so that no order of adding can change them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np
import numpy.typing as npt

from consensus.errors import DataError
from consensus.resampling.threads import own_threads

__all__ = [
    "BLOCK",
    "EXACT_DOUBLE",
    "GroupDraws",
    "draw_all",
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
"""Ballots a block, no more than 2**16: the counters of one replicate stay in the nearest cache."""
IN_CACHE = 1 << 18
"""Counters held at once, for as many replicates as that takes."""
LARGEST_MEAN = 8.0
"""Ballots drawn more often on average have the rest drawn one by one: a byte tells small numbers alone apart."""
MOST_DRAWN = 1 << 27
"""Ballots of one group that are drawn again: each takes eight bytes."""
WORTH_A_THREAD = 1 << 22
"""Fewer draws are made by one thread: more would wait for each other longer than they work."""
EXACT_SINGLE, EXACT_DOUBLE = 2**24, 2**53
FLAT, FINE = 1e-12, 6
"""A spread of less than this part of the widest is rounding, and so is what stands beyond so many decimals: totals that
no draw can part stay level."""


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


class GroupDraws:
    """Ballots of one group drawn again, block by block, and what they add up to so far."""

    def __init__(
        self,
        rows: Rows,
        weight: IntArray,
        replicates: int,
        seed: int,
        name: str,
        *,
        largest: int,
        draws: int | None = None,
    ):
        self.rows, self.seed, self.name, self.lock = rows, seed, name, Lock()
        n = int(weight.sum())
        if n > MOST_DRAWN:
            raise DataError(
                f"Stakeholder group '{name}' has {n:,} ballots, and at most {MOST_DRAWN:,} are drawn again one by one; "
                "ask stress for method='gaussian', or agree for replicates=0."
            )
        self.member = np.repeat(np.arange(len(weight)), weight)
        if not n:
            raise DataError(f"Stakeholder group '{name}' has no ballots to draw from; leave it out.")
        if largest * max(n, draws or 0) >= EXACT_DOUBLE:
            raise DataError(f"Values up to {largest} are too large to be summed exactly; use smaller ones.")
        size = np.diff(np.r_[0:n:BLOCK, n])
        every = n if draws is None else draws
        self.falls = stream(seed, name, "blocks").multinomial(every, size / size.sum(), size=replicates)
        self.exact = np.float32 if largest * int(self.falls.max(initial=0)) < EXACT_SINGLE else np.float64
        self.total: IntArray | None = None

    def __len__(self) -> int:
        """Return how many blocks there are."""
        return self.falls.shape[1]

    def add(self, block: int) -> None:
        """Draw a block's part of every replicate and add it; in whole numbers, so that no order of blocks matters."""
        chosen = self.member[block * BLOCK : (block + 1) * BLOCK]
        drawn = _draw(stream(self.seed, self.name, block), self.falls[:, block], len(chosen), self.exact)
        part = (drawn @ self.rows(chosen).astype(self.exact)).astype(np.int64)
        with self.lock:
            self.total = part if self.total is None else np.add(self.total, part, out=self.total)


def draw_all(groups: Sequence[GroupDraws], workers: int = 1) -> list[IntArray]:
    """Return each group's sums, (replicates, K): the blocks of all groups shared out among so many threads."""
    many = sum(int(group.falls.sum()) for group in groups) >= WORTH_A_THREAD
    with own_threads(workers if many else 1) as each:
        for _ in each(lambda job: job[0].add(job[1]), [(group, at) for group in groups for at in range(len(group))]):
            pass
    return [group.total for group in groups if group.total is not None]


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
    return draw_all([GroupDraws(rows, weight, replicates, seed, name, largest=largest, draws=draws)], workers)[0]


def replicate_weights(weight: IntArray, replicates: int, seed: int, name: str) -> IntArray:
    """Return how often each ballot is drawn, shape (replicates, B): the draws that `replicate_sums` sums over."""
    at = np.arange(len(weight))
    return replicate_sums(lambda chosen: chosen[:, None] == at, weight, replicates, seed, name, largest=1)


def _draw(rng: np.random.Generator, falls: IntArray, size: int, exact: type) -> npt.NDArray:
    """Return how often each of a block's ballots is drawn in each replicate, shape (replicates, size).

    Given their sum, Poisson numbers of one mean are a multinomial. They make most of the draws: their mean is somewhat
    below what is wanted, each draw that lacks falls on a ballot by itself, and a replicate with too many is made anew.
    """
    least = int(falls.min()) if len(falls) else 0
    parts = _poisson_parts(max(0.0, min(LARGEST_MEAN, (least - 2 * least**0.5) / size)))
    drawn: npt.NDArray = np.empty((len(falls), size), dtype=exact)
    step = max(1, IN_CACHE // size)
    for begin in range(0, len(falls), step):
        wanted, some = falls[begin : begin + step], drawn[begin : begin + step]
        count = _poisson(rng, (len(some), size), *parts)
        lack = wanted - count.sum(axis=1, dtype=np.uint32)
        while len(over := np.flatnonzero(lack < 0)):
            count[over] = _poisson(rng, (len(over), size), *parts)
            lack[over] = wanted[over] - count[over].sum(axis=1, dtype=np.uint32)
        some[:] = count
        more = rng.integers(0, size, int(lack.sum()), dtype=np.uint16)
        np.add.at(some.reshape(-1), np.repeat(np.arange(len(some)) * size, lack) + more, exact(1))
    return drawn


def _poisson_parts(mean: float) -> tuple[IntArray, FloatArray]:
    """Return for each number, added up: how many of 256 bytes stand for it, and what of its probability is left."""
    parts = 256 * np.exp(-mean) * np.cumprod(np.r_[1.0, mean / np.arange(1, 64)])
    whole = np.floor(parts).astype(np.int64)
    return np.cumsum(whole), np.cumsum(parts - whole)


def _poisson(
    rng: np.random.Generator, shape: tuple[int, int], whole: IntArray, left: FloatArray
) -> npt.NDArray[np.uint8]:
    """Return Poisson numbers: a random byte each, and one of 53 bits for the few whose byte stands for no number."""
    size, last = shape[0] * shape[1], int(whole[-1])
    byte = rng.bit_generator.random_raw(-(-size // 8)).astype("<u8", copy=False).view(np.uint8)[:size]
    count = np.zeros(size, np.uint8)
    for edge in whole[whole < last].astype(np.uint8):
        count += (byte >= edge).view(np.uint8)
    if last < 256:
        rare = np.flatnonzero(byte >= np.uint8(last))
        count[rare] = np.searchsorted(left[:-1], left[-1] * rng.random(len(rare)), side="right")
    return count.reshape(shape)


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
        with own_threads(1):
            cross = block.T @ weighed + (cross if cross.size else 0.0)
        total = weighed.sum(axis=0) + (total if total.size else 0.0)
    return draw_normal(total, cross, n, replicates, seed, name), np.rint(total).astype(np.int64)


def draw_normal(
    total: FloatArray, cross: FloatArray, n: int, replicates: int, seed: int, name: str
) -> npt.NDArray[np.float64]:
    """Return (replicates, K) sums of n draws as the normal distribution has them, from sums and sums of products."""
    drawn = stream(seed, name, "gaussian").standard_normal((replicates, len(total)))
    with own_threads(1):
        spread, axes = np.linalg.eigh(cross - np.outer(total, total) / n)
        root = axes * np.sqrt(np.where(spread > FLAT * spread.max(initial=0), spread, 0))
        return np.round(total + drawn @ root.T, FINE)


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
