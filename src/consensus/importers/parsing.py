"""A workbook's bytes to cells of text, in a process of its own with a limit on memory and time.

Run as a program: the workbook comes in by the standard input, the sheets go out as JSON. It imports nothing of ours, so
that it starts fast and holds nothing that a hostile file could reach.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import resource
import sys
import zipfile
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

__all__ = ["DAMAGED", "TOO_MUCH", "cell_text", "parse", "run"]

DAMAGED, TOO_MUCH = 3, 4
"""Exit statuses: it is no workbook, or there is more in it than the limits let in."""

_ESCAPED = re.compile("_x(?![Dd][89A-Fa-f])([0-9A-Fa-f]{4})_")  # half a character is never made of an escape

Sheets = dict[str, dict[int, list[str]]]


def cell_text(value: object) -> str:
    """Return a cell's value as the text that a person sees, whole numbers without a point.

    Examples
    --------
    >>> cell_text(3.0), cell_text(True), cell_text(dt.datetime(2026, 2, 3)), cell_text("a_x0007_b")
    ('3', 'TRUE', '2026-02-03', 'a\\x07b')
    """
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case dt.datetime():
            return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
        case str():
            return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value)
        case _:
            return str(value)


def parse(raw: bytes, most: int) -> Sheets:
    """Return every sheet's rows by number as text; raise a `MemoryError` beyond so many characters in all.

    A formula gives the value that the spreadsheet last worked out.
    """
    workbook = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    sheets: Sheets = {}
    for worksheet in workbook.worksheets:
        worksheet.reset_dimensions()  # what the file says of its size need not be so
        rows: dict[int, list[str]] = {}
        for number, values in enumerate(worksheet.iter_rows(values_only=True), start=1):
            row = [cell_text(value) for value in values]
            most -= sum(map(len, row)) + len(row)
            if most < 0:
                raise MemoryError
            if any(row):
                rows[number] = row
        sheets[worksheet.title] = rows
    return sheets


def _limit(what: int, most: int) -> None:
    """Let this process have no more of something, nor more than the machine lets it have already."""
    _, hard = resource.getrlimit(what)
    allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (allowed, allowed))


def run(memory: int, seconds: int, most: int) -> int:
    """Read a workbook from the standard input and write its sheets to the standard output; return the exit status."""
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CPU, seconds)
    try:
        json.dump(parse(sys.stdin.buffer.read(), most), sys.stdout)
    except MemoryError:
        return TOO_MUCH
    except (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, TypeError, OSError):
        return DAMAGED
    return 0


if __name__ == "__main__":
    sys.exit(run(*(int(each) for each in sys.argv[1:])))
