"""Other shares: how many of all weightings keep a question in the Top 10, and how little a change alters it.

A rule is linear when its score is the sum over groups of share times something that does not depend on the shares.
Then every weighting's order follows from one whole-number table, and areas and distances are worked out, not sampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
import numpy.typing as npt

from consensus.resampling import lowest_places, stream
from consensus.rules import GroupTables, score
from consensus.rules import lowest_places as exact_places

__all__ = ["LINEAR", "SAMPLES", "Change", "acceptability", "places_under", "score_parts", "smallest_change"]

FloatArray = npt.NDArray[np.float64]

LINEAR = ("jla_positions", "jla_top10", "mean_points", "borda")
"""Rules whose score is a sum over groups of the share times the group's own part."""

SAMPLES = 10_000
SAMPLES_OF_ANY = 200
WHOLE, WHOLE_OF_ANY = 1_000_000, 100
"""A sampled weighting is rounded to parts of so many, because shares are whole numbers; few for rules of any kind, some
of which raise exact fractions to the power of a share."""


def places_under(tables: GroupTables, rule: str, shares: Sequence[int]) -> npt.NDArray[np.int64]:
    """Return each question's rank if the groups had these shares, the lowest place of a tie, shape (Q,)."""
    return exact_places(list(score(replace(tables, shares=tuple(int(share) for share in shares)), rule)))


def score_parts(tables: GroupTables, rule: str) -> list[list[int]]:
    """Return what a share of 1 of each group adds to each question's score, (G, Q), scaled to whole numbers."""
    alone = np.eye(len(tables.groups), dtype=int).tolist()
    scored = [score(replace(tables, shares=tuple(one)), rule) for one in alone]
    parts = [[Fraction(x) / scores.over for x in scores] for scores in scored]
    scale = lcm(*(part.denominator for row in parts for part in row))
    return [[int(part * scale) for part in row] for row in parts]


def acceptability(tables: GroupTables, rule: str, top: int, seed: int) -> tuple[FloatArray, FloatArray, str]:
    """Return which part of all weightings of the groups with a share keeps each question in the top.

    Returns
    -------
    (Q,) parts from 0 to 1; (Q,) their standard errors, 0 where exact; how it was done. One or two groups: exact, by
    the weights at which two questions change places. Three: exact, the area cut by those lines, slab by slab between
    their crossings. More, or a rule that is not linear: sampled evenly over all weightings (Dirichlet, all 1).
    """
    says = np.flatnonzero(tables.shares)
    if rule not in LINEAR:
        if len(says) == 1:
            kept = places_under(tables, rule, tables.shares) <= top
            return kept.astype(float), np.zeros(len(kept)), "exact"
        return _sampled_by_rule(tables, rule, top, seed, says)
    parts = score_parts(tables, rule)
    whole = np.array([parts[at] for at in says], dtype=object)
    if len(says) > 3:
        return _sampled(whole, top, seed)
    table = (whole - whole.min()).astype(np.float64)
    measured = {1: _on_point, 2: _on_line, 3: _on_triangle}[len(says)](table, top)
    return np.clip(measured, 0, 1), np.zeros(len(measured)), "exact"


def _on_point(table: FloatArray, top: int) -> FloatArray:
    return (lowest_places(table)[0] <= top).astype(float)


def _on_line(table: FloatArray, top: int) -> FloatArray:
    """Return the length of first-group weights w in [0, 1] at which fewer than `top` stand above."""
    return np.array([_length(table[0] - table[0, q], table[1] - table[1, q], top) for q in range(table.shape[1])])


def _length(at_one: FloatArray, at_zero: FloatArray, top: int) -> float:
    return float(_lengths(at_zero[None], at_one[None], top)[0])


def _lengths(left: FloatArray, right: FloatArray, top: int) -> FloatArray:
    """Return for lines over [0, 1], given by their ends (lines, Q), the length where fewer than `top` are above 0."""
    slope = right - left
    with np.errstate(divide="ignore", invalid="ignore"):
        cross = np.where(slope != 0, -left / np.where(slope != 0, slope, 1), 0.0)
    cross = np.where((left > 0) != (right > 0), np.clip(cross, 0, 1), 2.0)
    begins = (left > 0) | ((left == 0) & (right > 0))
    step = np.where(cross > 1, 0, np.where(begins & (left > 0), -1, np.where(left == 0, 0, 1)))
    order = np.argsort(cross, axis=1)
    at = np.clip(np.take_along_axis(cross, order, axis=1), 0, 1)
    above = begins.sum(axis=1)[:, None] + np.cumsum(np.take_along_axis(step, order, axis=1), axis=1)
    edges = np.concatenate([np.zeros((len(at), 1)), at, np.ones((len(at), 1))], axis=1)
    count = np.concatenate([begins.sum(axis=1)[:, None], above], axis=1)
    return (np.diff(edges, axis=1) * (count < top)).sum(axis=1)


def _on_triangle(table: FloatArray, top: int) -> FloatArray:
    """Return the part of the triangle of weights at which fewer than `top` stand above, exact but for rounding.

    Cut the triangle along weights of the first group at which two lines cross, or one crosses the border: between two
    cuts the length of the slice changes linearly, so that its middle times the width is the area.
    """
    return np.array([_area(np.delete(table - table[:, [q]], q, axis=1), top) for q in range(table.shape[1])])


