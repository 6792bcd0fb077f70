"""What a participant is shown before the next round: the own rating beside each group's distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from consensus.errors import DataError
from consensus.ratings.given import CountedRatings
from consensus.ratings.summary import quartiles
from consensus.tally import Tally, tally
from consensus.version import __version__

__all__ = ["group_figures", "rating_feedback"]


def rating_feedback(
    ballots: pd.DataFrame, least: int = 5, definition: str = "linear", questions: list[Any] | None = None
) -> pd.DataFrame:
    """Return for each participant and question the own rating beside every stakeholder group's distribution.

    Parameters
    ----------
    ballots
        Ballots frame of form `rated`.
    least
        A group with fewer ratings of a question shows none of its figures: they would show whose they are.
    definition
        Of quartiles, see `PERCENTILES`.
    questions
        Those that were asked; None: those in the frame.

    Returns
    -------
    DataFrame
        One row a participant and question, by ballot, then question: `ballot, group, question, rating` (missing: not
        rated, or "don't know"); `lower`, `same`, `higher`, how many others of the own group rated so (missing where
        withheld or not rated); for every group `n_<group>`, `median_<group>`, `q1_<group>`, `q3_<group>`, missing
        where withheld.

    Examples
    --------
    >>> ballots = pd.DataFrame({"ballot": list("abc"), "group": "carer", "question": "q1", "value": [3, 7, 8]})
    >>> rating_feedback(ballots, least=3)[["rating", "lower", "higher", "median_carer"]].values.tolist()
    [[3, 0, 2, 7.0], [7, 1, 1, 7.0], [8, 2, 0, 7.0]]
    """
    if least < 1:
        raise DataError("Figures are withheld below at least 1 rating; ask for 1 or more.")
    t = tally(ballots, questions, "rated")
    figures = _by_group(t, least, definition)
    people = (
        ballots[["ballot", "group"]].drop_duplicates().sort_values(["ballot", "group"], key=lambda c: c.astype(str))
    )
    own = {
        (b, g, q): v for b, g, q, v in zip(*(ballots[c] for c in ("ballot", "group", "question", "value")), strict=True)
    }
    counts = {
        key: dict(zip(t.levels, t.C[t.groups.index(key[0]), t.questions.index(key[1])].tolist(), strict=True))
        for key in figures
    }
    rows = []
    for ballot, group in people.itertuples(index=False):
        for question in t.questions:
            rating = own.get((ballot, group, question))
            row = {"ballot": ballot, "group": group, "question": question, "rating": rating}
            shown = figures[group, question]["n"] is not None
            row |= _beside(rating if shown else None, counts[group, question])
            for other in t.groups:
                row |= {f"{name}_{other}": value for name, value in figures[other, question].items()}
            rows.append(row)
    frame = pd.DataFrame(rows)
    whole = ["rating", "lower", "same", "higher", *(f"n_{group}" for group in t.groups)]
    frame = frame.astype(dict.fromkeys(whole, "Int64"))
    frame.attrs = {
        "method": "rating_feedback",
        "options": {"least": least, "definition": definition},
        "ballots": dict(zip(t.groups, t.n.tolist(), strict=True)),
        "version": __version__,
        "digest": t.digest,
    }
    return frame


def group_figures(
    ballots: pd.DataFrame, least: int = 5, definition: str = "linear", questions: list[Any] | None = None
) -> pd.DataFrame:
    """Return every stakeholder group's distribution of ratings by question, as `rating_feedback` shows it to everybody.

    Returns
    -------
    DataFrame
        One row a group and question: `group, question, n, median, q1, q3`; missing where fewer than `least` rated it.

    Examples
    --------
    >>> ballots = pd.DataFrame({"ballot": list("abc"), "group": "carer", "question": "q1", "value": [3, 7, 8]})
    >>> group_figures(ballots, least=3).values.tolist()
    [['carer', 'q1', 3, 7.0, 5.0, 7.5]]
    """
    if least < 1:
        raise DataError("Figures are withheld below at least 1 rating; ask for 1 or more.")
    figures = _by_group(tally(ballots, questions, "rated"), least, definition)
    rows = [{"group": group, "question": question, **found} for (group, question), found in figures.items()]
    return pd.DataFrame(rows, columns=["group", "question", "n", "median", "q1", "q3"])


def _by_group(t: Tally, least: int, definition: str) -> dict[tuple[Any, Any], dict[str, Any]]:
    return {
        (group, question): _figures(t.levels, t.C[g, q], least, definition)
        for g, group in enumerate(t.groups)
        for q, question in enumerate(t.questions)
    }


def _figures(levels: tuple[int, ...], counts: np.ndarray, least: int, definition: str) -> dict[str, Any]:
    ordered = CountedRatings(levels, counts)
    if len(ordered) < least:
        return {"n": None, "median": np.nan, "q1": np.nan, "q3": np.nan}
    found = quartiles(ordered, definition)
    return {"n": len(ordered), "median": found["median"], "q1": found["q1"], "q3": found["q3"]}


def _beside(rating: Any, counts: dict[int, int]) -> dict[str, int | None]:
    """Return how many others rated lower, the same and higher."""
    if rating is None or pd.isna(rating):
        return {"lower": None, "same": None, "higher": None}
    value = int(rating)
    lower = sum(n for level, n in counts.items() if level < value)
    higher = sum(n for level, n in counts.items() if level > value)
    return {"lower": lower, "same": counts[value] - 1, "higher": higher}
