"""The review workbook's rows as they come back, each beside what it said when it was written and what holds now."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from openpyxl.utils import get_column_letter

from consensus.errors import DataError
from consensus.importers.reading import fold
from consensus.importers.review.layout import (
    AGREEMENT,
    QUESTION_COLUMNS,
    QUESTIONS,
    READ_ME,
    REVIEW,
    REVIEW_COLUMNS,
    SAID_BESIDE,
    YOURS,
    Start,
)
from consensus.importers.workbook import is_workbook, merged_ranges, read_sheets
from consensus.protocol import Protocol
from consensus.questions import NOT_YET_REVIEWED, Questions

__all__ = ["Cells", "Row", "as_category", "open_review", "read_rows"]

Cells = dict[str, str]

_NO = frozenset(["", "no", "n", "0", "false"])
_ERRORS = frozenset(["#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!", "#spill!", "#calc!"])
_HIGHEST_HEAD = 20
_CELL = re.compile(r"([A-Z]+)(\d+)")


_GONE = (
    "this partnership has no such submission: its answer was changed or withdrawn since, or the id was typed over; "
    "delete the row, or export the workbook again."
)
_UNNAMED = "no submission is named in it; delete the row."


@dataclass(frozen=True)
class Row:
    """One submission's row.

    Parameters
    ----------
    said, written
        What a person's columns say, and what they said when the workbook was written.
    now_in, now_aside
        The summary question that holds the submission now, or the reason why it is set aside; both empty when nobody
        has decided.
    """

    number: int
    submission: str
    said: Start
    written: Start
    now_in: str
    now_aside: str

    @property
    def stands(self) -> bool:
        """Tell whether a person left alone where the submission goes, and it has been decided."""
        changed = any(
            getattr(self.said, name) != getattr(self.written, name) for name in ("question", "out_of_scope", "reason")
        )
        return bool(self.now_in or self.now_aside or self.written.out_of_scope) and not changed


def open_review(path: Path) -> tuple[dict[str, list[tuple[int, Cells]]], list[str]]:
    """Return the rows of both sheets with their numbers, cells by heading; and a fault where nobody agreed to them.

    Raises
    ------
    DataError
        The file is missing or no workbook, or its sheets lack columns.
    """
    if not path.is_file():
        raise DataError(f"There is no file {path.name!r}; check its name and folder.")
    raw = path.read_bytes()
    if not is_workbook(raw):
        raise DataError(f"{path.name} is no workbook (.xlsx); save the review workbook as one.")
    sheets = read_sheets(raw, path.name)
    faults, told = [], {}
    for title, columns in ((REVIEW, REVIEW_COLUMNS), (QUESTIONS, QUESTION_COLUMNS)):
        if title not in sheets:
            there = ", ".join(repr(each) for each in sheets)
            faults.append(f"There is no sheet '{title}', but {there}; give the sheet its name again.")
            continue
        needed = [column for column in columns if column not in SAID_BESIDE]
        top, head = _head(sheets[title], needed)
        missing = [repr(column) for column in needed if column not in head]
        if missing:
            faults.append(f"The sheet '{title}' lacks the columns {', '.join(missing)}; export the workbook again.")
        told[title] = [
            (number, dict(zip(head, [*row, *[""] * len(head)], strict=False)))
            for number, row in sheets[title].items()
            if number > top
        ]
        if title == REVIEW:
            faults += _merged(raw, {get_column_letter(head.index(name) + 1) for name in YOURS if name in head})
    if faults:
        raise DataError.of(path.name, faults)
    return told, _not_agreed(sheets.get(READ_ME, {}))


def _merged(raw: bytes, letters: set[str]) -> list[str]:
    """Return a fault for each range of rows that are merged in a column in which a person decides."""
    told = []
    for merged in merged_ranges(raw):
        (first, top), (last, bottom) = (_CELL.fullmatch(cell).groups() for cell in merged.split(":"))  # type: ignore[union-attr]
        if top != bottom and {first, last} & letters:
            told.append(
                f"The cells {merged} are merged, and only the first of them holds what is written there; unmerge them "
                "and write it in each row."
            )
    return told


def _head(rows: dict[int, list[str]], needed: Sequence[str]) -> tuple[int, list[str]]:
    """Return the row of the headings and the headings: the row that has most of them, for some write above them."""
    folded = {number: [fold(cell) for cell in row] for number, row in rows.items() if number <= _HIGHEST_HEAD}
    there = {number: len({*head} & {*needed}) for number, head in folded.items()}
    top = max(there, key=lambda number: (there[number], -number), default=1)
    return top, folded.get(top, [])


def _not_agreed(read_me: dict[int, list[str]]) -> list[str]:
    """Return a fault unless a person wrote yes beside the agreement."""
    for number, (label, *answer) in read_me.items():
        if fold(label) == fold(AGREEMENT):
            if answer and fold(answer[0]) == "yes":
                return []
            return [
                f"sheet '{READ_ME}', cell B{number}: nobody has agreed to the groups as they stand in the workbook, so "
                "nothing of it is taken; read them, write yes in that cell, save the workbook and import it again."
            ]
    return [
        f"The sheet '{READ_ME}' lacks the line '{AGREEMENT}'; write it in a cell of column A, with yes beside it, or "
        "export the workbook again."
    ]


def read_rows(
    sheet: list[tuple[int, Cells]], known: set[str], questions: Questions, protocol: Protocol
) -> tuple[list[Row], list[str]]:
    """Return the rows of submissions that there are, and the faults of the others and of categories."""
    place = dict(zip(questions.lineage["submission_id"], questions.lineage["question_id"], strict=True))
    aside = dict(zip(questions.set_aside["submission_id"], questions.set_aside["reason"], strict=True))
    rows: dict[str, Row] = {}
    faults = []
    for number, cells in sheet:
        submission = cells["submission"].strip()
        if submission not in known:
            faults.append(f"row {number}: {_GONE if submission else _UNNAMED}")
            continue
        if submission in rows:
            faults.append(
                f"row {number}: the submission of row {rows[submission].number} stands here again; delete one."
            )
            continue
        said, written = _start(cells, ""), _start(cells, " as written")
        for name in YOURS:
            if fold(cells[name]) in _ERRORS and cells[name] != cells[f"{name} as written"]:
                faults.append(f"row {number}: '{name}' holds {cells[name]}, a fault of the spreadsheet; write it anew.")
        category = as_category(said.category, protocol)
        if category is None:
            faults.append(f"row {number}: the category is not in the protocol; choose one from the list.")
        reason = "" if aside.get(submission) == NOT_YET_REVIEWED else aside.get(submission, "")
        said = replace(said, category=category or "")
        rows[submission] = Row(number, submission, said, written, place.get(submission, ""), reason)
    return list(rows.values()), faults


def _start(cells: Cells, suffix: str) -> Start:
    """Return a row's five columns of a person; the label of a question is compared without case."""
    question, crossed, reason, category, wording = (cells[name + suffix].strip() for name in YOURS)
    return Start(fold(question), "" if fold(crossed) in _NO else "x", reason, category, wording)


def as_category(cell: str, protocol: Protocol) -> str | None:
    """Return the id of the category that a cell names by id or name; None for one that the protocol lacks."""
    if not cell.strip():
        return ""
    names = {fold(name): category.id for category in protocol.categories for name in (category.name, category.id)}
    return names.get(fold(cell))
