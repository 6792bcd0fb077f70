"""From the letter to the ballot: the link in it leads to what a person sends, and opening it changes nothing."""

from __future__ import annotations

import re

import pytest
from sqlmodel import select

from consensus import models, steps
from consensus.settings import Settings
from tests.post_office import PostOffice
from tests.visiting import Visitor, at_the_door, open_interim


@pytest.fixture
def mailed(tmp_path):
    """Return the web app with the letter that one invited person was sent, in Welsh."""
    client, db, clock = at_the_door(tmp_path / "home")
    path = tmp_path / "people.csv"
    path.write_text("email,group,partner,language\nann@example.org,public,,cy\n", encoding="utf-8")
    steps.import_people(db, "lanternfield", path, by="tester", now=clock())
    ids = open_interim(db, clock, count=8)
    with PostOffice() as post:
        names = {"CONSENSUS_HOME": str(tmp_path / "home"), "CONSENSUS_SMTP_URL": post.url}
        steps.send_mail(db, "lanternfield", Settings.from_environment(names), now=clock())
    ((_, letter),) = post.letters
    yield client, db, ids, letter
    db.close()


def link_in(letter, kind):
    return re.search(rf"/{kind}/[a-z0-9.]+", letter.get_body(("plain",)).get_content())[0]


def everything(db):
    with db.reading() as session:
        tables = (models.Participation, models.Person, models.Mail, models.Response, models.Ballot)
        return [row.model_dump() for table in tables for row in session.exec(select(table))]


def test_the_link_in_a_letter_leads_to_one_ballot(mailed):
    client, db, ids, letter = mailed
    visitor = Visitor(client, link_in(letter, "t")).press(a__consent="yes").press("next", a__group="public")
    visitor.press("order", a__choices=ids[:2]).press("next").press("next").press()

    with db.reading() as session:
        (person,), (ballot,) = (list(session.exec(select(t))) for t in (models.Participation, models.Ballot))
    assert "Dyma eich dolen chi" in letter.get_body(("plain",)).get_content()
    assert '<html lang="cy"' in visitor.page.text
    assert visitor.path.endswith("/receipt")
    assert (person.state, person.response_id) == ("sent", ballot.ballot_id)


def test_opening_any_link_of_a_letter_changes_nothing(mailed):
    client, db, _ids, letter = mailed
    before = everything(db)
    own, leave = link_in(letter, "t"), link_in(letter, "u")
    for path in (own, f"{own}/check", f"{own}/receipt", f"{own}/withdraw", f"{own}/p/group", f"{own}/on", leave):
        client.get(path)
        client.head(path)

    assert everything(db) == before
