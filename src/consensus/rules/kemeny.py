"""The Kemeny order: the one that the fewest comparisons contradict, found exactly and proved.

The majorities' strongly connected components stand in a fixed order, so that only cycles need a search. Each is a
linear programme over the pairs (HiGHS through scipy) to which triangles are added as they are violated; where that
leaves fractions, branch and bound takes over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import gcd

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from consensus.errors import ProtocolError
from consensus.rules.group_tables import GroupTables, Scores
from consensus.rules.linear_orders import EXACT_BELOW, Part, search
from consensus.rules.positional import borda
from consensus.tally import IntArray

__all__ = ["SEVERAL", "KemenyOrders", "kemeny", "kemeny_orders"]

Mask = npt.NDArray[np.bool_]

SEVERAL = ("tied", "borda")
"""What `kemeny` may do where several orders are optimal: tie what they disagree on, or let Borda's order choose."""


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


def kemeny(tables: GroupTables, several: str = "tied") -> Scores:
    """Return how many questions every order chosen puts below q, less those above, shape (Q,); ties as told.

    Questions on whose order the orders chosen disagree are tied, and so is any run of questions joined by such pairs:
    what is left untied is the same in all of them. Source: Kemeny, Daedalus 1959;88:577.

    Parameters
    ----------
    several
        Which orders are chosen where several are optimal: "tied", all of them; "borda", those that turn round the
        fewest pairs of the order by averaged Borda, of which there may still be several.

    Raises
    ------
    ProtocolError
        Another word for `several`.
    DataError
        The majorities go round too much for an order to be proved optimal.
    """
    if several not in SEVERAL:
        raise ProtocolError(f"No way called {several!r} to choose of several orders; use one of {', '.join(SEVERAL)}.")
    table = tables.combined_pairs()
    found = _found(tuple(tuple(map(int, row)) for row in table))
    above, notes = found.above, [f"Kemeny: proved optimal ({found.proof})."]
    least = "at least " if "one move away" in found.proof else ""
    if found.unsettled and several == "tied":
        notes.append(f"Kemeny: optimal orders disagree on {least}{found.unsettled} pairs of questions; these are tied.")
    elif found.unsettled:
        above = _nearest(found, table, np.array(borda(tables), dtype=object))
        left = replace(found, above=above).unsettled
        notes.append(
            f"Kemeny: optimal orders disagree on {least}{found.unsettled} pairs of questions; those nearest to Borda's "
            f"order are chosen, and {left} pairs on which they still disagree are tied."
        )
    inside = _runs(above)[:, None] == _runs(above)
    net = (above & ~inside).sum(axis=1) - (above & ~inside).sum(axis=0)
    return Scores(net.astype(int).tolist(), notes)


def _runs(above: Mask) -> IntArray:
    """Return for each question the number of the run of questions, joined by unsettled pairs, that it belongs to."""
    return connected_components(csr_array(~(above | above.T)), directed=False)[1]


def _nearest(found: KemenyOrders, table: npt.NDArray, scores: npt.NDArray[np.object_]) -> Mask:
    """Return what all optimal orders have in common that turn round the fewest pairs of an order by scores.

    In every optimal order a run of questions stands together, so that each run is searched by itself.
    """
    above, run = found.above.copy(), _runs(found.above)
    for at in np.flatnonzero(np.bincount(run) > 1):
        part = np.flatnonzero(run == at)
        ahead = scores[part, None] > scores[part]
        then = ahead.astype(np.int64) - ahead.T
        above[np.ix_(part, part)] = kemeny_orders(table[np.ix_(part, part)], then).above
    return above


@lru_cache(maxsize=4)
def _found(above: tuple[tuple[int, ...], ...]) -> KemenyOrders:
    """Return `kemeny_orders`, searched once: the order and its firmness ask for the same table within one ranking."""
    return kemeny_orders([list(row) for row in above])


def kemeny_orders(above: list[list[int]] | npt.NDArray, then: IntArray | None = None) -> KemenyOrders:
    """Return what all optimal orders of a pairwise table have in common, and one of them.

    Parameters
    ----------
    above
        (Q, Q) whole numbers: the weight that puts i above j.
    then
        (Q, Q) 1, 0 or -1: of the cheapest orders only those count that put i above j, where it is 1, most often.

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
    pairs = size * (size - 1) // 2 + 1 if then is not None else 1
    margin, rounded = _within_reach(margin, EXACT_BELOW // pairs - 2)
    margin = margin * pairs + (0 if then is None else then)
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


def _within_reach(margin: npt.NDArray[np.object_], most: int) -> tuple[IntArray, bool]:
    """Return margins that add up to less than `most`, their signs kept, and whether they had to be rounded for it."""
    total = sum(abs(int(m)) for m in margin.ravel())
    if total < most:
        return margin.astype(np.int64), False
    signs = np.array([[(m > 0) - (m < 0) for m in row] for row in margin])
    size = [[max(1, abs(int(m)) * most // total) for m in row] for row in margin]
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
