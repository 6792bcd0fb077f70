"""A full disk refuses what people send with a sentence, and loses nothing of what was saved."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlalchemy.pool import Pool
from sqlmodel import select

from consensus import models, steps
from tests.visiting import Visitor, at_the_door

SAVED, TOO_MUCH = "Why do people wait so long?", "What helps at night? " * 20_000


class Disk:
    """Lets a database grow as long as there is room; without, SQLite fails as it does on a full disk."""

    full = False

    def meet(self, connection, *_):
        connection.execute(f"PRAGMA max_page_count={1 if self.full else 1_000_000}")


@pytest.fixture
def disk():
    disk = Disk()
    event.listen(Pool, "checkout", disk.meet)
    yield disk
    event.remove(Pool, "checkout", disk.meet)


@pytest.fixture
def place(tmp_path, disk):
    client, db, clock = at_the_door(tmp_path / "home")
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    yield TestClient(client.app, raise_server_exceptions=False), db, disk
    db.close()


@pytest.mark.parametrize(
    ("language", "heading", "kept"),
    [
        ("en", "Something broke here", "is kept"),
        ("cy", "Torrodd rhywbeth yma", "yn ddiogel"),
        ("ar", "حدث خلل هنا", "باقٍ"),
    ],
)
def test_a_full_disk_is_told_in_the_language_that_the_person_reads(place, language, heading, kept):
    client, _db, disk = place
    visitor = Visitor(client, f"/s/lanternfield/gather?lang={language}").press(a__consent="yes")
    visitor.press("next", a__group="family_carers")

    disk.full = True
    page = visitor.press("next", a__q=[TOO_MUCH]).page

    assert page.status_code == 500
    assert f'<html lang="{language}"' in page.text
    assert heading in page.text
    assert kept in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(("asked", "heading"), [("cy", "Torrodd"), ("ar", "حدث"), ("de", "Something broke")])
def test_who_has_no_link_yet_is_told_in_the_language_their_browser_asks_for(place, asked, heading):
    client, _db, disk = place
    forms = [Visitor(client, "/s/lanternfield/gather").form for _ in range(60)]  # each its own person's

    disk.full = True
    pages = (
        client.post(
            form.action,
            data=dict(form.fields) | {"a.consent": "yes", "lang": ""},
            headers={"Accept-Language": asked},
        )
        for form in forms
    )
    page = next(page for page in pages if page.status_code != 200)  # the last room in the file was used up

    assert page.status_code == 500
    assert heading in page.text


def test_a_full_disk_is_told_in_a_sentence_and_what_was_saved_is_there(place, caplog):
    client, db, disk = place
    visitor = Visitor(client, "/s/lanternfield/gather").press(a__consent="yes")
    visitor.press("next", a__group="family_carers").press("next", a__q=[SAVED])
    words = visitor.path.replace("/age", "/q")

    disk.full = True
    visitor.open(words).press("next", a__q=[TOO_MUCH])

    assert visitor.page.status_code == 500
    assert "What was saved is kept" in visitor.page.text
    assert "at night" not in visitor.page.text + caplog.text
    assert SAVED in visitor.open(words).page.text

    disk.full = False
    visitor.press("next").press("next", a__age="prefer_not_to_say").press()

    assert visitor.path.endswith("/receipt")
    with db.reading() as session:
        assert session.exec(select(models.Answer.text)).all() == [SAVED]
