"""Frames to public tables: what anybody may see, small cells suppressed.

Every function takes plain frames and returns a plain frame. Counts of people come out as text (a number, `<10`, `10+`;
see `suppression`). What may be seen of an order is in `orders`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from consensus.protocol import Protocol
from consensus.questions import in_force
from consensus.report.suppression import TOTAL, suppress_differences
from consensus.vocabulary import NOT_STATED

__all__ = [
    "MODES",
    "OTHER_REASONS",
    "PARTNERS",
    "count_decisions",
    "count_groups",
    "count_people_behind",
    "count_set_aside",
    "count_ways",
]

OTHER_REASONS = "other reasons"
MODES, PARTNERS = "modes", "partners"
"""Two ways of taking part: how people answered, and through which partner organisation's open link."""

Before = Iterable[pd.DataFrame]


def count_groups(protocol: Protocol, people: Mapping[str, pd.Series], before: Before = ()) -> pd.DataFrame:
    """Return how many people of each group took part, a column a stage, with totals.

    Parameters
    ----------
    people
        By the stage's title, either how many of each group (index the group's id) or one group id a person.
    before
        The same table as published earlier.

    Returns
    -------
    DataFrame
        Index group id and `total`, text cells; people who named no group stand last if there are any.
    """
    listed = [group.id for group in protocol.groups]
    counted = {stage: _count(groups) for stage, groups in people.items()}
    apart = any(count.get(NOT_STATED, 0) for count in counted.values())
    table = pd.DataFrame(counted).reindex([*listed, NOT_STATED] if apart else listed).fillna(0).astype("int64")
    return suppress_differences(before, table, protocol.publication.small_cells, totals="columns")


def _count(groups: pd.Series) -> pd.Series:
    return groups if pd.api.types.is_numeric_dtype(groups) else groups.value_counts()


def count_ways(
    people: Mapping[str, pd.Series], totals: Mapping[str, str], threshold: int, before: Before = ()
) -> pd.DataFrame:
    """Return how many people took part by each way, a column a stage; a stage that would tell of few is left out.

    Parameters
    ----------
    people
        By the stage's title, how many took part by each way.
    totals
        By the stage's title, the public text of how many took part in all. Where the table would hide what is public
        here, or tell what is hidden here, the stage is left out.
    before
        The same table as published earlier.

    Returns
    -------
    DataFrame
        Index the way and `total`, text cells; ways by which nobody came are left out.

    Examples
    --------
    >>> by_mode = {"ballots": pd.Series({"online": 40, "paper": 3, "telephone": 0})}
    >>> count_ways(by_mode, {"ballots": "43"}, 10)["ballots"].to_dict()
    {'online': '10+', 'paper': '<10', 'total': '43'}
    """
    table = pd.DataFrame(people).fillna(0).astype("int64")
    table = table[table.sum(axis=1) > 0]
    public = suppress_differences(before, table, threshold, totals="columns")
    return public[[stage for stage in public if public[stage].get(TOTAL, "0") == totals[str(stage)]]]


def count_people_behind(
    submissions: pd.DataFrame, lineage: pd.DataFrame, groups: Sequence[str], threshold: int, before: Before = ()
) -> pd.DataFrame:
    """Return how many people of each group sent what became each summary question.

    A person counts once a question, however many submissions they sent. Zeros are hidden with the small cells: the
    published submissions tell how many there are, so that a lone `<10` beside zeros would tell who wrote.

    Returns
    -------
    DataFrame
        Index `question_id` (sorted), a column a group and `total`, text cells.
    """
    linked = lineage.merge(submissions[["submission_id", "response_id", "group"]], on="submission_id")
    people = linked.drop_duplicates(["question_id", "response_id"])
    counts = pd.crosstab(people["question_id"], people["group"])
    apart = [NOT_STATED] if NOT_STATED in counts.columns else []
    columns = [*groups, *[group for group in apart if group not in groups]]
    counts = counts.reindex(columns=columns, fill_value=0)
    return suppress_differences(before, counts, threshold, totals="rows", zeros="hidden")


def count_set_aside(set_aside: pd.DataFrame, threshold: int, before: Before = ()) -> pd.DataFrame:
    """Return how many submissions were set aside for each reason, most first; rare reasons together as others.

    Returns
    -------
    DataFrame
        Index `reason` and `total`, one text column `submissions`.
    """
    reasons = set_aside["reason"].astype(str).str.strip()
    counts = reasons.value_counts()
    rare = counts[counts < threshold].index
    pooled = reasons.where(~reasons.isin(rare), OTHER_REASONS).value_counts()
    order = sorted(pooled.index, key=lambda reason: (reason == OTHER_REASONS, -pooled[reason], reason))
    table = pooled.reindex(order).to_frame("submissions").rename_axis("reason")
    return suppress_differences(before, table, threshold, totals="columns")


def count_decisions(decisions: pd.DataFrame) -> pd.DataFrame:
    """Return how many decisions of each kind stand, and how many of them a scripted reviewer took.

    A reviewer is scripted who is recorded as such: `by` starts with "scripted". Nobody else is named.

    Returns
    -------
    DataFrame
        Index `kind` (sorted): `stand`, `scripted`, `undone`, whole numbers.
    """
    standing = in_force(decisions)
    scripted = standing["by"].astype(str).str.lower().str.startswith("scripted")
    made = decisions.loc[decisions["kind"] != "undo", "kind"].value_counts()
    table = pd.DataFrame(
        {
            "stand": standing["kind"].value_counts(),
            "scripted": standing.loc[scripted, "kind"].value_counts(),
            "made": made,
        }
    )
    table = table.fillna(0).astype("int64").sort_index().rename_axis("kind")
    return table.assign(undone=table["made"] - table["stand"]).drop(columns="made")
