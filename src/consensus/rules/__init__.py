"""A tally to an order, by the name of a rule: a new rule is one function and one entry of `RULES`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd

from consensus.arguments import a_mapping, a_tally
from consensus.errors import ProtocolError
from consensus.rules.choice_models import bradley_terry, plackett_luce
from consensus.rules.group_tables import GroupTables, Scores, group_tables, lowest_places
from consensus.rules.kemeny import kemeny
from consensus.rules.pairwise import copeland, ranked_pairs, schulze
from consensus.rules.positional import (
    borda,
    group_informed_consensus,
    jla_positions,
    jla_top10,
    maximin,
    mean_points,
)
from consensus.tally.tables import Tally
from consensus.version import __version__

__all__ = ["RULES", "GroupTables", "Rule", "group_tables", "lowest_places", "rank", "score"]

Rule = Callable[..., Sequence[int | Fraction]]

RULES: dict[str, Rule] = {
    "jla_positions": jla_positions,
    "jla_top10": jla_top10,
    "mean_points": mean_points,
    "borda": borda,
    "copeland": copeland,
    "schulze": schulze,
    "ranked_pairs": ranked_pairs,
    "kemeny": kemeny,
    "plackett_luce": plackett_luce,
    "bradley_terry": bradley_terry,
    "maximin": maximin,
    "group_informed_consensus": group_informed_consensus,
}


def rank(
    t: Tally,
    rule: str = "jla_positions",
    shares: Mapping[str, int] | None = None,
    ties: str = "mean",
    **options: Any,
) -> pd.DataFrame:
    """Return the combined order of the questions: one row each, by rank, then by question.

    Parameters
    ----------
    t
        The tally of the ballots.
    rule
        A name in `RULES`; the default is the JLA Guidebook's.
    shares
        Each group's whole-number share; None: 1 each. A group without ballots is dropped with a warning and the others
        share the whole; a share of 0 shows a group's positions without giving it a say.
    ties
        How questions level in a group's list share its positions: "mean", "min" or "dense".
    options
        The rule's own: `unranked` of `borda`, `several` of `kemeny`, `prior` of `plackett_luce` and `bradley_terry`.

    Returns
    -------
    DataFrame
        Index `question`. `rank`: the lowest place of a tie (1, 2, 2, 4), 1 is first; `tied`; `score`, the highest is
        first; `position_<group>`, 1 is most favoured; `total_<group>`; for ratings also `mean_<group>` of those who
        answered. Where the ballots have respondent weights, a ballot counts its weight in all of these, and `ballots`
        in `attrs` still counts people. `attrs` holds method, rule, ties, shares, dropped, warnings, version and digest,
        the rule's own options and its `notes`: a sentence each that a reader must be told, such as ties that the rule
        leaves.

    Raises
    ------
    ProtocolError
        An unknown rule or option; a rule that the form of the ballots does not bear; every fault of the shares at once.
    DataError
        No group has a ballot.

    Examples
    --------
    >>> from consensus.tally import tally
    >>> ballots = pd.DataFrame({"ballot": ["b1", "b1", "b2"], "group": ["carer", "carer", "nurse"],
    ...                         "question": ["q1", "q2", "q2"], "value": [1, 2, 1]})
    >>> rank(tally(ballots))[["rank", "tied", "score", "position_carer", "position_nurse"]]
              rank   tied  score  position_carer  position_nurse
    question
    q1           1   True    3.0             1.0             2.0
    q2           1   True    3.0             2.0             1.0
    """
    a_tally("rank", t, Tally)
    a_mapping("rank", "shares", shares)
    if not isinstance(rule, str) or rule not in RULES:
        raise ProtocolError(f"No rule called {rule!r}; use one of {', '.join(RULES)}.")
    allowed = [name for name in signature(RULES[rule]).parameters if name != "tables"]
    for name in options.keys() - set(allowed):
        told = f"it takes {', '.join(allowed)}" if allowed else "it takes none"
        raise ProtocolError(f"The rule {rule!r} has no option {name!r}; {told}.")
    tables = group_tables(t, shares, ties)
    for sentence in tables.warnings:
        warnings.warn(sentence, UserWarning, stacklevel=2)
    return _ranking(tables, rule, ties, options)


def score(tables: GroupTables, rule: str) -> Scores:
    """Return each question's exact score by a rule, asked with the options that the tables hold for it, shape (Q,)."""
    return _scores(tables, rule, tables.options.get(rule, {}))


def _scores(tables: GroupTables, rule: str, options: Mapping[str, Any]) -> Scores:
    scores = RULES[rule](tables, **options)
    return scores if isinstance(scores, Scores) else Scores(scores)


def _ranking(tables: GroupTables, rule: str, ties: str, options: Mapping[str, Any]) -> pd.DataFrame:
    scores = _scores(tables, rule, options)
    place = lowest_places(scores)
    order = np.argsort(place, kind="stable")
    columns: dict[str, Any] = {
        "rank": place,
        "tied": np.bincount(place)[place] > 1,
        "score": np.array(scores.floats()),
    }
    columns |= {f"position_{group}": tables.doubled[at] / 2 for at, group in enumerate(tables.groups)}
    columns |= {f"total_{group}": _totals(tables, at) for at, group in enumerate(tables.groups)}
    if tables.tally.form == "rated":
        columns |= {f"mean_{group}": _mean_ratings(tables, at) for at, group in enumerate(tables.groups)}
    index = tables.received.index.take(order)
    frame = pd.DataFrame({name: column[order] for name, column in columns.items()}, index=index, copy=False)
    frame.attrs = {
        "method": "rank",
        "rule": rule,
        "ties": ties,
        "shares": dict(zip(tables.groups, tables.shares, strict=True)),
        "form": tables.tally.form,
        "depth": tables.tally.depth,
        "ballots": tables.people,
        "dropped": list(tables.dropped),
        "warnings": list(tables.warnings),
        "options": dict(options),
        "notes": list(scores.notes),
        "version": __version__,
        "digest": tables.received.digest,
    }
    frame.attrs.update(**tables.received.told_weighting)
    return frame


def _totals(tables: GroupTables, at: int) -> np.ndarray:
    if (tables.denominator[at] == 1).all():
        return tables.numerator[at] if tables.tally.unit == 1 else tables.numerator[at] / tables.tally.unit
    return tables.numerator[at] / tables.denominator[at]


def _mean_ratings(tables: GroupTables, at: int) -> np.ndarray:
    answered = tables.tally.given[tables.at[at]] - tables.tally.unsure[tables.at[at]]
    return np.divide(tables.numerator[at], answered, out=np.full(len(answered), np.nan), where=answered > 0)
