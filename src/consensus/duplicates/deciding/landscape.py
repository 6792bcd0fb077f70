"""The wordings as they lie to one another, in meaning and in spelling: what evidence on groups is taken from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from consensus.duplicates.deciding.spelling import Spelling
from consensus.duplicates.evidence import spelled, without_common
from consensus.duplicates.neighbours import GRID_LENGTH, neighbours, on_grid

__all__ = ["Landscape"]

NEIGHBOURS = 50
_BLOCK = 50_000
_ALL = {"analyzer": "word", "token_pattern": r"(?u)\b\w+\b", "sublinear_tf": True}
_PIECES = {"analyzer": "char_wb", "ngram_range": (3, 5), "sublinear_tf": True}


@dataclass(frozen=True)
class Landscape:
    """W wordings: their vectors on a grid of whole numbers, their spelling, and for each its nearest others by meaning.

    `near` [W, k] holds -1 where there are fewer than k; `cosines`, `words` and `pieces` [W, k] tell how near they are.
    `reckoned` remembers what was found out about two groups of wordings, which `likeness` keeps there.

    Examples
    --------
    >>> land = Landscape.of(["sleep", "sleeping", "diet"], np.eye(3, dtype=np.float32)[[0, 0, 1]] + np.float32(0.1))
    >>> land.near[0, :1].tolist(), land.between(np.array([0]), np.array([1])).round(2).tolist()
    ([1], [[1.0]])
    """

    grid: NDArray[np.float32]
    near: NDArray[np.int64]
    cosines: NDArray[np.float64]
    words: NDArray[np.float64]
    pieces: NDArray[np.float64]
    spelling: tuple[Spelling, Spelling]
    reckoned: dict[tuple[bytes, bytes], NDArray[np.float64]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, texts: Sequence[str], vectors: NDArray[np.float32]) -> Landscape:
        """Return the landscape of wordings with their vectors, a row of zeros being near to nothing."""
        moved = without_common(vectors)
        found = neighbours(moved, min(NEIGHBOURS, max(len(texts) - 1, 0)))
        spelling = (spelled(texts, **_ALL), spelled(texts, **_PIECES))
        words, pieces = (_beside(rows, found.index) for rows in spelling)
        near = found.index.astype(np.int64)
        kept = (Spelling.of(spelling[0]), Spelling.of(spelling[1]))
        return cls(on_grid(moved), near, found.cosine.astype(np.float64), words, pieces, kept)

    def __len__(self) -> int:
        return len(self.grid)

    def between(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the table of cosines between two lists of wordings, given by their numbers."""
        return (self.grid[one] @ self.grid[other].T).astype(np.float64) / GRID_LENGTH**2

    def shared_words(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the table of likeness in words, from 0 to 1."""
        return self.spelling[0].between(one, other)

    def shared_pieces(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return for each of some wordings its mean likeness in pieces of words to a list of wordings."""
        return self.spelling[1].mean_between(one, other)

    def central(self, rows: NDArray[np.int64]) -> int:
        """Return the place in a list of wordings of the one nearest to all of them; of several the first."""
        return int(self.between(rows, rows).sum(axis=1).argmax()) if len(rows) > 2 else 0


def _beside(rows: sparse.csr_matrix, near: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return [W, k] the product of each row with those near to it."""
    count, k = near.shape
    left, right = np.repeat(np.arange(count), k), near.ravel()
    told = np.zeros(count * k)
    for start in range(0, count * k, _BLOCK):
        part = slice(start, start + _BLOCK)
        told[part] = np.asarray(rows[left[part]].multiply(rows[right[part]]).sum(axis=1)).ravel()
    return np.where(right >= 0, told, 0.0).reshape(count, k)
