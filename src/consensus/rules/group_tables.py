"""What every rule starts from: each group's totals and positions, and the groups' whole-number shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np

from consensus.errors import DataError, ProtocolError
from consensus.tally import IntArray, placing
from consensus.tally.tables import Tally

__all__ = ["TIES", "GroupTables", "Scores", "doubled_positions", "group_scores", "group_tables", "lowest_places"]

Exact = int | Fraction

TIES = ("mean", "min", "dense")
"""How questions level in a group's list share a position: 1, 2.5, 2.5, 4 or 1, 2, 2, 4 or 1, 2, 2, 3."""


class Scores(list[Exact]):
    """Exact scores that decide the order, with what a reader is shown and must be told.

    Attributes
    ----------
    notes
        A sentence each: ties that the rule leaves, how a fit was regularised.
    shown
        (Q,) the score to show where it is not the one that decides; None: the same.
    over
        What all scores are to be divided by: whole numbers decide an order sooner than fractions do.
    """

    def __init__(
        self, scores: Iterable[Exact], notes: Sequence[str] = (), shown: Sequence[float] | None = None, over: int = 1
    ):
        super().__init__(scores)
        self.notes = tuple(notes)
        self.shown = shown
        self.over = over

    def floats(self) -> list[float]:
        """Return the scores to show."""
        return [float(score / self.over) for score in self] if self.shown is None else list(self.shown)


