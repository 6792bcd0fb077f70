"""The table of what people met, printed row by row and kept in the docs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

__all__ = ["HEAD", "keep", "quantiles", "row"]

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "measured.md"
BEGIN, END = "<!-- people begins -->", "<!-- people ends -->"
HEAD = """\
| | database | ballots | a second | sending: median | p95 | p99 | longest | any page: median | p95 | p99 | longest \
| errors | lost | CPU ms a ballot: web app | database | people |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"""


def quantiles(seconds: list[float]) -> list[str]:
    """Return the median, the 95th and 99th percentile and the longest in milliseconds, as cells of a table."""
    if not seconds:
        return [""] * 4
    return [f"{1000 * each:,.0f}" for each in (*np.quantile(seconds, (0.5, 0.95, 0.99)), max(seconds))]


def row(cells: list[str]) -> str:
    """Return cells as a row."""
    return f"| {' | '.join(cells)} |"


def keep(told: str) -> None:
    """Write a row in the document's table, in the place of the one of the same scenario and database, however long."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    kept, after = rest.split(END, 1)
    lines = {_key(line): line for line in kept.strip().splitlines()[2:]}
    lines[_key(told)] = told
    table = "\n".join([HEAD, *lines.values()])
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


def _key(line: str) -> tuple[str, str]:
    """Return what a row is of: who comes, whatever the time or the number of arrivals, and the database."""
    who, database = (cell.strip() for cell in line.split("|")[1:3])
    return re.sub(r" for [\d.]+ min$|^[\d,]+ arrivals in [\d.]+ s", "", who), database
