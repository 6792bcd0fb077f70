"""Rules that compare questions two by two, on sum of s_g * W_g / n_g scaled to whole numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from consensus.rules.group_tables import GroupTables

__all__ = ["coded_pairs", "copeland", "ranked_pairs", "schulze"]

Majority = npt.NDArray[np.int64]


def coded_pairs(tables: GroupTables) -> Majority:
    """Return the combined pairwise table with each value replaced by its place among the values, which keeps order."""
    above = tables.combined_pairs()
    return np.unique(above, return_inverse=True)[1].reshape(above.shape)


def copeland(tables: GroupTables) -> list[int]:
    """Return twice how many questions q beats, one more for each that it ties with, shape (Q,)."""
    pairs = coded_pairs(tables)
    return ((2 * (pairs > pairs.T) + (pairs == pairs.T)).sum(axis=1) - 1).tolist()


def schulze(tables: GroupTables) -> list[int]:
    """Return how many questions q beats by strongest paths, less how many beat it, shape (Q,).

    The strength of a step is the winning side's weight. Beating by strongest paths is transitive, so that this is the
    Schulze order; questions that no path parts are level. Source: Schulze, Soc Choice Welf 2011;36:267.
    """
    pairs = coded_pairs(tables)
    pairs = pairs.astype(np.min_scalar_type(-max(pairs.size, 2)))  # the narrower, the more at once
    path = np.where(pairs > pairs.T, pairs, pairs.dtype.type(-1))
    weaker = np.empty_like(path)
    for by in range(len(path)):
        np.minimum(path[:, by, None], path[None, by], out=weaker)
        np.maximum(path, weaker, out=path)
    beats = path > path.T
    np.fill_diagonal(beats, False)
    return (beats.sum(axis=1) - beats.sum(axis=0)).astype(int).tolist()


def ranked_pairs(tables: GroupTables) -> list[int]:
    """Return how many questions q stands above in the locked order, less how many stand above it, shape (Q,).

    Majorities are locked from the strongest (the winning side's weight; at equal weight the smaller opposition first),
    each unless those locked already say the opposite. Majorities of one strength are weighed together: those that would
    close a cycle with the ones locked and with each other are all left out, so that no order of a file decides. Without
    such ties this is Tideman's order. Source: Tideman, Soc Choice Welf 1987;4:185.
    """
    pairs = coded_pairs(tables)
    size = len(pairs)
    below = [1 << i for i in range(size)]  # bit j of below[i]: i is locked above j, or is j
    winner, loser = np.nonzero(pairs > pairs.T)
    strength = np.column_stack([-pairs[winner, loser], pairs[loser, winner]])
    order = np.lexsort(strength.T[::-1])
    fresh = np.r_[True, (strength[order][1:] != strength[order][:-1]).any(axis=1)][: len(order)]
    for level in np.split(order, np.flatnonzero(fresh)[1:]):
        drawn = [(i, j) for i, j in zip(winner[level].tolist(), loser[level].tolist(), strict=True)]
        _lock(below, [(i, j) for i, j in drawn if not below[j] >> i & 1])
    beaten = [sum(row >> q & 1 for row in below) for q in range(size)]
    return [below[q].bit_count() - beaten[q] for q in range(size)]


def _lock(below: list[int], pairs: list[tuple[int, int]]) -> None:
    """Lock all of these pairs that close no cycle with each other and with those locked already."""
    if len(pairs) > 1:
        trial = below.copy()
        for i, j in pairs:
            _join(trial, i, j)
        pairs = [(i, j) for i, j in pairs if not trial[j] >> i & 1]
    for i, j in pairs:
        _join(below, i, j)


def _join(below: list[int], i: int, j: int) -> None:
    """Put i above j, and with it all that stand above i above all that stand below j."""
    if below[i] >> j & 1:
        return
    reached = below[j]
    for q, row in enumerate(below):
        if row >> i & 1:
            below[q] = row | reached
