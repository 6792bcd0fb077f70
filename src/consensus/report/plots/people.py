"""Who took part, and how many submissions ask the same."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd

from consensus.report.drawing import GREY, Drawing, Sheet, Width, text_width, wrap
from consensus.report.plots.scale import BLUE, MARGIN, ORANGE, Scale
from consensus.report.suppression import TOTAL, is_hidden, shown_number

__all__ = ["plot_group_sizes", "plot_taking_part"]

SIZES = ((1, 1), (2, 4), (5, 9), (10, 19), (20, 49), (50, None))


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
    scale = Scale(MARGIN + before, sheet.width - MARGIN - after, 0, most)
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


def _reached_row(sheet: Sheet, scale: Scale, y: float, name: str, cell: str, target: int) -> float:
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
    scale = Scale(left, sheet.width - MARGIN - 40, 0, max([*counts, 1]))
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
