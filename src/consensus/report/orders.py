"""What anybody may see of an order: positions, places under other rules, how firm it is, how far people agree.

A group with fewer ballots than the threshold is withheld, since its list would be a person's ballot, and with it the
next smallest: the combined score less all lists shown is then the sum of two. The promise: of what is withheld, that
sum stays all that can be worked out. So with a withheld group that has a share,

- an order without one group is shown only where it follows from scores and positions that are shown anyway: by a rule
  that adds up scores of positions, and without a group whose positions are shown;
- rules that look at positions are not shown beside the order: less the positions shown, their order would tell more
  of the withheld ones, up to each of the two apart (`maximin`); with `maximin` as the rule of the order itself nothing
  can be held back, so that `order_tells` has such ballots refused before there is an order;
- influence is not shown, not even of the other groups: it holds the order of each withheld group alone;
- rank interval, P(Top 10) and acceptability are not shown: they answer to single ballots, or to one group's list.

Orders by rules that pool ballots are shown: no group's part in them is public, so that nothing can be taken off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from consensus.agreement import BETWEEN
from consensus.agreement.agreeing import COLUMNS
from consensus.protocol import Protocol

__all__ = [
    "FIRM",
    "Withheld",
    "order_tells",
    "place_under_each",
    "show_agreement",
    "show_firmness",
    "show_positions",
    "show_reasons",
    "still_in_top",
    "withheld_groups",
]

ADDS_POSITIONS = ("jla_positions", "jla_top10")
LOOKS_AT_POSITIONS = (*ADDS_POSITIONS, "maximin")
FIRM = ("low", "high", "p_top", "acceptability")


@dataclass(frozen=True)
class Withheld:
    """The groups whose lists are not published.

    Attributes
    ----------
    groups
        All of them, sorted.
    voices
        Those of them that have a share, and so a part in the combined order.
    """

    groups: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()

    @classmethod
    def of(cls, protocol: Protocol, ballots: Mapping[str, int]) -> Withheld:
        """Return what a protocol withholds of groups with so many ballots."""
        hidden = withheld_groups(ballots, protocol.shares, protocol.publication.small_cells)
        return cls(tuple(hidden), tuple(group for group in hidden if protocol.shares.get(group, 0)))


def withheld_groups(ballots: Mapping[str, int], shares: Mapping[str, int], threshold: int) -> list[str]:
    """Return the groups whose positions are not published: too few people, so that a list would be a person's ballot.

    Where that is a single group, the next smallest is withheld too, or the combined score less all other groups would
    give its list away.

    Examples
    --------
    >>> withheld_groups({"lived": 90, "carer": 40, "policy": 3}, {"lived": 1, "carer": 1, "policy": 1}, 10)
    ['carer', 'policy']
    """
    ranked = sorted((count, group) for group, count in ballots.items() if count and shares.get(group, 0))
    small = [group for count, group in ranked if count < threshold]
    if len(small) == 1 and len(ranked) > 1:
        small = [group for _, group in ranked[:2]]
    unweighted = [g for g, count in ballots.items() if not shares.get(g, 0) and 0 < count < threshold]
    return sorted([*small, *unweighted])


def order_tells(protocol: Protocol, ballots: Mapping[str, int]) -> str:
    """Return why an order of ballots may not be made, so many of each group; empty where it may.

    `maximin` places a question by the one group that favours it least: wherever that is a withheld group, its position
    is the score, and no withholding beside the order takes that back.
    """
    if protocol.ranking.rule != "maximin" or not Withheld.of(protocol, ballots).voices:
        return ""
    return (
        "The rule 'maximin' places each question by the group that favours it least, so that the order itself would "
        f"show the list of a group with fewer than {protocol.publication.small_cells} ballots. Reach more of its "
        "people, or amend the protocol with the reason: another rule, no share for that group, or small_cells = 0."
    )


def show_positions(ranking: pd.DataFrame, groups: Sequence[str], withheld: Withheld) -> pd.DataFrame:
    """Return each group's position of each question, NaN where the group is withheld or ranked nothing."""
    columns = {
        group: ranking[f"position_{group}"].astype(float)
        for group in groups
        if f"position_{group}" in ranking and group not in withheld.groups
    }
    return pd.DataFrame(columns, index=ranking.index).reindex(columns=list(groups))


