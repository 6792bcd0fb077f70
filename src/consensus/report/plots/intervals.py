"""How firm each question's place is: the places it might have had if other people of the same groups had answered."""

from __future__ import annotations

from typing import Any

import pandas as pd

from consensus.report.drawing import GREY, INK, Drawing, Sheet, Width, text_width, wrap
from consensus.report.plots.scale import BLUE, MARGIN, ORANGE, Scale, number_places, ticks
from consensus.report.saying import between, chance

__all__ = ["plot_intervals"]

WASH = "#E7F0F7"


def plot_intervals(questions: pd.DataFrame, *, top: int, of: int, width: Width = "page") -> Drawing:
    """Return each question's place as a dot on its rank interval, a row a question, the Top 10 shaded at the left.

    Parameters
    ----------
    questions
        In drawing order: `wording`, `interim_rank`, `tied`, `low`, `high`, `p_top`.
    top
        How many places make the Top 10.
    of
        How many questions were ranked.
    """
    sheet = Sheet(width)
    left = MARGIN if sheet.phone else 0.46 * sheet.width
    right = MARGIN + text_width("over 99 %", sheet.size, "bold") + 4
    end = min(of, int(questions["high"].max()) + 1)
    scale = Scale(left + 14, sheet.width - right - 14, 1, max(end, top + 1, 2))
    y = _key(sheet, top)
    y = number_places(sheet, scale, y)
    heights = []
    for row in questions.to_dict("records"):
        begins = y
        y = _row(sheet, scale, y, row, top)
        heights.append((begins, y))
    if not sheet.phone:
        _shade(sheet, scale, top, heights[0][0], heights[-1][1])
    return sheet.finish(y + MARGIN, _alt(questions, top))


def _key(sheet: Sheet, top: int) -> float:
    """Say what dot, bar, shade and per cent stand for."""
    y, row = MARGIN, 16.0
    sheet.line(MARGIN, y + 8, MARGIN + 24, y + 8, lw=4, color=BLUE, alpha=0.45)
    sheet.axes.plot([MARGIN + 12], [y + 8], "o", color=BLUE, markersize=7, zorder=4)
    sheet.write(MARGIN + 32, y + 8, "its place, and where it would likely be")
    y += row
    sheet.bar(MARGIN, y + 2, 24, 12, facecolor=WASH)
    sheet.write(MARGIN + 32, y + 8, f"the first {top}")
    y += row
    sheet.write(MARGIN, y + 8, "97 %", weight="bold")
    for line in wrap(f"how often it was among the first {top}", sheet.width - 2 * MARGIN - 32, sheet.size):
        sheet.write(MARGIN + 32, y + 8, line)
        y += row
    return y + 6


def _row(sheet: Sheet, scale: Scale, y: float, row: Any, top: int) -> float:
    """Draw one question: its rank and wording, its interval, and how often it was in the top."""
    indent = 30.0
    room = (sheet.width if sheet.phone else scale.left - 14) - indent - 2 * MARGIN
    start = y + 5
    sheet.line(MARGIN, y, sheet.width - MARGIN, y)
    sheet.paragraph(MARGIN, start, [f"{row['interim_rank']:g}{'=' if row['tied'] else ''}"], weight="bold")
    below = sheet.paragraph(MARGIN + indent, start, wrap(row["wording"], room, sheet.size, lines=4))
    line = below + 10 if sheet.phone else (start + below) / 2
    if sheet.phone:
        _shade(sheet, scale, top, line - 7, line + 7)
    sheet.line(scale.left - 6, line, scale.right + 6, line, lw=1)
    for tick in [1, *ticks(scale)]:
        sheet.line(scale(tick), line - 3, scale(tick), line + 3, lw=1, color="#BBBBBB")
    low, high = scale(row["low"]), scale(row["high"])
    sheet.line(low - 2, line, high + 2, line, lw=5, color=BLUE, alpha=0.45, zorder=2.8)
    sheet.axes.plot([scale(row["interim_rank"])], [line], "o", color=BLUE, markersize=8, zorder=4)
    inside = row["p_top"] >= 0.5
    sheet.write(
        sheet.width - MARGIN, line, chance(row["p_top"]), ha="right", weight="bold", color=INK if inside else GREY
    )
    return max(below, line + 8) + 5


def _shade(sheet: Sheet, scale: Scale, top: int, begins: float, ends: float) -> None:
    edge = scale(top + 0.5)
    sheet.bar(scale.left - 7, begins, edge - scale.left + 7, ends - begins, facecolor=WASH, zorder=0.5)
    sheet.line(edge, begins, edge, ends, color=ORANGE, lw=1.2, ls=(0, (4, 2)), zorder=0.6)


def _alt(questions: pd.DataFrame, top: int) -> str:
    said = [
        f"{row['interim_rank']:g}. {row['wording']} Likely {between(row['low'], row['high'])}; "
        f"among the first {top} in {chance(row['p_top'])}."
        for row in questions.to_dict("records")
    ]
    return "Each question's place in the interim survey, where it would likely be if other people of the same groups " \
           f"had answered, and how often it was among the first {top}. " + " ".join(said)  # fmt: skip
