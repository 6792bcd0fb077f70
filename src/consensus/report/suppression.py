"""Exact counts to public ones: small cells are hidden, and so is whatever would give them away.

The promise, for a threshold k. A count under k is never shown: it reads `<k`. Nor can it be worked out: whoever knows
the marks, every number shown and the totals still finds at least half of the values from 1 to k - 1 possible for a
hidden count, and for the hidden counts of a line together where these sum to less than k. To keep that, further cells
are hidden as `k+`: k or more, the number withheld. Cells go before totals, small ones before large ones.

Zeros. `zeros="shown"` prints 0, since nobody is there to be found; `<k` then means 1 to k - 1. `zeros="hidden"`
prints `<k` for 0 as well: right where another publication tells how many there are in all, as the spreadsheet does with
the submissions that stand behind a question. Under a total that is itself small, and where zeros would pin a neighbour,
they are hidden without being asked.

The method is cell suppression by linear programming: a table with its totals is a network, so that the bounds an
attacker computes are whole numbers and exact (Fischetti and Salazar 2001, doi:10.1287/mnsc.47.7.1008.9805).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import scipy  # what is used of it is imported when it is used: statistics and optimising take 45 MB

__all__ = ["TOTAL", "is_hidden", "large_mark", "shown_number", "small_mark", "suppress_counts", "suppress_differences"]

TOTAL = "total"
TOTAL_COST = 1000.0  # hide any number of cells rather than a total
UNBOUNDED = 3  # scipy's status of a linear programme without a bound

Totals = Literal["none", "rows", "columns", "both"]
Zeros = Literal["shown", "hidden"]


def small_mark(threshold: int) -> str:
    """Return what stands for a count under the threshold.

    >>> small_mark(10)
    '<10'
    """
    return f"<{threshold}"


def large_mark(threshold: int) -> str:
    """Return what stands for a count of the threshold or more that is withheld to protect another.

    >>> large_mark(10)
    '10+'
    """
    return f"{threshold}+"


def is_hidden(cell: str) -> bool:
    """Return whether a cell of a public table is a mark rather than a number.

    >>> is_hidden("<10"), is_hidden("10+"), is_hidden("12")
    (True, True, False)
    """
    return cell.startswith("<") or cell.endswith("+")


def shown_number(cell: str) -> int | None:
    """Return the number in a cell of a public table, or None where it is hidden.

    >>> shown_number("12"), shown_number("<10")
    (12, None)
    """
    return None if is_hidden(cell) else int(cell)


def suppress_counts(
    counts: pd.DataFrame, threshold: int, *, totals: Totals = "columns", zeros: Zeros = "shown"
) -> pd.DataFrame:
    """Return the public text of a table of counts, with its totals.

    Parameters
    ----------
    counts
        Whole numbers of people, without totals; R rows by C columns.
    threshold
        Counts above 0 and under it are hidden; 0 switches it off.
    totals
        "columns" adds a row `total` beneath, "rows" a column `total` at the right, "both" adds both with the grand
        total, "none" adds nothing. Name the totals that become public anywhere, not only in this table.
    zeros
        Whether a 0 reads `0` or is hidden as well.

    Returns
    -------
    DataFrame
        Text cells: a number, `<k` or `k+`.

    Examples
    --------
    >>> people = pd.DataFrame({"answers": [120, 4, 64, 0]}, index=["lived", "policy", "carer", "public"])
    >>> suppress_counts(people, 10)["answers"].to_dict()
    {'lived': '120', 'policy': '<10', 'carer': '10+', 'public': '0', 'total': '188'}
    >>> suppress_counts(people, 0)["answers"].to_dict()
    {'lived': '120', 'policy': '4', 'carer': '64', 'public': '0', 'total': '188'}
    """
    return suppress_differences((), counts, threshold, totals=totals, zeros=zeros)


def suppress_differences(
    published_before: pd.DataFrame | Iterable[pd.DataFrame],
    now: pd.DataFrame,
    threshold: int,
    *,
    totals: Totals = "columns",
    zeros: Zeros = "shown",
) -> pd.DataFrame:
    """Return the public text of a table of which earlier versions, from the same people, are already public.

    Beside what `suppress_counts` hides, a number is hidden that differs from its earlier self by more than 0 and less
    than the threshold; a total is hidden where the hidden cells under it, in both tables, moved by so little; and what
    was withheld as `k+` stays withheld, so that two patterns of the same numbers cannot be laid over one another.

    Parameters
    ----------
    published_before
        One or several earlier results of this function; rows and columns are matched by name.
    now, threshold, totals, zeros
        As for `suppress_counts`.

    Examples
    --------
    >>> before = suppress_counts(pd.DataFrame({"answers": [120, 40]}, index=["lived", "carer"]), 10)
    >>> now = pd.DataFrame({"answers": [123, 90]}, index=["lived", "carer"])
    >>> suppress_differences(before, now, 10)["answers"].to_dict()
    {'lived': '10+', 'carer': '10+', 'total': '213'}
    """
    earlier = [published_before] if isinstance(published_before, pd.DataFrame) else list(published_before)
    bordered = _border(counts=now.astype("int64"), totals=totals)
    values = bordered.to_numpy().ravel()
    if threshold <= 0 or not values.size:
        return _as_text(bordered, np.zeros(values.size, dtype=bool), threshold)
    known = [_known(table, bordered) for table in earlier]
    sheet = _Sheet(values, threshold)
    for block in _blocks(len(now), now.shape[1], totals):
        if zeros == "hidden" or block.has_small_total(sheet):
            sheet.hide_zeros(block.places)
        if not _protect(sheet, block, known):
            sheet.hide_zeros(block.places)
            if not _protect(sheet, block, known):
                sheet.hidden[block.places] = True
    return _as_text(bordered, sheet.hidden, threshold)


@dataclass(frozen=True)
class _Line:
    """One sum: the cells at `members` add up to the cell at `total`."""

    members: np.ndarray
    total: int


class _Sheet:
    """A table with its totals as one row of cells, and which of them are hidden."""

    def __init__(self, values: np.ndarray, threshold: int) -> None:
        self.values, self.k = values, threshold
        self.least = np.ones(values.size)  # what a hidden small count is at least, for all that the mark says
        self.small = (values < threshold) & (values > 0)
        self.hidden = self.small.copy()
        self.spread = -(-(threshold - 1) // 2)  # so many values must stay possible for a hidden count

    def hide_zeros(self, places: np.ndarray) -> None:
        """Let the mark of a small count stand for nobody too, among these cells."""
        self.least[places] = 0
        nobody = places[self.values[places] == 0]
        self.small[nobody] = self.hidden[nobody] = True

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what the marks and numbers say of each cell: least and most."""
        low = np.where(self.hidden, np.where(self.small, self.least, self.k), self.values).astype(float)
        high = np.where(self.hidden, np.where(self.small, self.k - 1, np.inf), self.values)
        return low, high