def _area(gap: FloatArray, top: int) -> float:
    always, never = (gap > 0).all(axis=0), (gap <= 0).all(axis=0)
    left = top - int(always.sum())
    gap = gap[:, ~always & ~never]
    if left <= 0 or gap.shape[1] < left:
        return float(left > 0)
    cuts = _cuts(gap)
    middle, width = (cuts[1:] + cuts[:-1]) / 2, np.diff(cuts)
    area = 0.0
    for begin in range(0, len(middle), 4096):
        w, wide = middle[begin : begin + 4096, None], width[begin : begin + 4096]
        ends = [w * gap[0] + (1 - w) * gap[at] for at in (1, 2)]
        area += float((_lengths(ends[0], ends[1], left) * (1 - w[:, 0]) * wide).sum())
    return 2 * area


def _cuts(gap: FloatArray) -> FloatArray:
    """Return 0, 1 and every weight of the first group at which the slices change their shape."""
    a, b, c = gap
    first, second = np.triu_indices(gap.shape[1], 1)
    # Two lines gap . w = 0 cross at w proportional to the cross product of their coefficients.
    crossing = np.cross(gap[:, first].T, gap[:, second].T)
    whole = crossing.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.concatenate([crossing[:, 0] / whole, b / (b - a), c / (c - a)])
    found = found[np.isfinite(found) & (found > 0) & (found < 1)]
    return np.unique(np.concatenate([[0.0, 1.0], found]))


def _sampled(table: npt.NDArray, top: int, seed: int) -> tuple[FloatArray, FloatArray, str]:
    drawn = _weightings(SAMPLES, len(table), seed, WHOLE)
    bound = int(np.abs(table).max()) * WHOLE * len(table) * 2
    kind: type = np.int64 if bound < 2**62 else object
    kept = (lowest_places(drawn.astype(kind) @ table.astype(kind)) <= top).mean(axis=0)
    return kept, np.sqrt(kept * (1 - kept) / SAMPLES), f"sampled {SAMPLES}"


def _weightings(samples: int, groups: int, seed: int, whole: int) -> npt.NDArray[np.int64]:
    """Return weightings drawn evenly, as whole numbers, so that questions level by every group stay level."""
    drawn = stream(seed, "weightings").dirichlet(np.ones(groups), size=samples)
    return np.maximum(np.rint(drawn * whole), 1).astype(np.int64)


def _sampled_by_rule(
    tables: GroupTables, rule: str, top: int, seed: int, says: npt.NDArray
) -> tuple[FloatArray, FloatArray, str]:
    shares = np.zeros((SAMPLES_OF_ANY, len(tables.groups)), dtype=int)
    shares[:, says] = _weightings(SAMPLES_OF_ANY, len(says), seed, WHOLE_OF_ANY)
    kept = np.array([places_under(tables, rule, row) <= top for row in shares.tolist()]).mean(axis=0)
    return kept, np.sqrt(kept * (1 - kept) / SAMPLES_OF_ANY), f"sampled {SAMPLES_OF_ANY}"


@dataclass(frozen=True)
class Change:
    """The smallest change of shares that alters the Top 10.

    Attributes
    ----------
    moved
        The part of the whole say that goes from some groups to another: half the sum of absolute changes.
    shares
        Group -> its part of the whole after the change; at these shares `enters` draws level with `leaves`.
    enters, leaves
        The question that would come in, and the one that it would push out. Level already: `moved` is 0.
    """

    moved: Fraction
    shares: dict[str, Fraction]
    enters: Any
    leaves: Any


def smallest_change(tables: GroupTables, rule: str, top: int) -> Change | None:
    """Return the smallest change of shares that alters which questions are in the top, exactly; None: there is none.

    None also where the rule is not linear. For each pair across the line, say moves to the group that favours the
    newcomer most, from those that favour it least first; the pair that needs least decides, earlier questions first.
    """
    if rule not in LINEAR or len(tables.groups) < 2:
        return None
    parts = score_parts(tables, rule)
    place = places_under(tables, rule, tables.shares)
    whole = sum(tables.shares)
    start = [Fraction(share, whole) for share in tables.shares]
    inside, outside = np.flatnonzero(place <= top).tolist(), np.flatnonzero(place > top).tolist()
    if len(inside) > top:
        last = [q for q in inside if place[q] == max(place[inside])]
        pairs = [(last[1], last[0])]
    else:
        pairs = [(j, i) for i in inside for j in outside]
    best: Change | None = None
    for enters, leaves in pairs:
        found = _overtake([row[enters] - row[leaves] for row in parts], start)
        if found is not None and (best is None or found[0] < best.moved):
            shares = dict(zip(tables.groups, found[1], strict=True))
            names = tables.tally.questions
            best = Change(found[0], shares, names[enters], names[leaves])
    return best


def _overtake(lead: list[int], shares: list[Fraction]) -> tuple[Fraction, list[Fraction]] | None:
    """Return how much say must move, and the shares then, for the sum of share times lead to rise to 0."""
    short = -sum((share * each for share, each in zip(shares, lead, strict=True)), Fraction(0))
    after = list(shares)
    to = max(range(len(lead)), key=lambda at: (lead[at], -at))
    if short <= 0:
        return Fraction(0), after
    if lead[to] < 0:
        return None
    moved = Fraction(0)
    for at in sorted(range(len(lead)), key=lambda at: (lead[at], at)):
        gain = lead[to] - lead[at]
        if gain <= 0:
            break
        part = min(after[at], short / gain)
        after[at], after[to] = after[at] - part, after[to] + part
        moved, short = moved + part, short - part * gain
        if short == 0:
            return moved, after
    return None
