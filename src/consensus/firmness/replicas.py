"""The ranking again and again, on ballots drawn with replacement within each stakeholder group."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from consensus.errors import ProtocolError
from consensus.resampling import (
    BallotMatrix,
    GroupDraws,
    doubled_positions,
    draw_all,
    draw_normal,
    gaussian_sums,
    in_voices,
    lowest_places,
    midrank_matrix,
    place_moments,
    places_worth,
    points_matrix,
    points_worth,
    replicate_weights,
    voices_matrix,
)
from consensus.rules import GroupTables, rank
from consensus.tally import IntArray, are_short, tally_coded

__all__ = ["FROM_TOTALS", "METHODS", "rank_interval", "rank_replicates", "rank_retallied"]

METHODS = ("exact", "gaussian")
"""Ballots drawn again one by one, or totals drawn from the normal distribution that those draws tend to."""

AT_ONCE = 64
"""Replicates placed together, so that they stay in cache."""

Totals = tuple[npt.NDArray, npt.NDArray]


def _positions(totals: Totals, tables: GroupTables, ties: str) -> IntArray:
    """Return twice each group's positions in each replicate, shape (replicates, G, Q)."""
    above, below = totals
    return doubled_positions(above if below.size == 1 else above / np.maximum(below, 1), ties)


def _jla_positions(totals: Totals, tables: GroupTables, ties: str) -> npt.NDArray:
    return -_by_shares(_positions(totals, tables, ties), tables)


def _jla_top10(totals: Totals, tables: GroupTables, ties: str) -> npt.NDArray:
    points = np.maximum(22 - _positions(totals, tables, ties), 0)
    return _by_shares(points, tables)


def _by_shares(points: IntArray, tables: GroupTables) -> IntArray:
    return np.einsum("rgq,g->rq", points, np.array(tables.shares))


def _maximin(totals: Totals, tables: GroupTables, ties: str) -> npt.NDArray:
    return -_positions(totals, tables, ties).max(axis=1)


def _mean(totals: Totals, tables: GroupTables, ties: str) -> npt.NDArray:
    """Return sum of s_g * T / n_g scaled to whole numbers; in Python's integers where 64 bits do not hold them."""
    above, _ = totals
    weights, _ = tables.per_ballot()
    if above.dtype.kind == "f":
        return np.tensordot(above, np.array(weights, dtype=np.float64), axes=(1, 0))
    bound = sum(weight * int(np.abs(above[:, at]).max(initial=0)) for at, weight in enumerate(weights))
    kind: type = np.int64 if bound < 2**62 else object
    return np.sum([above[:, at].astype(kind) * weight for at, weight in enumerate(weights)], axis=0)


Combine = Callable[[Totals, GroupTables, str], npt.NDArray]

FROM_TOTALS: dict[str, tuple[Combine, tuple[str, ...]]] = {
    "jla_positions": (_jla_positions, ("ranked", "chosen", "rated", "points", "best_worst", "pairwise")),
    "jla_top10": (_jla_top10, ("ranked", "chosen", "rated", "points", "best_worst", "pairwise")),
    "maximin": (_maximin, ("ranked", "chosen", "rated", "points", "best_worst", "pairwise")),
    "mean_points": (_mean, ("ranked", "chosen", "rated", "points")),
    "borda": (_mean, ("ranked", "points")),
}
"""Rules that need no more than sums over ballots, each with the forms for which that is so: all replicates at once."""


