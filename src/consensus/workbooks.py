"""Workbooks (XLSX) that are safe to open: a text stays that text, and equal content gives equal bytes."""

from __future__ import annotations

import io
import os
import re
import zipfile
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

__all__ = ["CELL_UNITS", "fit_rows", "pack_workbook", "put_text", "starts_like_formula", "to_cell", "write_whole"]

CELL_UNITS = 32_767
"""The most UTF-16 units that a spreadsheet holds in one cell."""
LINE_HEIGHT = 14.5  # points

# What XML 1.0 cannot hold, and the carriage return, which every reader of XML turns into a line feed.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠|%]")
EPOCH = datetime(1980, 1, 1)  # noqa: DTZ001 - the earliest that a zip archive can say, and it has no zones


def to_cell(text: str) -> str:
    """Return text as it stands in the file's XML, what XML cannot hold in the spreadsheet's own escape.

    Examples
    --------
    >>> to_cell("a\\x00b"), to_cell("_x0041_")
    ('a_x0000_b', '_x005F_x0041_')
    """
    return _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def starts_like_formula(text: str) -> bool:
    """Return whether a spreadsheet program might take text for a formula once somebody edits or exports it.

    >>> starts_like_formula("=1+1"), starts_like_formula(" @SUM(A1)"), starts_like_formula("Why?")
    (True, True, False)
    """
    return bool(_FORMULA.match(text)) or text[:1] in ("\t", "\r", "\n")


def put_text(cell: Cell, text: str) -> None:
    """Put text into a cell as text; what begins like a formula is marked as quoted."""
    cell.value = to_cell(text)
    cell.data_type = "s"
    cell.quotePrefix = starts_like_formula(text)


def fit_rows(sheet: Worksheet, *, tallest: float, head: int = 1) -> None:
    """Make each row as tall as its longest text needs in its column, up to `tallest` points; not every program does.

    Parameters
    ----------
    head
        The fewest lines that the first row is given.
    """
    dimensions = sheet.column_dimensions
    hidden = {name for name, dimension in dimensions.items() if dimension.hidden}
    for number, row in enumerate(sheet.iter_rows(), start=1):
        lines = [_lines(c.value, dimensions[c.column_letter].width) for c in row if c.column_letter not in hidden]
        sheet.row_dimensions[number].height = min(LINE_HEIGHT * max(lines + [head] * (number == 1)) + 3, tallest)


def _lines(value: object, wide: float) -> int:
    """Return how many lines a value takes in a column, near enough to see all of it."""
    if not isinstance(value, str):
        return 1
    return sum(1 + int(len(line) * 1.15 // wide) for line in value[:5_000].split("\n"))


def pack_workbook(book: Workbook, *, title: str, stamp: datetime = EPOCH) -> bytes:
    """Return the bytes of a workbook's file; no clock of this machine is in them.

    Parameters
    ----------
    stamp
        The instant that the file calls its making, in UTC without a zone, as the format has it.
    """
    book.properties.creator = "Consensus"
    book.properties.title = to_cell(title)
    book.properties.created = book.properties.modified = stamp
    loose, packed = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(loose, "w") as archive:
        ExcelWriter(book, archive).save()
    with zipfile.ZipFile(loose) as given, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in given.namelist():
            entry = zipfile.ZipInfo(name, EPOCH.timetuple()[:6])
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o600 << 16, 3
            archive.writestr(entry, given.read(name))
    return packed.getvalue()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; one of that name is replaced."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    os.replace(partial, path)
