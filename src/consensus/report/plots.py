"""The plots of a partnership, each read at a phone's width and at a page's, in words beside the picture.

All take public tables alone, and return a `Drawing`: `.svg()`, `.png()` and `.alt`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from consensus.report.drawing import GREY, INK, Drawing, Sheet, Width, text_width, wrap
from consensus.report.suppression import TOTAL, is_hidden, shown_number

__all__ = ["plot_group_sizes", "plot_positions", "plot_rounds", "plot_scores", "plot_taking_part"]

MARGIN = 8.0
AFTER_THE_CUT = 5
BLUE, ORANGE = "#0072B2", "#B34700"
SIZES = ((1, 1), (2, 4), (5, 9), (10, 19), (20, 49), (50, None))


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
    scale = _Scale(left + 14, sheet.width - MARGIN - 14, 1, max(of, 2))
    y = _legend(sheet, looks, MARGIN)
    y = _ends(sheet, scale, y)
    for row, (_, places) in zip(questions.to_dict("records"), positions.iterrows(), strict=True):
        y = _position_row(sheet, scale, y, row, places.dropna(), looks)
    return sheet.finish(y + MARGIN, _positions_alt(questions, positions, looks, of))


class _Scale:
    """From a value to a place across the sheet."""

    def __init__(self, left: float, right: float, low: float, high: float) -> None:
        self.left, self.right, self.low, self.high = left, right, low, high

    def __call__(self, value: float) -> float:
        """Return the place of a value, in points from the left edge."""
        return self.left + (self.right - self.left) * (value - self.low) / (self.high - self.low)


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


def _ends(sheet: Sheet, scale: _Scale, y: float) -> float:
    """Say what left and right mean, and number the places."""
    small = sheet.size - 1
    sheet.write(scale.left - 8, y + 8, "← more favoured", size=small, color=GREY)
    sheet.write(scale.right + 8, y + 8, "less favoured →", size=small, color=GREY, ha="right")
    for place in [1, *_ticks(scale)]:
        sheet.write(scale(place), y + 21, str(place), size=small, color=GREY, ha="center")
    return y + 30


def _ticks(scale: _Scale) -> list[int]:
    """Return the round places between the first and the last, at most seven."""
    step = next(step for step in (5, 10, 20, 25, 50, 100, 200, 500, 10**9) if scale.high / step <= 7)
    return list(range(step, int(scale.high) + 1, step))


def _position_row(sheet: Sheet, scale: _Scale, y: float, row: Any, places: pd.Series, looks: pd.DataFrame) -> float:
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
    for tick in [1, *_ticks(scale)]:
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
    scale = _Scale(left, sheet.width - MARGIN - 40, 0, best)
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


def _score_row(sheet: Sheet, scale: _Scale, y: float, row: Any) -> float:
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


def plot_taking_part(
    taking_part: pd.DataFrame, targets: pd.DataFrame, groups: pd.DataFrame, *, width: Width = "page"
) -> Drawing:
    """Return how many people of each group took part at each stage, against how many the partnership aimed for.

    Parameters
    ----------
    taking_part
        Public text: index group and `total`, a column a stage. A hidden count has a hatched stub instead of a bar.
    targets
        Index group, the same columns: whole numbers, 0 for none.
    """
    shown = taking_part.drop(index=TOTAL, errors="ignore")
    sheet = Sheet(width)
    names = groups.loc[shown.index, "short"]
    heads = [wrap(name, sheet.width * (0.9 if sheet.phone else 0.3), sheet.size, lines=1)[0] for name in names]
    numbers = [n for n in (shown_number(cell) for cell in shown.to_numpy().ravel()) if n is not None]
    most = max([*numbers, int(targets.to_numpy().max(initial=0)), 1])
    before = 0 if sheet.phone else max(text_width(name, sheet.size) for name in heads) + 8
    after = 0 if sheet.phone else max(text_width(label, sheet.size) for label in _reached(shown, targets)) + 6
    scale = _Scale(MARGIN + before, sheet.width - MARGIN - after, 0, most)
    y = MARGIN
    for stage in shown.columns:
        y = sheet.paragraph(MARGIN, y, [f"{stage[0].upper()}{stage[1:]}"], weight="bold", size=sheet.size + 1) + 3
        for name, (group, cell) in zip(heads, shown[stage].items(), strict=True):
            y = _reached_row(sheet, scale, y, name, str(cell), _target(targets, group, stage))
        y += 8
    sheet.line(MARGIN + 4, y, MARGIN + 4, y + 12, color=ORANGE, lw=2.5)
    sheet.write(MARGIN + 12, y + 6, "how many the partnership aimed for", color=GREY)
    return sheet.finish(y + 14 + MARGIN, _taking_part_alt(shown, targets, names))


def _target(targets: pd.DataFrame, group: Any, stage: Any) -> int:
    known = group in targets.index and stage in targets.columns
    return int(cast(int, targets.at[group, stage])) if known else 0


def _reached(shown: pd.DataFrame, targets: pd.DataFrame) -> list[str]:
    return [
        _of_target(str(cell), _target(targets, group, stage)) for stage in shown for group, cell in shown[stage].items()
    ]


def _of_target(cell: str, target: int) -> str:
    words = f"under {cell[1:]}" if cell.startswith("<") else f"{cell[:-1]} or more" if is_hidden(cell) else cell
    return f"{words} (aim {target})" if target else words


def _reached_row(sheet: Sheet, scale: _Scale, y: float, name: str, cell: str, target: int) -> float:
    """Draw one group: on a phone its words above its bar, else before and after it."""
    number, said = shown_number(cell), _of_target(cell, target)
    if sheet.phone:
        sheet.write(scale.left, y + 7, name)
        together = text_width(name, sheet.size) + text_width(said, sheet.size) + 6
        y += 13 if together > scale.right - scale.left else 0
        sheet.write(scale.right, y + 7, said, ha="right")
        y += 13
    else:
        sheet.write(scale.left - 6, y + 8, name, ha="right")
    end = scale(number) if number is not None else max(scale(min(int(cell.strip("<+")), scale.high)), scale.left + 6)
    hatched = {"facecolor": "white", "edgecolor": GREY, "lw": 0.8, "hatch": "/////"}
    sheet.bar(scale.left, y + 3, end - scale.left, 10, **(hatched if number is None else {"facecolor": BLUE}))
    if target:
        sheet.line(scale(target), y + 1, scale(target), y + 15, color=ORANGE, lw=2.5, zorder=3)
        end = max(end, scale(target) + 1)
    sheet.line(scale.left, y, scale.left, y + 17, color=GREY, lw=0.8)
    if not sheet.phone:
        sheet.write(end + 5, y + 8, said)
    return y + 17


def _taking_part_alt(shown: pd.DataFrame, targets: pd.DataFrame, names: pd.Series) -> str:
    said = []
    for stage in shown.columns:
        parts = [
            f"{name} {_of_target(str(cell), _target(targets, group, stage))}"
            for name, (group, cell) in zip(names, shown[stage].items(), strict=True)
        ]
        said.append(f"{stage}: {', '.join(parts)}.")
    return "People of each group who took part, of those aimed for. " + " ".join(said)


def plot_group_sizes(sizes: pd.Series, *, width: Width = "page") -> Drawing:
    """Return how many summary questions stand for how many submissions.

    Parameters
    ----------
    sizes
        One whole number a duplicate group or summary question: how many submissions it holds.
    """
    values = sizes.to_numpy(dtype=int)
    labels = [f"{low}" if low == high else f"{low} to {high}" if high else f"{low} or more" for low, high in SIZES]
    counts = [int(((values >= low) & (values <= (high or np.inf))).sum()) for low, high in SIZES]
    sheet = Sheet(width)
    left = MARGIN + max(text_width(label, sheet.size) for label in labels) + 8
    scale = _Scale(left, sheet.width - MARGIN - 40, 0, max([*counts, 1]))
    lines = wrap(
        "Submissions in a duplicate group, and how many groups", sheet.width - 2 * MARGIN, sheet.size + 1, weight="bold"
    )
    y = sheet.paragraph(MARGIN, MARGIN, lines, weight="bold", size=sheet.size + 1) + 4
    for label, count in zip(labels, counts, strict=True):
        sheet.write(left - 6, y + 9, label, ha="right")
        sheet.bar(left, y + 3, scale(count) - left, 12, facecolor=BLUE)
        sheet.write(scale(count) + 5, y + 9, str(count))
        y += 19
    said = ", ".join(f"{label} submissions: {count} groups" for label, count in zip(labels, counts, strict=True))
    return sheet.finish(y + MARGIN, f"How many duplicate groups hold how many submissions. {said}.")


def plot_rounds(rounds: pd.DataFrame, *, zone: ZoneInfo, now: datetime, width: Width = "page") -> Drawing:
    """Return the rounds on one line of time, with their state and, if it falls among them, today.

    Parameters
    ----------
    rounds
        Frame of the vocabulary; instants in UTC, shown in `zone`.
    """
    rows = rounds.sort_values(["opens_at", "round_id"])
    if rows.empty:
        sheet = Sheet(width)
        sheet.write(MARGIN, MARGIN + 8, "No round has been opened yet.")
        return sheet.finish(2 * MARGIN + 16, "No round has been opened yet.")
    spans = [(_instant(a), _instant(c or b)) for a, b, c in _times(rows)]
    sheet = Sheet(width)
    low, high = min(a for a, _ in spans).timestamp(), max(b for _, b in spans).timestamp()
    scale = _Scale(MARGIN, sheet.width - MARGIN, low, max(high, low + 1))
    y, said = MARGIN, []
    for (opens, closes), row in zip(spans, rows.itertuples(), strict=True):
        dates = f"{_day(opens, zone)} to {_day(closes, zone)}, {row.state}"
        y = sheet.paragraph(MARGIN, y, wrap(f"{row.kind} round", sheet.width, sheet.size), weight="bold")
        y = sheet.paragraph(MARGIN, y, wrap(dates, sheet.width - 2 * MARGIN, sheet.size), color=GREY) + 3
        left, right = scale(opens.timestamp()), scale(closes.timestamp())
        sheet.line(MARGIN, y + 6, sheet.width - MARGIN, y + 6)
        sheet.bar(left, y, max(right - left, 3), 12, facecolor=BLUE if row.state in ("closed", "ranked") else ORANGE)
        if low <= now.timestamp() <= high:
            sheet.line(scale(now.timestamp()), y - 3, scale(now.timestamp()), y + 15, color=INK, lw=2, zorder=3)
        y += 24
        said.append(f"{row.kind} round: {dates}.")
    return sheet.finish(y + MARGIN, f"The partnership's {len(rows)} rounds. " + " ".join(said))


def _times(rows: pd.DataFrame) -> list[tuple[Any, Any, Any]]:
    closed = [None if value is None or value != value else value for value in rows["closed_at"]]
    return list(zip(rows["opens_at"], rows["closes_at"], closed, strict=True))


def _instant(value: Any) -> datetime:
    return pd.Timestamp(value).to_pydatetime()


def _day(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return f"{local.day} {local:%B %Y}"
