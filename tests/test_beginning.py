"""Pressing "Agree and begin": once, twice or eight times at once is one beginning, and nobody gets somebody else's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import select

from consensus import models
from tests.visiting import Visitor

DOOR = "/s/lanternfield/gather"


def beginnings(db):
    with db.reading() as session:
        return len(list(session.exec(select(models.Participation.token_hash))))


def agreed(visitor):
    """Return what a browser sends when somebody who has ticked the consent presses the button."""
    return dict(visitor.form.fields) | {"a.consent": "yes"}


def pressed(client, fields):
    return client.post(DOOR, data=fields, follow_redirects=False).headers.get("location")


def test_the_button_pressed_twice_is_one_beginning(gathering):
    client, db, clock = gathering
    fields = agreed(Visitor(client, DOOR))

    first = pressed(client, fields)
    clock.pass_by(seconds=20)

    assert pressed(client, fields) == first
    assert beginnings(db) == 1


def test_the_button_pressed_eight_times_at_once_is_one_beginning(gathering):
    client, db, _clock = gathering
    fields = agreed(Visitor(client, DOOR))

    with ThreadPoolExecutor(8) as hands:
        led = set(hands.map(lambda _: pressed(client, fields), range(8)))

    assert len(led) == 1
    assert beginnings(db) == 1


def test_whoever_is_shown_the_page_anew_begins_anew(gathering):
    client, db, _clock = gathering

    led = {pressed(client, agreed(Visitor(client, DOOR))) for _ in range(3)}

    assert len(led) == 3
    assert beginnings(db) == 3


def test_the_next_person_at_the_same_browser_never_comes_to_what_somebody_filled_in(gathering):
    client, db, _clock = gathering
    visitor = Visitor(client, DOOR)
    fields = agreed(visitor)
    visitor.press(a__consent="yes")
    first = visitor.path
    visitor.press("next", a__group="public")

    second = pressed(client, fields)  # by the Back button, to the page as it was shown to the first

    assert second != first
    assert "checked" not in client.get(second).text
    assert beginnings(db) == 2


def test_the_next_person_at_the_same_browser_gets_a_link_of_their_own_even_where_nothing_was_filled_in(gathering):
    client, db, clock = gathering
    fields = agreed(Visitor(client, DOOR))

    first = pressed(client, fields)
    clock.pass_by(minutes=2)

    assert pressed(client, fields) != first
    assert beginnings(db) == 2


@pytest.mark.parametrize("once", ["", "1", "short enough to guess"])
def test_no_link_is_made_from_what_could_be_guessed(gathering, once):
    client, db, _clock = gathering
    fields = agreed(Visitor(client, DOOR)) | {"once": once}

    assert pressed(client, fields) != pressed(client, fields)
    assert beginnings(db) == 2
