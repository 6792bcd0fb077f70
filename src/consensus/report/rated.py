"""What people's ratings come to, as anybody may see it: verdict, median and spread, each group's mean and total."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from consensus.report.orders import Withheld

__all__ = ["rated_rows", "settled_rows", "show_ratings", "show_settled"]

ALL = "all"


def show_ratings(
    ratings: pd.DataFrame, ranking: pd.DataFrame, groups: Mapping[str, str], withheld: Withheld, threshold: int
) -> pd.DataFrame:
    """Return each question's ratings in figures; no rows where people did not rate.

    Parameters
    ----------
    ratings
        As `ratings.summarise_ratings` gave it, with its index as columns.
    ranking
        The interim ranking, with `total_<group>` ("don't know" counting 0) and `mean_<group>` of those who answered.
    groups
        Group -> name.
    threshold
        Small cells: a total beside a mean tells how many said "don't know", and is withheld where these are fewer.

    Returns
    -------
    DataFrame
        Index `question`, in the order of the ranking: `verdict` ("" where no definition was named), `median`, `q1` and
        `q3` of everybody's ratings, and for each group shown `mean of <name>` and `total of <name>`.
    """
    if ratings.empty:
        return pd.DataFrame(index=pd.Index([], name="question"))
    everyone = ratings[ratings["group"] == ALL].set_index("question")
    table = everyone[["verdict", "median", "q1", "q3"]].reindex(ranking.index)
    for group, name in groups.items():
        if group in withheld.groups or f"mean_{group}" not in ranking:
            continue
        unsure = ratings[ratings["group"] == group].set_index("question")["unsure"].reindex(ranking.index).fillna(0)
        table[f"mean of {name}"] = ranking[f"mean_{group}"].astype(float).round(2)
        told = (unsure == 0) | (unsure >= threshold)
        table[f"total of {name}"] = ranking[f"total_{group}"].astype(float).where(told)
    return table


def show_settled(stability: pd.DataFrame, threshold: int) -> pd.DataFrame:
    """Return whether ratings settled from the round before to the last; no rows where there was no round before.

    Parameters
    ----------
    stability
        As `ratings.compare_rounds` gave it, with its index as a column.
    threshold
        Small cells: a question that fewer people rated in both rounds is withheld.

    Returns
    -------
    DataFrame
        Index `question`: `median before`, `median now`, and `settled`: `yes` where fewer than 15 % of the ratings
        changed, `no`, or `withheld`. Only of people who rated the question in both rounds, whose number is not told.
    """
    if stability.empty:
        return pd.DataFrame(index=pd.Index([], name="question"))
    table = stability.set_index("question")
    shown = table["pairs"] >= max(1, threshold)
    medians = table[["median_before", "median_after"]].astype(float).where(shown)
    medians.columns = pd.Index(["median before", "median now"])
    return medians.assign(settled=table["stable"].map({True: "yes", False: "no"}).where(shown, "withheld"))


def settled_rows(settled: pd.DataFrame, wordings: pd.Series) -> list[dict[str, Any]]:
    """Return `show_settled` as a page shows it: wording, both medians, and whether it settled."""
    return [
        {
            "wording": wordings[str(question)],
            "before": "" if pd.isna(row["median before"]) else f"{row['median before']:g}",
            "now": "" if pd.isna(row["median now"]) else f"{row['median now']:g}",
            "settled": row["settled"],
        }
        for question, row in settled.iterrows()
        if question in wordings
    ]


def rated_rows(ratings: pd.DataFrame, wordings: pd.Series) -> list[dict[str, Any]]:
    """Return the public ratings as a page shows them: wording, verdict, median with quartiles, each group's mean.

    Examples
    --------
    >>> table = pd.DataFrame({"verdict": ["in"], "median": [8.0], "q1": [7.0], "q3": [8.5], "mean of Carers": [7.25],
    ...                       "total of Carers": [29.0]}, index=["q1"])
    >>> rated_rows(table, pd.Series({"q1": "Does sleep help?"}))[0]["groups"]
    [{'name': 'Carers', 'mean': '7.25', 'total': '29'}]
    """
    names = [str(column).removeprefix("mean of ") for column in ratings if str(column).startswith("mean of ")]
    return [
        {
            "wording": wordings.get(question, question),
            "verdict": row["verdict"],
            "middle": _middle(row),
            "groups": [
                {"name": name, "mean": _plain(row[f"mean of {name}"]), "total": _plain(row[f"total of {name}"])}
                for name in names
            ],
        }
        for question, row in ratings.iterrows()
    ]


def _middle(row: pd.Series) -> str:
    median, q1, q3 = (_plain(row[name]) for name in ("median", "q1", "q3"))
    return f"{median} ({q1} to {q3})" if median else ""


def _plain(number: float) -> str:
    return "" if pd.isna(number) else f"{number:g}"
