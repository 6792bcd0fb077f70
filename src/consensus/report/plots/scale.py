"""From a value to a place across a sheet, and the numbers along it."""

from __future__ import annotations

from consensus.report.drawing import GREY, Sheet, text_width

__all__ = ["BLUE", "MARGIN", "ORANGE", "Scale", "number_places", "ticks"]

MARGIN = 8.0
BLUE, ORANGE = "#0072B2", "#B34700"


class Scale:
    """From a value to a place across the sheet."""

    def __init__(self, left: float, right: float, low: float, high: float) -> None:
        self.left, self.right, self.low, self.high = left, right, low, high

    def __call__(self, value: float) -> float:
        """Return the place of a value, in points from the left edge."""
        return self.left + (self.right - self.left) * (value - self.low) / (self.high - self.low)


def number_places(sheet: Sheet, scale: Scale, y: float) -> float:
    """Say what left and right mean, and number the places."""
    small = sheet.size - 1
    first, last = "← more favoured", "less favoured →"
    sheet.write(scale.left - 8, y + 8, first, size=small, color=GREY)
    if text_width(first, small) + text_width(last, small) + 8 <= scale.right - scale.left + 16:
        sheet.write(scale.right + 8, y + 8, last, size=small, color=GREY, ha="right")
    for place in [1, *ticks(scale)]:
        sheet.write(scale(place), y + 21, str(place), size=small, color=GREY, ha="center")
    return y + 30


def ticks(scale: Scale) -> list[int]:
    """Return the round places between the first and the last, at most seven."""
    step = next(step for step in (5, 10, 20, 25, 50, 100, 200, 500, 10**9) if scale.high / step <= 7)
    return list(range(step, int(scale.high) + 1, step))
