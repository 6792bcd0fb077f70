"""Where each stakeholder group placed each question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from consensus.report.drawing import GREY, Drawing, Sheet, Width, text_width, wrap
from consensus.report.plots.scale import MARGIN, Scale, number_places, ticks

__all__ = ["plot_positions"]


def plot_positions(
    questions: pd.DataFrame, positions: pd.DataFrame, groups: pd.DataFrame, *, of: int, width: Width = "page"
) -> Drawing:
    """Return where each stakeholder group placed each question: a row a question, best on the left.

    Parameters
    ----------
    questions
        In drawing order: `place` (text before the wording) and `wording`.
    positions
        Same index or more; a column a group, NaN where not published.
    groups
        The groups' looks: see `groups.group_looks`.
    of
        How many questions were ranked: the right end of each row.
    """
    positions = positions.reindex(questions.index).dropna(axis=1, how="all")
    looks = groups.loc[list(positions.columns)]
    sheet = Sheet(width)
    left = MARGIN if sheet.phone else 0.46 * sheet.width
    scale = Scale(left + 14, sheet.width - MARGIN - 14, 1, max(of, 2))
    y = _legend(sheet, looks, MARGIN)
    y = number_places(sheet, scale, y)
    for row, (_, places) in zip(questions.to_dict("records"), positions.iterrows(), strict=True):
        y = _position_row(sheet, scale, y, row, places.dropna(), looks)
    return sheet.finish(y + MARGIN, _positions_alt(questions, positions, looks, of))


def _legend(sheet: Sheet, looks: pd.DataFrame, y: float) -> float:
    """Put the groups' markers with their names in lines; return where they end."""
    x, row = MARGIN, 17.0
    for look in looks.itertuples():
        name = wrap(str(look.short), sheet.width - 2 * MARGIN - 18, sheet.size, lines=1)[0]
        needed = 18 + text_width(name, sheet.size) + 12
        if x > MARGIN and x + needed > sheet.width - MARGIN:
            x, y = MARGIN, y + row
        sheet.mark(x + 6, y + row / 2, look)
        sheet.write(x + 16, y + row / 2, name)
        x += needed
    return y + row + 4


def _position_row(sheet: Sheet, scale: Scale, y: float, row: Any, places: pd.Series, looks: pd.DataFrame) -> float:
    """Draw one question: its wording, the markers on their line, who places it highest and lowest."""
    indent = 22.0
    room = (sheet.width if sheet.phone else scale.left - 14) - indent - 2 * MARGIN
    lines = wrap(row["wording"], room, sheet.size, lines=12)
    top = y + 5
    sheet.line(MARGIN, y, sheet.width - MARGIN, y)
    sheet.paragraph(MARGIN, top, [row["place"]], weight="bold")
    below = sheet.paragraph(MARGIN + indent, top, lines)
    said = wrap(_extremes(places, looks), room, sheet.size - 1)
    below = sheet.paragraph(MARGIN + indent, below, said, size=sheet.size - 1, color=GREY)
    levels = _levels([scale(p) for p in places.sort_values().to_numpy()], 12.5)
    depth = 13.0 * (max(levels, default=0) + 1)
    start = below + 4 if sheet.phone else max(top, (top + below - depth) / 2)
    line = start + depth - 6.5
    sheet.line(scale.left - 6, line, scale.right + 6, line, lw=1.4)
    for tick in [1, *ticks(scale)]:
        sheet.line(scale(tick), line - 4, scale(tick), line + 4, lw=1, color="#BBBBBB")
    if len(places):
        sheet.line(scale(places.min()), line, scale(places.max()), line, lw=3, color="#AAAAAA")
    for (group, place), level in zip(_in_order(places), levels, strict=True):
        sheet.mark(scale(place), line - 13 * level, looks.loc[group])
    return max(below, start + depth) + 5


def _in_order(places: pd.Series) -> list[tuple[str, float]]:
    return [(str(group), float(place)) for group, place in places.sort_values(kind="stable").items()]


def _levels(xs: Sequence[float], apart: float) -> list[int]:
    """Return on which level each of some markers stands so that none covers another; xs ascend."""
    ends: list[float] = []
    levels = []
    for x in xs:
        level = next((i for i, end in enumerate(ends) if x - end >= apart), len(ends))
        ends[level : level + 1] = [x]
        levels.append(level)
    return levels


def _extremes(places: pd.Series, looks: pd.DataFrame) -> str:
    if places.empty:
        return "No group's position is published."
    if places.min() == places.max():
        return f"Every group shown: {_place(places.min())}"
    first, last = (
        " and ".join(looks.loc[places.index[places == end], "short"]) for end in (places.min(), places.max())
    )
    return f"Highest: {first}\u00a0({_place(places.min())}); lowest: {last}\u00a0({_place(places.max())})"


def _place(position: float) -> str:
    """Return a position as text; a shared one may be halved.

    >>> _place(3.0), _place(3.5)
    ('3', '3.5')
    """
    return f"{position:g}"


def _positions_alt(questions: pd.DataFrame, positions: pd.DataFrame, looks: pd.DataFrame, of: int) -> str:
    said = [
        f"{row['place']} {row['wording']} {_extremes(places.dropna(), looks)}."
        for row, (_, places) in zip(questions.to_dict("records"), positions.iterrows(), strict=True)
    ]
    return f"Where each group placed each question, 1 is most favoured of {of}. " + " ".join(said)
