"""How far people agree, within each stakeholder group and between groups, in words and rows for anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from consensus.agreement import BETWEEN
from consensus.report.saying import listed

__all__ = ["agreement_rows", "agreement_sentences"]

STRENGTHS = (
    (0.2, "little"),
    (0.4, "some"),
    (0.6, "moderate"),
    (0.8, "strong"),
    (2.0, "very strong"),
)
"""Kendall's W or Krippendorff's alpha below each, in words; about Schmidt's scale (Decision Sciences 1997;28:763)."""


def agreement_rows(agreement: pd.DataFrame, names: Mapping[str, str], top: int) -> list[dict[str, str]]:
    """Return one row a group shown: how far its people agree, and which other groups' lists are most and least like it.

    Parameters
    ----------
    agreement
        What `orders.show_agreement` left of `agree`.
    names
        Group -> its short name, in the order of the rows.
    """
    within, pairs = _within(agreement), _pairs(agreement)
    rows = []
    for group, name in names.items():
        others = pairs[(pairs["group"] == group) | (pairs["other"] == group)]
        if group not in within.index and others.empty:
            continue
        told: Any = within.loc[group] if group in within.index else {"value": float("nan")}
        rows.append(
            {
                "name": name,
                "word": _strength(told["value"]),
                "within": _number(told),
                "most": _like(others, group, names, highest=True, top=top),
                "least": _like(others, group, names, highest=False, top=top),
            }
        )
    return rows


def _within(agreement: pd.DataFrame) -> pd.DataFrame:
    """Return each group's Kendall's W, or where its ballots are no whole lists Krippendorff's alpha; index group."""
    rows = agreement[(agreement["other"] == "") & (agreement["group"] != BETWEEN)]
    found = []
    for statistic in ("kendall_w", "alpha_ordinal"):
        found.append(rows[(rows["statistic"] == statistic) & rows["value"].notna()])
    return pd.concat(found).drop_duplicates("group").set_index("group")


def _pairs(agreement: pd.DataFrame) -> pd.DataFrame:
    return agreement[agreement["statistic"].eq("top_overlap")]


def _strength(value: float) -> str:
    return "" if value != value else next(word for below, word in STRENGTHS if value < below)


def _number(told: Any) -> str:
    if told["value"] != told["value"]:
        return ""
    ends = "" if told["low"] != told["low"] else f" ({told['low']:.2f} to {told['high']:.2f})"
    return f"{told['value']:.2f}{ends}"


def _like(pairs: pd.DataFrame, group: str, names: Mapping[str, str], *, highest: bool, top: int) -> str:
    """Return which groups share most, or least, of their first questions with a group."""
    if pairs.empty:
        return ""
    end = pairs["value"].max() if highest else pairs["value"].min()
    at = pairs[pairs["value"] == end]
    others = set(at["group"]) | set(at["other"])
    named = [name for other, name in names.items() if other in others and other != group]
    return f"{listed(named)} ({_shared(end, top)})"


def _shared(overlap: float, top: int) -> str:
    """Return a part of two lists' first questions as a number of them; ties at the end of a list leave it between two.

    >>> _shared(0.4, 10), _shared(1 / 3, 10), _shared(0.02, 10)
    ('4 of 10', 'about 3 of 10', 'fewer than 1 of 10')
    """
    count = overlap * top
    if abs(count - round(count)) < 1e-9:
        return f"{round(count)} of {top}"
    return f"about {round(count)} of {top}" if round(count) else f"fewer than 1 of {top}"


def agreement_sentences(
    agreement: pd.DataFrame, positions: pd.DataFrame, wordings: pd.Series, names: Mapping[str, str], top: int
) -> list[str]:
    """Return how far people agree, in a paragraph for a reader who has never heard of a statistic.

    Parameters
    ----------
    positions
        Index question, a column a group, NaN where withheld: from these the widest gap is told.
    wordings
        Index question.
    """
    return [*_people(agreement, names), *_lists(agreement, names, top), *_gap(positions, wordings, names)]


def _people(agreement: pd.DataFrame, names: Mapping[str, str]) -> list[str]:
    within = _within(agreement)
    within = within[within.index.isin(list(names))].sort_values("value", kind="stable")
    if within.empty:
        return []
    most, least = within.iloc[-1], within.iloc[0]
    told = (
        f"Within groups, most alike were the choices of {names[str(most.name)]} ({_strength(most['value'])} agreement, "
        f"{most['value']:.2f} on a scale where 1 means that everybody chose the same and 0 that choices had nothing in "
        "common)"
    )
    if len(within) > 1:
        told += f"; least alike those of {names[str(least.name)]} ({_strength(least['value'])}, {least['value']:.2f})"
    return [f"{told}."]


def _lists(agreement: pd.DataFrame, names: Mapping[str, str], top: int) -> list[str]:
    pairs = _pairs(agreement).sort_values(["value", "group", "other"], kind="stable")
    if pairs.empty:
        return []
    most, least = pairs.iloc[-1], pairs.iloc[0]

    def two(row: pd.Series) -> str:
        return listed([names[row["group"]], names[row["other"]]])

    if len(pairs) == 1:
        return [f"{two(most)} share {_shared(most['value'], top)} of their first {top} questions."]
    return [
        f"Of all pairs of groups, {two(most)} have the most of their first {top} questions in common "
        f"({_shared(most['value'], top)}), {two(least)} the fewest ({_shared(least['value'], top)})."
    ]


def _gap(positions: pd.DataFrame, wordings: pd.Series, names: Mapping[str, str]) -> list[str]:
    shown = positions.dropna(axis=1, how="all").dropna(axis=0, how="any")
    if shown.shape[1] < 2 or shown.empty:
        return []
    gaps = shown.max(axis=1) - shown.min(axis=1)
    question = gaps.sort_values(ascending=False, kind="stable").index[0]
    places = shown.loc[question]
    high, low = str(places.idxmin()), str(places.idxmax())
    return [
        f"Groups differ most on this question: \u201c{wordings[question]}\u201d It stands at {places[high]:g} with "
        f"{names[high]} and at {places[low]:g} with {names[low]}."
    ]
