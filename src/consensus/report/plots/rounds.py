"""When the surveys were open."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from consensus.report.drawing import GREY, INK, Drawing, Sheet, Width, wrap
from consensus.report.plots.scale import BLUE, MARGIN, ORANGE, Scale

__all__ = ["plot_rounds"]


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
    scale = Scale(MARGIN, sheet.width - MARGIN, low, max(high, low + 1))
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
