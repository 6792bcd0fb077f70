"""The Kemeny order: the one that the fewest comparisons contradict, found exactly and proved.

The majorities' strongly connected components stand in a fixed order, so that only cycles need a search. Each is a
linear programme over the pairs (HiGHS through scipy) to which triangles are added as they are violated; where that
leaves fractions, branch and bound takes over.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import gcd

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from consensus.rules.group_tables import GroupTables, Scores
from consensus.rules.linear_orders import EXACT_BELOW, Part, search
from consensus.tally import IntArray

__all__ = ["KemenyOrders", "kemeny", "kemeny_orders"]


@dataclass(frozen=True, eq=False)
class KemenyOrders:
    """Every order of the questions that contradicts the least weight of comparisons, in what they have in common.

    Attributes
    ----------
    order
        (Q,) one optimal order, the most favoured first.
    cost
        The weight it contradicts, in the units of the table given.
    above
        (Q, Q) whether every optimal order puts i above j.
    proof
        "no cycles", "dual bound" (checked in whole numbers) or "branch and bound" (by HiGHS); said too if margins of
        more digits than the solver's floats were rounded first.
    """

    order: IntArray
    cost: int
    above: npt.NDArray[np.bool_]
    proof: str

    @property
    def unsettled(self) -> int:
        """Return how many pairs of questions stand one way in one optimal order and the other way in another."""
        return int((~(self.above | self.above.T)).sum() - len(self.order)) // 2


def kemeny(tables: GroupTables) -> Scores:
    """Return how many questions every optimal order puts below q, less those above, shape (Q,); ties as told.

    Where several orders are optimal, questions on whose order they disagree are tied, and so is any run of questions
    joined by such pairs: what is left untied is the same in every optimal order. Source: Kemeny, Daedalus 1959;88:577.
    """
    found = _found(tuple(tuple(map(int, row)) for row in tables.combined_pairs()))
    label = connected_components(csr_array(~(found.above | found.above.T)), directed=False)[1]
    inside = label[:, None] == label
    net = (found.above & ~inside).sum(axis=1) - (found.above & ~inside).sum(axis=0)
    notes = [f"Kemeny: proved optimal ({found.proof})."]
    if found.unsettled:
        notes.append(f"Kemeny: optimal orders disagree on {found.unsettled} pairs of questions; these are tied.")
    return Scores(net.astype(int).tolist(), notes)


@lru_cache(maxsize=4)
def _found(above: tuple[tuple[int, ...], ...]) -> KemenyOrders:
    """Return `kemeny_orders`, searched once: the order and its firmness ask for the same table within one ranking."""
    return kemeny_orders([list(row) for row in above])


def kemeny_orders(above: list[list[int]] | IntArray) -> KemenyOrders:
    """Return what all optimal orders of a pairwise table have in common, and one of them.

    Parameters
    ----------
    above
        (Q, Q) whole numbers: the weight that puts i above j.

    Raises
    ------
    DataError
        The search was stopped before the order was proved.

    Examples
    --------
    >>> found = kemeny_orders([[0, 4, 2], [1, 0, 4], [3, 1, 0]])
    >>> found.order.tolist(), found.cost, found.unsettled
    ([0, 1, 2], 5, 0)
    """
    table = np.array(above, dtype=object)
    size = len(table)
    margin = table - table.T
    step = gcd(*(int(m) for m in margin.ravel())) or 1
    margin = margin // step
    margin, rounded = _within_reach(margin)
    settled = np.zeros((size, size), dtype=bool)
    order: list[int] = []
    proofs = {"no cycles"}
    for part in _components(margin):
        inside, proof = _order_part(margin[np.ix_(part, part)])
        settled[np.ix_(part, part)] = inside.above
        rest = np.setdiff1d(np.arange(size), [*order, *part])
        settled[np.ix_(part, rest)] = True
        order += part[inside.order].tolist()
        proofs.add(proof)
    place = np.argsort(order)
    cost = int(table[place[:, None] > place].sum())
    proof = max(proofs, key=len)  # the weaker the proof, the more there is to say of it
    proof += ", margins rounded to a billionth part of their sum" if rounded and proof != "no cycles" else ""
    return KemenyOrders(np.array(order, dtype=np.int64), cost, settled, proof)


def _within_reach(margin: npt.NDArray[np.object_]) -> tuple[IntArray, bool]:
    """Return margins that the solver's floats hold, their signs kept, and whether they had to be rounded for it."""
    total = sum(abs(int(m)) for m in margin.ravel())
    if total < EXACT_BELOW:
        return margin.astype(np.int64), False
    signs = np.array([[(m > 0) - (m < 0) for m in row] for row in margin])
    size = [[max(1, abs(int(m)) * EXACT_BELOW // total) for m in row] for row in margin]
    return signs * np.array(size, dtype=np.int64), True


def _components(margin: IntArray) -> list[IntArray]:
    """Return the questions that no strict majority parts, the most favoured first; across parts all is settled."""
    label = connected_components(csr_array(margin >= 0), connection="strong")[1]
    parts = [np.flatnonzero(label == part) for part in range(label.max(initial=-1) + 1)]
    return sorted(parts, key=lambda part: -int((margin[part[0]] > 0).sum() - (margin[part[0], part] > 0).sum()))


def _order_part(margin: IntArray) -> tuple[Part, str]:
    """Return one component's order, what all its optimal orders agree on, and how that is proved."""
    strict = connected_components(csr_array(margin > 0), connection="strong")[0]
    if strict < len(margin):
        return search(margin)
    above = margin > 0
    for by in range(len(margin)):
        above |= above[:, by, None] & above[None, by]
    return Part(np.argsort(-above.sum(axis=1), kind="stable"), above), "no cycles"
