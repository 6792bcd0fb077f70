"""How near wordings lie to one another: whole-number vectors, so that every cosine is the same on every machine.

Vectors of length 1 are rounded to whole numbers of at most seven bits and a sign. Products of such numbers add up
without rounding in single precision, in whatever order and by however many threads they are added.
"""

from __future__ import annotations

import numpy as np

__all__ = ["Landscape"]

NEIGHBOURS = 50
_BLOCK = 512
_FEW = 50
_LARGEST = 127
_EXACT = 2**24  # whole numbers up to here are exact in single precision


class Landscape:
    """The wordings' vectors and, for each, its nearest others.

    Parameters
    ----------
    vectors
        W rows, one a wording, of any length; a row of zeros is near to nothing.

    Examples
    --------
    >>> land = Landscape(np.eye(3, dtype=np.float32)[[0, 0, 1]] + np.float32(0.1))
    >>> land.near[0].tolist(), land.cosines(np.array([0]), np.array([1])).round(2).tolist()
    ([1, 2], [[1.0]])
    """

    def __init__(self, vectors: np.ndarray) -> None:
        self.rows, self._scale = _whole(_centred(vectors))
        self.near, self.near_cosines = self._nearest()

    def __len__(self) -> int:
        return len(self.rows)

    def cosines(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Return the table of cosines between two lists of wordings, given by their numbers."""
        return (self.rows[one] @ self.rows[other].T) * self._scale

    def central(self, rows: np.ndarray) -> int:
        """Return the place in a list of wordings of the one nearest to all of them; of several the first."""
        return int((self.rows[rows] @ self.rows[rows].T).sum(axis=1, dtype=np.float64).argmax()) if len(rows) > 2 else 0

    def _nearest(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers and cosines of each wording's nearest others, the nearest first, ties by number."""
        total = len(self.rows)
        count = min(NEIGHBOURS, max(total - 1, 0))
        near = np.zeros((total, count), dtype=np.int64)
        cosines = np.zeros((total, count), dtype=np.float32)
        for start in range(0, total if count else 0, _BLOCK):
            block = np.arange(start, min(start + _BLOCK, total))
            table = self.rows[block] @ self.rows.T
            table[np.arange(len(block)), block] = -_EXACT
            best = np.argpartition(-table, count - 1, axis=1)[:, :count]
            found = np.take_along_axis(table, best, axis=1)
            order = np.lexsort((best, -found), axis=1)
            near[block] = np.take_along_axis(best, order, axis=1)
            cosines[block] = np.take_along_axis(found, order, axis=1) * self._scale
        return near, cosines


def _centred(vectors: np.ndarray) -> np.ndarray:
    """Return the vectors without what all have in common, each of length 1; of few texts little is taken away."""
    moved = vectors.astype(np.float64)
    some = np.any(moved != 0, axis=1)
    count = int(some.sum())
    if count:
        moved[some] -= moved[some].mean(axis=0) * (count / (count + _FEW))
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.divide(moved, lengths, out=np.zeros_like(moved), where=lengths > 0)


def _whole(vectors: np.ndarray) -> tuple[np.ndarray, np.float32]:
    """Return vectors in whole numbers as large as stay exact, and what turns their products into cosines."""
    width = vectors.shape[1] if vectors.ndim == 2 else 0
    largest = float(np.abs(vectors).max()) if vectors.size else 0.0
    if not largest:
        return vectors.astype(np.float32), np.float32(1)
    step = largest / min(_LARGEST, int(np.sqrt(_EXACT / max(width, 1))))
    return np.rint(vectors / step).astype(np.float32), np.float32(step * step)
