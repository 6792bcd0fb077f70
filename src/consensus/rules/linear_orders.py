"""The cheapest linear orders of a few things by margins: a linear programme with lazy triangles, proved in integers.

A pair i < j is 1 where i stands above j; a triangle keeps three pairs from going round. Source: Groetschel, Juenger and
Reinelt, Oper Res 1984;32:1195.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy  # what is used of it is imported when it is used: statistics and optimising take 45 MB
from scipy.sparse import csr_array, vstack

from consensus.errors import DataError
from consensus.tally import IntArray

__all__ = ["EXACT_BELOW", "Part", "search"]

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

EXACT_BELOW = 2**38
"""Margins must add up to less, so that the solver's duals are good to far less than one unit."""

GRIDS = (1, 2, 6, 60, 2**20)
"""Dual values are rounded to parts of these: any rounding gives a valid bound, a fitting one a tight bound."""

MOST_NODES = 50
"""How far branch and bound goes before it gives up; counted in nodes, so that it is the same on any machine."""

MOST_OPEN, MOST_OPEN_AGAIN = 1700, 400
"""How many pairs the dual bound may leave open for a search for the cheapest order; for others as cheap."""

MOST_CUTS = 1500
"""How many triangles one round adds at most: the most violated, then the costliest."""


@dataclass(frozen=True, eq=False)
class Part:
    """One optimal order, the most favoured first, and whether every optimal order puts i above j, shape (K, K)."""

    order: IntArray
    above: Mask


@dataclass(eq=False)
class _Programme:
    """Pairs (P,) with first and second, the cost c of putting the first above, and the triangles so far."""

    margin: IntArray
    first: IntArray
    second: IntArray
    number: IntArray
    rows: csr_array
    limit: IntArray

    @property
    def cost(self) -> IntArray:
        return -self.margin[self.first, self.second]

    def square(self, pairs: FloatArray) -> FloatArray:
        """Return pairs as a (K, K) table, 0 on the diagonal."""
        table = np.zeros(self.margin.shape)
        table[self.first, self.second], table[self.second, self.first] = pairs, 1 - pairs
        return table

    def pairs_of(self, order: IntArray) -> IntArray:
        place = np.argsort(order)
        return (place[self.first] < place[self.second]).astype(np.int64)

    def price(self, order: IntArray) -> int:
        return int(self.cost @ self.pairs_of(order))

    def cut(self, pairs: FloatArray) -> bool:
        """Add the triangles that these pairs violate; return whether there were any."""
        table = self.square(pairs)
        found = _violated(table, self.margin)
        if not len(found):
            return False
        i, j, k = found.T
        columns = np.stack([self.number[i, j], self.number[j, k], self.number[k, i]], axis=1)
        signs = np.stack([np.where(i < j, 1, -1), np.where(j < k, 1, -1), np.where(k < i, 1, -1)], axis=1)
        start = np.arange(0, columns.size + 1, 3)
        rows = csr_array((signs.ravel(), columns.ravel(), start), shape=(len(found), len(self.first)))
        self.rows = rows if not self.rows.shape[0] else vstack([self.rows, rows], format="csr")
        self.limit = np.r_[self.limit, 2 - (signs < 0).sum(axis=1)]
        return True

    def keep(self, rows: Mask) -> None:
        """Drop the other triangles."""
        self.rows, self.limit = self.rows[rows], self.limit[rows]


def _violated(table: FloatArray, margin: IntArray) -> IntArray:
    """Return triangles i -> j -> k -> i whose pairs sum to more than 2, i the least of the three, shape (n, 3)."""
    found = []
    for at in range(len(table) - 2):
        past = slice(at + 1, None)
        over = table[at, past, None] + table[past, past] + table[past, at][None, :] - 2
        second, third = np.nonzero(over > 1e-6)
        rest = np.column_stack([np.full(len(second), at), second + at + 1, third + at + 1])
        found.append(np.column_stack([rest, np.rint(-1e6 * over[second, third]).astype(np.int64)]))
    listed = np.concatenate(found) if found else np.zeros((0, 4), np.int64)
    i, j, k, excess = listed.T
    least = np.minimum(np.minimum(np.abs(margin[i, j]), np.abs(margin[j, k])), np.abs(margin[k, i]))
    return listed[np.lexsort((-least, excess))[:MOST_CUTS], :3]


def search(margin: IntArray) -> tuple[Part, str]:
    """Return the optimal orders of margins, (K, K) whole numbers, margin[i, j] = -margin[j, i]; and the proof.

    Raises
    ------
    DataError
        The solver stopped before an order was proved.
    """
    first, second = np.triu_indices(len(margin), 1)
    number = np.zeros(margin.shape, np.int64)
    number[first, second] = number[second, first] = np.arange(len(first))
    empty = csr_array((0, len(first)), dtype=np.int64)
    programme = _Programme(margin, first, second, number, empty, np.zeros(0, np.int64))
    order = _improve(margin, np.argsort(-np.sign(margin).sum(axis=1), kind="stable"))
    order, fixed, proof = _relax(programme, order)
    if (fixed < 0).sum() > MOST_OPEN_AGAIN and proof == "branch and bound":
        fixed, proof = programme.pairs_of(order), "branch and bound; others as good sought one move away only"
    return Part(order, _agreed(programme, order, fixed)), proof


