"""Who took part, stage by stage, as counts and whole per cents: the table a partnership publishes.

Groups may overlap (a carer may be a professional too), so a stage's groups need not sum to its base.
"""

from __future__ import annotations

import pandas as pd

from consensus.errors import DataError
from consensus.vocabulary import check_frame

__all__ = ["engagement_summary", "include_by_threshold", "whole_percent"]

COLUMNS = ("stage", "measure", "count", "of")


def whole_percent(part: int, whole: int) -> int | None:
    """Return a part as a whole per cent, halves rounded up, worked out in whole numbers; None of nothing.

    Examples
    --------
    >>> whole_percent(17, 27), whole_percent(1, 200), whole_percent(3, 0)
    (63, 1, None)
    """
    return None if whole == 0 else (200 * part + whole) // (2 * whole)


def engagement_summary(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the engagement summary: each measure's count and whole per cent of its base.

    Parameters
    ----------
    counts
        Columns `stage, measure, count, of`; `of` names the measure of the same stage that is the base, empty: none.
        Rows of one stage and measure add up: that is how several ways of taking part are put in.

    Returns
    -------
    DataFrame
        Index `stage, measure` in the order received. `count`; `of`; `base`, the base's count; `percent` of it (halves
        up; missing where there is no base or it is 0); `overlap`, true where the measures of a base other than itself
        sum to more than it, so that somebody is counted in two of them.

    Raises
    ------
    DataError
        Every fault at once: a missing column, a count that is not whole, a base that is not in its stage.

    Examples
    --------
    >>> counts = pd.DataFrame({"stage": "interim", "measure": ["respondents", "carers", "professionals"],
    ...                        "count": [50, 40, 21], "of": "respondents"})
    >>> engagement_summary(counts)[["count", "percent", "overlap"]].values.tolist()
    [[50, 100, False], [40, 80, True], [21, 42, True]]
    """
    _check(counts)
    named = counts.assign(of=counts["of"].fillna(""), count=counts["count"].astype("int64"))
    table = named.groupby(["stage", "measure"], sort=False).agg(count=("count", "sum"), of=("of", "first"))
    held = table["count"].to_dict()
    base = [held.get((stage, of)) for (stage, _), of in zip(table.index, table["of"], strict=True)]
    table["base"] = pd.array(base, dtype="Int64")
    percents = [
        None if whole is None else whole_percent(int(n), whole) for n, whole in zip(table["count"], base, strict=True)
    ]
    table["percent"] = pd.array(percents, dtype="Int64")
    table["overlap"] = _overlap(table)
    return table


def _overlap(table: pd.DataFrame) -> pd.Series:
    stage, measure = (table.index.get_level_values(level) for level in ("stage", "measure"))
    part = (table["of"] != "") & (table["of"] != measure)
    total = table["count"].where(part, 0).groupby([stage, table["of"]]).transform("sum")
    return (part & (total > table["base"].fillna(0))).astype(bool)


def _check(counts: pd.DataFrame) -> None:
    check_frame("the counts", counts, COLUMNS)
    number = pd.to_numeric(counts["count"], errors="coerce")
    there = set(zip(counts["stage"], counts["measure"], strict=True))
    faults = []
    for row, (n, stage, of) in enumerate(zip(number, counts["stage"], counts["of"].fillna(""), strict=True), 1):
        if not (n >= 0 and n % 1 == 0):
            faults.append(f"row {row}: the count is not a whole number, 0 or more; mend it.")
        if of and (stage, of) not in there:
            faults.append(f"row {row}: stage '{stage}' has no measure '{of}' to be a per cent of; add it or mend `of`.")
    if faults:
        raise DataError.of("the counts", faults)


def include_by_threshold(counts: pd.Series, ballots: int, at_least: int) -> pd.DataFrame:
    """Return which questions enough people put among their first: a declared number, not a per cent.

    Parameters
    ----------
    counts
        Question -> how many ballots name it among the places that count.
    ballots
        How many there were.
    at_least
        The least count that is included.

    Returns
    -------
    DataFrame
        Index `question`: `count`, `percent` of the ballots (whole, halves up), `included`; by count, most first, then
        question.

    Examples
    --------
    >>> include_by_threshold(pd.Series({"q1": 5, "q2": 6}), ballots=60, at_least=6).values.tolist()
    [[6, 10, True], [5, 8, False]]
    """
    over = [
        f"question '{question}' counts {n} of {ballots} ballots; mend one."
        for question, n in counts.items()
        if n > ballots
    ]
    if over:
        raise DataError.of("the counts", over)
    rows = sorted(((-int(n), question) for question, n in counts.items()))
    return pd.DataFrame(
        {
            "count": [-n for n, _ in rows],
            "percent": [whole_percent(-n, ballots) for n, _ in rows],
            "included": [-n >= at_least for n, _ in rows],
        },
        index=pd.Index([question for _, question in rows], name="question"),
    )
