"""The published spreadsheet: one row a summary question, as the James Lind Alliance publishes them.

Written and read back with the same texts, whatever they are; the same bytes for the same content.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from consensus.errors import DataError
from consensus.report.cells import cut_for_cells, from_cell, join_cells, join_words, split_words
from consensus.report.content import Published
from consensus.report.firm_columns import firm_columns
from consensus.report.methods import methods_rows
from consensus.report.suppression import TOTAL, shown_number
from consensus.workbooks import fit_rows, pack_workbook, put_text, write_whole

__all__ = ["QUESTIONS", "WORDS", "Spreadsheet", "question_rows", "rating_rows", "read_spreadsheet", "write_spreadsheet"]

QUESTIONS, RATINGS, SET_ASIDE, ABOUT = "Summary questions", "Ratings", "Set aside", "About"
WORDING, WORDS = "Summary question", "Original submissions"
WIDTHS = {
    WORDING: 60,
    WORDS: 80,
    "Why it was shortlisted": 34,
    "Who put it there": 40,
    "Evidence": 34,
    "Category": 22,
    "Question id": 18,
    "Text": 100,
}

Value = str | int | float | None


@dataclass(frozen=True)
class Spreadsheet:
    """What a published spreadsheet says.

    Attributes
    ----------
    questions
        One row a summary question, a column a heading; "Original submissions" holds lists of texts.
    ratings
        One row a question that people rated, see `rating_rows`; None where they did not rate, and there is no sheet.
    set_aside
        Columns `Reason`, `Submissions`.
    about
        The last sheet: heading to text.
    """

    questions: pd.DataFrame
    set_aside: pd.DataFrame
    about: Mapping[str, str]
    ratings: pd.DataFrame | None = None


def question_rows(published: Published) -> pd.DataFrame:
    """Return the rows of the first sheet, with the headings people read."""
    questions = published.questions
    table = pd.DataFrame(index=questions.index, dtype=object)
    table["Final rank"] = _whole(questions["final_rank"])
    table["Interim rank"] = _whole(questions["interim_rank"])
    table["Tied"] = ["yes" if tied else "" for tied in questions["final_tied"] | questions["tied"]]
    table[WORDING] = questions["wording"]
    table["Category"] = questions["category"]
    joined = [join_words(words) for words in questions["words"]]
    table[WORDS] = pd.Series(joined, index=table.index, dtype=object)  # a text column refuses halves of pairs
    table["Withheld pending review"] = questions["withheld"].tolist()
    for group in [*[g for g in published.people.columns if g != TOTAL], TOTAL]:
        cells = published.people[group].reindex(questions.index)
        table[f"People: {_name(published, group)}"] = [_count(cell) for cell in cells]
    for group in published.positions.columns:
        table[f"Position: {_name(published, group)}"] = _whole(published.positions[group])
    table["Combined score"] = _whole(questions["score"])
    for heading, values in firm_columns(published).items():
        table[heading] = values
    table["Why it was shortlisted"] = questions["why"]
    table["Evidence"] = questions["evidence"]
    table["Merged into"] = questions["merged_into"]
    table["Question id"] = [str(question) for question in questions.index]
    return table.reset_index(drop=True)


def rating_rows(published: Published) -> pd.DataFrame:
    """Return the rows of the sheet of ratings: verdict, median, quartiles, each group's mean and total."""
    ratings = published.ratings
    table = pd.DataFrame({WORDING: published.questions["wording"].reindex(ratings.index)}, dtype=object)
    table["Verdict"] = ratings["verdict"]
    named = {"median": "Median", "q1": "Lower quartile", "q3": "Upper quartile"}
    for column in ratings.columns.drop("verdict"):
        heading = named.get(column, f"{column[0].upper()}{column[1:]}")
        table[heading] = _whole(ratings[column])
    table["Question id"] = [str(question) for question in ratings.index]
    return table.reset_index(drop=True)


def _name(published: Published, group: str) -> str:
    return "all" if group == TOTAL else str(published.groups.at[group, "short"])


def _whole(values: pd.Series) -> list[Value]:
    """Return numbers as whole ones where they are, None where there is none."""
    return [None if v != v else int(v) if float(v).is_integer() else float(v) for v in values.tolist()]


def _count(cell: object) -> Value:
    if not isinstance(cell, str):
        return None
    number = shown_number(cell)
    return cell if number is None else number