@dataclass(frozen=True)
class GroupTables:
    """The groups that have ballots, with their totals, positions and shares.

    Attributes
    ----------
    tally
        The tables that rules read, in which each ballot counts its respondent weight where there are any.
    received
        The tally as given, in which each person counts once.
    groups
        (G,) those with ballots; `at` is their codes in the tally.
    shares
        (G,) whole numbers.
    numerator, denominator
        (G, Q) each group's total T as exact fractions; the denominators are 1 where totals are whole.
    doubled
        (G, Q) twice the group position P, so that a mean position is whole; 2 is most favoured.
    warnings
        What a reader must be told: groups that had no ballots, and so no say.
    options
        Rule -> the options with which it is asked whenever these tables are ranked.
    """

    tally: Tally
    groups: tuple[str, ...]
    at: IntArray
    shares: tuple[int, ...]
    numerator: IntArray
    denominator: IntArray
    doubled: IntArray
    dropped: tuple[str, ...]
    warnings: tuple[str, ...]
    received: Tally
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def n(self) -> list[int]:
        """Return the number of ballots in each group, as the tables count them."""
        return [int(count) for count in self.tally.n[self.at]]

    @property
    def people(self) -> dict[str, int]:
        """Return the number of ballots of each group, each counted once."""
        return dict(zip(self.groups, self.received.n[self.at].tolist(), strict=True))

    def per_ballot(self) -> tuple[list[int], int]:
        """Return whole weights w and a divisor d, so that a group's share of each ballot, s_g / n_g, is w_g / d."""
        divisor = lcm(*self.n)
        return [share * (divisor // n) for share, n in zip(self.shares, self.n, strict=True)], divisor

    def combined_pairs(self) -> np.ndarray:
        """Return sum of s_g * W_g / n_g, shape (Q, Q), scaled to whole numbers that compare exactly.

        Python's integers where 64 bits do not hold them.
        """
        weights, divisor = self.per_ballot()
        kind: Any = np.int64 if divisor * sum(self.shares) < 2**62 else object
        table = self.tally.W[self.at].astype(kind)
        return np.tensordot(np.array(weights, dtype=kind), table, axes=1)


def group_tables(t: Tally, shares: Mapping[str, int] | None = None, ties: str = "mean") -> GroupTables:
    """Return totals, positions and shares of the groups that have ballots.

    Raises
    ------
    ProtocolError
        A share is not a whole number, a group has none, or no group with ballots has a share above 0.
    DataError
        No group has a ballot.
    """
    if ties not in TIES:
        raise ProtocolError(f"No way called {ties!r} to place ties; use one of {', '.join(TIES)}.")
    declared = _checked_shares(t, shares)
    has_ballots = {group for group, n in zip(t.groups, t.n, strict=True) if n}
    dropped = tuple(group for group in index_union(t.groups, declared) if group not in has_ballots)
    at = np.flatnonzero(t.n)
    if not len(at):
        raise DataError("No stakeholder group has a ballot; import ballots before ranking.")
    groups = tuple(t.groups[code] for code in at)
    if not any(declared[group] for group in groups):
        raise ProtocolError("No stakeholder group that has ballots has a share above 0; give at least one a share.")
    numerator, denominator = group_scores(t.counting)
    doubled = doubled_positions(numerator[at], denominator[at], ties)
    kept = tuple(declared[group] for group in groups)
    told = tuple(_no_say(group, declared.get(group, 1), sum(kept)) for group in dropped)
    return GroupTables(t.counting, groups, at, kept, numerator[at], denominator[at], doubled, dropped, told, t)


def index_union(groups: Sequence[str], shares: Mapping[str, int]) -> list[str]:
    """Return the groups of the tally, then those that only have a share, each once and sorted."""
    return sorted({*groups, *shares}, key=str)


def _no_say(group: str, share: int, left: int) -> str:
    return (
        f"Stakeholder group '{group}' has no ballots and so no say in this ranking; "
        f"its share of {share} is dropped and the other groups share the whole ({left})."
    )


def _checked_shares(t: Tally, shares: Mapping[str, int] | None) -> dict[str, int]:
    if shares is None:
        return dict.fromkeys(t.groups, 1)
    faults = [
        f"the share of stakeholder group '{group}' is {share!r}; write a whole number, 0 or more."
        for group, share in shares.items()
        if isinstance(share, bool) or not isinstance(share, (int, np.integer)) or share < 0
    ]
    told = (
        f"the protocol lists {', '.join(map(str, shares))}" if shares else "shares is empty: leave it out, or fill it"
    )
    faults += [
        f"No share for stakeholder group '{group}'; {told}."
        for group, n in zip(t.groups, t.n, strict=True)
        if n and group not in shares
    ]
    if faults:
        raise ProtocolError.of("the shares", faults)
    return {group: int(share) for group, share in shares.items()}


def group_scores(t: Tally) -> tuple[IntArray, IntArray]:
    """Return numerators and denominators, each (G, Q), of every group's exact total T[g, q]; higher is more favoured.

    `ranked`: depth points for the first place, one less for each place after, 0 for the rest. `chosen`: a point for
    each ballot that chose it. `rated`: the sum of ratings, "don't know" counting 0. `points`: their sum. `best_worst`:
    (best - worst) / shown, 0 where never shown. `pairwise`: (wins + 1) / (wins + losses + 2), a tie being half of each.
    """
    one = np.ones_like(t.given)
    if t.form == "ranked":
        return np.tensordot(np.arange(t.places, 0, -1), t.N, axes=(0, 1)), one
    if t.form == "pairwise":
        wins, losses, ties = t.W.sum(axis=2), t.W.sum(axis=1), t.E.sum(axis=2)
        return 2 * wins + ties + 2 * t.unit, 2 * (wins + losses + ties) + 4 * t.unit
    total = t.C @ np.array(t.levels, np.int64)
    if t.form == "chosen":
        return t.C[:, :, t.levels.index(1)] if 1 in t.levels else np.zeros_like(t.given), one
    return (total, np.maximum(t.given, 1)) if t.form == "best_worst" else (total, one)


def doubled_positions(numerator: IntArray, denominator: IntArray, ties: str) -> IntArray:
    """Return twice each group's position of its totals, shape (G, Q): 2 for the highest total.

    Examples
    --------
    >>> doubled_positions(np.array([[9, 4, 4, 1]]), np.ones((1, 4), int), "mean").tolist()
    [[2, 5, 5, 8]]
    """
    if (denominator == 1).all():
        return placing.doubled_positions(numerator, ties)
    placed = []
    for tops, bottoms in zip(numerator.tolist(), denominator.tolist(), strict=True):
        lowest = lowest_places([Fraction(top, bottom) for top, bottom in zip(tops, bottoms, strict=True)])
        sharing = np.bincount(lowest, minlength=len(tops) + 1)
        dense = np.cumsum(sharing > 0)
        doubled = {"mean": 2 * lowest + sharing[lowest] - 1, "min": 2 * lowest, "dense": 2 * dense[lowest]}[ties]
        placed.append(doubled)
    return np.array(placed, dtype=np.int64)


def lowest_places(scores: Sequence[Any]) -> IntArray:
    """Return places by exact score, highest first, those level sharing the lowest place of their tie.

    Examples
    --------
    >>> lowest_places([7, 3, 3, 1]).tolist()
    [1, 2, 2, 4]
    """
    place: dict[Any, int] = {}
    for at, score in enumerate(sorted(scores, reverse=True)):
        place.setdefault(score, at + 1)
    return np.array([place[score] for score in scores], dtype=np.int64)
