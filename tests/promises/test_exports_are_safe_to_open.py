"""Exports are safe to open: no words of anybody become a formula, and read in again they are the words they were."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from consensus.importers.workbook import cell_text, read_sheets, write_cell
from consensus.report.spreadsheet import WORDS, read_spreadsheet
from consensus.store import Store
from tests import walk
from tests.test_report import assert_reads_back

SRC = Path(__file__).resolve().parents[2] / "src" / "consensus"
BEGINNINGS = ["=1+1", "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", "＝1+1", "|cmd", "%0A=1"]
ASKED = (
    "Does better sleep lower the risk of relapse?",
    "Which drugs are safe in pregnancy?",
    "How can schools notice bullying early?",
    "What do carers need when they are ill themselves?",
    "Do waiting times for surgery harm people?",
    "Is exercise as good as tablets for low mood?",
    "Which foods make migraine worse?",
    "How should pain be measured in babies?",
    "Does debt advice help people to recover?",
    "Can hearing aids prevent dementia?",
    "What helps soldiers after they come home?",
)
"""As many questions of their own as there are beginnings, so that they are not taken for one."""
FORMULAS = [f"{each} {asked}" for each, asked in zip([*BEGINNINGS, '=HYPERLINK("//x","y")'], ASKED, strict=True)]


def test_naughty_strings_read_back_as_they_were_written(tmp_path, shared):
    listed = json.loads((shared / "exports" / "security" / "blns.base64.json").read_text())
    texts = [base64.b64decode(text).decode("utf-8", "surrogateescape") for text in listed]
    texts = [text for text in texts if text]

    assert len(texts) > 500
    assert_reads_back(tmp_path / "published.xlsx", texts)


def test_formulas_control_characters_and_halves_of_pairs_read_back_as_they_were_written(tmp_path):
    texts = [
        "=1+1", "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", "＝1+1", "#N/A", "#REF!", "TRUE", "1e5",
        "_x0041_", "_x005F_x0041_", "a\x00b\x01c\x1b", "\ud800 alone", "\ufffe\uffff", " ~ ", "~", "~~", "a ~", "~ b",
        " leading", "trailing ", "line\rbreak\r\n\n", "\u2028", "👩‍⚕️" * 3, "<is><t>x</t></is>", "]]>", "&amp;",
    ]  # fmt: skip

    book = assert_reads_back(tmp_path / "published.xlsx", texts)

    wordings = [row[3] for row in book["Summary questions"].iter_rows(min_row=2, max_row=1 + len(texts))]
    assert [cell.quotePrefix for cell in wordings[:8]] == [True] * 8
    assert all(cell.data_type == "s" for cell in wordings)


def test_hostile_strings_are_texts_in_a_workbook_and_come_back_whole(shared: Path, tmp_path: Path) -> None:
    encoded = json.loads((shared / "exports" / "security" / "blns.base64.json").read_text(encoding="utf-8"))
    texts = [base64.b64decode(text).decode("utf-8", "replace") for text in encoded]
    texts += ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "#N/A", "bell\x07", "_x0007_", "a\r\nb", "\ufffe"]
    workbook = Workbook()
    for row, text in enumerate(texts, start=1):
        write_cell(workbook.active, row, 1, text)
    workbook.save(tmp_path / "a.xlsx")

    cells = [row[0] for row in load_workbook(tmp_path / "a.xlsx").active.iter_rows(max_row=len(texts), max_col=1)]

    assert not [cell.coordinate for cell in cells if cell.data_type in ("f", "e")]
    assert [cell_text(cell.value) for cell in cells] == texts
    assert all(
        cell.quotePrefix for cell, text in zip(cells, texts, strict=True) if text.startswith(("=", "+", "-", "@"))
    )


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Walk a partnership in which every answer begins like a formula to its end; return its home."""
    monkeypatch.setattr(
        walk, "ASKED", {group: FORMULAS[n::3] + FORMULAS[n + 1 : n + 2] for n, group in enumerate(walk.GROUPS)}
    )
    db = Store.open(f"sqlite:///{tmp_path / 'consensus.db'}")
    for stage in walk.STAGES:
        walk.run_stage(stage, db, tmp_path)
    db.close()
    return tmp_path


def test_in_no_workbook_of_a_whole_partnership_is_a_cell_a_formula(published):
    books = sorted(published.rglob("*.xlsx"))

    assert {"review.xlsx"} < {path.name for path in books}
    for path in books:
        cells = [cell for sheet in load_workbook(path) for row in sheet.iter_rows() for cell in row]
        assert not [cell.coordinate for cell in cells if cell.data_type in ("f", "e")], path.name
        risky = [cell for cell in cells if isinstance(cell.value, str) and re.match(r"\s*[=+\-@|]", cell.value)]
        assert risky, path.name


def test_what_began_like_a_formula_reads_back_from_every_workbook(published):
    sheets = read_sheets((published / "in" / "review.xlsx").read_bytes(), "review.xlsx")
    reviewed = {cell for rows in sheets.values() for row in rows.values() for cell in row}
    (path,) = (published / "out").rglob("*.xlsx")
    told = {each for words in read_spreadsheet(path).questions[WORDS] for each in words}

    assert {text.strip() for text in FORMULAS} <= {cell.strip() for cell in reviewed}
    assert {text.strip() for text in FORMULAS} <= {each.strip() for each in told}


def test_words_of_people_go_into_no_other_table_file():
    """CSV has no way to say that a cell is a text; only what is simulated is written as CSV."""
    writing = re.compile(r"to_csv|csv\.writer|DictWriter|to_excel|to_clipboard")

    found = {path.relative_to(SRC).as_posix() for path in SRC.rglob("*.py") if writing.search(path.read_text())}

    assert {path.split("/")[0] for path in found} == {"simulate", "steps"}
    assert {path for path in found if path.startswith("steps/")} == {"steps/scripted.py"}
