"""Wordings as what they are spelled from, laid out flat: a review asks about few at a time, many thousand times.

scipy's sparse matrices give the same numbers, added in the same order; taking a few of their rows costs more than all
that is reckoned with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["Spelling"]

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spelling:
    """W wordings, each by which pieces it holds and how much they weigh: TF-IDF rows of length 1.

    `starts` [W + 1] tells where each wording's part of `pieces` and `weights` begins; `width` is how many pieces there
    are in all.

    Examples
    --------
    >>> spelling = Spelling.of(sparse.csr_matrix([[0.6, 0.8, 0], [1, 0, 0], [0, 0, 1]]))
    >>> spelling.between(np.array([0]), np.array([1, 2])).tolist()
    [[0.6, 0.0]]
    """

    starts: Numbers
    pieces: Numbers
    weights: Floats
    width: int

    @classmethod
    def of(cls, rows: sparse.csr_matrix) -> Spelling:
        """Return the spelling of wordings, a row each and a column for each piece that any of them holds."""
        rows.sort_indices()
        return cls(rows.indptr.astype(np.int64), rows.indices.astype(np.int64), rows.data, rows.shape[1])

    def between(self, one: Numbers, other: Numbers) -> Floats:
        """Return the table of likeness, from 0 to 1, between two lists of wordings, given by their numbers."""
        flat, row = self._parts(one)
        held, column = np.unique(self.pieces[flat], return_inverse=True)
        dense = np.zeros((len(one), len(held) + 1))
        dense[row, column] = self.weights[flat]
        place = np.full(self.width, len(held))
        place[held] = np.arange(len(held))
        flat, beside = self._parts(other)
        shared = place[self.pieces[flat]]
        kept = shared < len(held)
        products = dense[:, shared[kept]] * self.weights[flat[kept]]
        cells = np.arange(len(one))[:, None] * len(other) + beside[kept]
        told: Floats = np.bincount(cells.ravel(), products.ravel(), minlength=len(one) * len(other)).astype(float)
        return told.reshape(len(one), len(other))

    def mean_between(self, one: Numbers, other: Numbers) -> Floats:
        """Return for each of some wordings its mean likeness to a list of wordings."""
        flat, _ = self._parts(one)
        mean = np.bincount(self.pieces[flat], self.weights[flat], minlength=self.width) / max(len(one), 1)
        flat, row = self._parts(other)
        told: Floats = np.bincount(row, self.weights[flat] * mean[self.pieces[flat]], minlength=len(other)).astype(
            float
        )
        return told

    def _parts(self, rows: Numbers) -> tuple[Numbers, Numbers]:
        """Return where the parts of some wordings are, and for each part which of the wordings holds it."""
        counts = self.starts[rows + 1] - self.starts[rows]
        ends = np.cumsum(counts)
        flat = np.arange(ends[-1] if len(ends) else 0) + np.repeat(self.starts[rows] - ends + counts, counts)
        return flat, np.repeat(np.arange(len(rows)), counts)
