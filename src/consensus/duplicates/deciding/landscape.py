"""The wordings as they lie to one another, in meaning and in spelling: what evidence on groups is taken from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from consensus.duplicates.evidence import spelled, without_common
from consensus.duplicates.neighbourhood import with_nearest
from consensus.duplicates.neighbours import GRID_LENGTH, cosines_between, neighbours, on_grid

__all__ = ["Landscape"]

NEIGHBOURS = 50
_DIRECTIONS, _KEPT = 3, 0.5
_LENT, _POWER = 1.0, 3  # how much the nearest lend, and the power of the cosine they lend by: what is asked around
_BLOCK = 50_000
_ALL = {"analyzer": "word", "token_pattern": r"(?u)\b\w+\b", "sublinear_tf": True}
_PIECES = {"analyzer": "char_wb", "ngram_range": (3, 5), "sublinear_tf": True}


@dataclass(frozen=True)
class Landscape:
    """W wordings: their vectors on a grid of whole numbers, their spelling, and for each its nearest others by meaning.

    `near` [W, k] holds -1 where there are fewer than k; `cosines`, `words`, `pieces` and `company` [W, k] tell how near
    they are, and `aligned` how much of what each says the other says, where the embedder tells `tokens`; else it is 0.
    `mixed` is their vectors, the nearest of each mixed in, of which `company` is the cosine. `reckoned`
    remembers what was found out about two groups of wordings, which `likeness` keeps there.

    Examples
    --------
    >>> land = Landscape.of(["sleep", "sleeping", "diet"], np.eye(3, dtype=np.float32)[[0, 0, 1]] + np.float32(0.1))
    >>> land.near[0, :1].tolist(), land.between(np.array([0]), np.array([1])).round(2).tolist()
    ([1], [[1.0]])
    """

    grid: NDArray[np.float32]
    mixed: NDArray[np.float32]
    near: NDArray[np.int64]
    cosines: NDArray[np.float64]
    words: NDArray[np.float64]
    pieces: NDArray[np.float64]
    company: NDArray[np.float64]
    aligned: NDArray[np.float64]
    tokens: bool = False
    reckoned: dict[tuple[bytes, bytes], NDArray[np.float64]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        vectors: NDArray[np.float32],
        aligned: Callable[[NDArray[np.int64]], NDArray[np.float64] | None] | None = None,
    ) -> Landscape:
        """Return the landscape of wordings with their vectors, a row of zeros being near to nothing.

        `aligned` tells how much of each the ones near to it say too, where it can.
        """
        moved = without_common(vectors)
        found = neighbours(moved, min(NEIGHBOURS, max(len(texts) - 1, 0)))
        words, pieces = (_beside(spelled(texts, **how), found.index) for how in (_ALL, _PIECES))
        near = found.index.astype(np.int64)
        cosines = found.cosine.astype(np.float64)
        apart = without_common(vectors, _DIRECTIONS, kept=_KEPT)
        mixed = on_grid(with_nearest(apart, found, lent=_LENT, power=_POWER))
        told = aligned(near) if aligned else None
        beside = np.zeros(near.shape) if told is None else told
        return cls(on_grid(moved), mixed, near, cosines, words, pieces, _company(mixed, near), beside, told is not None)

    def __len__(self) -> int:
        return len(self.grid)

    def between(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the table of cosines between two lists of wordings, given by their numbers."""
        return (self.grid[one] @ self.grid[other].T).astype(np.float64) / GRID_LENGTH**2

    def around(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return for each of some wordings its mean cosine to a list of wordings, the nearest of each mixed in.

        Sums of whole numbers, so it is the same in any order.
        """
        own = self.mixed[one].sum(axis=0, dtype=np.float64)
        return np.asarray(self.mixed[other].astype(np.float64) @ own / (len(one) * GRID_LENGTH**2))

    def alike(
        self, one: NDArray[np.int64], other: NDArray[np.int64], parts: NDArray[np.int64], count: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return for each part of a list its mean likeness in pieces to another, and the best in words and aligned.

        Of those pairs alone that are among the nearest of the other list; 0 where there is none. A wording is in one
        part at most.
        """
        part = np.full(len(self) + 1, -1)
        part[other] = parts
        of = part[self.near[one]]  # a mate that is not there, -1, finds the last place, which is in no part
        there = of >= 0
        pairs = np.bincount(of[there], minlength=count)
        pieces = np.bincount(of[there], weights=self.pieces[one][there], minlength=count)
        best = []
        for table in (self.words, self.aligned):
            best.append(np.zeros(count))
            np.maximum.at(best[-1], of[there], table[one][there])
        return pieces / pairs.clip(1), best[0], best[1]

    def central(self, rows: NDArray[np.int64]) -> int:
        """Return the place in a list of wordings of the one nearest to all of them; of several the first."""
        return int(self.between(rows, rows).sum(axis=1).argmax()) if len(rows) > 2 else 0


def _company(mixed: NDArray[np.float32], near: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return [W, k] the cosines of mixed vectors to those of the nearest."""
    told = [cosines_between(mixed, np.column_stack([np.arange(len(near)), mates])) for mates in near.T]
    return np.column_stack(told) if told else np.zeros(near.shape)


def _beside(rows: sparse.csr_matrix, near: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return [W, k] the product of each row with those near to it."""
    count, k = near.shape
    left, right = np.repeat(np.arange(count), k), near.ravel()
    told = np.zeros(count * k)
    for start in range(0, count * k, _BLOCK):
        part = slice(start, start + _BLOCK)
        told[part] = np.asarray(rows[left[part]].multiply(rows[right[part]]).sum(axis=1)).ravel()
    return np.where(right >= 0, told, 0.0).reshape(count, k)
