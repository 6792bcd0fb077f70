"""CHNRI: experts score every question by each of several criteria, 1 yes, 0.5 undecided, 0 no, blank not informed."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from consensus.arguments import a_mapping
from consensus.digest import digest
from consensus.errors import DataError
from consensus.version import __version__
from consensus.vocabulary import check_frame

__all__ = ["ANSWERS", "chnri"]

ANSWERS = (0.0, 0.5, 1.0)
COLUMNS = ("ballot", "question", "criterion", "value")


def chnri(scores: pd.DataFrame, weights: Mapping[str, int] | None = None) -> pd.DataFrame:
    """Return criterion scores, research priority score and average expert agreement of each question.

    Parameters
    ----------
    scores
        Columns `ballot, question, criterion, value`: one row an expert, question and criterion, value 1, 0.5, 0, or
        missing where the expert is not informed enough.
    weights
        Criterion -> whole number, its weight in the priority score; None: 1 each.

    Returns
    -------
    DataFrame
        Index `question`, by rank, then question. `rank` by priority, the lowest place of a tie, unknown last; `tied`;
        `priority`, the weighted mean over criteria of the criterion scores, 0 to 100; `agreement`, the mean over
        criteria of the part of informed experts who gave the commonest answer; `score_<criterion>`, 100 times the
        mean over informed answers. NaN where a criterion has no informed answer. Source: Rudan et al., Croat Med J
        2008;49:307.

    Examples
    --------
    >>> scores = pd.DataFrame({"ballot": [1, 2, 3] * 2, "question": "q1", "criterion": ["x"] * 3 + ["y"] * 3,
    ...                        "value": [1, 1, 0.5, 0, None, 1]})
    >>> chnri(scores)[["score_x", "score_y", "agreement"]].round(2).values.tolist()
    [[83.33, 50.0, 0.58]]
    """
    _check(scores, weights)
    criteria = sorted(scores["criterion"].unique())
    weigh = {criterion: 1 if weights is None else int(weights[criterion]) for criterion in criteria}
    given = scores.dropna(subset=["value"])
    held = {key: rows["value"].tolist() for key, rows in given.groupby(["question", "criterion"])}
    questions = sorted(scores["question"].unique(), key=str)
    rows = {question: _score([held.get((question, c), []) for c in criteria], weigh) for question in questions}
    known = sorted((row["exact"] for row in rows.values() if row["exact"] is not None), reverse=True)
    for row in rows.values():
        row["rank"] = known.index(row["exact"]) + 1 if row["exact"] is not None else len(known) + 1
    frame = pd.DataFrame.from_dict(rows, orient="index").drop(columns="exact")
    frame["tied"] = frame["rank"].duplicated(keep=False)
    frame.index.name = "question"
    frame = frame[["rank", "tied", "priority", "agreement", *(f"score_{c}" for c in criteria)]]
    frame = frame.iloc[np.lexsort((np.arange(len(frame)), frame["rank"]))]
    options = {"weights": weigh}
    frame.attrs = {
        "method": "chnri",
        "options": options,
        "experts": scores["ballot"].nunique(),
        "version": __version__,
        "digest": digest(scores[list(COLUMNS)]),
    }
    return frame


def _score(answers: list[list[float]], weigh: Mapping[str, int]) -> dict[str, Any]:
    """Return one question's scores, from its answers criterion by criterion; `exact` is its priority as a fraction."""
    means = [Fraction(sum(int(2 * value) for value in given), 2 * len(given)) if given else None for given in answers]
    alike = [Fraction(max(given.count(a) for a in ANSWERS), len(given)) if given else None for given in answers]
    row: dict[str, Any] = {
        f"score_{c}": float(100 * mean) if mean is not None else np.nan for c, mean in zip(weigh, means, strict=True)
    }
    known = [mean for mean in means if mean is not None]
    if len(known) < len(means):
        return row | {"exact": None, "priority": np.nan, "agreement": np.nan}
    weighed = zip(weigh.values(), known, strict=True)
    exact = sum((w * mean for w, mean in weighed), Fraction(0)) / sum(weigh.values())
    agreement = sum((a for a in alike if a is not None), Fraction(0)) / len(alike)
    return row | {"exact": exact, "priority": float(100 * exact), "agreement": float(agreement)}


def _check(scores: pd.DataFrame, weights: Mapping[str, int] | None) -> None:
    check_frame("the scores", scores, COLUMNS)
    a_mapping("chnri", "weights", weights)
    bad = ~(scores["value"].isin(ANSWERS) | scores["value"].isna())
    twice = scores.duplicated(["ballot", "question", "criterion"])
    faults = [f"row {at + 1}: the value is not 1, 0.5, 0 or empty; mend it." for at in np.flatnonzero(bad)]
    faults += [
        f"row {at + 1}: this expert scores this question by this criterion twice; keep one."
        for at in np.flatnonzero(twice)
    ]
    if weights is not None:
        lack = sorted(set(scores["criterion"]) - {c for c, w in weights.items() if isinstance(w, int) and w > 0})
        faults += [f"criterion '{criterion}' has no weight; give it a whole number from 1." for criterion in lack]
    if faults:
        raise DataError.of("the scores", faults)
