"""Did answers settle between two rounds? Pairs only: people who rated the question in both."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy  # what is used of it is imported when it is used: statistics and optimising take 45 MB

from consensus.digest import digest
from consensus.errors import DataError
from consensus.ratings.given import read_ratings
from consensus.ratings.summary import quartiles
from consensus.version import __version__
from consensus.vocabulary import check_columns

__all__ = ["compare_rounds", "mcnemar", "weighted_kappa"]

FEW = 25
"""Below so many that changed sides, McNemar's test is worked out exactly."""


def compare_rounds(before: pd.DataFrame, after: pd.DataFrame, definition: str = "linear") -> pd.DataFrame:
    """Return how stable each question's ratings were from one round to the next.

    Parameters
    ----------
    before, after
        Ballots frames of ratings from 1 to 9, in which a person has the same `ballot` and `group` in both rounds.
    definition
        Of percentiles, see `PERCENTILES`.

    Returns
    -------
    DataFrame
        Index `question`, those in both rounds. `pairs`, people who rated it in both; `median_before`, `median_after`,
        `median_change`; `changed`, the part of ratings that changed, and `stable`, whether that is under 15 %, in
        whole numbers; `kappa`, quadratic weighted; `mcnemar_p` on 7 to 9 or not (exact where fewer than 25 changed
        sides, else chi-squared with continuity correction); `cqv_before`, `cqv_after`, the coefficient of quartile
        variation (q3 - q1) / (q3 + q1); `wilcoxon_p`, signed rank, unchanged pairs left out. NaN where undefined.
        `attrs["dropped"]`: group -> people in the first round who are not in the second, of how many.

    Examples
    --------
    >>> one = pd.DataFrame({"ballot": list("abc"), "group": "carer", "question": "q1", "value": [5, 7, 8]})
    >>> found = compare_rounds(one, one.assign(value=[7, 7, 8]))
    >>> found[["pairs", "median_change", "changed", "stable"]].values.tolist()
    [[3, 0.0, 0.3333333333333333, False]]
    """
    for frame, where in ((before, "the first round"), (after, "the second round")):
        check_columns(frame, "ballots", where)
        if frame.duplicated(["ballot", "group", "question"]).any():
            raise DataError(f"In {where} a person rates a question twice; keep one rating each.")
        read_ratings(frame["value"])
    keys = ["ballot", "group", "question"]
    pairs = before[[*keys, "value"]].merge(after[[*keys, "value"]], on=keys, suffixes=("_before", "_after")).dropna()
    asked = sorted(set(before["question"]) & set(after["question"]), key=str)
    held = dict(list(pairs.groupby("question")))
    none = pairs.iloc[:0]
    rows = [_compare(held.get(question, none), definition) for question in asked]
    frame = pd.DataFrame(rows, index=pd.Index(asked, name="question"))
    frame.attrs = {
        "method": "compare_rounds",
        "options": {"definition": definition},
        "dropped": _dropped(before, after),
        "version": __version__,
        "digest": digest(*(frame[[*keys, "value"]] for frame in (before, after))),
    }
    return frame


def _dropped(before: pd.DataFrame, after: pd.DataFrame) -> dict[str, tuple[int, int]]:
    there = set(zip(after["ballot"], after["group"], strict=True))
    people = before[["ballot", "group"]].drop_duplicates()
    gone = [pair not in there for pair in zip(people["ballot"], people["group"], strict=True)]
    counted = pd.Series(gone, index=people.index).groupby(people["group"]).agg(["sum", "size"])
    return {str(group): (int(row["sum"]), int(row["size"])) for group, row in counted.iterrows()}


def _compare(pairs: pd.DataFrame, definition: str) -> dict[str, Any]:
    old, new = (pairs[f"value_{when}"].to_numpy(dtype=np.float64).astype(np.int64) for when in ("before", "after"))
    was, now = (quartiles(sorted(values.tolist()), definition) for values in (old, new))
    changed, n = int((old != new).sum()), len(old)
    return {
        "pairs": n,
        "median_before": was["median"],
        "median_after": now["median"],
        "median_change": now["median"] - was["median"],
        "changed": changed / n if n else np.nan,
        "stable": bool(n and 20 * changed < 3 * n),
        "kappa": weighted_kappa(old, new),
        "mcnemar_p": mcnemar(int(((old >= 7) & (new < 7)).sum()), int(((old < 7) & (new >= 7)).sum())),
        "cqv_before": was["iqr"] / (was["q1"] + was["q3"]) if n else np.nan,
        "cqv_after": now["iqr"] / (now["q1"] + now["q3"]) if n else np.nan,
        "wilcoxon_p": float(scipy.stats.wilcoxon(new - old).pvalue) if changed else np.nan,
    }


def weighted_kappa(one: npt.NDArray, two: npt.NDArray) -> float:
    """Return Cohen's kappa with quadratic weights; NaN where no disagreement could be expected.

    1 - sum of squared differences / what they would sum to if the two rounds had nothing to do with each other.
    Source: Cohen, Psychol Bull 1968;70:213.

    Examples
    --------
    >>> weighted_kappa(np.array([1, 5, 9]), np.array([1, 5, 9])), weighted_kappa(np.array([5]), np.array([5]))
    (1.0, nan)
    """
    a, b, n = one.tolist(), two.tolist(), len(one)
    seen = n * sum((x - y) ** 2 for x, y in zip(a, b, strict=True))
    # The sum over all pairs of (x - y)^2, without writing them out.
    expected = n * sum(x * x for x in a) + n * sum(y * y for y in b) - 2 * sum(a) * sum(b)
    return 1 - seen / expected if expected else float("nan")


def mcnemar(left: int, joined: int) -> float:
    """Return McNemar's p for how many left a side and how many joined it; NaN where nobody did.

    Fewer than 25: exact binomial, two-sided; else chi-squared with continuity correction (Edwards 1948).

    Examples
    --------
    >>> mcnemar(1, 7), mcnemar(0, 0)
    (0.0703125, nan)
    """
    moved = left + joined
    if not moved:
        return float("nan")
    if moved < FEW:
        return float(scipy.stats.binomtest(left, moved).pvalue)
    return float(scipy.stats.chi2.sf(max(abs(left - joined) - 1, 0) ** 2 / moved, 1))