def show_reasons(why: pd.Series, names: Mapping[str, str], withheld: Withheld) -> pd.Series:
    """Return why each question is on the shortlist, with groups by their names and no place in a withheld list.

    Examples
    --------
    >>> why = pd.Series(["place 2 for stakeholder group 'carer'; place 1 for stakeholder group 'policy'"])
    >>> show_reasons(why, {"carer": "Carers", "policy": "Policy makers"}, Withheld(("policy",), ("policy",)))[0]
    'place 2 for Carers; among the first of a group whose list is not shown'
    """

    def told(found: re.Match[str]) -> str:
        place, group = found.groups()
        if group in withheld.groups:
            return "among the first of a group whose list is not shown"
        return f"place {place} for {names.get(group, group)}"

    def shown(text: str) -> str:
        reasons = re.sub(r"place (\d+) for stakeholder group '([^']*)'", told, text).split("; ")
        return "; ".join(dict.fromkeys(reasons))

    return why.astype(str).map(shown)


def place_under_each(
    ranking: pd.DataFrame,
    by_rule: Mapping[str, pd.DataFrame],
    left_out: pd.DataFrame,
    *,
    rule: str,
    groups: Iterable[str],
    withheld: Withheld,
) -> pd.DataFrame:
    """Return the place of every question in the interim ranking, under other rules and with each group left out.

    Parameters
    ----------
    by_rule
        Rule -> ranking, for the rules shown beside the order.
    left_out
        Index `question`, a column `without_<group>` for each group that can be left out; other columns are passed over.
    rule
        The rule of the ranking itself.
    groups
        All of them, in the order in which they are shown.

    Returns
    -------
    DataFrame
        Index `question_id`, in the order of the ranking (ties by id); columns `interim`, `rule:<name>`,
        `without:<group>`, whole numbers.
    """
    columns = {"interim": ranking["rank"]}
    for name, table in by_rule.items():
        if not (withheld.voices and name in LOOKS_AT_POSITIONS):
            columns[f"rule:{name}"] = table["rank"]
    for group in groups:
        follows = not withheld.voices or (rule in ADDS_POSITIONS and group not in withheld.groups)
        if f"without_{group}" in left_out and follows:
            columns[f"without:{group}"] = left_out[f"without_{group}"]
    table = pd.DataFrame(columns, index=ranking.index).astype("int64").rename_axis("question_id")
    return table.reset_index().sort_values(["interim", "question_id"]).set_index("question_id")


def still_in_top(places: pd.DataFrame, top: int) -> pd.DataFrame:
    """Return the rows of `place_under_each` that stand in the first `top` in any column."""
    return places[(places <= top).any(axis=1)]


def show_firmness(firm: pd.DataFrame, groups: Iterable[str], withheld: Withheld) -> pd.DataFrame:
    """Return what may be seen of how firm an order is.

    Parameters
    ----------
    firm
        As `stress` gives it; empty where nothing was tried.

    Returns
    -------
    DataFrame
        Index `question`: `low`, `high`, `p_top`, `acceptability` and a column a group, the places by which the group
        lifts the question; NaN where it is withheld.
    """
    influence = {group: f"influence_{group}" for group in groups if f"influence_{group}" in firm}
    if withheld.voices or firm.empty:
        return pd.DataFrame(float("nan"), index=firm.index, columns=[*FIRM, *influence])
    shown = firm[[*FIRM, *influence.values()]].astype(float)
    return shown.set_axis([*FIRM, *influence], axis=1)


def show_agreement(agreement: pd.DataFrame, withheld: Withheld) -> pd.DataFrame:
    """Return the rows of `agree` that may be seen: those on a withheld group, or on all groups' lists, are not.

    With a withheld group the largest gap of a question and the agreement between all groups are left out: either would
    tell where the withheld lists lie.
    """
    if agreement.empty:
        return pd.DataFrame(columns=COLUMNS)
    if not withheld.groups:
        return agreement
    rows = agreement[~agreement["group"].isin(withheld.groups) & ~agreement["other"].isin(withheld.groups)]
    return rows[(rows["group"] != BETWEEN) & (rows["statistic"] != "largest_rank_gap")]