def write_spreadsheet(path: Path | str, published: Published) -> Path:
    """Write the published spreadsheet and return its path; a file of that name is replaced whole or not at all."""
    path = Path(path)
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = QUESTIONS
    _fill(sheet, question_rows(published), tallest=120)
    if len(published.ratings):
        _fill(book.create_sheet(RATINGS), rating_rows(published))
    aside = published.set_aside.rename_axis("Reason").reset_index()
    aside.columns = pd.Index(["Reason", "Submissions"])
    aside["Submissions"] = [_count(cell) for cell in aside["Submissions"]]
    _fill(book.create_sheet(SET_ASIDE), aside)
    about = pd.DataFrame(methods_rows(published), columns=["What", "Text"])
    _fill(book.create_sheet(ABOUT), about)
    stamp = published.published_at.replace(microsecond=0, tzinfo=None)
    write_whole(path, pack_workbook(book, title=published.protocol.partnership.title, stamp=stamp))
    return path


def _fill(sheet: Worksheet, table: pd.DataFrame, tallest: float = 400) -> None:
    """Put a table on a sheet, its head first; text that no cell can hold goes on in numbered columns."""
    at = 1
    for heading in [str(column) for column in table.columns]:
        values = table[heading].tolist()
        wide = WIDTHS.get(heading, _fitting(heading, values))
        pieces = [[heading], *(cut_for_cells(v) if isinstance(v, str) else [v] for v in values)]
        for place in range(max(len(cut) for cut in pieces)):
            _put(sheet.cell(1, at), heading if place == 0 else f"{heading} ({place + 1})")
            for row, cut in enumerate(pieces[1:], start=2):
                if place < len(cut):
                    _put(sheet.cell(row, at), cut[place])
            sheet.column_dimensions[get_column_letter(at)].width = wide
            at += 1
    fit_rows(sheet, tallest=tallest, head=2)
    _furnish(sheet)


def _furnish(sheet: Worksheet) -> None:
    """Make a sheet easy to read and to print: its head stands out, stays in sight and is on every page."""
    for cell in sheet[1]:
        cell.font = Font(name="Calibri", size=11, bold=True)
        cell.fill = PatternFill("solid", fgColor="E6EEF5")
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"


def _fitting(heading: str, values: Sequence[Value]) -> int:
    longest = max([len(str(value)) for value in values if value is not None], default=0)
    return max(11, min(max(longest, max(len(word) for word in heading.split())) + 2, 60))


def _put(cell: Cell, value: Value) -> None:
    """Put a value into a cell; text stays text, whatever it looks like."""
    cell.alignment = Alignment(wrap_text=True, vertical="top", horizontal="left")
    if not isinstance(value, str):
        cell.value = value
        return
    put_text(cell, value)


def read_spreadsheet(path: Path | str) -> Spreadsheet:
    """Return what a published spreadsheet says, its texts as they were before they were written.

    Raises
    ------
    DataError
        The file is not such a spreadsheet.
    """
    path = Path(path)
    try:
        book = load_workbook(path)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path.name} cannot be read as a spreadsheet; give a published XLSX file.") from error
    missing = [name for name in (QUESTIONS, SET_ASIDE, ABOUT) if name not in book.sheetnames]
    if missing:
        raise DataError.of(path.name, [f"Sheet '{name}' is missing; give a published spreadsheet." for name in missing])
    questions = _read(book[QUESTIONS])
    questions[WORDS] = [split_words(joined or "") for joined in questions[WORDS]]
    about = _read(book[ABOUT])
    ratings = _read(book[RATINGS]) if RATINGS in book.sheetnames else None
    return Spreadsheet(questions, _read(book[SET_ASIDE]), dict(zip(about["What"], about["Text"], strict=True)), ratings)


def _read(sheet: Worksheet) -> pd.DataFrame:
    """Return a sheet as a table, the numbered columns of a heading joined again."""
    rows = [[_back(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    heads = [str(name) for name in rows[0]]
    columns: dict[str, list[Value]] = {}
    for at, head in enumerate(heads):
        base = re.sub(r" \(\d+\)$", "", head)
        values = [row[at] for row in rows[1:]]
        if base in columns:
            columns[base] = [_joined(before, more) for before, more in zip(columns[base], values, strict=True)]
        else:
            columns[head] = values
    return pd.DataFrame(columns, dtype=object)


def _joined(before: Value, more: Value) -> Value:
    return join_cells([str(before), str(more)]) if more is not None else before


def _back(value: object) -> Value:
    return from_cell(value) if isinstance(value, str) else value  # type: ignore[return-value]
