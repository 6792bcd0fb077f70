"""Average linkage without a table of all pairs: groups that are near join, the nearest first.

The mean cosine between two groups is the product of their sums, so a group is kept as the sum of its members' vectors
on the grid of whole numbers: exact, and the same for any number of threads. Two groups are looked at only where a
member of one is among the nearest of a member of the other; with as many neighbours as there are texts this is average
linkage itself.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from consensus.duplicates.neighbours import GRID_LENGTH, cosines_between, neighbours, on_grid

__all__ = ["Linkage", "link"]

NEAREST = 20
_DECIMALS = 9


@dataclass(frozen=True)
class Linkage:
    """S texts and the joins between their groups: which two, the lower first, and the height of the join."""

    count: int
    joins: tuple[tuple[int, int], ...]
    heights: NDArray[np.float64]

    def cut(self, threshold: float) -> NDArray[np.int64]:
        """Return for each text its group, called by the lowest row in it, after all joins at or above `threshold`.

        Examples
        --------
        >>> link(np.array([[1, 0], [1, 0.1], [0, 1]], np.float32), 0.0).cut(0.9).tolist()
        [0, 0, 2]
        """
        groups = np.arange(self.count)
        for (kept, gone), height in zip(self.joins, self.heights, strict=True):
            if height < threshold:
                break
            groups[gone] = kept
        for row in range(self.count):  # a join keeps the lower row, so each points to a lower one, already followed
            groups[row] = groups[groups[row]]
        return groups


def link(
    vectors: NDArray[np.float32], least: float, *, nearest: int = NEAREST, pairs: NDArray[np.int64] | None = None
) -> Linkage:
    """Return the joins of S texts by average linkage, from the nearest down to a mean cosine of `least`.

    Ties are broken by the rows' order. A height is never above the one before it. Two texts are near where `pairs`
    [P, 2], the lower row first, says so; by default where either is among the nearest of the other.

    Examples
    --------
    >>> link(np.array([[1, 0], [1, 0.1], [0, 1]], np.float32), 0.5).joins
    ((0, 1),)
    """
    grid = on_grid(vectors)
    found = neighbours(vectors, min(nearest, max(len(grid) - 1, 0))).pairs() if pairs is None else pairs
    cosines = cosines_between(grid, found).round(_DECIMALS)
    groups = _Groups(grid)
    for (one, other), cosine in zip(found[cosines >= least].tolist(), cosines[cosines >= least].tolist(), strict=True):
        groups.meet(one, other, cosine)
    joins, heights = [], []
    while (nearest_pair := groups.next()) is not None:
        height, one, other = nearest_pair
        joins.append((one, other))
        heights.append(height)
        groups.join(one, other, least)
    return Linkage(len(grid), tuple(joins), np.minimum.accumulate(np.array(heights, float)))


@dataclass
class _Groups:
    """Groups as they stand: sums and sizes, who is near whom, and the pairs yet to be looked at, the nearest first."""

    grid: NDArray[np.float32]
    sums: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    size: dict[int, int] = field(default_factory=dict)
    near: dict[int, set[int]] = field(default_factory=dict)
    waiting: list[tuple[float, int, int, int]] = field(default_factory=list)

    def meet(self, one: int, other: int, cosine: float) -> None:
        """Put two texts on the list."""
        for row, mate in ((one, other), (other, one)):
            self.near.setdefault(row, set()).add(mate)
            self.size[row] = 1
        heapq.heappush(self.waiting, (-cosine, one, other, 2))

    def next(self) -> tuple[float, int, int] | None:
        """Return the nearest two groups that both still stand as they were when they were looked at."""
        while self.waiting:
            cosine, one, other, together = heapq.heappop(self.waiting)
            if one in self.size and other in self.size and self.size[one] + self.size[other] == together:
                return -cosine, one, other
        return None

    def join(self, kept: int, gone: int, least: float) -> None:
        """Join two groups, and look at the new one beside all that are near to it."""
        self.sums[kept] = self._sum(kept) + self._sum(gone)
        self.sums.pop(gone, None)
        self.size[kept] += self.size.pop(gone)
        mates = (self.near.pop(gone) | self.near[kept]) - {kept, gone}
        for mate in mates:
            self.near[mate].discard(gone)
            self.near[mate].add(kept)
        self.near[kept] = mates
        ordered = sorted(mates)
        if not ordered:
            return
        sizes = np.array([self.size[mate] for mate in ordered])
        products = np.stack([self._sum(mate) for mate in ordered]) @ self.sums[kept]
        lengths = GRID_LENGTH**2 * sizes * self.size[kept]
        for mate, size, cosine in zip(ordered, sizes, (products / lengths).round(_DECIMALS), strict=True):
            if cosine >= least:
                pair = (min(kept, mate), max(kept, mate))
                heapq.heappush(self.waiting, (-float(cosine), *pair, int(size) + self.size[kept]))
            # one that is too far now may come near again when either grows, so it stays among the near

    def _sum(self, group: int) -> NDArray[np.float64]:
        return self.sums[group] if group in self.sums else self.grid[group].astype(np.float64)
