"""Frames as lines for a terminal: long words wrapped, numbers to the right, narrow enough to read."""

from __future__ import annotations

import textwrap

import pandas as pd

__all__ = ["as_columns", "as_lines"]

WIDEST = 60


def as_lines(frame: pd.DataFrame) -> list[str]:
    """Return a frame as plain aligned lines, one a row."""
    return [] if frame.empty else frame.to_string(index=False).splitlines()


def as_columns(frame: pd.DataFrame, widest: int = WIDEST) -> list[str]:
    """Return a frame as aligned lines, texts and headings wrapped within their columns.

    Examples
    --------
    >>> frame = pd.DataFrame({"rank": [1], "question": ["What helps people to sleep?"], "Carers": [2.5]})
    >>> print("\\n".join(as_columns(frame, widest=16)))
    rank  question          Carers
       1  What helps             2.5
          people to sleep?
    """
    if frame.empty:
        return []
    texts = {str(name): [_cell(value) for value in column] for name, column in frame.items()}
    right = {str(name): pd.api.types.is_numeric_dtype(column) for name, column in frame.items()}
    wraps = {name: [textwrap.wrap(cell, widest) or [""] for cell in cells] for name, cells in texts.items()}
    heads = {name: textwrap.wrap(name, max(_longest(wraps[name]), *map(len, name.split()), 1)) for name in texts}
    width = {name: max(_longest(wraps[name]), max(map(len, heads[name]))) for name in texts}
    rows = [heads] + [{name: wraps[name][at] for name in texts} for at in range(len(frame))]
    return [line for row in rows for line in _row(row, width, right)]


def _longest(cells: list[list[str]]) -> int:
    return max((len(line) for cell in cells for line in cell), default=0)


def _row(cells: dict[str, list[str]], width: dict[str, int], right: dict[str, bool]) -> list[str]:
    lines = []
    for at in range(max(len(cell) for cell in cells.values())):
        parts = []
        for name, cell in cells.items():
            text = cell[at] if at < len(cell) else ""
            parts.append(text.rjust(width[name]) if right[name] else text.ljust(width[name]))
        lines.append("  ".join(parts).rstrip())
    return lines


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:g}"
    return str(value)