def _border(counts: pd.DataFrame, totals: Totals) -> pd.DataFrame:
    bordered = counts.copy()
    if totals in ("rows", "both"):
        bordered[TOTAL] = counts.sum(axis=1)
    if totals in ("columns", "both"):
        bordered = pd.concat([bordered, bordered.sum(axis=0).to_frame(TOTAL).T])
    return bordered.astype("int64")


class _Block:
    """Sums that share cells, and so are attacked together: their cells, and members minus total is nought."""

    def __init__(self, lines: Sequence[_Line], places: np.ndarray | None = None) -> None:
        self.lines = lines
        cells = [np.append(line.members, line.total) for line in lines]
        self.places = np.unique(np.concatenate(cells)) if places is None else places
        self.equations = np.zeros((len(lines), self.places.size))
        for row, line in enumerate(lines):
            self.equations[row, np.searchsorted(self.places, line.members)] = 1
            self.equations[row, np.searchsorted(self.places, line.total)] = -1

    def has_small_total(self, sheet: _Sheet) -> bool:
        """Return whether a total is so small that a 0 under it would tell much of its other parts."""
        return any(0 < sheet.values[line.total] < sheet.k for line in self.lines)


def _blocks(rows: int, columns: int, totals: Totals) -> list[_Block]:
    height, width = rows + (totals in ("columns", "both")), columns + (totals in ("rows", "both"))
    places = np.arange(height * width).reshape(height, width)
    across = [_Line(row[:-1], int(row[-1])) for row in places]
    down = [_Line(column[:-1], int(column[-1])) for column in places.T]
    match totals:
        case "none":
            return [_Block([], places.ravel())]
        case "rows":
            return [_Block([line]) for line in across]
        case "columns":
            return [_Block([line]) for line in down]
        case _:
            return [_Block([*across, *down])]


def _known(table: pd.DataFrame, bordered: pd.DataFrame) -> np.ndarray:
    """Return an earlier public table in the order of this one: a number, inf where withheld as k+, nan elsewhere."""
    placed = table.reindex(index=bordered.index, columns=bordered.columns)

    def number(cell: object) -> float:
        if not isinstance(cell, str) or cell.startswith("<"):
            return np.nan
        return np.inf if is_hidden(cell) else float(cell)

    return placed.map(number).to_numpy(dtype=float).ravel()


def _protect(sheet: _Sheet, block: _Block, known: Sequence[np.ndarray]) -> bool:
    """Hide cells of a block until nothing gives a small count away; return whether that can be done."""
    targets = _small_targets(sheet, block)
    while True:
        forced = sorted({place for before in known for place in _telling(sheet, block, before)})
        sheet.hidden[forced] = True
        targets += [np.array([place]) for place in forced]
        for target in targets if block.lines else ():
            low, high = _interval(sheet, block, target)
            if high - low + 1 >= sheet.spread:
                continue
            chosen = _cheapest(sheet, block, target, low, high)
            if chosen is None:
                return False
            sheet.hidden[chosen] = True
        if not any(_telling(sheet, block, before) for before in known):
            return True