def rank_replicates(
    tables: GroupTables, rule: str, ties: str, replicates: int, seed: int, method: str, workers: int
) -> IntArray:
    """Return every question's rank in each replicate, shape (replicates, Q); the lowest place of a tie.

    Each group's ballots are drawn n_g times from its n_g, so that a replicate's totals are divided by its own number.
    A rule that needs more than sums over ballots tallies each replicate anew, which takes as long as it says.
    """
    if method not in METHODS:
        raise ProtocolError(f"No way called {method!r} to draw ballots again; use one of {', '.join(METHODS)}.")
    combine, forms = FROM_TOTALS.get(rule, (None, ()))
    averaged = tables.options.get(rule, {}).get("unranked", "average") == "average"
    if method != "exact" and tables.received.voices is not None:
        raise ProtocolError("The normal shortcut draws ballots without respondent weights; use method='exact'.")
    if combine is None or tables.tally.form not in forms or not averaged:
        if method != "exact":
            raise ProtocolError(f"Rule '{rule}' needs the ballots of each replicate; use method='exact'.")
        return rank_retallied(tables, rule, ties, replicates, seed)
    said = _with_a_say(tables)
    totals = _sums(said, rule, replicates, seed, method, workers)
    if combine is _mean and said.received.voices is not None:
        totals = _of_one_total(totals, said, replicates, seed, workers)
    blocks = [slice(at, at + AT_ONCE) for at in range(0, replicates, AT_ONCE)]
    return np.concatenate([lowest_places(combine(_some(said, totals, some), said, ties)) for some in blocks])


def _some(tables: GroupTables, totals: list[npt.NDArray], some: slice) -> Totals:
    """Return the totals of some replicates, (replicates, G, Q), above and below the line of a fraction, else (1,)."""
    q = len(tables.tally.questions)
    both = np.stack([total[some] for total in totals], axis=1)
    if both.shape[-1] == q:
        return both, np.ones(1)
    above, below = both[..., :q], both[..., q:]
    if tables.tally.form != "pairwise":
        return above, below
    unit = tables.tally.unit
    return above + 2 * unit, 2 * below + 4 * unit


def _sums(tables: GroupTables, rule: str, replicates: int, seed: int, method: str, workers: int) -> list[npt.NDArray]:
    """Return what each group's ballots add up to in each replicate, (replicates, K)."""
    t, sign = tables.received, -1 if rule == "borda" else 1
    groups = [int(group) for group in tables.at]
    if method == "gaussian" and are_short(t.grouped):
        worth = (places_worth if rule == "borda" else points_worth)(t)
        moments = [(*place_moments(t.grouped, group, worth), int(t.n[group])) for group in groups]
        drawn = [draw_normal(*of, replicates, seed, t.groups[at]) for of, at in zip(moments, groups, strict=True)]
        return [sign * total for total in drawn]
    matrix = midrank_matrix if rule == "borda" else points_matrix
    matrices = [in_voices(matrix(t, group), t, group) for group in groups]
    told = [(each.rows, each.weight, replicates, seed, each.name) for each in matrices]
    most = [each.largest for each in matrices]
    if method == "gaussian":
        return [sign * gaussian_sums(*of, largest=largest)[0] for of, largest in zip(told, most, strict=True)]
    draws = [GroupDraws(*of, largest=largest) for of, largest in zip(told, most, strict=True)]
    sums = draw_all(draws, workers)
    return sums if sign > 0 else [-total for total in sums]


def _of_one_total(
    totals: list[npt.NDArray], tables: GroupTables, replicates: int, seed: int, workers: int
) -> list[npt.NDArray]:
    """Return sums as they would be had every replicate the group's own total of respondent weights, exact.

    A replicate's people weigh more or less than the group's together, and it is divided by what they weigh. Each is
    multiplied by n_g and by the other groups' totals of the replicate, which leaves order and ties as they are.
    """
    matrices = [voices_matrix(tables.received, group) for group in tables.at.tolist()]
    draws = [GroupDraws(m.rows, m.weight, replicates, seed, m.name, largest=m.largest) for m in matrices]
    held = np.stack([drawn[:, 0] for drawn in draw_all(draws, workers)], axis=1).astype(object)
    others = [np.prod(np.delete(held, at, axis=1), axis=1) * n for at, n in enumerate(tables.n)]
    return [total.astype(object) * other[:, None] for total, other in zip(totals, others, strict=True)]


