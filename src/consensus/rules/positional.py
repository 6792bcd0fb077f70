"""Rules that score a question by its places: exact scores, the highest is first."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from consensus.rules.group_tables import GroupTables

__all__ = ["borda", "jla_positions", "jla_top10", "maximin", "mean_points"]


def jla_positions(tables: GroupTables) -> list[Fraction]:
    """Return C[q] = sum of s_g * (Q + 1 - P[g, q]), shape (Q,).

    A group's say is its share, never its head count. Source: JLA Guidebook, "Collating and scoring interim priorities".

    Raising a question on a ballot never lowers its score or its place in a group's list. It can let a third question
    pass it, though: the questions it overtakes lose points, and another may rise past those in the group's list.
    """
    doubled = 2 * (len(tables.tally.questions) + 1) - tables.doubled
    return _halved(tables, doubled)


def jla_top10(tables: GroupTables) -> list[Fraction]:
    """Return sum of s_g times 10 for a group's first question, 9 for its second, ... 0 from its eleventh on.

    Source: an older edition of the JLA Guidebook can be read so; it can give another shortlist than `jla_positions`.
    """
    return _halved(tables, np.maximum(22 - tables.doubled, 0))


def _halved(tables: GroupTables, doubled: np.ndarray) -> list[Fraction]:
    combined = np.array(tables.shares, dtype=object) @ doubled.astype(object)
    return [Fraction(twice, 2) for twice in combined]


def mean_points(tables: GroupTables) -> list[Fraction]:
    """Return sum of s_g * T[g, q] / n_g, not divided by the sum of shares.

    Where T is itself a part of what was shown or compared (`best_worst`, `pairwise`) it is not divided again.
    """
    weights, divisor = tables.per_ballot()
    if tables.tally.form in ("best_worst", "pairwise"):
        weights, divisor = list(tables.shares), 1
    columns = zip(tables.numerator.T.tolist(), tables.denominator.T.tolist(), strict=True)
    return [
        sum((Fraction(w * top, bottom) for w, top, bottom in zip(weights, *pair, strict=True)), Fraction(0)) / divisor
        for pair in columns
    ]


def borda(tables: GroupTables) -> list[Fraction]:
    """Return sum of s_g / n_g times how many questions stand below q, half for each level with it (averaged Borda)."""
    weights, divisor = tables.per_ballot()
    t = tables.tally
    doubled = (2 * t.W.sum(axis=2) + t.E.sum(axis=2))[tables.at].astype(object)
    return [Fraction(total, 2 * divisor) for total in np.array(weights, dtype=object) @ doubled]


def maximin(tables: GroupTables) -> list[Fraction]:
    """Return the position score Q + 1 - P of the group with a share that favours the question least."""
    says = np.array(tables.shares) > 0
    worst = tables.doubled[says].max(axis=0)
    return [Fraction(2 * (len(worst) + 1) - int(doubled), 2) for doubled in worst]
