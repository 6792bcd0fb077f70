"""How far a review is: decisions made, and how much of what belongs together they brought together by estimate."""

from __future__ import annotations

import pandas as pd

from consensus.report.drawing import GREY, Drawing, Sheet, Width, text_width, wrap
from consensus.report.plots.scale import BLUE, MARGIN, Scale, ticks

__all__ = ["plot_review"]

TALL = 170.0


def plot_review(course: pd.DataFrame, *, width: Width = "page") -> Drawing:
    """Return the estimated recall after so many decisions, in its interval.

    Parameters
    ----------
    course
        In the order of the decisions: `decisions`, and in [0, 1] `recall`, `low` and `high`.
    """
    sheet = Sheet(width)
    told = "How much of what belongs together is together, by estimate"
    lines = wrap(told, sheet.width - 2 * MARGIN, sheet.size + 1, weight="bold")
    y = sheet.paragraph(MARGIN, MARGIN, lines, weight="bold", size=sheet.size + 1) + 10
    left = MARGIN + text_width("100 %", sheet.size) + 8
    across = Scale(left, sheet.width - MARGIN - 16, 0, max(int(course["decisions"].max()), 1))
    up = Scale(y + TALL, y, 0, 1)
    for share in (0, 0.25, 0.5, 0.75, 1):
        sheet.line(left, up(share), across.right, up(share))
        sheet.write(left - 6, up(share), f"{share:.0%}".replace("%", " %"), ha="right", color=GREY)
    at = [across(count) for count in course["decisions"]]
    low, high, middle = ([up(share) for share in course[name]] for name in ("low", "high", "recall"))
    sheet.axes.fill_between(at, low, high, color=BLUE, alpha=0.2, lw=0, zorder=2.5)
    sheet.axes.plot(at, middle, color=BLUE, lw=2, marker="o", markersize=5, zorder=3)
    y += TALL + 12
    for tick in _numbers(across, sheet.size):
        sheet.write(across(tick), y, str(tick), ha="center", color=GREY)
    y += 10
    said = f"decisions; now {_told(course.iloc[-1])}. The shade holds the truth nine times of ten.".replace("%", " %")
    y = sheet.paragraph(left, y, wrap(said, across.right - left, sheet.size), color=GREY)
    return sheet.finish(y + MARGIN, _alt(course))


def _numbers(across: Scale, size: float) -> list[int]:
    """Return the counts of decisions that are written: round ones, and the last where there is room for it."""
    last, round_ones = int(across.high), [0, *ticks(across)]
    room = text_width(f"  {last}", size)
    return [*(count for count in round_ones if count == 0 or across(last) - across(count) > room), last]


def _told(row: pd.Series) -> str:
    return f"{row['recall']:.0%} ({row['low']:.0%} to {row['high']:.0%})"


def _alt(course: pd.DataFrame) -> str:
    said = [f"After {row['decisions']:.0f} decisions {_told(row)}." for _, row in course.iterrows()]
    return "How much of what belongs together is together, by estimate. " + " ".join(said)
