"""Rules that compare questions two by two, on sum of s_g * W_g / n_g scaled to whole numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from consensus.rules.group_tables import GroupTables

__all__ = ["copeland", "schulze"]

Majority = npt.NDArray[np.int64]


def _coded_pairs(tables: GroupTables) -> Majority:
    """Return the combined pairwise table with each value replaced by its place among the values, which keeps order."""
    above = tables.combined_pairs()
    code = {value: at for at, value in enumerate(sorted({value for row in above for value in row}))}
    return np.array([[code[value] for value in row] for row in above], dtype=np.int64)


def copeland(tables: GroupTables) -> list[int]:
    """Return twice how many questions q beats, one more for each that it ties with, shape (Q,)."""
    pairs = _coded_pairs(tables)
    return ((2 * (pairs > pairs.T) + (pairs == pairs.T)).sum(axis=1) - 1).tolist()


def schulze(tables: GroupTables) -> list[int]:
    """Return how many questions q beats by strongest paths, less how many beat it, shape (Q,).

    The strength of a step is the winning side's weight. Beating by strongest paths is transitive, so that this is the
    Schulze order; questions that no path parts are level. Source: Schulze, Soc Choice Welf 2011;36:267.
    """
    pairs = _coded_pairs(tables)
    path = np.where(pairs > pairs.T, pairs, -1)
    for by in range(len(path)):
        np.maximum(path, np.minimum(path[:, by, None], path[None, by]), out=path)
    beats = path > path.T
    np.fill_diagonal(beats, False)
    return (beats.sum(axis=1) - beats.sum(axis=0)).astype(int).tolist()
