"""Any text to spreadsheet cells and back: nothing is lost, cut or run as a formula.

A cell holds 32,767 UTF-16 units; longer text goes on in further columns. Characters that XML cannot hold are written
the way the format has for them, `_x0001_`, and a text that looks like that is written so that it reads as itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from consensus.workbooks import CELL_UNITS, to_cell

__all__ = ["JOIN", "cut_for_cells", "from_cell", "join_cells", "join_words", "split_words"]

JOIN = " ~ "

_WRITTEN = re.compile("_x([0-9A-Fa-f]{4})_")


def from_cell(text: str) -> str:
    """Return the text that `to_cell` was given.

    Examples
    --------
    >>> from_cell(to_cell("a\\x00b_x0041_")) == "a\\x00b_x0041_"
    True
    """
    return _WRITTEN.sub(lambda found: chr(int(found[1], 16)), text)


def join_words(words: Iterable[str]) -> str:
    """Return several texts as one, with `~` between them; a `~` inside a text is doubled.

    Examples
    --------
    >>> join_words(["Why no sleep?", "1 ~ 2 weeks?"])
    'Why no sleep? ~ 1 ~~ 2 weeks?'
    """
    return JOIN.join(word.replace("~", "~~") for word in words)


def split_words(joined: str) -> list[str]:
    """Return the texts that `join_words` was given; none for an empty text.

    Examples
    --------
    >>> split_words("Why no sleep? ~ 1 ~~ 2 weeks?")
    ['Why no sleep?', '1 ~ 2 weeks?']
    """
    if not joined:
        return []
    pieces = re.split(r"(~~)|( ~ )", joined)
    words = [""]
    for piece in pieces:
        if piece == JOIN:
            words.append("")
        else:
            words[-1] += "~" if piece == "~~" else piece or ""
    return words


def cut_for_cells(text: str) -> list[str]:
    """Return text as pieces that each fit a cell, in XML as in the program; together they are the text.

    A piece ends at a `~` between two texts where there is one in its last quarter, else at a space there.

    Examples
    --------
    >>> [len(piece) for piece in cut_for_cells("x" * 70_000)]
    [32767, 32767, 4466]
    """
    pieces = []
    while _units(to_cell(text)) > CELL_UNITS:
        end = _longest(text)
        for between in (JOIN, " "):
            good = text.rfind(between, end * 3 // 4, end)
            if good > 0:
                end = good + len(between)
                break
        pieces.append(text[:end])
        text = text[end:]
    return [*pieces, text]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _longest(text: str) -> int:
    """Return how many characters of a text fit a cell, found by halving."""
    low, high = 1, min(len(text), CELL_UNITS)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _units(to_cell(text[:middle])) <= CELL_UNITS else (low, middle - 1)
    return low


def join_cells(pieces: Sequence[str]) -> str:
    """Return the text that `cut_for_cells` cut.

    >>> join_cells(cut_for_cells("x" * 70_000)) == "x" * 70_000
    True
    """
    return "".join(pieces)
