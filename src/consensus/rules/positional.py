"""Rules that score a question by its places: exact scores, the highest is first."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import exp, log, prod
from operator import mul

import numpy as np

from consensus.errors import ProtocolError
from consensus.rules.group_tables import GroupTables, Scores
from consensus.tally import IntArray, Tally, tally_coded

__all__ = ["UNRANKED", "borda", "group_informed_consensus", "jla_positions", "jla_top10", "maximin", "mean_points"]

UNRANKED = {"average": 0, "zero": -1, "last": 1}
"""What `borda` may give questions left out of a ranked ballot: this much for each of the others left out, over half."""


def jla_positions(tables: GroupTables) -> Scores:
    """Return C[q] = sum of s_g * (Q + 1 - P[g, q]), shape (Q,).

    A group's say is its share, never its head count. Source: JLA Guidebook, "Collating and scoring interim priorities".

    Raising a question on a ballot never lowers its score or its place in a group's list. It can let a third question
    pass it, though: the questions it overtakes lose points, and another may rise past those in the group's list.
    """
    doubled = 2 * (len(tables.tally.questions) + 1) - tables.doubled
    return _halved(tables, doubled)


def jla_top10(tables: GroupTables) -> Scores:
    """Return sum of s_g times 10 for a group's first question, 9 for its second, ... 0 from its eleventh on.

    Source: an older edition of the JLA Guidebook can be read so; it can give another shortlist than `jla_positions`.
    """
    return _halved(tables, np.maximum(22 - tables.doubled, 0))


def _halved(tables: GroupTables, doubled: IntArray) -> Scores:
    return Scores(_weighted(tables.shares, doubled), over=2)


def _weighted(weights: Sequence[int], points: IntArray) -> list[int]:
    """Return the sum over groups of weight times points, exact, shape (Q,)."""
    return [sum(map(mul, weights, column)) for column in points.T.tolist()]


def mean_points(tables: GroupTables) -> Scores:
    """Return sum of s_g * T[g, q] / n_g, not divided by the sum of shares.

    Where T is itself a part of what was shown or compared (`best_worst`, `pairwise`) it is not divided again.
    """
    weights, divisor = tables.per_ballot()
    if tables.tally.form in ("best_worst", "pairwise"):
        weights, divisor = list(tables.shares), 1
    if (tables.denominator == 1).all():
        return Scores(_weighted(weights, tables.numerator), over=divisor)
    columns = zip(tables.numerator.T.tolist(), tables.denominator.T.tolist(), strict=True)
    fractions = [
        sum((Fraction(w * top, bottom) for w, top, bottom in zip(weights, *pair, strict=True)), Fraction(0))
        for pair in columns
    ]
    return Scores(fractions, over=divisor)


def borda(tables: GroupTables, unranked: str = "average") -> Scores:
    """Return sum of s_g / n_g times the questions below q, half for each level with it, shape (Q,).

    Parameters
    ----------
    unranked
        What a ranked ballot gives each question that it leaves out, m being how many it ranks of Q: "average", the mean
        of the places left (averaged Borda), so (Q - m - 1) / 2; "zero", nothing; "last", all share the place after the
        last one ranked, so Q - m - 1.

    Raises
    ------
    ProtocolError
        Another word for `unranked`, or ballots whose form has no question left out.
    DataError
        Tied places deeper than the tally's depth, and no ballots kept to see them in.
    """
    if not isinstance(unranked, str) or unranked not in UNRANKED:
        raise ProtocolError(
            f"No way called {unranked!r} to score unranked questions; use one of {', '.join(UNRANKED)}."
        )
    weights, divisor = tables.per_ballot()
    t = tables.tally
    doubled = 2 * t.W.sum(axis=2) + t.E.sum(axis=2)
    if unranked != "average":
        if t.form != "ranked":
            raise ProtocolError(
                f"Only ranked ballots leave questions unranked, not {t.form}; use unranked = 'average'."
            )
        doubled = doubled + UNRANKED[unranked] * (t.E.sum(axis=2) - _tied_where_ranked(t))
    return Scores(_weighted(weights, doubled[tables.at]), over=2 * divisor)


def _tied_where_ranked(t: Tally) -> IntArray:
    """Return (G, Q) how many questions stand level with q on the ballots that rank it.

    A ballot with q at place p of a tie of t has Q + 1 - p - t questions below q; so sums of places give sums of ties.
    """
    if (t.N.sum(axis=1) != t.given).any():
        t = tally_coded(t.ballots, depth=None, keep_ballots=False)
    places = np.tensordot(np.arange(1, t.places + 1), t.N, axes=(0, 1))
    both = t.W.sum(axis=2)
    return t.given * len(t.questions) - places - both


def maximin(tables: GroupTables) -> Scores:
    """Return the position score Q + 1 - P of the group with a share that favours the question least."""
    says = np.array(tables.shares) > 0
    worst = tables.doubled[says].max(axis=0)
    return Scores((2 * (len(worst) + 1) - worst).tolist(), over=2)


def group_informed_consensus(tables: GroupTables) -> Scores:
    """Return the product over groups of ((agree + 1) / (seen + 2)) to the power s_g, shown as its geometric mean.

    The geometric mean compares across numbers of groups. Small groups are drawn towards one half by the 1 and 2: alone
    among the rules, here ten times the same ballots in a group move its part. Source: Small et al., Polis (2021).

    Raises
    ------
    ProtocolError
        The ballots are not `chosen`: no other form says who agreed and who saw.
    """
    t = tables.tally
    if t.form != "chosen":
        raise ProtocolError(f"group_informed_consensus needs ballots that agree or not (chosen), not {t.form}.")
    agree, seen = tables.numerator.tolist(), t.given[tables.at].tolist()
    product = [
        prod(
            (Fraction(a + t.unit, s + 2 * t.unit) ** share for a, s, share in zip(*pair, tables.shares, strict=True)),
            start=Fraction(1),
        )
        for pair in zip(zip(*agree, strict=True), zip(*seen, strict=True), strict=True)
    ]
    say = sum(tables.shares)
    return Scores(product, shown=[exp((log(p.numerator) - log(p.denominator)) / say) for p in product])
