"""The page behind the unsubscribe link: opening it changes nothing, one click is enough, by hand or by machine."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from consensus import models, steps, tokens
from consensus.mail import Letter, Sender, write_letter
from consensus.settings import Settings
from consensus.steps.interest import express_interest
from consensus.store import Store
from consensus.web.app import create_app
from tests import walk
from tests.builders import small_folder
from tests.visiting import EXAMPLE


@pytest.fixture
def settings(tmp_path):
    return Settings.from_environment({"CONSENSUS_HOME": str(tmp_path / "home")})


@pytest.fixture
def db(settings, tmp_path):
    opened = Store.open(settings.database_url)
    steps.register(opened, small_folder(tmp_path / "small"), by="tester", now=walk.ANSWERED)
    path = walk.write_csv(tmp_path / "people.csv", ["email"], [["ann@example.org"], ["bob@example.org"]])
    steps.import_people(opened, "small", path, by="tester", now=walk.ANSWERED)
    yield opened
    opened.close()


@pytest.fixture
def web(settings, db):
    return TestClient(create_app(settings))


def ended(db):
    with db.reading() as session:
        return {person.email for person in session.exec(select(models.Person)) if person.unsubscribed_at}


@pytest.fixture
def link(settings, db):
    with db.reading() as session:
        ann = session.exec(select(models.Person).where(models.Person.email == "ann@example.org")).one()
    return f"/u/{tokens.unsubscribe_token(tokens.load_secret(settings.home), ann.person_id)}"


def test_the_page_asks_and_its_button_is_enough(web, db, link):
    page = web.get(link).text
    after = web.post(link)
    again = web.get(link).text

    assert '<form method="post">' in page
    assert "ann@example.org" not in page + after.text
    assert after.status_code == 200
    assert "You get no more letters from A small partnership" in after.text
    assert "<form" not in again
    assert ended(db) == {"ann@example.org"}


@pytest.mark.parametrize(
    "body",
    [{"data": {"List-Unsubscribe": "One-Click"}}, {"files": {"List-Unsubscribe": (None, "One-Click")}}],
    ids=["urlencoded", "multipart"],
)
def test_a_mail_program_unsubscribes_by_one_post_without_a_redirect(web, db, link, body):
    answers = [web.post(link, follow_redirects=False, **body) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert ended(db) == {"ann@example.org"}


@pytest.mark.parametrize("token", ["x", "p1.abc", "p1.", "%00", "p" * 5000])
def test_a_link_that_is_not_ours_is_told_so_and_changes_nothing(web, db, token):
    answers = [web.get(f"/u/{token}"), web.post(f"/u/{token}")]

    assert {answer.status_code for answer in answers} == {404}
    assert ended(db) == set()


def test_somebody_elses_signature_does_not_unsubscribe(web, db, link, settings):
    with db.reading() as session:
        bob = session.exec(select(models.Person).where(models.Person.email == "bob@example.org")).one()

    answer = web.post(f"/u/{bob.person_id}.{link.rpartition('.')[2]}")

    assert answer.status_code == 404
    assert ended(db) == set()


ASKED = "cas@example.org"


def listed(db):
    with db.reading() as session:
        return [one for one in session.exec(select(models.Interest)) if one.email]


def letter_link(db, settings, row, email):
    return f"/u/{tokens.unsubscribe_token(tokens.load_secret(settings.home), row, email)}"


@pytest.fixture
def asked(db, settings):
    """Return the link in a letter to somebody who asked to hear, by now forgotten and signed up anew."""
    express_interest(db, "small", ASKED, outcome=True, workshop=False)
    (row,) = listed(db)
    link = letter_link(db, settings, row.interest_id, ASKED)
    steps.unsubscribe(db, tokens.load_secret(settings.home), link.removeprefix("/u/"), now=walk.ANSWERED)
    express_interest(db, "small", ASKED.upper(), outcome=True, workshop=True)
    return link


def test_an_old_link_of_somebody_who_signed_up_anew_asks_and_ends_what_is_there_now(web, db, asked):
    before = len(listed(db))
    page = web.get(asked).text
    unchanged = len(listed(db))
    after = web.post(asked, data={"List-Unsubscribe": "One-Click"}, follow_redirects=False)
    again = web.get(asked).text

    assert (before, unchanged) == (1, 1)
    assert "Do you want no more letters" in page
    assert after.status_code == 200
    assert listed(db) == []
    assert "You get no more letters" in again
    assert ASKED not in page + after.text


def test_an_invitations_link_asks_whoever_signed_up_to_hear_after_it_was_used(web, db, link):
    web.post(link)
    express_interest(db, "small", "Ann@example.org", outcome=True, workshop=False)

    page = web.get(link).text
    after = web.post(link).text

    assert "Do you want no more letters" in page
    assert "You get no more letters" in after
    assert listed(db) == []
    assert ended(db) == {"ann@example.org"}


def test_an_old_link_ends_nothing_for_another_address(web, db, asked):
    express_interest(db, "small", "dee@example.org", outcome=True, workshop=False)

    web.post(asked)

    assert [one.email for one in listed(db)] == ["dee@example.org"]


def test_the_mark_in_a_link_tells_nobody_the_address_and_cannot_be_exchanged(web, db, asked, settings):
    own = asked.split(".")
    other = letter_link(db, settings, "i-other", "dee@example.org").split(".")

    answers = [web.post(f"{own[0]}.{other[1]}.{own[2]}"), web.post(f"{own[0]}.{own[2]}")]

    assert {answer.status_code for answer in answers} == {404}
    assert len(listed(db)) == 1
    assert "cas" not in asked


def test_the_page_speaks_the_language_of_the_letter_and_any_other_that_is_asked_for(tmp_path, settings):
    db = Store.open(settings.database_url)
    steps.register(db, EXAMPLE, by="tester", now=walk.ANSWERED)
    express_interest(db, "lanternfield", ASKED, outcome=True, workshop=False, language="cy")
    express_interest(db, "lanternfield", "dee@example.org", outcome=True, workshop=False)
    web = TestClient(create_app(settings), headers={"Accept-Language": "ar"})
    links = {one.email: letter_link(db, settings, one.interest_id, one.email) for one in listed(db)}

    pages = {
        name: (web.get(path).text, web.post(path).text)
        for name, path in (
            ("letter", links[ASKED]),
            ("asked for", f"{links[ASKED]}?lang=ar"),
            ("unknown", f"{links[ASKED]}?lang=tlh"),
            ("no language", links["dee@example.org"]),
        )
    }
    db.close()

    assert all('<html lang="cy"' in page for page in pages["letter"] + pages["unknown"])
    assert all('<html lang="ar" dir="rtl"' in page for page in pages["asked for"])
    assert all('<html lang="en"' in page for page in pages["no language"])
    assert 'href="?lang=ar"' in pages["letter"][0]
    assert "Dim rhagor o lythyrau" in pages["letter"][0]


@pytest.mark.parametrize("language", ["en", "cy", "ar"])
def test_a_mail_program_finds_the_whole_link_in_the_head_as_it_was_sent(language):
    """The library would write a link longer than a line as an encoded word, which RFC 2047 keeps out of such a head."""
    link = f"https://priorities.lanternfield.example.org/u/p{'4' * 20}.{'w' * 16}.{'7' * 32}"
    letter = Letter("invitation", "gather", "m1", language, "Small", "us@example.org", "https://x.org/t/a", link)

    raw = write_letter(letter, Sender("Us", "us@example.org"), "ann@example.org", at=walk.OPENED)
    head = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")

    assert f"List-Unsubscribe: <{link}>".encode() in head
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head
    assert f"Content-Language: {language}".encode() in head
