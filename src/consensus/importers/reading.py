"""Files to tables of text: decoding, delimiter, workbooks, and limits that are checked before anything is opened.

Every cell is text as it stands in the file: `NA`, `None` and `null` are answers. A sentence about a cell names its row
and column, never what it says.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from consensus.errors import DataError
from consensus.importers.encoding import decode_cells, decode_whole
from consensus.importers.workbook import is_workbook, read_rows

__all__ = ["Table", "fold", "read_table", "require_columns"]

_DELIMITERS = {"\t": "tab", ";": "semicolon", ",": "comma"}  # the rarer in headings' own words first
_LARGEST = 300_000_000
_MOST_NAMED = 20
_LONG_CELL = 100_000
_LONGEST_FIELD = 2**31 - 1
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class Table:
    """A file's cells as text.

    Parameters
    ----------
    frame
        One column a heading, every cell a `str`; the index is the row as a spreadsheet counts it, the heading in row 1.
    encoding, delimiter
        How the text was read: for a workbook "workbook" and the name of its sheet.
    sha256
        The digest of the file's bytes.
    warnings
        What was mended, a sentence each.
    """

    name: str
    frame: pd.DataFrame
    encoding: str
    delimiter: str
    sha256: str
    warnings: tuple[str, ...] = ()


def fold(text: str) -> str:
    """Return a text as headings and names are compared: composed, no case, single spaces, no space around it.

    Examples
    --------
    >>> fold(" Family\\u00a0 and CARERS ")
    'family and carers'
    """
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip().casefold()


def read_table(path: Path | str, sheet: str = "") -> Table:
    """Return the cells of a CSV or XLSX file as text; which of the two it is shows in its bytes, not in its name.

    Text is decoded by its byte order mark, else as strict UTF-8, else the cells that are not UTF-8 are read as
    Windows-1252 and named in a warning. The delimiter is the one of `,` `;` tab that stands most often in the heading.

    Raises
    ------
    DataError
        There is no such file, it is empty, too large or damaged, or has headings and no row under them.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"There is no file {path.name!r}; check its name and folder.")
    if path.stat().st_size > _LARGEST:
        raise DataError(f"{path.name} is larger than {_LARGEST // 1_000_000} MB; split it.")
    raw = path.read_bytes()
    if not raw.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise DataError(f"{path.name} is empty; export it again.")
    if is_workbook(raw):
        rows, sheet_name, warnings = read_rows(raw, path.name, sheet)
        encoding, delimiter = "workbook", sheet_name
    else:
        rows, encoding, delimiter, warnings = _text_rows(raw, path.name)
    frame, mended = _as_frame(rows, path.name)
    return Table(path.name, frame, encoding, delimiter, hashlib.sha256(raw).hexdigest(), tuple(warnings + mended))


def require_columns(table: Table, columns: Iterator[str] | list[str] | tuple[str, ...]) -> None:
    """Raise a `DataError` that names every column the table lacks and lists those it has."""
    has = ", ".join(repr(str(column)) for column in list(table.frame.columns)[:_MOST_NAMED])
    more = len(table.frame.columns) - _MOST_NAMED
    has += f" and {more} more" if more > 0 else ""
    missing = [column for column in columns if column not in table.frame.columns]
    if missing:
        raise DataError.of(table.name, [f"Column {c!r} is missing; the file has {has}." for c in missing])


def _text_rows(raw: bytes, name: str) -> tuple[dict[int, list[str]], str, str, list[str]]:
    """Return the rows of a text file by number, its encoding, its delimiter and what was mended."""
    text, encoding = decode_whole(raw)
    delimiter = _delimiter(text)
    csv.field_size_limit(_LONGEST_FIELD)
    rows: dict[int, list[str]] = {}
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, row in enumerate(reader, start=1):
            if any(row):
                rows[number] = row
    except csv.Error:
        raise DataError(
            f"{name}: line {reader.line_num} cannot be read: a quotation mark is opened and not closed, or stands "
            "inside a cell that has none around it; mend the line or export the file again."
        ) from None
    warnings = []
    if encoding == "cp1252":
        rows, changed = decode_cells(rows)
        warnings.append(
            f"{name} is not UTF-8; {len(changed)} cells were read as Windows-1252: {_named(changed)}. Look at them."
        )
    return rows, encoding, _DELIMITERS[delimiter], warnings


def _named(cells: list[tuple[int, int]]) -> str:
    listed = ", ".join(f"row {row} column {column}" for row, column in cells[:_MOST_NAMED])
    return listed + (f" and {len(cells) - _MOST_NAMED} more" if len(cells) > _MOST_NAMED else "")


def _delimiter(text: str) -> str:
    """Return the delimiter that stands most often in the heading outside quotation marks; of equals the rarer one."""
    counts = dict.fromkeys(_DELIMITERS, 0)
    quoted = False
    for character in text:
        if character == '"':
            quoted = not quoted
        elif character in "\r\n" and not quoted:
            break
        elif character in counts and not quoted:
            counts[character] += 1
    return max(counts, key=lambda delimiter: counts[delimiter])


def _as_frame(rows: dict[int, list[str]], name: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows under the heading as a frame, cells beyond the last heading in columns of their own."""
    if not rows:
        raise DataError(f"{name} is empty; export it again.")
    head, *numbers = rows
    if not numbers:
        raise DataError(f"{name} has headings and no row under them; export it again.")
    width = max(len(row) for row in rows.values())
    while width and not any(len(row) >= width and row[width - 1].strip() for row in rows.values()):
        width -= 1
    columns, warnings = _headings(rows[head][:width], width, name)
    wide = [number for number in numbers if any(cell.strip() for cell in rows[number][len(rows[head]) :])]
    if wide:
        warnings.append(
            f"{name}: {len(wide)} rows have more cells than there are headings, the first is row {wide[0]}; "
            "the cells are kept in columns without a name. Is a text with a delimiter not in quotation marks?"
        )
    cells = [[*rows[number][:width], *[""] * (width - len(rows[number]))] for number in numbers]
    for number, row in zip(numbers, cells, strict=True):
        warnings += [
            f"{name}: row {number}, column {column!r} holds {len(cell):,} characters; it is kept whole."
            for column, cell in zip(columns, row, strict=True)
            if len(cell) > _LONG_CELL
        ]
    return pd.DataFrame(cells, columns=columns, index=pd.Index(numbers, name="row"), dtype=object), warnings


def _headings(head: list[str], width: int, name: str) -> tuple[list[str], list[str]]:
    """Return a name of its own for each column; one without gets its number, one that comes again is counted."""
    seen: dict[str, int] = {}
    columns, repeated = [], []
    for number, cell in enumerate([*head, *[""] * (width - len(head))], start=1):
        heading = _SPACES.sub(" ", cell).strip() or f"column {number}"
        seen[heading] = seen.get(heading, 0) + 1
        if seen[heading] > 1:
            repeated.append(heading)
            heading = f"{heading} ({seen[heading]})"
        columns.append(heading)
    return columns, [f"{name}: the heading {heading!r} stands more than once." for heading in dict.fromkeys(repeated)]
