"""Checked ballots to the interim ranking, with every table between."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from consensus.errors import ConsensusError, DataError
from consensus.interim.checking import CheckedBallots, count_of_ballots, open_questions
from consensus.protocol import Protocol
from consensus.rules import rank
from consensus.tally import Tally, tally
from consensus.version import __version__
from consensus.vocabulary import NOT_STATED

__all__ = ["InterimRanking", "count_groups", "leave_one_out", "rank_interim"]


@dataclass(frozen=True)
class InterimRanking:
    """The order across groups with every table between the ballots and it.

    Attributes
    ----------
    ranking
        As `rank` gives it: index `question`, by rank, then by question.
    points, group_positions
        (Q, G) each group's total T and position P (1 is most favoured); index `question`, a column a group.
    sensitivity
        Rule -> ranking, for the protocol's own rule and those it shows beside it.
    skipped
        Rule shown beside it -> why it cannot rank these ballots.
    leave_one_out
        (Q, 1 + G) rank with `all` groups and `without_<group>` for each that has a share, where any say is left.
    counts
        Index `group`: `ballots`, `share`, `ranked`, `warning`; the row `not_stated` is counted apart.
    options
        What was chosen: rule, ties, shares, form, depth, also, min_ballots, protocol hash, package version.
    digest
        SHA-256 of the ballots ranked, whatever the order of their rows.
    warnings
        A sentence each: groups without ballots, groups under the declared minimum, ballots set aside.
    tally
        The tables, with the coded ballots that the firmness of the order is worked out from.
    """

    ranking: pd.DataFrame
    points: pd.DataFrame
    group_positions: pd.DataFrame
    sensitivity: dict[str, pd.DataFrame]
    skipped: dict[str, str]
    leave_one_out: pd.DataFrame
    counts: pd.DataFrame
    options: dict[str, Any]
    digest: str
    warnings: tuple[str, ...]
    tally: Tally


def rank_interim(
    checked_ballots: CheckedBallots,
    questions: pd.DataFrame | Iterable[Any],
    protocol: Protocol,
    tally_with: Callable[..., Tally] = tally,
) -> InterimRanking:
    """Return the interim ranking by the protocol's rule, with every table between.

    `tally_with` is called as `tally` and gives the same bits, perhaps from parts that other machines have counted.

    Raises
    ------
    DataError
        No ballots, or a group without any where the protocol refuses that; both with the remedy.
    """
    plan, ballot = protocol.ranking, protocol.ballot
    shares = protocol.shares
    t = tally_with(
        checked_ballots.ballots, open_questions(questions), ballot.form, ballot.depth, groups=shares, gaps=ballot.gaps
    )
    counts = count_groups(checked_ballots, t, protocol)
    empty = [group for group, n in counts["ballots"].items() if not n and group != NOT_STATED]
    if empty and plan.empty_group == "refuse":
        raise DataError.of("the interim round", [f"stakeholder group '{g}' has no ballots; reach it." for g in empty])
    ranking = _ranked(t, plan.rule, shares, plan.ties, **plan.options.get(plan.rule, {}))
    beside, skipped = _beside(t, protocol)
    told = (*checked_ballots.warnings, *ranking.attrs["warnings"], *counts["warning"][counts["warning"] != ""])
    return InterimRanking(
        ranking=ranking,
        points=_by_group(ranking, "total_"),
        group_positions=_by_group(ranking, "position_"),
        sensitivity={plan.rule: ranking, **beside},
        skipped=skipped,
        leave_one_out=leave_one_out(t, plan.rule, shares, plan.ties, **plan.options.get(plan.rule, {})),
        counts=counts,
        options=_options(protocol),
        digest=t.digest,
        warnings=tuple(dict.fromkeys(told)),
        tally=t,
    )


def _beside(t: Tally, protocol: Protocol) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Return the rankings shown beside the protocol's own, and why a rule could not rank these ballots."""
    plan, rankings, skipped = protocol.ranking, {}, {}
    for rule in dict.fromkeys(rule for rule in plan.also if rule != plan.rule):
        try:
            rankings[rule] = _ranked(t, rule, protocol.shares, plan.ties, **plan.options.get(rule, {}))
        except ConsensusError as error:
            skipped[rule] = str(error)
    return rankings, skipped


def _ranked(t: Tally, rule: str, shares: Mapping[str, int], ties: str, **options: Any) -> pd.DataFrame:
    with warnings.catch_warnings():  # the sentences travel in the result, not on the terminal
        warnings.simplefilter("ignore", UserWarning)
        return rank(t, rule, shares, ties, **options)


def _by_group(ranking: pd.DataFrame, prefix: str) -> pd.DataFrame:
    columns = [column for column in ranking if str(column).startswith(prefix)]
    return ranking[columns].rename(columns=lambda column: str(column).removeprefix(prefix))


def leave_one_out(t: Tally, rule: str, shares: Mapping[str, int], ties: str = "mean", **options: Any) -> pd.DataFrame:
    """Return the rank of each question with `all` groups and `without_<group>` for each in turn, shape (Q, 1 + G).

    A group whose leaving would leave no say at all has no column.
    """
    everyone = _ranked(t, rule, shares, ties, **options)
    voices = [group for group, share in everyone.attrs["shares"].items() if share]
    ranks = {"all": everyone["rank"]}
    for group in voices if len(voices) > 1 else []:
        ranks[f"without_{group}"] = _ranked(t, rule, {**shares, group: 0}, ties, **options)["rank"]
    return pd.DataFrame(ranks).loc[everyone.index]


def count_groups(checked: CheckedBallots, t: Tally, protocol: Protocol) -> pd.DataFrame:
    """Return ballots, share, whether it is ranked and a warning for each group of the protocol, then `not_stated`."""
    ballots = dict(zip(t.groups, (int(n) for n in t.n), strict=True))
    least = protocol.ranking.min_ballots
    rows = []
    for group, share in protocol.shares.items():
        n = ballots[group]
        few = f"Stakeholder group '{group}' has {count_of_ballots(n)}, fewer than the declared minimum of {least}."
        rows.append((group, n, share, n > 0, few if n < least else ""))
    rows.append((NOT_STATED, checked.without_group["ballot"].nunique(), 0, False, ""))
    return pd.DataFrame(rows, columns=["group", "ballots", "share", "ranked", "warning"]).set_index("group")


def _options(protocol: Protocol) -> dict[str, Any]:
    return {
        "rule": protocol.ranking.rule,
        "also": list(protocol.ranking.also),
        "rule_options": {rule: dict(given) for rule, given in protocol.ranking.options.items()},
        "ties": protocol.ranking.ties,
        "shares": protocol.shares,
        "form": protocol.ballot.form,
        "depth": protocol.ballot.depth,
        "max_choices": protocol.ballot.max_choices,
        "gaps": protocol.ballot.gaps,
        "empty_group": protocol.ranking.empty_group,
        "min_ballots": protocol.ranking.min_ballots,
        "top": protocol.publication.top,
        "protocol": protocol.hash,
        "version": __version__,
    }
