"""The review workbook: once agreed, what is left is accepted, what a person changes is decided, and nothing twice."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from consensus.errors import DataError
from consensus.importers.review import read_review, review_workbook
from consensus.questions import NOT_YET_REVIEWED, Questions, apply_decisions, apply_evidence_checks, question_id
from consensus.vocabulary import COLUMNS, empty
from tests.builders import small_protocol
from tests.profiles import examples

PROTOCOL = small_protocol()
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEXTS = {
    "s1": "Does diet help?",
    "s2": "does food help, =1+1?",
    "s3": "Is ECT safe?",
    "s4": "Is electric treatment safe?",
    "s5": "=HYPERLINK(1)",
    "s6": "Parking",
}
SUBMISSIONS = pd.DataFrame(
    [(s, f"a{s}", f"r{s}", "carer", 0, len(t), t, "rejected" if s == "s6" else "") for s, t in TEXTS.items()],
    columns=list(COLUMNS["submissions"]),
)
PROPOSALS = pd.DataFrame(
    [
        ("s1", "g1", 0.6, "near"),
        ("s2", "g1", 0.5, "near"),
        ("s3", "g2", 0.7, ""),
        ("s4", "g2", 0.7, ""),
        ("s5", "g3", 0.0, ""),
    ],
    columns=list(COLUMNS["proposals"]),
)
IDENTIFIERS = pd.DataFrame([("s3", 0, 2, "email")], columns=list(COLUMNS["identifiers"]))


class Desk:
    """A partnership's decisions, and a workbook that goes out and comes back."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "review.xlsx"
        self.decisions = empty("decisions")

    @property
    def questions(self) -> Questions:
        """Return what is decided now."""
        built = apply_decisions(SUBMISSIONS, PROPOSALS, self.decisions, ["biological", "social"])
        return Questions(apply_evidence_checks(built.questions, self.decisions), built.lineage, built.set_aside)

    def export(self, agreed: str = "yes") -> None:
        """Write the workbook as things stand, and answer beside the agreement as a person who read it would."""
        self.path.write_bytes(review_workbook(SUBMISSIONS, PROPOSALS, self.questions, PROTOCOL, IDENTIFIERS))
        if agreed:
            workbook = load_workbook(self.path)
            workbook["Read me"]["B3"] = agreed
            workbook.save(self.path)

    def edit(self, changes: Mapping[str, Mapping[str, str]], sheet: str = "Review") -> None:
        """Change cells, by the id in the first column and the heading, as a person would."""
        workbook = load_workbook(self.path)
        rows = workbook[sheet]
        heads = {cell.value: cell.column for cell in rows[1]}
        for row in rows.iter_rows(min_row=2):
            for heading, value in changes.get(str(row[0].value), {}).items():
                rows.cell(row[0].row, heads[heading]).value = value or None
        workbook.save(self.path)

    def read(self) -> list[dict[str, Any]]:
        """Return the decisions of the workbook, and record them."""
        rows = read_review(self.path, SUBMISSIONS, PROPOSALS, self.questions, PROTOCOL, by="Ada", at=NOW)
        told = [{"decision_id": f"d{len(self.decisions) + n}", **row} for n, row in enumerate(rows)]
        self.decisions = pd.concat([self.decisions, pd.DataFrame(told, columns=list(COLUMNS["decisions"]))]).astype(
            object
        )
        return rows

    def read_or_tell(self) -> tuple[str, ...]:
        """Read the workbook and record its decisions, or return its faults."""
        try:
            self.read()
        except DataError as refused:
            return refused.faults
        return ()

    def cells(self, sheet: str = "Review") -> dict[str, dict[str, Any]]:
        """Return the sheet's cells by the id in the first column and the heading."""
        head, *rows = load_workbook(self.path)[sheet].iter_rows(values_only=True)
        return {str(row[0]): dict(zip(head, row, strict=True)) for row in rows}

    def places(self) -> dict[str, str]:
        """Return where each submission is now: a question's id, or the reason it is set aside."""
        built = self.questions
        ended = dict(zip(built.lineage["submission_id"], built.lineage["question_id"], strict=True))
        return {**ended, **dict(zip(built.set_aside["submission_id"], built.set_aside["reason"], strict=True))}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk with the workbook just written, and agreed to."""
    made = Desk(tmp_path)
    made.export()
    return made


def test_a_workbook_left_as_it_was_accepts_every_proposal_and_the_second_time_nothing(desk: Desk) -> None:
    decisions = desk.read()

    assert {row["kind"] for row in decisions} == {"same_question"}
    assert {(row["by"], row["at"]) for row in decisions} == {("Ada", NOW)}
    assert desk.places() == {
        "s1": question_id(["s1", "s2"]),
        "s2": question_id(["s1", "s2"]),
        "s3": question_id(["s3", "s4"]),
        "s4": question_id(["s3", "s4"]),
        "s5": question_id(["s5"]),
        "s6": "rejected",
    }
    assert desk.read() == []


@pytest.mark.parametrize("answer", ["", "no", "not yet"])
def test_a_workbook_that_nobody_agreed_to_is_not_taken(desk: Desk, answer: str) -> None:
    desk.export(agreed=answer)
    desk.edit({"s5": {"out of scope": "x", "reason": "not a question"}})

    with pytest.raises(DataError) as refused:
        desk.read()

    (fault,) = refused.value.faults
    assert "'Read me', cell B3" in fault
    assert "nothing of it is taken" in fault
    assert "write yes" in fault
    assert desk.decisions.empty
    assert set(desk.places().values()) == {NOT_YET_REVIEWED, "rejected"}


def test_a_workbook_written_anew_asks_for_agreement_anew(desk: Desk) -> None:
    desk.read()
    desk.export(agreed="")

    with pytest.raises(DataError, match="nobody has agreed"):
        desk.read()


@pytest.mark.parametrize("answer", ["Yes", " YES "])
def test_agreement_may_be_written_in_any_case(desk: Desk, answer: str) -> None:
    desk.export(agreed=answer)

    assert desk.read()


def test_agreement_is_found_by_its_label_and_a_workbook_without_it_is_refused(desk: Desk) -> None:
    workbook = load_workbook(desk.path)
    workbook["Read me"].insert_rows(1)
    workbook.save(desk.path)
    moved = read_review(desk.path, SUBMISSIONS, PROPOSALS, desk.questions, PROTOCOL, by="Ada", at=NOW)
    del workbook["Read me"]
    workbook.save(desk.path)

    assert moved
    with pytest.raises(DataError, match="export the workbook again"):
        desk.read()


def test_the_sheets_are_printed_across_with_their_headings_on_every_page(desk: Desk) -> None:
    read_me, *sheets = (load_workbook(desk.path)[title] for title in ("Read me", "Review", "Questions"))

    every = [read_me, *sheets]
    assert {sheet.page_setup.orientation for sheet in every} == {"landscape"}
    assert {(sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) for sheet in every} == {(1, 0)}
    assert all(sheet.sheet_properties.pageSetUpPr.fitToPage for sheet in every)
    assert {sheet.print_title_rows for sheet in sheets} == {"$1:$1"}


def test_every_row_of_the_review_is_tall_enough_for_its_text(desk: Desk) -> None:
    book = load_workbook(desk.path)

    def needs(cell) -> float:
        return 13 * len(str(cell.value or "")) / book["Review"].column_dimensions[cell.column_letter].width

    rows = list(book["Review"].iter_rows(max_col=12))
    assert all(book["Review"].row_dimensions[row[0].row].height >= max(map(needs, row)) for row in rows)
    assert all(row.height for row in book["Questions"].row_dimensions.values())


def test_a_workbook_written_anew_and_left_as_it_was_decides_nothing(desk: Desk) -> None:
    desk.read()
    desk.export()

    assert desk.read() == []


def test_a_proposed_wording_is_a_submission_that_names_nobody(desk: Desk) -> None:
    assert desk.cells()["s4"]["wording"] is None
    assert desk.cells()["s3"]["wording"] == "Is electric treatment safe?"
    assert desk.cells()["s3"]["may name somebody"] == "email"


def test_giving_rows_another_word_splits_a_group_and_the_same_word_joins_two(desk: Desk) -> None:
    desk.edit(
        {
            "s2": {"question": "Food", "wording": "What should we eat?"},
            "s3": {"question": "g1"},
            "s4": {"question": "g1"},
        }
    )

    desk.read()

    assert desk.places()["s2"] == question_id(["s2"])
    assert desk.places()["s1"] == desk.places()["s3"] == desk.places()["s4"] == question_id(["s1", "s3", "s4"])
    assert sorted(desk.questions.questions["wording"])[-1] == "What should we eat?"
    assert desk.read() == []


def test_changing_the_workbook_after_an_import_records_only_the_change(desk: Desk) -> None:
    desk.read()
    desk.edit({"s2": {"question": "g2"}, "s1": {"category": "Social", "wording": "Does what we eat matter?"}})

    decisions = desk.read()

    question = question_id(["s1", "s2"])
    assert [(row["kind"], row["subject"], row["value"]) for row in decisions] == [
        ("category", question, {"category": "social"}),
        ("move", "s2", {"to": question_id(["s3", "s4"])}),
        ("wording", question, {"wording": "Does what we eat matter?"}),
    ]
    assert desk.read() == []


def test_a_cross_with_a_reason_sets_aside_and_taking_it_away_brings_back(desk: Desk) -> None:
    desk.edit({"s5": {"out of scope": "x", "reason": "not a question"}, "s6": {"out of scope": "", "reason": ""}})

    decisions = desk.read()

    assert [(row["kind"], row["subject"], row["why"]) for row in decisions[-2:]] == [
        ("in_scope", "s6", ""),
        ("out_of_scope", "s5", "not a question"),
    ]
    assert desk.places()["s5"] == "not a question"
    assert desk.places()["s6"] == NOT_YET_REVIEWED
    assert desk.read() == []


def test_a_row_without_a_question_is_left_for_later(desk: Desk) -> None:
    desk.edit({"s5": {"question": "", "wording": ""}})

    desk.read()

    assert desk.places()["s5"] == NOT_YET_REVIEWED


def test_a_row_that_was_decided_otherwise_since_is_told_and_neither_decision_is_lost(desk: Desk) -> None:
    desk.read()
    desk.decisions.loc[len(desk.decisions)] = ("d8", "move", "s5", {"to": question_id(["s1", "s2"])}, "Ben", NOW, "")
    desk.decisions.loc[len(desk.decisions)] = ("d9", "out_of_scope", "s3", {}, "Ben", NOW, "one case")
    desk.decisions.loc[len(desk.decisions)] = ("d10", "in_scope", "s6", {}, "Ben", NOW, "")

    with pytest.raises(DataError) as refused:
        desk.read()
    assert [fault.split(":")[0] for fault in refused.value.faults] == ["row 4", "row 6", "row 7"]

    desk.edit({"s5": {"question": question_id(["s1", "s2"])}, "s3": {"question": "g9", "wording": "Is ECT safe?"}})
    desk.edit({"s6": {"out of scope": "", "reason": ""}})
    assert [(row["kind"], row["value"].get("submissions")) for row in desk.read()] == [("same_question", ["s3"])]


def test_a_new_submission_is_proposed_to_join_the_question_that_its_group_became(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    accepted = {"submissions": ["s1"], "wording": "Does diet help?", "category": ""}
    desk.decisions.loc[0] = ("d0", "same_question", "q000000000001", accepted, "Ben", NOW, "")
    desk.export()

    assert desk.cells()["s2"]["question"] == "q000000000001"
    desk.read()
    assert desk.places()["s2"] == "q000000000001"


def test_a_review_that_settles_a_question_is_recorded(desk: Desk) -> None:
    desk.read()
    desk.export()
    question = question_id(["s5"])
    desk.edit({question: {"review that answers it": "CD000001", "wording": "Anew?"}}, sheet="Questions")

    desk.read()

    asked = desk.questions.questions.set_index("question_id").loc[question]
    assert (asked["status"], asked["wording"]) == ("answered", "Anew?")


def test_every_fault_of_a_workbook_is_told_at_once_and_nothing_is_decided(desk: Desk) -> None:
    workbook = load_workbook(desk.path)
    workbook["Review"].append(["s999", "", 0, "?"])
    workbook["Review"].append(["s1", "", 0, "?"])
    workbook.save(desk.path)
    desk.edit(
        {
            "s2": {"question": "new", "category": "feelings"},
            "s3": {"wording": "One?"},
            "s4": {"wording": "Two?"},
            "s5": {"out of scope": "x"},
        }
    )

    with pytest.raises(DataError) as refused:
        desk.read()

    assert len(refused.value.faults) == 6
    assert not any(text in str(refused.value) for text in TEXTS.values())
    assert desk.decisions.empty


def test_sorting_the_sheet_changes_nothing(desk: Desk) -> None:
    workbook = load_workbook(desk.path)
    head, *rows = [[cell.value for cell in row] for row in workbook["Review"].iter_rows()]
    del workbook["Review"]
    sheet = workbook.create_sheet("Review")
    for row in [head, *sorted(rows, key=lambda row: str(row[3]))]:
        sheet.append(row)
        for cell in sheet[sheet.max_row]:
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type
    expected = read_review(desk.path, SUBMISSIONS, PROPOSALS, desk.questions, PROTOCOL, by="Ada", at=NOW)
    workbook.save(desk.path)

    assert desk.read() == expected


def test_another_file_is_refused_with_a_sentence(desk: Desk, tmp_path: Path) -> None:
    Workbook().save(desk.path)

    with pytest.raises(DataError, match="There is no sheet 'Review'"):
        desk.read()
    workbook = Workbook()
    workbook.active.title = "Questions"
    workbook.create_sheet("Review").append(["submission", "text"])
    workbook.save(desk.path)
    with pytest.raises(DataError, match="'Review' lacks the columns"):
        desk.read()
    desk.path.write_text("id,text\n", encoding="utf-8")
    with pytest.raises(DataError, match="no workbook"):
        desk.read()


def test_headings_may_stand_below_a_note_and_rows_may_be_empty(desk: Desk) -> None:
    workbook = load_workbook(desk.path)
    sheet = workbook["Review"]
    sheet.insert_rows(4, 2)
    sheet.insert_rows(1)
    sheet["A1"] = "Read on Monday by Ada"
    workbook.save(desk.path)

    assert len(desk.read()) == 3


def test_a_sheet_of_another_name_is_told_with_those_that_there_are(desk: Desk) -> None:
    workbook = load_workbook(desk.path)
    workbook["Review"].title = "Review (Ada)"
    workbook.save(desk.path)

    with pytest.raises(DataError, match=r"no sheet 'Review', but 'Read me', 'Review \(Ada\)'"):
        desk.read()


def test_a_row_of_notes_and_a_submission_that_is_gone_are_told_to_be_deleted(desk: Desk) -> None:
    workbook = load_workbook(desk.path)
    workbook["Review"].append(["", "", "", "ask Ben about these"])
    workbook["Review"].append(["s0000", "g1", 0.5, "Does diet help?"])
    workbook.save(desk.path)

    faults = desk.read_or_tell()

    assert [fault.split(":")[0] for fault in faults] == ["row 8", "row 9"]
    assert "no submission is named in it; delete the row" in faults[0]
    assert "changed or withdrawn since" in faults[1]


def test_merged_cells_are_told_where_only_the_first_would_be_read(desk: Desk) -> None:
    workbook = load_workbook(desk.path)
    workbook["Review"].merge_cells("I2:I4")
    workbook["Review"].merge_cells("B2:B4")
    workbook["Review"].merge_cells("N7:O7")
    workbook.save(desk.path)

    (fault,) = desk.read_or_tell()

    assert fault.startswith("The cells I2:I4 are merged")
    assert "write it in each row" in fault


def test_what_a_spreadsheet_could_not_work_out_is_no_question_and_no_wording(desk: Desk) -> None:
    desk.edit({"s1": {"question": "#N/A"}, "s3": {"question": "#N/A", "wording": "#REF!"}})

    faults = desk.read_or_tell()

    assert [fault for fault in faults if "a fault of the spreadsheet" in fault] == [
        "row 2: 'question' holds #N/A, a fault of the spreadsheet; write it anew.",
        "row 4: 'question' holds #N/A, a fault of the spreadsheet; write it anew.",
        "row 4: 'wording' holds #REF!, a fault of the spreadsheet; write it anew.",
    ]
    assert desk.decisions.empty


EDITS = st.dictionaries(
    st.sampled_from(list(TEXTS)),
    st.one_of(
        st.builds(
            lambda word: {"question": word, "out of scope": ""}, st.sampled_from(["g1", "g2", "g3", "new", "Other"])
        ),
        st.builds(lambda why: {"out of scope": "x", "reason": why}, st.sampled_from(["no question", "one case"])),
    ),
    max_size=6,
)


@settings(examples, max_examples=max(5, examples.max_examples // 3))  # each writes and reads workbooks
@given(st.lists(EDITS, min_size=1, max_size=3))
def test_after_an_import_everything_lies_where_the_sheet_says_and_again_decides_nothing(
    tmp_path_factory: pytest.TempPathFactory, edits: list[dict[str, dict[str, str]]]
) -> None:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    desk.export()
    desk.edit({submission: {"wording": f"What about {submission}?"} for submission in TEXTS})

    for changes in edits:
        desk.edit(changes)
        desk.edit({s: {"wording": f"About {str(c['question']).casefold()}?"} for s, c in desk.cells().items()})
        if faults := desk.read_or_tell():  # a row put back to what it said when written looks like one left alone
            assert all("since the workbook was written" in fault for fault in faults)
            return
        cells, places = desk.cells(), desk.places()
        together = {
            s: str(c["question"]).casefold() for s, c in cells.items() if not c["out of scope"] and c["question"]
        }

        assert all(places[s] == c["reason"] for s, c in cells.items() if c["out of scope"])
        assert all(
            (places[one] == places[other]) == (together[one] == together[other])
            for one in together
            for other in together
        )
        assert desk.read() == []


def test_the_same_state_gives_the_same_workbook_at_any_time(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.export(agreed="")
    first = desk.path.read_bytes()
    time.sleep(2.1)  # a zip archive counts time in steps of two seconds

    desk.export(agreed="")

    assert desk.path.read_bytes() == first


def test_the_workbook_counts_people_by_stakeholder_group_and_language_each_once_for_a_group(tmp_path: Path) -> None:
    rows = [("s1", "r1", "carer"), ("s2", "r1", "carer"), ("s3", "r2", "clinician"), ("s4", "r3", "clinician")]
    texts = ["What are the side effects of medicines for sleep?", "Is there a way to sleep better?", "Sleep?", "Sueño"]
    told = [(s, f"a{s}", r, g, 0, len(t), t, "") for (s, r, g), t in zip(rows, texts, strict=True)]
    submissions = pd.DataFrame(told, columns=list(COLUMNS["submissions"]))
    proposals = pd.DataFrame([(s, "g1", 0.5, "") for s, *_ in rows], columns=list(COLUMNS["proposals"]))
    decision = ("d1", "same_question", "q1", {"submissions": ["s1", "s2", "s3"], "wording": "Sleep?"}, "Ada", NOW, "")
    decisions = pd.DataFrame([decision], columns=list(COLUMNS["decisions"]), dtype=object)
    desk = Desk(tmp_path)
    stated = {"s3": "cy", "s4": "es"}
    built = apply_decisions(submissions, proposals, decisions)

    content = review_workbook(submissions, proposals, built, PROTOCOL, empty("identifiers"), languages=stated)
    desk.path.write_bytes(content)
    cells, (question,) = desk.cells(), desk.cells("Questions").values()

    assert cells["s1"]["asked by"] == "Practitioners 2, Family and carers 1"
    assert cells["s1"]["asked in"] == "cy 1, en 1, es 1"
    assert [cells[s]["asked by"] for s in ("s2", "s3", "s4")] == [None] * 3
    assert [cells[s]["language"] for s in ("s1", "s3", "s4")] == ["en", "cy", "es"]
    assert (question["people"], question["asked by"], question["asked in"]) == (
        2,
        "Family and carers 1, Practitioners 1",
        "cy 1, en 1",
    )


def test_what_may_be_out_of_scope_is_a_number_to_sort_by_once_something_was_decided_both_ways(desk: Desk) -> None:
    before = {cells["may be out of scope"] for cells in desk.cells().values()}
    desk.edit({"s5": {"question": ""}})
    desk.read()
    desk.export()

    after = {s: cells["may be out of scope"] for s, cells in desk.cells().items()}

    assert before == {None}
    assert [s for s, chance in after.items() if chance is not None] == ["s5"]
    assert 0 <= after["s5"] <= 1


def test_rows_in_the_order_of_scope_begin_with_the_likeliest_and_are_read_back_the_same(tmp_path: Path) -> None:
    thanks = {"s7": "Thanks for rejecting nothing", "s8": "Does sleep help?"}
    more = [(s, f"a{s}", f"r{s}", "carer", 0, len(t), t, "") for s, t in thanks.items()]
    submissions = pd.concat([SUBMISSIONS, pd.DataFrame(more, columns=list(COLUMNS["submissions"]))])
    submissions.loc[submissions["submission_id"] == "s6", "text"] = "Thanks and good luck"
    decision = ("d1", "same_question", "q1", {"submissions": ["s1", "s2"], "wording": "Sleep?"}, "Ada", NOW, "")
    decisions = pd.DataFrame([decision], columns=list(COLUMNS["decisions"]), dtype=object)
    built = apply_decisions(submissions, PROPOSALS, decisions)
    desk = Desk(tmp_path)

    content = review_workbook(submissions, PROPOSALS, built, PROTOCOL, IDENTIFIERS, order="scope")
    desk.path.write_bytes(content)

    assert next(iter(desk.cells())) == "s7"
    chances = [cells["may be out of scope"] for cells in desk.cells().values()]
    told = [chance for chance in chances if chance is not None]
    assert chances == [*sorted(told, reverse=True), *[None] * (len(chances) - len(told))]
    assert sorted(desk.cells()) == sorted(submissions["submission_id"])


def test_a_workbook_from_before_a_column_that_is_only_told_is_still_taken(desk: Desk) -> None:
    workbook = load_workbook(desk.path)
    sheet = workbook["Review"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for heading in sorted(("asked by", "may be out of scope", "language"), key=columns.__getitem__, reverse=True):
        sheet.delete_cols(columns[heading])
    workbook.save(desk.path)

    assert desk.read()
