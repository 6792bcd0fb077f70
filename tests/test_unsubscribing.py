"""The page behind the unsubscribe link: opening it changes nothing, one click is enough, by hand or by machine."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from consensus import models, steps, tokens
from consensus.settings import Settings
from consensus.store import Store
from consensus.web.app import create_app
from tests import walk
from tests.builders import small_folder


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
