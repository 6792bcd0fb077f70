"""Sheets carry the version of the words by which they ask; one with older words is kept only where somebody says so."""

from __future__ import annotations

import re
from html import unescape

import pytest

from consensus import models, steps
from consensus.interface import say
from tests.test_keying import GATHER, code_on, key, place, printed_now, rows  # noqa: F401  place is a fixture
from tests.test_rewording import CONSENT, SECOND, amend, reworded
from tests.visiting import Visitor, at_the_desk, at_the_door

PRINT = "/print/lanternfield/gather"


def on_paper(client):
    """Return the version that stands on a sheet printed now."""
    return re.search(r"Version ([0-9]+-[0-9a-f]{4})<", client.get(PRINT).text).group(1)


@pytest.fixture
def reprinted(place, tmp_path):  # noqa: F811
    """Return a desk after the consent was reworded, the version on sheets of before, and the hash of their words."""
    client, db, clock = place
    old, asked = on_paper(client), steps.protocol(db, "lanternfield").gather.hash
    amend(db, clock, reworded(tmp_path / "second", CONSENT, SECOND))
    return client, db, old, asked


@pytest.mark.parametrize("language", ["en", "cy", "ar"])
def test_each_sheet_tells_its_version_and_the_desk_asks_for_the_same(place, language):  # noqa: F811
    client, _db, _clock = place
    version = printed_now(Visitor(client, GATHER))

    assert say(language, "print_version", version=version) in client.get(f"{PRINT}?lang={language}").text
    assert version.startswith("1-")


def test_a_sheet_with_older_words_is_told_with_what_reads_otherwise_and_nothing_is_kept(reprinted):
    client, db, old, _asked = reprinted
    page = key(client, "Ann", version=old)
    text = unescape(page.page.text)

    assert page.page.status_code == 422
    assert f"The sheet is of version {old}; in force is {on_paper(client)}, in which 'consent' read otherwise." in text
    assert on_paper(client).startswith("2-")
    assert rows(db, models.PaperEntry) == []


def test_a_sheet_with_older_words_is_kept_as_an_answer_to_them_where_both_say_so(reprinted):
    client, db, old, asked = reprinted
    for by in ("Ann", "Ben"):
        visitor = key(client, by, version=old)
        kept = visitor.press("keep", older="yes")

    (response,) = rows(db, models.Response)
    (record,) = [row for row in rows(db, models.Decision) if '"key in"' in row.value]
    assert code_on(kept)
    assert response.survey_hash == asked != steps.protocol(db, "lanternfield").gather.hash
    assert record.why == f"sheet 0012 answers version {old}; in force is {on_paper(client)}"


def test_a_sheet_in_the_words_in_force_is_kept_as_an_answer_to_those(reprinted):
    client, db, _old, _asked = reprinted
    for by in ("Ann", "Ben"):
        key(client, by)

    (response,) = rows(db, models.Response)
    assert response.survey_hash == steps.protocol(db, "lanternfield").gather.hash


def test_two_entries_that_read_another_version_are_settled(reprinted):
    client, db, old, asked = reprinted
    key(client, "Ann")
    visitor = key(client, "Ben", version=old).press("keep", older="yes")
    shown = visitor.page.text
    visitor.press(pick__version="second", by="Cleo")

    (response,) = rows(db, models.Response)
    assert "Version on the sheet" in shown
    assert response.survey_hash == asked


@pytest.mark.parametrize(
    ("version", "told"),
    [("", "Write the version that stands at the head"), ("7-0000", "There never was a version '7-0000'")],
)
def test_a_version_that_is_missing_or_unknown_is_told(place, version, told):  # noqa: F811
    client, db, _clock = place
    page = key(client, "Ann", version=version)

    assert told in unescape(page.page.text)
    assert rows(db, models.PaperEntry) == []


def test_who_answers_by_telephone_needs_no_sheet(place):  # noqa: F811
    client, db, _clock = place
    for by in ("Ann", "Ben"):
        key(client, by, mode="telephone", version="")

    (response,) = rows(db, models.Response)
    assert response.survey_hash == steps.protocol(db, "lanternfield").gather.hash


def test_words_that_changed_before_the_round_opened_are_told_apart_although_the_version_is_the_same(tmp_path):
    client, db, clock = at_the_door(tmp_path / "home")
    old = on_paper(client)
    amend(db, clock, reworded(tmp_path / "new", CONSENT), why="")
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    clock.pass_by(days=1)
    page = key(at_the_desk(client), "Ann", version=old)
    db.close()

    assert (old[:2], on_paper(client)[:2], old == on_paper(client)) == ("1-", "1-", False)
    assert "in which 'consent' read otherwise" in unescape(page.page.text)