def _small_targets(sheet: _Sheet, block: _Block) -> list[np.ndarray]:
    """Return what must not be worked out: each hidden small count, and those of a line together while under k."""
    targets = [np.array([place]) for place in block.places if sheet.small[place] and sheet.values[place] > 0]
    for line in block.lines:
        small = line.members[sheet.small[line.members]]
        if 0 < sheet.values[small].sum() < sheet.k:
            targets.append(small)
    return targets


def _telling(sheet: _Sheet, block: _Block, before: np.ndarray) -> set[int]:
    """Return the cells still shown that tell, beside an earlier table, of a change of fewer than k people."""
    shown_then = np.isfinite(before)
    change = np.where(shown_then, sheet.values - np.where(shown_then, before, 0), 0)
    small_change = (np.abs(change) > 0) & (np.abs(change) < sheet.k)
    open_now = ~sheet.hidden & (sheet.values >= sheet.k)
    telling = {int(place) for place in block.places if open_now[place] and (small_change | np.isposinf(before))[place]}
    for line in block.lines:
        if not (open_now[line.total] and shown_then[line.total]):
            continue
        both = line.members[shown_then[line.members] & ~sheet.hidden[line.members]]
        if 0 < abs(change[line.total] - change[both].sum()) < sheet.k:
            telling.add(line.total)
    return telling


def _interval(sheet: _Sheet, block: _Block, target: np.ndarray) -> tuple[float, float]:
    """Return the least and the most that the cells of a target can sum to, for all that is public."""
    low, high = sheet.bounds()
    if len(block.lines) == 1:
        return _interval_of_line(block.lines[0], target, low, high)
    cost = np.isin(block.places, target).astype(float)
    box = np.column_stack([low[block.places], high[block.places]])
    ends = []
    for sign in (1.0, -1.0):
        solved = scipy.optimize.linprog(
            sign * cost, A_eq=block.equations, b_eq=np.zeros(len(block.lines)), bounds=box, method="highs"
        )
        ends.append(-sign * np.inf if solved.status == UNBOUNDED else round(sign * solved.fun))
    return ends[0], ends[1]


def _interval_of_line(line: _Line, target: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
    if line.total in target:
        return max(low[line.total], low[line.members].sum()), min(high[line.total], high[line.members].sum())
    others = line.members[~np.isin(line.members, target)]
    least = max(low[target].sum(), low[line.total] - high[others].sum())
    return least, min(high[target].sum(), high[line.total] - low[others].sum())


def _cheapest(sheet: _Sheet, block: _Block, target: np.ndarray, low: float, high: float) -> np.ndarray | None:
    """Return the cells to hide so that a target may lie far enough above or below, at the least loss; None if none."""
    places = block.places
    values, shown = sheet.values[places], ~sheet.hidden[places]
    least, most = (bound[places] for bound in sheet.bounds())
    free = shown & (values >= sheet.k)
    least, most = np.where(free, sheet.k, least), np.where(free, np.inf, most)
    totals = np.isin(places, [line.total for line in block.lines])
    loss = np.where(shown, np.where(totals, TOTAL_COST, 1.0) * (1 + values / max(1, values.max())), 0.0)
    aim = np.isin(places, target).astype(float)
    rows = np.vstack([np.hstack([block.equations, -block.equations]), np.concatenate([aim, -aim])])
    box = np.column_stack([np.zeros(2 * places.size), np.concatenate([most - values, values - least])])
    missing, here = sheet.spread - (high - low + 1), sheet.values[target].sum()
    best, chosen = np.inf, None
    for goal in (high + missing - here, low - missing - here):
        sums = [*[0.0] * len(block.lines), goal]
        solved = scipy.optimize.linprog(np.concatenate([loss, loss]), A_eq=rows, b_eq=sums, bounds=box, method="highs")
        if solved.status == 0 and solved.fun < best - 1e-9:
            moved = solved.x[: places.size] + solved.x[places.size :]
            best, chosen = solved.fun, places[shown & (moved > 0.5)]
    return chosen


def _as_text(bordered: pd.DataFrame, hidden: np.ndarray, threshold: int) -> pd.DataFrame:
    values = bordered.to_numpy().ravel()
    small, large = small_mark(threshold), large_mark(threshold)
    text = [(small if v < threshold else large) if h else str(v) for v, h in zip(values, hidden, strict=True)]
    cells = np.array(text, dtype=object).reshape(bordered.shape)
    return pd.DataFrame(cells, index=bordered.index, columns=bordered.columns).astype(str)
