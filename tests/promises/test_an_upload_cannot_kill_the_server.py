"""A file cannot kill the server: no page takes one, and the importers look at its size before they open it."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from consensus.errors import DataError
from consensus.importers import reading, workbook
from consensus.importers.reading import read_table
from consensus.web.forms import MOST_BYTES
from tests.visiting import Visitor, at_the_door

WEB = Path(__file__).resolve().parents[2] / "src" / "consensus" / "web"


def test_no_page_asks_for_a_file_and_no_route_reads_one():
    templates = "".join(path.read_text(encoding="utf-8") for path in WEB.rglob("*.j2"))
    code = "".join(path.read_text(encoding="utf-8") for path in WEB.rglob("*.py"))

    assert templates.count("<form") > 5
    assert not re.search(r"type=.?file|multipart", templates, re.I)
    assert not re.search(r"UploadFile|request\.form\(|python_multipart|importers", code)


def test_a_file_sent_to_a_form_all_the_same_is_refused_before_it_is_read_whole(tmp_path):
    client, db, _clock = at_the_door(tmp_path / "home")

    answer = client.post("/i/lanternfield", files={"file": ("bomb.xlsx", b"0" * (MOST_BYTES + 1))})

    assert answer.status_code == 413
    assert Visitor(client, "/i/lanternfield").page.status_code == 200
    db.close()


def test_an_archive_that_would_unpack_to_too_much_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 201_000_000)

    with pytest.raises(DataError) as refused:
        read_table(path)
    assert len(refused.value.faults) == 2


def test_a_workbook_is_read_where_the_machine_lets_a_process_have_less_than_we_would(tmp_path: Path) -> None:
    whole = Workbook()
    whole.active.append(["id", "text"])
    whole.active.append(["1", "Why?"])
    whole.save(tmp_path / "whole.xlsx")
    program = "import sys; from consensus.importers import parsing; sys.exit(parsing.run(4_000_000_000, 120, 1000))"

    read = subprocess.run(
        ["/bin/sh", "-c", 'ulimit -v 2500000; exec "$@"', "sh", sys.executable, "-c", program],
        input=(tmp_path / "whole.xlsx").read_bytes(),
        capture_output=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        check=False,
    )

    assert read.returncode == 0, read.stderr
    assert json.loads(read.stdout.splitlines()[-1]) == ["Sheet", 2, ["1", "Why?"]]


def test_the_process_that_reads_a_workbook_knows_no_address_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSENSUS_SMTP_URL", "smtp://somebody:secret@mail.example.org")
    monkeypatch.setenv("CONSENSUS_ANYTHING", "secret")
    printed = "import json, os; print(json.dumps(dict(os.environ)))"

    told = subprocess.run(
        [sys.executable, "-I", "-c", printed], capture_output=True, env=workbook.environment(), check=True
    )

    assert "PATH" in json.loads(told.stdout)
    assert b"secret" not in told.stdout


def test_a_workbook_with_entities_is_refused(tmp_path: Path) -> None:
    Workbook().save(tmp_path / "whole.xlsx")
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbb">]><worksheet>&b;</worksheet>'
    with zipfile.ZipFile(tmp_path / "whole.xlsx") as whole, zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        for entry in whole.infolist():
            archive.writestr(entry, bomb if entry.filename.endswith("sheet1.xml") else whole.read(entry))

    with pytest.raises(DataError, match="damaged or no workbook"):
        read_table(tmp_path / "a.xlsx")


@pytest.mark.parametrize("content", [b"PK\x03\x04rubbish", b"\xd0\xcf\x11\xe0old"])
def test_a_damaged_or_old_workbook_gets_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)

    with pytest.raises(DataError, match="save it"):
        read_table(path)


def test_an_archive_of_too_many_parts_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "many.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(workbook._MOST_ENTRIES + 1):
            archive.writestr(f"xl/{number}", b"")

    with pytest.raises(DataError, match="2001 parts"):
        read_table(path)


def test_an_archive_that_shrinks_too_well_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "ratio.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (workbook._RATIO_FROM + 1))

    with pytest.raises(DataError, match="times its size"):
        read_table(path)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(reading._LARGEST + 1)

    with pytest.raises(DataError, match="larger than 300 MB"):
        read_table(path)


def test_a_small_workbook_that_becomes_large_is_stopped_by_the_limit_of_its_own_process(tmp_path):
    book = Workbook()
    book.active["A1"] = "x"
    book.save(tmp_path / "whole.xlsx")
    said = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>%s</t></si></sst>' % (
        "x" * 10**6
    )
    row = "<row>%s</row>" % ('<c t="s"><v>0</v></c>' * 10)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    path = tmp_path / "grows.xlsx"
    with zipfile.ZipFile(tmp_path / "whole.xlsx") as whole, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in whole.infolist():
            text = whole.read(entry).decode()
            if entry.filename.endswith("sheet1.xml"):
                text = re.sub("<sheetData>.*</sheetData>", f"<sheetData>{row * 200}</sheetData>", text)
            archive.writestr(
                entry.filename,
                text.replace("</Types>", f'<Override PartName="/xl/s.xml" ContentType="{kind}"/></Types>'),
            )
        archive.writestr("xl/s.xml", said)

    with pytest.raises(DataError, match="holds more than 50 million characters in its cells; split it"):
        read_table(path)

    assert path.stat().st_size < 20_000


@pytest.mark.parametrize(("limit", "value"), [("_MOST_MEMORY", 50_000_000), ("_MOST_SECONDS", 1)])
def test_a_workbook_gets_no_more_memory_or_time_than_its_process_has(tmp_path, monkeypatch, limit, value):
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in range(60_000):
        sheet.append([f"answer {row} {column}" for column in range(8)])
    path = tmp_path / "much.xlsx"
    book.save(path)
    monkeypatch.setattr(workbook, limit, value)

    with pytest.raises(DataError, match="to be read; split it, or save it as CSV"):
        read_table(path)


def test_the_process_that_asked_for_a_workbook_holds_its_cells_once_and_no_more_than_the_limit(tmp_path):
    path = tmp_path / "wide.xlsx"
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    words = random.Random(3)
    for _ in range(40):
        sheet.append(["".join(words.choices("éèêëàâîïôöûüçñ", k=30_000)) for _ in range(10)])
    book.save(path)
    program = (
        "import resource, sys; from pathlib import Path; from consensus.importers.workbook import read_sheets\n"
        "raw = Path(sys.argv[1]).read_bytes(); at = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "rows = read_sheets(raw, 'wide.xlsx')['Sheet']\n"
        "print(len(rows), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - at)"
    )

    told = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)

    rows, grown = map(int, told.stdout.split())
    characters = 40 * 10 * 30_000
    assert rows == 40
    assert grown * 1024 < 2 * characters  # the whole of it as escaped JSON would be six times as much


def test_more_cells_than_the_limit_lets_in_are_refused_however_short_they_are(tmp_path, monkeypatch):
    path = tmp_path / "cells.xlsx"
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for _ in range(100):
        sheet.append(["a"] * 100)
    book.save(path)
    monkeypatch.setattr(workbook, "_MOST_CHARACTERS", 100_000)

    with pytest.raises(DataError, match="characters in its cells; split it, or save it as CSV"):
        read_table(path)
