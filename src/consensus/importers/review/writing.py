"""Writing the review workbook: a row a submission, with columns for what a person decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from consensus.duplicates import propose_keywords
from consensus.embedding import Embedder
from consensus.importers.review.beside import counts, scope_chances, with_languages
from consensus.importers.review.layout import (
    AGREEMENT,
    AGREEMENT_ROW,
    QUESTION_COLUMNS,
    QUESTIONS,
    READ_ME,
    REVIEW,
    REVIEW_COLUMNS,
    YOURS,
    Start,
    starts,
)
from consensus.importers.workbook import write_cell
from consensus.protocol import Protocol
from consensus.questions import Questions
from consensus.workbooks import fit_rows, pack_workbook

__all__ = ["review_workbook"]

_LISTS = "Lists"
_HEAD = Font(bold=True)
_YOURS = PatternFill("solid", fgColor="FFF4CE")
_BAND = PatternFill("solid", fgColor="F3F2F1")
TALLEST = 240.0  # points; a longer answer is read in its cell
_WRAPPED = Alignment(wrap_text=True, vertical="top")
_INSTRUCTIONS = """\
Which submissions ask the same? A machine proposes, you decide. Only what is yellow is read back.
Rows with the same word in "question" become one summary question. To split a group, give some rows another word; to
join two groups, give their rows the same word. Any word will do.
"wording" is how the summary question will read on the ballot. It is proposed on the first row of each group, in a
participant's own words: write it anew, in plain words, naming nobody. One row of a question is enough.
"words that set it apart" are what the submissions of a group say and others do not; they may help with the wording.
"category" is the heading under which it stands; choose it from the list. One row of a question is enough. The proposed
one is the nearest to what was put under each heading so far, and empty where none is near.
"asked by" and "asked in" count people, each once for a group: for you alone, not to be published.
"may be out of scope" is the chance from 0 to 1 that you would set a submission aside, learned from what was decided so
far; it is empty until something was decided both ways. Sort by it to see the likeliest first. It decides nothing.
"out of scope": write x to set a submission aside, and the reason beside it. Take the x away to bring one back.
Leave "question" empty where you do not want to decide yet.
"may name somebody" says what kind of identifier may stand in the text. Names of people are not recognised: please look.
The sheet "Questions" holds the questions agreed so far. Write the review that settles one, and it leaves the ballot; or
where you searched without finding one.
When you have read the groups, write yes in the yellow cell at the top of this sheet, save the workbook and import it. A
row that you leave as it is then takes the proposal as it stands. Without that yes nothing of the workbook is taken.
Nothing is final: import a changed workbook again, and only what you changed is recorded, with your name and the time.
A text that is too long for a cell is shown cut, and is kept whole in the store."""


def review_workbook(
    submissions: pd.DataFrame,
    proposals: pd.DataFrame,
    questions: Questions,
    protocol: Protocol,
    identifiers: pd.DataFrame,
    *,
    embedder: Embedder | None = None,
    languages: Mapping[str, str] | None = None,
    order: Literal["groups", "scope"] = "groups",
) -> bytes:
    """Return the workbook in which people review proposed groups; the same bytes for the same state.

    Parameters
    ----------
    submissions, proposals, identifiers
        Frames of those names; a submission without a proposal is shown too, behind the others.
    questions
        What was decided so far.
    protocol
        For the names of groups and categories.
    embedder
        What reads meaning, for proposed categories and for scope; without one words alone tell.
    languages
        From submission to the language in which its answer came, where that is known.
    order
        By group, the largest first; or by the chance of being out of scope, the likeliest first.
    """
    submissions = with_languages(submissions, languages or {})
    workbook = Workbook()
    read_me = workbook.active
    assert isinstance(read_me, Worksheet)
    _read_me(read_me, protocol.partnership.title)
    rows = _in_order(submissions, proposals, scope_chances(submissions, questions, embedder), order)
    begun = starts(rows, questions, protocol, identifiers, embedder)
    _review_sheet(workbook.create_sheet(REVIEW), rows, begun, protocol, identifiers)
    _question_sheet(workbook.create_sheet(QUESTIONS), questions, submissions, protocol)
    lists = workbook.create_sheet(_LISTS)
    lists.sheet_state = "hidden"
    for number, category in enumerate(protocol.categories, start=1):
        write_cell(lists, number, 1, category.id)
        write_cell(lists, number, 2, category.name)
    workbook.active = 1
    return pack_workbook(workbook, title=protocol.partnership.title)


def _read_me(sheet: Worksheet, title: str) -> None:
    """Write what to do, and the cell in which a person agrees; it is always empty here."""
    sheet.title = READ_ME
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 140, 12
    for number, line in enumerate([title, "", AGREEMENT, "", *_INSTRUCTIONS.splitlines()], start=1):
        write_cell(sheet, number, 1, line).alignment = _WRAPPED
    for number in (1, AGREEMENT_ROW):
        sheet.cell(number, 1).font = _HEAD
    _print_across(sheet)
    fit_rows(sheet, tallest=TALLEST)
    answer = sheet.cell(AGREEMENT_ROW, 2)
    answer.fill, answer.border = _YOURS, Border(*[Side("thin")] * 4)


def _in_order(
    submissions: pd.DataFrame, proposals: pd.DataFrame, chances: Mapping[str, float], order: str
) -> pd.DataFrame:
    """Return submissions with their proposals: the largest groups first, the most central submission first in each."""
    rows = submissions.merge(proposals, on="submission_id", how="left", suffixes=("", "_proposed"))
    rows = rows.rename(columns={"group": "stakeholder", "group_proposed": "group"})
    rows["group"], rows["why"] = rows["group"].fillna(""), rows["why"].fillna("")
    rows["similarity"] = rows["similarity"].astype(float).fillna(0.0)
    rows["size"] = rows["group"].map(rows["group"].value_counts())
    rows.loc[rows["group"] == "", "size"] = 0
    rows["chance"] = rows["submission_id"].map(dict(chances)).astype(float)
    rows["first"] = rows["chance"] if order == "scope" else 0.0
    ascending = [False, False, True, False, True]
    columns = ["first", "size", "group", "similarity", "submission_id"]
    return rows.sort_values(columns, ascending=ascending, ignore_index=True)


def _review_sheet(
    sheet: Worksheet, rows: pd.DataFrame, begun: list[Start], protocol: Protocol, identifiers: pd.DataFrame
) -> None:
    kinds = identifiers.groupby("submission_id")["kind"].agg(lambda found: ", ".join(sorted(set(found)))).to_dict()
    names = _names(rows["stakeholder"], protocol)
    of_groups = _of_groups(rows, names, identifiers)
    _head(sheet, REVIEW_COLUMNS)
    band, last, told = False, None, set[str]()
    for number, (row, start) in enumerate(zip(rows.to_dict("records"), begun, strict=True), start=2):
        group = row["group"]
        band, last = band != (group != last), group
        person = (start.question, start.out_of_scope, start.reason, start.category, start.wording)
        shown = (row["submission_id"], group, round(row["similarity"], 2), row["text"], names[row["stakeholder"]])
        chance = "" if pd.isna(row["chance"]) else round(row["chance"], 2)
        beside = (row["language"], kinds.get(row["submission_id"], ""), chance)
        of_group = ("", "", "") if group in told else [words.get(group, "") for words in of_groups]
        told.add(group)
        _row(sheet, number, (*shown, *beside, *person, *of_group, row["why"], *person), fill=_BAND if band else None)
    _yours(sheet, REVIEW_COLUMNS, YOURS, len(rows) + 1)
    _offer_categories(sheet, REVIEW_COLUMNS, len(rows) + 1, protocol)
    fit_rows(sheet, tallest=TALLEST, head=2)


def _names(groups: pd.Series, protocol: Protocol) -> dict[str, str]:
    return {group: protocol.group_name(group) for group in groups.unique()}


def _of_groups(
    rows: pd.DataFrame, names: Mapping[str, str], identifiers: pd.DataFrame
) -> tuple[Mapping[str, str], ...]:
    """Return for each proposed group the words that set it apart, who asked and in which languages."""
    places = rows.loc[rows["group"] != "", ["submission_id", "group"]]
    people = rows.drop(columns="group").rename(columns={"stakeholder": "group"})
    questions = places.rename(columns={"group": "question_id"})
    return (
        propose_keywords(rows[["submission_id", "text"]], places, identifiers),
        counts(questions, people, "group", names),
        counts(questions, people, "language", {}),
    )


def _question_sheet(sheet: Worksheet, questions: Questions, submissions: pd.DataFrame, protocol: Protocol) -> None:
    groups = counts(questions.lineage, submissions, "group", _names(submissions["group"], protocol))
    languages = counts(questions.lineage, submissions, "language", {})
    _head(sheet, QUESTION_COLUMNS)
    for number, row in enumerate(questions.questions.to_dict("records"), start=2):
        question = row["question_id"]
        told = [row[name] for name in ("question_id", "wording", "category", "submissions", "respondents")]
        asked = (groups.get(question, ""), languages.get(question, ""))
        _row(sheet, number, (*told, *asked, row["status"], "", "", row["category"], row["wording"]))
    yours = ["wording", "category", "review that answers it", "searched without finding one"]
    _yours(sheet, QUESTION_COLUMNS, yours, len(questions.questions) + 1)
    _offer_categories(sheet, QUESTION_COLUMNS, len(questions.questions) + 1, protocol)
    fit_rows(sheet, tallest=TALLEST, head=2)


def _head(sheet: Worksheet, columns: dict[str, int]) -> None:
    for number, (heading, width) in enumerate(columns.items(), start=1):
        cell = write_cell(sheet, 1, number, heading)
        cell.font, cell.alignment = _HEAD, _WRAPPED
        dimension = sheet.column_dimensions[get_column_letter(number)]
        dimension.width, dimension.hidden = width or 10, not width
    sheet.freeze_panes = "B2"
    _print_across(sheet)
    sheet.print_title_rows = "1:1"
    shown = sum(1 for width in columns.values() if width)
    sheet.auto_filter.ref = f"A1:{get_column_letter(shown)}{max(sheet.max_row, 1)}"


def _print_across(sheet: Worksheet) -> None:
    """Print on as many landscape pages as it takes, each as wide as the sheet."""
    sheet.page_setup.orientation = "landscape"
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0


def _row(sheet: Worksheet, number: int, values: Iterable[object], fill: PatternFill | None = None) -> None:
    for column, value in enumerate(values, start=1):
        cell = write_cell(sheet, number, column, value.item() if hasattr(value, "item") else value)
        cell.alignment = _WRAPPED
        if fill:
            cell.fill = fill


def _yours(sheet: Worksheet, columns: dict[str, int], headings: Sequence[str], last: int) -> None:
    """Paint the columns that are read back."""
    for heading in headings:
        letter = get_column_letter([*columns].index(heading) + 1)
        for row in range(1, last + 1):
            sheet[f"{letter}{row}"].fill = _YOURS


def _offer_categories(sheet: Worksheet, columns: dict[str, int], last: int, protocol: Protocol) -> None:
    if not protocol.categories or last < 2:
        return
    offer = DataValidation(
        type="list",
        formula1=f"{_LISTS}!$A$1:$A${len(protocol.categories)}",
        allow_blank=True,
        showErrorMessage=True,
        errorTitle="Category",
        error="Choose a category from the list.",
    )
    letter = get_column_letter([*columns].index("category") + 1)
    offer.add(f"{letter}2:{letter}{last}")
    sheet.add_data_validation(offer)