def _with_a_say(tables: GroupTables) -> GroupTables:
    says = np.flatnonzero(tables.shares)
    picked = {name: getattr(tables, name)[says] for name in ("at", "numerator", "denominator", "doubled")}
    groups, shares = (tuple(getattr(tables, name)[at] for at in says) for name in ("groups", "shares"))
    return replace(tables, groups=groups, shares=shares, **picked)


def rank_retallied(tables: GroupTables, rule: str, ties: str, replicates: int, seed: int) -> IntArray:
    """Return ranks as `rank_replicates` does, from the same draws, by tallying each replicate: any rule, any form."""
    t = tables.received
    coded = t.ballots
    drawn = np.zeros((replicates, len(coded)), dtype=np.int64)
    for group in tables.at:
        mine = np.flatnonzero(coded.group == group)
        matrix = BallotMatrix(t.groups[group], coded.weight[mine], lambda at: at, 1)
        drawn[:, mine] = replicate_weights(matrix.weight, replicates, seed, matrix.name)
    shares = dict(zip(tables.groups, tables.shares, strict=True))
    shares |= {group: 1 for group in t.groups if group not in shares}
    return np.array([_rank_drawn(tables, rule, ties, shares, weight) for weight in drawn])


def _rank_drawn(tables: GroupTables, rule: str, ties: str, shares: Mapping[str, int], weight: IntArray) -> IntArray:
    kept = np.flatnonzero(weight)
    t = tables.received
    drawn = tally_coded(t.ballots._take(kept, weight[kept]), t.depth, keep_ballots=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        ranked = rank(drawn, rule, shares, ties, **tables.options.get(rule, {}))
    return ranked["rank"].loc[list(t.questions)].to_numpy()


def rank_interval(drawn: IntArray, level: float = 0.95) -> tuple[IntArray, IntArray]:
    """Return the lowest and the highest rank of each question's interval, from ranks drawn, shape (replicates, Q).

    Questions level in a replicate have each of the places of their tie in equal parts: nobody in it says which, and an
    interval that took its lowest place alone would be a point for questions that hardly anybody chose. A rank is in
    while the part of replicates beyond it and half of those at it are at least half of `1 - level`: the
    mid-distribution quantile (Parzen 2004). Ranks are whole numbers, so that counting those at the edge in full would
    cover more often than it says.

    Examples
    --------
    >>> low, high = rank_interval(np.array([[1, 2, 2]] * 99 + [[2, 1, 3]]))
    >>> low.tolist(), high.tolist()
    ([1, 2, 2], [1, 3, 3])
    """
    count = _spread_over_ties(drawn)
    middle = (2 * np.cumsum(count, axis=1) - count) / (2 * len(drawn))
    tail = (1 - level) / 2
    return (middle < tail - EDGE).sum(axis=1), (middle <= 1 - tail + EDGE).sum(axis=1) - 1


def _spread_over_ties(drawn: IntArray) -> npt.NDArray[np.float64]:
    """Return how many replicates give each question each rank, (Q, ranks), a tie of k counting 1 / k at each place."""
    replicates, q = drawn.shape
    most = max(q, int(drawn.max(initial=1)))
    row = np.arange(replicates)[:, None] * (most + 1)
    level = np.bincount((row + drawn).ravel(), minlength=replicates * (most + 1))[row + drawn]
    cell = np.arange(q)[None] * (most + 2) + drawn
    change = np.zeros(q * (most + 2))
    for size in np.unique(level):  # mostly few; whole numbers are added, so that no order of adding shows
        of_size = cell[level == size]
        starts = np.bincount(of_size, minlength=len(change)) - np.bincount(of_size + size, minlength=len(change))
        change += starts / size
    return np.cumsum(change.reshape(q, most + 2), axis=1)[:, :-1]


EDGE = 1e-9
"""Parts of ties are not whole numbers: what is within so much of an edge stands on it."""