def _relax(programme: _Programme, order: IntArray) -> tuple[IntArray, IntArray, str]:
    """Return a cheapest order, which way the dual bound fixes each pair (-1: neither), and the proof."""
    programme.cut((programme.cost < 0).astype(float))
    reached = -np.inf
    while True:
        solved = _solve_relaxed(programme)
        order = min(order, _rounded(programme, solved.x), key=programme.price)
        proved, fixed = _fixed(programme, -solved.ineqlin.marginals, programme.price(order))
        if proved:
            return order, fixed, "dual bound"
        tight = solved.slack < 1e-7
        if not programme.cut(solved.x):
            break
        if solved.fun > reached + 1e-6 * abs(reached):  # else dropping triangles could go round for ever
            reached = solved.fun
            programme.keep(np.r_[tight, np.ones(len(programme.limit) - len(tight), bool)])
    if (fixed < 0).sum() > MOST_OPEN:
        raise DataError("The majorities go round too much for a Kemeny order to be proved; use another rule beside it.")
    found = _solve_whole(programme, programme.cost, fixed)
    order = min(order, found, key=programme.price)
    return order, _fixed(programme, -solved.ineqlin.marginals, programme.price(order))[1], "branch and bound"


def _solve_relaxed(programme: _Programme) -> Any:
    solved = scipy.optimize.linprog(programme.cost, programme.rows, programme.limit, bounds=(0, 1), method="highs-ds")
    if solved.status:
        raise DataError(f"The search for the Kemeny order stopped: {solved.message}")
    return solved


def _fixed(programme: _Programme, dual: FloatArray, price: int) -> tuple[bool, IntArray]:
    """Return whether the dual values prove the price, and the way (0, 1) of each pair that no order so cheap turns."""
    best: tuple[int, int] | None = None
    fixed = np.full(len(programme.first), -1)
    dual = np.maximum(np.r_[dual, np.zeros(len(programme.limit) - len(dual))], 0)
    for grid in GRIDS:
        if grid * int(np.abs(programme.cost).sum() + 1) >= 2**61:
            break
        whole = np.rint(dual * grid).astype(np.int64)
        reduced = grid * programme.cost + programme.rows.T @ whole
        bound = int(np.minimum(reduced, 0).sum()) - int(programme.limit @ whole)
        if best is None or bound * best[1] > best[0] * grid:
            best = bound, grid
            fixed = np.where(bound + np.abs(reduced) > grid * price, (reduced < 0).astype(np.int64), -1)
        if bound > grid * (price - 1):
            return True, fixed
    return False, fixed


def _solve_whole(programme: _Programme, cost: IntArray, fixed: IntArray, budget: int | None = None) -> IntArray:
    """Return the order cheapest by `cost`, by branch and bound, adding triangles until the pairs are an order."""
    low, high = np.where(fixed < 0, 0, fixed), np.where(fixed < 0, 1, fixed)
    while True:
        limits = [scipy.optimize.LinearConstraint(programme.rows, -np.inf, programme.limit)]
        if budget is not None:
            limits.append(scipy.optimize.LinearConstraint(programme.cost[None, :].astype(float), -np.inf, budget + 0.5))
        solved = scipy.optimize.milp(
            cost,
            integrality=np.ones(len(cost)),
            bounds=scipy.optimize.Bounds(low, high),
            constraints=limits,
            options={"mip_rel_gap": 0, "node_limit": MOST_NODES},
        )
        if solved.status or solved.x is None:
            raise DataError(f"The search for the Kemeny order stopped: {solved.message}")
        if not programme.cut(np.rint(solved.x)):
            return np.argsort(-programme.square(np.rint(solved.x)).sum(axis=1), kind="stable")


def _agreed(programme: _Programme, order: IntArray, fixed: IntArray) -> Mask:
    """Return whether every optimal order puts i above j: look for one that turns round the most pairs, until none."""
    mine, price = programme.pairs_of(order), programme.price(order)
    turned = np.zeros(len(mine), bool)
    for other in _level_moves(programme, order):
        turned |= programme.pairs_of(other) != mine
    while (open_pairs := (fixed < 0) & ~turned).any():
        gain = np.where(open_pairs, np.where(mine == 1, 1, -1), 0)
        other = _solve_whole(programme, gain, fixed, price)
        if programme.price(other) != price:
            raise DataError("The weights of the Kemeny order are too large to tell its ties; use smaller shares.")
        fresh = open_pairs & (programme.pairs_of(other) != mine)
        turned |= fresh
        if not fresh.any():
            break
    above = programme.square(mine.astype(float)).astype(bool)
    above[programme.first[turned], programme.second[turned]] = False
    above[programme.second[turned], programme.first[turned]] = False
    return above


def _rounded(programme: _Programme, pairs: FloatArray) -> IntArray:
    """Return the order of the sums of a (possibly fractional) solution, improved."""
    order = np.argsort(-programme.square(pairs).sum(axis=1), kind="stable")
    return _improve(programme.margin, order)


def _moves(margin: IntArray, order: IntArray) -> IntArray:
    """Return what moving the thing at place a to place b would save, shape (K, K)."""
    sorted_margin = margin[np.ix_(order, order)]
    ahead = np.triu(sorted_margin, 1)
    down = -np.cumsum(ahead, axis=1)
    up = np.cumsum(np.tril(sorted_margin, -1)[:, ::-1], axis=1)[:, ::-1]
    return np.triu(down, 1) + np.tril(up, -1)


def _moved(order: IntArray, a: int, b: int) -> IntArray:
    return np.insert(np.delete(order, a), b, order[a])


def _improve(margin: IntArray, order: IntArray) -> IntArray:
    """Return the order after the best single moves until none saves anything."""
    while True:
        saved = _moves(margin, order)
        a, b = np.unravel_index(int(saved.argmax()), saved.shape)
        if saved[a, b] <= 0:
            return order
        order = _moved(order, int(a), int(b))


def _level_moves(programme: _Programme, order: IntArray) -> list[IntArray]:
    """Return the orders one move away that cost the same."""
    saved = _moves(programme.margin, order)
    return [_moved(order, int(a), int(b)) for a, b in np.argwhere(saved == 0) if a != b]
