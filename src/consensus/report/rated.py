"""What people's ratings come to, as anybody may see it: verdict, median and spread, each group's mean and total."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from consensus.report.orders import Withheld

__all__ = ["rated_rows", "show_ratings"]

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
