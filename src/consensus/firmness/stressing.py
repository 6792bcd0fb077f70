"""One frame that says how firm an order is."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from consensus.arguments import a_mapping, a_tally, check_whole
from consensus.errors import ConsensusError, DataError, ProtocolError
from consensus.firmness.influence import influence, without_each
from consensus.firmness.replicas import rank_interval, rank_replicates
from consensus.firmness.shares import acceptability, smallest_change
from consensus.rules import RULES, GroupTables, group_tables, rank
from consensus.tally.tables import Tally
from consensus.version import __version__

__all__ = ["LEVEL", "stress"]

LEVEL = 0.95


def stress(
    t: Tally,
    rule: str = "jla_positions",
    shares: Mapping[str, int] | None = None,
    top: int = 10,
    replicates: int = 1000,
    seed: int = 0,
    method: str = "exact",
    *,
    ties: str = "mean",
    rule_options: Mapping[str, Mapping[str, Any]] | None = None,
    workers: int = 1,
) -> pd.DataFrame:
    """Return how firm each question's place is: by chance, by the shares, by group and by rule.

    Parameters
    ----------
    t, rule, shares, ties
        As for `rank`; the tally must keep its ballots.
    top
        How many places make the Top 10.
    replicates, seed
        How many times ballots are drawn again, and from which seed.
    method
        "exact": each group's n ballots are drawn with replacement. "gaussian": totals are drawn from the normal
        distribution with the same mean and covariance, for very many ballots.
    rule_options
        Rule -> its own options, as `rank` takes them, such as {"borda": {"unranked": "zero"}}.
    workers
        Threads; no digit depends on it.

    Returns
    -------
    DataFrame
        Index `question`, in the order of `rank`. `rank`; `low`, `high`, the 95 % rank interval (see
        `rank_interval`); `p_top`, the part of replicates with a rank in the top; `acceptability`, the part of all
        weightings of the groups that keeps it there, and its standard error `acceptability_se` (0: exact);
        `without_<group>`, the rank without that group; `influence_<group>`, how many places the group lifts it
        (Shapley); `in_top_<rule>` for every rule (missing where a rule cannot rank these ballots). `attrs` holds
        method, options, version, digest; `smallest_change` of shares that alters the top; `skipped`, rule -> why.

    Raises
    ------
    ProtocolError
        An unknown rule, method or share.
    DataError
        No ballots, ballots that were not kept, fewer than 2 replicates.

    Examples
    --------
    >>> from consensus.tally import tally
    >>> ballots = pd.DataFrame({"ballot": ["b1", "b1", "b2", "b2"], "group": ["carer", "carer", "nurse", "nurse"],
    ...                         "question": ["q1", "q2", "q2", "q1"], "value": [1, 2, 1, 2]})
    >>> firm = stress(tally(ballots), top=1, shares={"carer": 2, "nurse": 1}, replicates=100)
    >>> firm[["rank", "low", "high", "p_top", "acceptability", "influence_carer"]]
              rank  low  high  p_top  acceptability  influence_carer
    question
    q1           1    1     1    1.0            0.5             0.75
    q2           2    2     2    0.0            0.5            -0.75
    """
    a_tally("stress", t, Tally)
    a_mapping("stress", "shares", shares)
    check_whole("stress", top=(top, 0), replicates=(replicates, 0), seed=(seed, 0), workers=(workers, 1))
    if replicates < 2 or top < 1:
        raise DataError("Firmness needs 2 replicates or more and a top of 1 or more; ask for more.")
    if not isinstance(rule, str) or rule not in RULES:
        raise ProtocolError(f"No rule called {rule!r}; use one of {', '.join(RULES)}.")
    a_mapping("stress", "rule_options", rule_options)
    for name, given in (rule_options or {}).items():
        a_mapping("stress", f"rule_options[{name!r}]", given)
    own = {name: dict(given) for name, given in (rule_options or {}).items()}
    tables = replace(group_tables(t, shares, ties), options=own)
    frame, skipped = _by_rule(t, rule, shares, ties, top, own)
    drawn = rank_replicates(tables, rule, ties, replicates, seed, method, workers)
    low, high = rank_interval(drawn, LEVEL)
    accepted, error, how = acceptability(tables, rule, top, seed)
    moved, how_moved = influence(tables, rule, seed)
    columns: dict[str, Any] = {"low": low, "high": high, "p_top": (drawn <= top).mean(axis=0)}
    columns |= {"acceptability": accepted, "acceptability_se": error}
    columns |= {f"without_{group}": ranks for group, ranks in without_each(tables, rule).items()}
    columns |= {f"influence_{group}": moved[at] for at, group in enumerate(tables.groups)}
    firm = pd.DataFrame(columns, index=pd.Index(t.questions, name="question"))
    result = pd.concat([frame[["rank"]], firm.reindex(frame.index), frame.drop(columns="rank")], axis=1)
    result.index.name = "question"
    options = {"rule": rule, "ties": ties, "top": top, "replicates": replicates, "seed": seed, "level": LEVEL}
    options["rule_options"] = own
    result.attrs = {
        "method": "stress",
        "drawn": method,
        "options": options | {"shares": dict(zip(tables.groups, tables.shares, strict=True))},
        "ballots": tables.people,
        "acceptability": how,
        "influence": how_moved,
        "smallest_change": _told(tables, rule, top),
        "skipped": skipped,
        "warnings": list(tables.warnings),
        "version": __version__,
        "digest": t.digest,
    }
    result.attrs.update(**t.told_weighting)
    return result


def _by_rule(
    t: Tally,
    chosen: str,
    shares: Mapping[str, int] | None,
    ties: str,
    top: int,
    options: Mapping[str, Mapping[str, Any]],
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the rank by the chosen rule and whether each rule has the question in its top; rules that cannot say."""
    skipped: dict[str, str] = {}
    in_top: dict[str, Any] = {}
    own = pd.DataFrame()
    for rule in RULES:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                ranked = rank(t, rule, shares, ties, **options.get(rule, {}))
        except ConsensusError as error:
            if rule == chosen:
                raise
            skipped[rule] = str(error)
            in_top[f"in_top_{rule}"] = pd.Series(pd.NA, index=pd.Index(t.questions), dtype="boolean")
            continue
        in_top[f"in_top_{rule}"] = ranked["rank"] <= top
        own = ranked[["rank"]] if rule == chosen else own
    return pd.DataFrame({"rank": own["rank"]} | in_top).loc[own.index], skipped


def _told(tables: GroupTables, rule: str, top: int) -> dict[str, Any] | None:
    change = smallest_change(tables, rule, top)
    if change is None:
        return None
    parts = {group: float(part) for group, part in change.shares.items()}
    return {"moved": float(change.moved), "shares": parts, "enters": change.enters, "leaves": change.leaves}
