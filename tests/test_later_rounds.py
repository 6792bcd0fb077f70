"""A Delphi of three rounds, and the letters that lead people into each."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from consensus import models, steps, store
from consensus.settings import Settings
from tests import walk
from tests.post_office import PostOffice
from tests.test_delphi import BETWEEN, OPEN_AGAIN, OVER, ROUND, delphi_folder, rows
from tests.visiting import Visitor, at_the_door, open_interim

THIRD = """
[[rounds.delphi]]
follows = "interim-2"
opens = 2026-09-07T09:00:00
closes = 2026-09-28T17:00:00
"""
THIRD_OPEN = datetime(2026, 9, 8, 9, tzinfo=UTC)
ALL_OVER = datetime(2026, 9, 29, 9, tzinfo=UTC)
LAST = "lanternfield-interim-3"


@pytest.fixture
def place(tmp_path):
    """Return a Delphi of three rounds whose first has opened with two people invited by letter."""
    client, db, clock = at_the_door(tmp_path / "home", delphi_folder(tmp_path / "folder", ROUND + THIRD))
    people = [["ann@example.org", "public", "", ""], ["bob@example.org", "public", "", ""]]
    path = walk.write_csv(tmp_path / "people.csv", ["email", "group", "partner", "language"], people)
    steps.import_people(db, "lanternfield", path, by="tester", now=clock())
    ids = open_interim(db, clock, count=3)
    with PostOffice() as post:
        names = {"CONSENSUS_HOME": str(tmp_path / "home"), "CONSENSUS_SMTP_URL": post.url}
        yield client, db, clock, ids, post, Settings.from_environment(names)
    db.close()


def moved_to(db, clock, *moments):
    for moment in moments:
        clock.now = moment
        steps.advance_rounds(db, now=clock())


def last_link(post, name):
    letter = next(letter for address, letter in reversed(post.letters) if address.startswith(name))
    return re.search(r"/t/\w+", letter.get_body(("plain",)).get_content())[0]


def rate(client, start, ids, rating):
    """Begin at a link, rate every question, send, and return the page of ratings as it was met."""
    visitor = Visitor(client, start).press(a__consent="yes").press("next", a__group="public")
    met = visitor.page.text
    visitor.press("next", **{f"a__choices__{question}": rating for question in ids}).press("next").press()
    assert visitor.path.endswith("/receipt")
    return met, "/t/" + visitor.path.split("/")[2]


def test_a_letter_leads_into_each_round_to_ones_own_rating_before(place):
    client, db, clock, ids, post, settings = place
    met = []
    for moments, rating in (((), "3"), ((BETWEEN, OPEN_AGAIN), "5"), ((OVER, THIRD_OPEN), "8")):
        moved_to(db, clock, *moments)
        steps.send_mail(db, "lanternfield", settings, now=clock())
        steps.send_mail(db, "lanternfield", settings, now=clock() + timedelta(minutes=5))
        met.append(rate(client, last_link(post, "ann"), ids, rating)[0])

    with db.reading() as session:
        people = {one.person_id for one in session.exec(select(models.Participation)) if one.state == "sent"}
        (ballot,) = store.load_ballots(session, LAST)
    assert [page.count("You gave it") for page in met] == [0, 3, 3]
    assert "You gave it 3 before." in met[1]
    assert "You gave it 5 before." in met[2]
    assert [post.addresses.count(f"{name}@example.org") for name in ("ann", "bob")] == [3, 3]
    assert len(people) == 1
    assert ballot.choices.count('"rank":8') == 3


def test_an_open_link_leads_through_all_three_rounds_and_the_last_alone_is_ranked(place):
    client, db, clock, ids, _post, _settings = place
    links = [rate(client, "/s/lanternfield/interim", ids, str(rating))[1] for rating in range(2, 9)]
    for moments in ((BETWEEN, OPEN_AGAIN), (OVER, THIRD_OPEN)):
        moved_to(db, clock, *moments)
        pages = []
        for place_, link in enumerate(links):
            visitor = Visitor(client, link).press().press(a__consent="yes").press("next")
            pages.append(visitor.page.text)
            visitor.press("next").press("next").press()
            links[place_] = "/t/" + visitor.path.split("/")[2]
    joined = [one.response_id for one in rows(db, models.Participation)]
    moved_to(db, clock, ALL_OVER)
    ranked = steps.rank_round(db, "lanternfield", now=clock())

    assert pages[0].count("You gave it 2 before.") == 3
    assert all(joined)
    assert ranked.ids["round"] == LAST
    assert {one.response_id for one in rows(db, models.Participation)} == {None}
