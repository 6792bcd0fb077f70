"""The address book: every fault at once, nothing of a person in what is said, and twice changes nothing."""

from __future__ import annotations

import pytest
from openpyxl import Workbook
from sqlmodel import select

from consensus import models, steps
from consensus.cli import main
from consensus.errors import DataError
from consensus.importers import Invited, read_address_book
from consensus.store import Store
from tests import walk
from tests.builders import small_folder, small_protocol

PARTNERS = '[[partners]]\nid = "sleep_well"\nname = "Sleep Well"\n\n[[signposting]]'


@pytest.fixture
def protocol():
    fixed = small_protocol(**{"[[signposting]]": PARTNERS})
    bilingual = fixed.partnership.model_copy(update={"languages": ("en", "cy")})
    return fixed.model_copy(update={"partnership": bilingual})


def book(path, *rows, header="email,group,partner,language"):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_groups_and_partners_go_by_id_or_name_and_only_the_address_must_be_there(tmp_path, protocol):
    path = book(
        tmp_path / "people.csv",
        "Ann@Example.org,lived,Sleep Well,CY",
        "bob@bücher.example,family and  CARERS,sleep_well,",
        "cas@example.org",
    )

    people = read_address_book(path, protocol)

    assert people == [
        Invited("Ann@example.org", "lived", "sleep_well", "cy"),
        Invited("bob@xn--bcher-kva.example", "carer", "sleep_well", ""),
        Invited("cas@example.org"),
    ]


def test_a_workbook_and_a_table_with_semicolons_are_read_alike(tmp_path, protocol):
    rows = [["language", "E-mail of somebody", "email"], ["cy", "x", "ann@example.org"]]
    sheet = Workbook()
    for row in rows:
        sheet.active.append(row)
    sheet.save(tmp_path / "people.xlsx")
    (tmp_path / "people.csv").write_text("\n".join(";".join(row) for row in rows), encoding="utf-8-sig")

    read = [read_address_book(tmp_path / name, protocol) for name in ("people.xlsx", "people.csv")]

    assert read == [[Invited("ann@example.org", language="cy")]] * 2


def test_every_fault_is_told_at_once_by_its_row_and_without_what_stands_there(tmp_path, protocol):
    path = book(
        tmp_path / "people.csv",
        "ann@example.org,nurses,,",
        "ann at example,lived,Deep Sleep,fr",
        ",lived,,",
        "bob@example.org,lived,,",
        "BOB@example.org,carer,,",
        "cas@example.org\u2028bcc: x@example.org,,,",
    )

    with pytest.raises(DataError) as told:
        read_address_book(path, protocol)

    assert [fault.split(":")[0] for fault in told.value.faults] == ["row 2"] + ["row 3"] * 3 + [
        "row 4",
        "row 6",
        "row 7",
    ]
    assert "which lists lived, carer, clinician" in str(told.value)
    assert not any(word in str(told.value).casefold() for word in ("ann", "bob", "nurses", "deep", "@"))


def test_a_file_without_headings_is_refused_without_repeating_an_address(tmp_path, protocol):
    path = book(tmp_path / "people.csv", "bob@example.org,carer", header="ann@example.org,lived")

    with pytest.raises(DataError, match="has no column 'email'") as told:
        read_address_book(path, protocol)

    assert "example.org" not in str(told.value)


@pytest.fixture
def db(tmp_path):
    opened = Store.open(f"sqlite:///{tmp_path / 'consensus.db'}")
    steps.register(opened, small_folder(tmp_path / "small"), by="tester", now=walk.ANSWERED)
    yield opened
    opened.close()


def people(db):
    with db.reading() as session:
        return {person.email: person for person in session.exec(select(models.Person))}


def import_rows(db, path, *rows):
    return steps.import_people(db, "small", book(path / "people.csv", *rows), by="ann", now=walk.ANSWERED)


def test_importing_twice_changes_nothing_and_a_corrected_row_changes_its_person_alone(db, tmp_path):
    rows = ["ann@example.org,lived,,", "bob@example.org,carer,,"]
    import_rows(db, tmp_path, *rows)
    first = {email: person.model_dump() for email, person in people(db).items()}
    import_rows(db, tmp_path, *rows)
    again = {email: person.model_dump() for email, person in people(db).items()}

    import_rows(db, tmp_path, "ANN@example.org,clinician,,")

    assert again == first
    assert people(db)["ann@example.org"].model_dump() == first["ann@example.org"] | {"group": "clinician"}
    assert len(people(db)) == 2


def test_a_fault_in_one_row_takes_in_nobody(db, tmp_path):
    with pytest.raises(DataError):
        import_rows(db, tmp_path, "ann@example.org,lived,,", "bob@example.org,nurses,,")

    assert people(db) == {}


def test_ids_of_people_are_random_and_do_not_follow_from_their_address(tmp_path):
    ids = []
    for name in ("one", "two"):
        db = Store.open(f"sqlite:///{tmp_path / name}.db")
        steps.register(db, small_folder(tmp_path / "small"), by="tester", now=walk.ANSWERED)
        import_rows(db, tmp_path, "ann@example.org,lived,,")
        ids += [person.person_id for person in people(db).values()]
        db.close()

    assert len(set(ids)) == 2


def test_the_commands_say_nothing_of_anybody(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CONSENSUS_SMTP_URL", raising=False)
    path = book(tmp_path / "people.csv", "ann@example.org,lived,,", "bob@example.org,carer,,")
    main(["init", str(small_folder(tmp_path / "small"))])

    statuses = [
        main(["invite", "import", str(path)]),
        main(["round", "open", "gather", "--closes", "2036-03-01T17:00"]),
        main(["invite", "send", "small-gather-1"]),
        main(["mail", "list"]),
        main(["mail", "send"]),
    ]
    said = "".join(capsys.readouterr())

    assert statuses == [0, 0, 0, 0, 2]
    assert "The address book has <5 new people" in said
    assert "No mail server is set" in said
    assert "example.org" not in said.replace("mail.example.org", "")
