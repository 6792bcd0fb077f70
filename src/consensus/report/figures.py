"""The drawings of a publication by name, each from what anybody may see."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from consensus.report import plots
from consensus.report.content import ANSWERED, BALLOTS, Published
from consensus.report.drawing import Drawing, Width

__all__ = ["FIGURES", "count_ranked", "report_drawings"]

MOST_INTERVALS = 40
"""So many rows of a drawing can be read; the spreadsheet has them all."""


def count_ranked(published: Published) -> int:
    """Return how many questions the interim survey ranked."""
    return int(published.questions["interim_rank"].notna().sum())


def _positions(published: Published, width: Width) -> Drawing | None:
    if published.positions.dropna(axis=1, how="all").empty:
        return None
    top = published.questions.loc[published.top]
    rank = top["final_rank" if published.is_final else "interim_rank"]
    rows = top.assign(place=[f"{place:g}" for place in rank])
    return plots.plot_positions(rows, published.positions, published.groups, of=count_ranked(published), width=width)


def _scored(published: Published) -> pd.DataFrame:
    scored = published.questions.dropna(subset=["score"]).reset_index()
    return scored.sort_values(["interim_rank", "question_id"]).set_index("question_id")


def _scores(published: Published, width: Width) -> Drawing | None:
    scored = _scored(published)
    return plots.plot_scores(scored, width=width) if len(scored) else None


def _intervals(published: Published, width: Width) -> Drawing | None:
    top = published.protocol.publication.top
    tried = _scored(published).join(published.firmness).dropna(subset=["low"])
    tried = tried[tried["shortlisted"] | (tried["low"] <= top)].head(MOST_INTERVALS)
    return plots.plot_intervals(tried, top=top, of=count_ranked(published), width=width) if len(tried) else None


def _people(published: Published, width: Width) -> Drawing | None:
    groups = published.protocol.groups
    targets = pd.DataFrame({g.id: [g.target_answers, g.target_ballots] for g in groups}).T
    targets.columns = pd.Index([ANSWERED, BALLOTS])
    return plots.plot_taking_part(published.taking_part, targets, published.groups, width=width)


def _sizes(published: Published, width: Width) -> Drawing | None:
    return plots.plot_group_sizes(published.group_sizes, width=width) if len(published.group_sizes) else None


def _rounds(published: Published, width: Width) -> Drawing | None:
    if published.rounds.empty:
        return None
    zone, now = published.protocol.zone, published.published_at
    return plots.plot_rounds(published.rounds, zone=zone, now=now, width=width)


FIGURES: dict[str, Callable[[Published, Width], Drawing | None]] = {
    "positions": _positions,
    "scores": _scores,
    "intervals": _intervals,
    "people": _people,
    "sizes": _sizes,
    "rounds": _rounds,
}


def report_drawings(published: Published, width: Width = "page") -> dict[str, Drawing]:
    """Return the drawings of the report by name; those that would be empty are left out."""
    drawn = {name: draw(published, width) for name, draw in FIGURES.items()}
    return {name: drawing for name, drawing in drawn.items() if drawing is not None}
