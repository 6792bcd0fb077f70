"""Workbooks (XLSX) to and from cells of text: limits before opening, and cells that are safe to open.

Characters that XML cannot hold are written in the escape that spreadsheets know (`_x0007_`) and read back as they were.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
import zlib
from contextlib import suppress
from typing import Any

from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from consensus.errors import DataError
from consensus.importers import parsing
from consensus.importers.parsing import cell_text
from consensus.workbooks import CELL_UNITS, put_text, to_cell

__all__ = ["cell_text", "is_workbook", "merged_ranges", "read_rows", "read_sheets", "write_cell"]

_MOST_ENTRIES = 2_000
_MOST_BYTES = 200_000_000
_MOST_RATIO = 200
_RATIO_FROM = 10_000_000  # a small file may well shrink a thousandfold: an answer of one letter, repeated
_PASSED_ON = ("PATH", "LANG", "TMPDIR", "LD_LIBRARY_PATH")
_MOST_MEMORY, _MOST_SECONDS = 2_000_000_000, 120
_MOST_CHARACTERS = 50_000_000
_MERGED = re.compile(rb"<(?:\w{1,20}:)?mergeCell\s[^<>]{0,80}?ref=\"([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})\"")
_CHUNK = 1 << 20

Sheets = dict[str, dict[int, list[str]]]


def is_workbook(raw: bytes) -> bool:
    """Tell whether bytes begin like a workbook's, which is a zip archive; an old `.xls` is refused with a sentence.

    Examples
    --------
    >>> is_workbook(b"id,text"), is_workbook(b"PK\\x03\\x04...")
    (False, True)
    """
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise DataError(
            "This is a workbook of the old kind (.xls) or one with a password; save it as .xlsx without one."
        )
    return raw.startswith(b"PK\x03\x04")


def read_rows(raw: bytes, name: str, sheet: str = "") -> tuple[dict[int, list[str]], str, list[str]]:
    """Return the rows of one sheet by number, the sheet's name and warnings; the first sheet when none is named.

    Raises
    ------
    DataError
        The archive is over a limit or damaged, or there is no such sheet.
    """
    sheets = read_sheets(raw, name)
    if sheet and sheet not in sheets:
        raise DataError(f"{name} has no sheet {sheet!r}; it has {', '.join(repr(title) for title in sheets)}.")
    chosen = sheet or next((title for title, rows in sheets.items() if rows), next(iter(sheets)))
    warnings = []
    if len(sheets) > 1 and not sheet:
        warnings.append(f"{name} has {len(sheets)} sheets; only {chosen!r} was read.")
    return sheets[chosen], chosen, warnings


def read_sheets(raw: bytes, name: str) -> Sheets:
    """Return every sheet's rows by number as text; a formula gives the value that the spreadsheet last worked out."""
    _check_archive(raw, name)
    status, sheets = _parsed_apart(raw)
    if status == parsing.TOO_LONG:
        raise DataError(
            f"{name} holds more than {_MOST_CHARACTERS // 1_000_000} million characters in its cells; split it, or "
            "save it as CSV."
        )
    if status == parsing.TOO_MUCH or status < 0:
        raise DataError(
            f"{name} needs more than {_MOST_MEMORY // 1_000_000} MB or {_MOST_SECONDS} seconds to be read; split it, "
            "or save it as CSV."
        )
    if status:
        raise DataError(f"{name} is damaged or no workbook; open it in a spreadsheet and save it as .xlsx.")
    if not sheets:
        raise DataError(f"{name} has no sheet with cells; export it again.")
    return sheets


def merged_ranges(raw: bytes) -> list[str]:
    """Return the ranges of merged cells of a workbook that was read, of all sheets: only the first cell holds a value.

    Nothing is parsed, and of a part at most a chunk is held.
    """
    found: set[str] = set()
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                with suppress(zipfile.BadZipFile, zlib.error, RuntimeError), archive.open(name) as part:
                    before = b""
                    while chunk := part.read(_CHUNK):
                        found |= {match[1].decode() for match in _MERGED.finditer(before + chunk)}
                        before = chunk[-200:]
    return sorted(found)


def environment() -> dict[str, str]:
    """Return what the process that reads a workbook knows of the machine: no address, no key."""
    passed_on = {name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith("LC_")}
    return {**passed_on, "OPENBLAS_NUM_THREADS": "1"}  # each thread asks for memory that it never uses


def _parsed_apart(raw: bytes) -> tuple[int, Sheets]:
    """Return the exit status and the rows of a process of its own, which no file can make larger or last longer.

    The rows are taken one by one, so that this process holds what is in the cells once and nothing else.
    """
    limits = [str(limit) for limit in (_MOST_MEMORY, _MOST_SECONDS, _MOST_CHARACTERS)]
    command = [sys.executable, "-I", parsing.__file__, *limits]
    sheets: Sheets = {}
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment(), **pipes) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):  # it ended before it had read everything, and its status says why
            process.stdin.write(raw)
            process.stdin.close()
        for line in process.stdout:
            if line.endswith(b"\n"):  # else it was stopped while it wrote
                title, number, row = json.loads(line)
                sheets.setdefault(title, {}).update({number: row} if number else {})
    return process.returncode, sheets


def _check_archive(raw: bytes, name: str) -> None:
    """Refuse an archive that would unpack to too much, before unpacking any of it."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(raw)).infolist()
    except zipfile.BadZipFile:
        raise DataError(f"{name} is damaged; open it in a spreadsheet and save it again.") from None
    total = sum(entry.file_size for entry in entries)
    faults = []
    if len(entries) > _MOST_ENTRIES:
        faults.append(f"It holds {len(entries)} parts; at most {_MOST_ENTRIES} are opened.")
    if total > _MOST_BYTES:
        faults.append(f"It would unpack to {total // 1_000_000} MB; at most {_MOST_BYTES // 1_000_000} MB are opened.")
    if total > _RATIO_FROM and total > _MOST_RATIO * len(raw):
        faults.append(
            f"It would unpack to {total // max(len(raw), 1)} times its size; at most {_MOST_RATIO} are allowed."
        )
    if faults:
        raise DataError.of(name, faults)


def write_cell(worksheet: Worksheet, row: int, column: int, value: object) -> Cell:
    """Write one cell, a text always as a text: what begins like a formula is marked as quoted.

    A text longer than a cell can hold is cut, and its end says so; the store keeps it whole.
    """
    cell: Any = worksheet.cell(row, column)
    if not isinstance(value, str):
        cell.value = value
        return cell
    if len(to_cell(value)) > CELL_UNITS:
        note = f" […] (cut here; the answer has {len(value):,} characters and is kept whole in the store)"
        value = value[: CELL_UNITS - len(note)]
        while len(to_cell(value)) > CELL_UNITS - len(note):
            value = value[: len(value) * 9 // 10]
        value += note
    put_text(cell, value)
    return cell
