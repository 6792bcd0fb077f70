"""A workbook's bytes to cells of text, in a process of its own with a limit on memory and time.

Run as a program: the workbook comes in by the standard input, the rows go out as lines of JSON, so that whoever reads
them never holds more than the rows. It imports nothing of ours, so that it starts fast and holds nothing that a hostile
file could reach.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

__all__ = ["DAMAGED", "TOO_LONG", "TOO_MUCH", "TooLong", "cell_text", "parse", "run"]

DAMAGED, TOO_MUCH, TOO_LONG = 3, 4, 5
"""Exit statuses: it is no workbook, it needs more memory than the limit, or its cells hold more than the limit."""

_ESCAPED = re.compile("_x(?![Dd][89A-Fa-f])([0-9A-Fa-f]{4})_")  # half a character is never made of an escape


class TooLong(Exception):
    """The cells of a workbook hold more than is read."""


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


def parse(raw: bytes, most: int) -> Iterator[tuple[str, int, list[str]]]:
    """Yield every sheet's title (row 0, no cells) and under it its rows by number as text.

    A formula gives the value that the spreadsheet last worked out.

    Raises
    ------
    TooLong
        The cells hold more than `most` characters in all; a cell counts one more, and one that is not empty ten more,
        which is about what it takes to hold it.
    """
    workbook = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    for worksheet in workbook.worksheets:
        worksheet.reset_dimensions()  # what the file says of its size need not be so
        yield worksheet.title, 0, []
        for number, values in enumerate(worksheet.iter_rows(values_only=True), start=1):
            row = [cell_text(value) for value in values]
            most -= sum(len(cell) + 10 for cell in row if cell) + len(row)
            if most < 0:
                raise TooLong
            if any(row):
                yield worksheet.title, number, row


def _limit(what: int, most: int) -> None:
    """Let this process have no more of something, nor more than the machine lets it have already."""
    _, hard = resource.getrlimit(what)
    allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (allowed, allowed))


def run(memory: int, seconds: int, most: int) -> int:
    """Read a workbook from the standard input and write its rows to the standard output; return the exit status."""
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CPU, seconds)
    try:
        for row in parse(sys.stdin.buffer.read(), most):
            sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()
    except MemoryError:
        return TOO_MUCH
    except TooLong:
        return TOO_LONG
    except (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, TypeError, OSError):
        return DAMAGED
    return 0


if __name__ == "__main__":
    sys.exit(run(*(int(each) for each in sys.argv[1:])))
