"""Taking a person's words out of files that were written before they withdrew: workbooks, tables, pages."""

from __future__ import annotations

import html
import io
import json
from collections.abc import Collection
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from consensus.workbooks import pack_workbook, write_whole

__all__ = ["WITHDRAWN", "erase_from_files", "tells"]

WITHDRAWN = "(withdrawn by the person who wrote it)"
PLAIN = (".csv", ".html", ".json", ".md", ".toml", ".txt")
LEAST = 12
"""Texts shorter than this are words that others use too; they are taken out only where they stand by themselves."""


def tells(text: str, words: Collection[str]) -> bool:
    """Return whether a text repeats one of the words of somebody.

    Examples
    --------
    >>> tells("He wrote: what helps against nightmares?", ["what helps against nightmares?"])
    True
    >>> tells("sleep", ["sleep"]), tells("Does sleep help?", ["sleep"])
    (True, False)
    """
    folded = _folded(text)
    return any(_folded(word) in folded if len(word) >= LEAST else _folded(word) == folded for word in words if word)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def erase_from_files(folder: Path, words: Collection[str], ids: Collection[str]) -> list[Path]:
    """Take somebody's words out of every file under a folder; return the files that held some.

    Parameters
    ----------
    words
        What the person wrote, whole texts.
    ids
        The ids of their response, answers and submissions: a row of a sheet that names one loses short texts as well.
    """
    changed = []
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if not path.is_file():
            continue
        before = path.read_bytes()
        if path.suffix == ".xlsx":
            after = _of_workbook(before, words, ids)
        elif path.suffix in PLAIN:
            after = _of_text(before, words)
        else:
            continue
        if after != before:
            write_whole(path, after)
            changed.append(path)
    return changed


def _of_workbook(content: bytes, words: Collection[str], ids: Collection[str]) -> bytes:
    book = load_workbook(io.BytesIO(content))
    changed = False
    for sheet in book.worksheets:
        assert isinstance(sheet, Worksheet)
        for row in sheet.iter_rows():
            theirs = any(cell.value in ids for cell in row if isinstance(cell.value, str))
            for cell in row:
                if isinstance(cell, Cell) and isinstance(cell.value, str) and _goes(cell.value, words, ids, theirs):
                    cell.value, changed = WITHDRAWN, True
    return pack_workbook(book, title=book.properties.title or "") if changed else content


def _goes(value: str, words: Collection[str], ids: Collection[str], theirs: bool) -> bool:
    if value in ids:
        return False
    return tells(value, words) and (theirs or any(len(word) >= LEAST and tells(value, [word]) for word in words))


def _of_text(content: bytes, words: Collection[str]) -> bytes:
    text = content.decode("utf-8", "surrogateescape")
    for word in sorted((word for word in words if len(word) >= LEAST), key=len, reverse=True):
        escaped = json.dumps(word)[1:-1], json.dumps(word, ensure_ascii=False)[1:-1]
        for form in {word, html.escape(word), html.escape(word, quote=False), word.replace('"', '""'), *escaped}:
            text = text.replace(form, WITHDRAWN)
    return text.encode("utf-8", "surrogateescape")
