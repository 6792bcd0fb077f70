"""Every question's ratings, group by group, as counts, median, spread and verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from consensus.errors import DataError
from consensus.ratings.given import LEAST, MOST, CountedRatings
from consensus.ratings.presets import PRESETS, judge
from consensus.ratings.spread import percentile_of, rand_ucla
from consensus.tally.tables import Tally
from consensus.version import __version__

__all__ = ["EVERYONE", "quartiles", "summarise_ratings"]

UNWEIGHTED = "In medians, quartiles and verdicts each person counts once, whatever the respondent weight."
EVERYONE = "all"
"""The row of all groups' ratings together, each person counted once."""


def quartiles(ordered: Sequence[int], definition: str = "linear") -> dict[str, float]:
    """Return median, lower and upper quartile and their distance; NaN where there is no rating.

    Examples
    --------
    >>> quartiles([5, 7, 8, 9])
    {'median': 7.5, 'q1': 6.5, 'q3': 8.25, 'iqr': 1.75}
    """
    if not len(ordered):
        return dict.fromkeys(("median", "q1", "q3", "iqr"), float("nan"))
    q1, q3 = (percentile_of(ordered, percent, definition) for percent in (25, 75))
    middle = percentile_of(ordered, 50, "averaged")
    return {"median": float(middle), "q1": float(q1), "q3": float(q3), "iqr": float(q3 - q1)}


def summarise_ratings(
    t: Tally, preset: str | None = "COMET 70/15 symmetric", round_number: int = 2, definition: str = "linear"
) -> pd.DataFrame:
    """Return each question's ratings in figures, for everyone and group by group.

    Parameters
    ----------
    t
        A tally of `rated` ballots.
    preset
        The published definition of consensus, see `judge`; None: figures without a verdict.
    definition
        Of percentiles, see `PERCENTILES`.

    Returns
    -------
    DataFrame
        Index `question, group`, "all" first, then each group with ballots. `n` ratings, `unsure` who said "don't
        know", `median`, `q1`, `q3`, `iqr`; on the scale from 1 to 9 also `low` (rated 1 to 3), `high` (7 to 9),
        `disagreement` and `index` (RAND/UCLA). `verdict`: of the definition, in the row "all" alone, from the ratings
        by group.

    Raises
    ------
    DataError
        Ballots that are not ratings, or ratings the definition is not made for.
    """
    if t.form != "rated":
        raise DataError(f"Ratings are summarised from ballots of form 'rated'; these are '{t.form}'.")
    if preset is not None and preset not in PRESETS:
        raise DataError(f"No definition of consensus called {preset!r}; use one of {', '.join(PRESETS)}.")
    nine = all(LEAST <= level <= MOST for level in t.levels)
    groups = [at for at in range(len(t.groups)) if t.n[at]]
    rows: list[dict[str, Any]] = []
    for q, question in enumerate(t.questions):
        every = t.C[:, q].sum(axis=0)
        ratings = {t.groups[at]: list(CountedRatings(t.levels, t.C[at, q])) for at in groups}
        head = _figures(t.levels, every, int(t.unsure[:, q].sum()), definition, nine)
        verdict = judge(ratings, preset, round_number) if preset is not None else ""
        rows.append({"question": question, "group": EVERYONE} | head | {"verdict": verdict})
        for at in groups:
            figures = _figures(t.levels, t.C[at, q], int(t.unsure[at, q]), definition, nine)
            rows.append({"question": question, "group": t.groups[at]} | figures | {"verdict": ""})
    frame = pd.DataFrame(rows).set_index(["question", "group"])
    frame.attrs = {
        "method": "summarise_ratings",
        "options": {"preset": preset, "round_number": round_number, "definition": definition},
        "source": PRESETS[preset].source if preset is not None else "",
        "ballots": {t.groups[at]: int(t.n[at]) for at in groups},
        "notes": [UNWEIGHTED] if t.voices is not None else [],
        "version": __version__,
        "digest": t.digest,
    }
    return frame


def _figures(levels: tuple[int, ...], counts: np.ndarray, unsure: int, definition: str, nine: bool) -> dict[str, Any]:
    ordered = CountedRatings(levels, counts)
    figures: dict[str, Any] = {"n": len(ordered), "unsure": unsure} | quartiles(ordered, definition)
    if nine:
        values = np.array(levels, dtype=np.int64)
        figures |= {"low": int(counts[values <= 3].sum()), "high": int(counts[values >= 7].sum())}
        found = rand_ucla(ordered, definition) if len(ordered) else None
        figures |= {"disagreement": found.disagreement if found else None, "index": found.index if found else np.nan}
    return figures
