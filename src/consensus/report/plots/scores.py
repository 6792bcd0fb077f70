"""The combined score of each question, and where the shortlist ends."""

from __future__ import annotations

from typing import Any

import pandas as pd

from consensus.report.drawing import GREY, Drawing, Sheet, Width, text_width, wrap
from consensus.report.plots.scale import BLUE, MARGIN, ORANGE, Scale

__all__ = ["plot_scores"]

AFTER_THE_CUT = 5


def plot_scores(questions: pd.DataFrame, *, width: Width = "page") -> Drawing:
    """Return the combined score of each question as a bar, with the line under the last one on the shortlist.

    Parameters
    ----------
    questions
        In the order of the interim ranking: `interim_rank`, `wording`, `score`, `shortlisted`, `tied`. Of those not on
        the shortlist the first `AFTER_THE_CUT` are drawn.
    """
    beyond = ~questions["shortlisted"].astype(bool)
    questions = questions[~beyond | (beyond.cumsum() <= AFTER_THE_CUT)]
    sheet = Sheet(width)
    left = MARGIN + 30 if sheet.phone else 0.5 * sheet.width
    best = max(float(questions["score"].max()), 1e-9)
    scale = Scale(left, sheet.width - MARGIN - 40, 0, best)
    cut = _cut(questions["shortlisted"].tolist())
    y = _score_key(sheet)
    for place, (_, row) in enumerate(questions.iterrows()):
        if place == cut:
            y = _cut_line(sheet, y)
        y = _score_row(sheet, scale, y, row)
    return sheet.finish(y + MARGIN, _scores_alt(questions, cut))


def _cut(shortlisted: list[bool]) -> int:
    """Return how many of the first are all on the shortlist, or 0 where it does not follow the score."""
    count = sum(shortlisted)
    return count if all(shortlisted[:count]) and count < len(shortlisted) else 0


def _score_key(sheet: Sheet) -> float:
    x = MARGIN
    for colour, edge, text in ((BLUE, BLUE, "on the shortlist"), ("white", GREY, "not on it")):
        sheet.bar(x, MARGIN + 3, 12, 9, facecolor=colour, edgecolor=edge, lw=1)
        sheet.write(x + 17, MARGIN + 8, text)
        x += 17 + text_width(text, sheet.size) + 16
    return MARGIN + 22


def _cut_line(sheet: Sheet, y: float) -> float:
    text = "cut line of the shortlist"
    wide = text_width(text, sheet.size, "bold")
    sheet.line(MARGIN, y + 8, sheet.width - MARGIN - wide - 6, y + 8, color=ORANGE, lw=2, ls=(0, (4, 2)))
    sheet.write(sheet.width - MARGIN, y + 8, text, ha="right", color=ORANGE, weight="bold")
    return y + 18


def _score_row(sheet: Sheet, scale: Scale, y: float, row: Any) -> float:
    indent = 30.0
    room = (sheet.width - MARGIN if sheet.phone else scale.left - 10) - MARGIN - indent
    rank = f"{row['interim_rank']:g}{'=' if row['tied'] else ''}"
    sheet.paragraph(MARGIN, y + 2, [rank], weight="bold")
    below = sheet.paragraph(MARGIN + indent, y + 2, wrap(row["wording"], room, sheet.size, lines=4))
    top = below + 1 if sheet.phone else (y + below) / 2 - 5
    colours = (
        {"facecolor": BLUE, "edgecolor": BLUE} if row["shortlisted"] else {"facecolor": "white", "edgecolor": GREY}
    )
    sheet.bar(scale.left, top, max(scale(row["score"]) - scale.left, 0.5), 9, **{**colours, "lw": 1})
    sheet.write(max(scale(row["score"]), scale.left) + 4, top + 4.5, f"{row['score']:.6g}", size=sheet.size - 0.5)
    return max(below, top + 9) + 5


def _scores_alt(questions: pd.DataFrame, cut: int) -> str:
    listed = [f"{row['interim_rank']:g}. {row['wording']} {row['score']:.6g}." for _, row in questions.iterrows()]
    where = f"The shortlist ends after the first {cut}." if cut else "The shortlist does not follow the score alone."
    return f"Combined score of each question, highest first. {where} " + " ".join(listed)
