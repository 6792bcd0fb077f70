"""The nearest texts of each text: exact for some ten thousands, by cells beyond; the same for any number of threads.

Cosines are computed between vectors on a grid of whole numbers whose squares sum to less than 2 ** 24. Every product
and every partial sum is then a whole number that float32 holds exactly, so that no order of adding changes a digit. The
grid moves a cosine by about 0.0001.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consensus.embedding.encoding import unit_rows

__all__ = ["GRID_LENGTH", "Neighbours", "cosines_between", "neighbours", "on_grid"]

GRID_LENGTH = 4_090.0  # of a vector on the grid: less than 4,096, with room for rounding
_BLOCK = 2_000_000  # cosines held at once
_EXACT = 20_000  # texts up to which every pair is compared
_PER_CELL = 300
_PARTS = 16  # times k: into so many parts a row is cut to find where its k largest begin
_PROBED = 32  # cells in which the neighbours of a cell's texts are looked for
_LEARNED = 40  # texts a cell from which the cells are learned
_ROUNDS = 5


@dataclass(frozen=True)
class Neighbours:
    """For each of S texts its k nearest others, the nearest first; -1 and 0 where there are fewer."""

    index: NDArray[np.int32]
    cosine: NDArray[np.float32]

    def pairs(self) -> NDArray[np.int64]:
        """Return [P, 2] the pairs in which either is among the other's nearest, the lower row first, each once.

        Examples
        --------
        >>> Neighbours(np.array([[1], [0], [0]]), np.zeros((3, 1))).pairs().tolist()
        [[0, 1], [0, 2]]
        """
        rows = np.repeat(np.arange(len(self.index)), self.index.shape[1])
        both = np.column_stack([rows, self.index.ravel()]).astype(np.int64)
        both = np.sort(both[both[:, 1] >= 0], axis=1)
        codes = np.unique(both[:, 0] * len(self.index) + both[:, 1])
        return np.column_stack(np.divmod(codes, max(len(self.index), 1)))


def on_grid(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows at one length, rounded to whole numbers; a row of zeros stays one."""
    return np.rint(unit_rows(np.asarray(vectors, np.float32)) * np.float32(GRID_LENGTH))


def cosines_between(grid: NDArray[np.float32], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the cosine of each pair [P, 2] of rows on the grid, exact on it."""
    products = np.zeros(len(pairs))
    step = max(_BLOCK // max(grid.shape[1], 1), 1)
    for start in range(0, len(pairs), step):
        part = pairs[start : start + step]
        products[start : start + step] = np.einsum("ij,ij->i", grid[part[:, 0]], grid[part[:, 1]])
    return products / GRID_LENGTH**2


def neighbours(vectors: NDArray[np.float32], k: int, *, exact: bool | None = None) -> Neighbours:
    """Return the k nearest other rows of each row by cosine.

    Parameters
    ----------
    vectors
        float32 [S, d]; their lengths do not matter, and a row of zeros is near to nothing.
    k
        How many; fewer where there are not as many.
    exact
        Whether every pair is compared. By default up to 20,000 texts; of more, a text is compared with those of the
        cells nearest to its own, which finds nearly all.

    Examples
    --------
    >>> found = neighbours(np.array([[1, 0], [1, 0.1], [0, 1]], np.float32), 1)
    >>> found.index.ravel().tolist(), found.cosine.round(2).ravel().astype(str).tolist()
    ([1, 0, 1], ['1.0', '1.0', '0.1'])
    """
    grid = on_grid(vectors)
    count = len(grid)
    wanted = max(min(k, count - 1), 0)
    index = np.full((count, k), -1, np.int32)
    cosine = np.zeros((count, k), np.float32)
    if wanted:
        everything = exact if exact is not None else count <= _EXACT
        for rows, candidates in _all(grid) if everything else _by_cells(grid):
            row, place, found, values = _nearest(grid, rows, candidates, wanted)
            index[rows[row], place], cosine[rows[row], place] = found, values
    return Neighbours(index, cosine)


def _nearest(
    grid: NDArray[np.float32], rows: NDArray[np.int64], candidates: NDArray[np.int64], k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the nearest candidates of some rows, of equals those that come first: row, place from 0, which, cosine."""
    products = grid[rows] @ (grid if len(candidates) == len(grid) else grid[candidates]).T
    products[rows[:, None] == candidates[None, :]] = -np.inf
    row, column = np.nonzero(products >= _least(products, k)[:, None])
    values = products[row, column].astype(np.float64)
    order = np.lexsort((column, -values, row))
    row, column, values = row[order], column[order], values[order]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    kept = place < k
    return row[kept], place[kept], candidates[column[kept]], values[kept] / GRID_LENGTH**2


def _least(products: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """Return for each row what its k largest reach, above 0: the k-th largest of the largest of many parts of it.

    A little less than the k-th largest itself, and found in one pass without sorting.
    """
    count = products.shape[1]
    parts = min(_PARTS * k, count)
    largest = products[:, : count // parts * parts].reshape(len(products), -1, parts).max(axis=1)
    return np.maximum(np.partition(largest, max(parts - k, 0), axis=1)[:, max(parts - k, 0)], 1)


def _all(grid: NDArray[np.float32]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    everything = np.arange(len(grid))
    step = max(_BLOCK // len(grid), 1)
    for start in range(0, len(grid), step):
        yield everything[start : start + step], everything


def _by_cells(grid: NDArray[np.float32]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield the rows of each cell with the rows of the cells nearest to it."""
    centres = _centres(grid)
    cell = _cells(grid, centres)
    order = np.argsort(cell, kind="stable")
    inside = np.split(order, np.cumsum(np.bincount(cell, minlength=len(centres)))[:-1])
    near = np.argsort(-(centres @ centres.T), axis=1, kind="stable")[:, :_PROBED]
    for own, others in zip(inside, near, strict=True):
        candidates = np.sort(np.concatenate([inside[other] for other in others]))
        step = max(_BLOCK // max(len(candidates), 1), 1)
        for start in range(0, len(own), step):
            yield own[start : start + step], candidates


def _centres(grid: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the centres of cells by k-means on evenly taken rows, each centre on the grid."""
    count = max(len(grid) // _PER_CELL, 1)
    sample = grid[np.linspace(0, len(grid) - 1, min(count * _LEARNED, len(grid))).astype(np.int64)]
    centres = sample[np.linspace(0, len(sample) - 1, count).astype(np.int64)]
    for _ in range(_ROUNDS):
        cell = _cells(sample, centres)
        order = np.argsort(cell, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(cell[order]) > 0])
        sums = np.add.reduceat(sample[order], starts, axis=0, dtype=np.float64)
        centres = centres.copy()
        centres[cell[order][starts]] = on_grid(sums.astype(np.float32))
    return centres


def _cells(rows: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.int64]:
    step = max(_BLOCK // len(centres), 1)
    parts = [np.argmax(rows[at : at + step] @ centres.T, axis=1) for at in range(0, len(rows), step)]
    return np.concatenate(parts)
