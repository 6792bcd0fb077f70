"""Taking part: from a link to a receipt, without a script."""

from __future__ import annotations

import json
import re

import pytest
from sqlmodel import select

from consensus import models, steps
from tests.visiting import Visitor, at_the_door, open_interim

WORDS = "Why do people wait so long?\nAnd what <b>helps</b> & who pays?"


@pytest.fixture
def place(tmp_path):
    client, db, clock = at_the_door(tmp_path / "home")
    yield client, db, clock
    db.close()


@pytest.fixture
def gathering(place):
    client, db, clock = place
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    return client, db, clock


def rows(db, table):
    with db.reading() as session:
        return list(session.exec(select(table)))


def begun(client, path="/s/lanternfield/gather/kith_and_carers"):
    return Visitor(client, path).press(a__consent="yes")


def code_on(page):
    return re.search(r'class="code"[^>]*>([^<]+)', page.text)[1]


def fill_gather(visitor, *texts):
    """Fill in the example's gathering survey up to the check."""
    visitor.press("next", a__group="family_carers")
    for _ in texts[1:]:
        visitor.press("add:q")
    visitor.press("next", a__q=list(texts))
    return visitor.press("next", a__age="prefer_not_to_say")


def test_who_comes_through_a_partners_link_finds_that_partner_chosen_and_may_choose_another(gathering):
    client, db, _clock = gathering
    chosen = [[("a.partner", "kith_and_carers")], []]

    found = [
        [field for field in begun(client, path).form.fields if field[0] == "a.partner"]
        for path in ("/s/lanternfield/gather/kith_and_carers", "/s/lanternfield/gather")
    ]
    visitor = begun(client).press("next", a__group="public", a__partner="open_door").press("next", a__q="Why?")
    visitor.press("next").press()

    assert found == chosen
    assert {answer.partner for answer in rows(db, models.Answer)} == {"open_door"}


def test_words_travel_from_an_open_link_to_the_store_as_they_were_written(gathering):
    client, db, clock = gathering
    visitor = begun(client)
    clock.pass_by(minutes=5)
    fill_gather(visitor, WORDS, "A second one?").press()

    answers = {answer.box: answer for answer in rows(db, models.Answer)}

    assert visitor.path.endswith("/receipt")
    assert {box: answer.text for box, answer in answers.items()} == {"q1": WORDS, "q2": "A second one?"}
    assert {(answer.group, answer.partner) for answer in answers.values()} == {("family_carers", "kith_and_carers")}
    assert rows(db, models.Response)[0].flags == ""


def test_nobody_begins_without_consent(gathering):
    client, db, _clock = gathering

    visitor = Visitor(client, "/s/lanternfield/gather").press()

    assert visitor.page.status_code == 422
    assert "tick the box that says you agree" in visitor.page.text
    assert rows(db, models.Participation) == []


def test_everything_amiss_is_told_at_once_and_nothing_typed_is_lost(gathering):
    client, _db, _clock = gathering
    visitor = begun(client)
    visitor.open(f"{visitor.path.rsplit('/', 1)[0]}/q")
    long = "x" * 2001
    visitor.press("add:q", a__q=long).press("next", a__q=[long, long + "y"])

    assert visitor.page.text.count("This is 2001 characters long") == 2  # at the top and at the field
    assert visitor.page.text.count("This is 2002 characters long") == 2
    assert long + "y</textarea>" in visitor.page.text
    assert visitor.page.text.count('href="#f-q') == 2


def test_the_same_token_gives_one_response_and_a_change_is_its_next_version(gathering):
    client, db, clock = gathering
    visitor = begun(client)
    clock.pass_by(minutes=5)
    fill_gather(visitor, "First?", "Second?").press()
    first, told = code_on(visitor.page), "takes the place of the one that you had before" in visitor.page.text
    own = "/t/" + visitor.path.split("/")[2]
    visitor.open(f"{own}/check").press()
    again = code_on(visitor.page)
    visitor.open(f"{own}/p/q").press("next", a__q="First, better said?").open(f"{own}/check").press()

    responses = rows(db, models.Response)
    last = {}
    for answer in rows(db, models.Answer):
        last[answer.box] = (answer.version, answer.text, answer.status)

    assert first == again != code_on(visitor.page)
    assert (told, "takes the place of the one that you had before" in visitor.page.text) == (False, True)
    assert [response.version for response in responses] == [1, 2]
    assert len({response.response_id for response in responses}) == 1
    assert last == {"q1": (2, "First, better said?", ""), "q2": (2, "", "taken out by the person who wrote it")}


def choosing(client):
    visitor = Visitor(client, "/s/lanternfield/interim/harbour_voices").press(a__consent="yes")
    return visitor.press("next", a__group="lived_experience")


def ticked_on(visitor):
    return [value for name, value in visitor.form.fields if name == "shown"]


def test_people_find_choose_and_order_questions(place):
    client, db, clock = place
    ids = open_interim(db, clock)
    visitor = choosing(client)
    first = ticked_on(visitor)
    visitor.press("page:2", a__choices=first[:2])
    second = ticked_on(visitor)
    visitor.press("find", a__choices=[*second[:1]], find="CAFES")
    found = ticked_on(visitor)
    chosen = [*first[:2], second[0]]
    new = next(question for question in found if question not in chosen)
    visitor.press("order", a__choices=[new, *(question for question in found if question in chosen)])
    clock.pass_by(minutes=9)
    visitor.press(f"up:{new}")
    moved = visitor.page.text
    visitor.press(f"out:{first[0]}").press("save", **{f"place__{second[0]}": "1"}).press("next")
    visitor.press("next").press()

    ballot = rows(db, models.Ballot)[0]
    wanted = [second[0], first[1], new]

    assert 10 <= len(first) <= 15
    assert set(first).isdisjoint(second)
    assert {*chosen, new} <= set(ids)
    assert "is now number 3 of 4" in moved
    assert [choice["item_id"] for choice in sorted(json.loads(ballot.choices), key=lambda c: c["rank"])] == wanted
    assert (ballot.group, ballot.version) == ("lived_experience", 1)
    assert visitor.path.endswith("/receipt")


def test_eleven_choices_are_kept_and_told(place):
    client, db, clock = place
    open_interim(db, clock)
    visitor = choosing(client)
    shown = ticked_on(visitor)
    visitor.press("order", a__choices=shown[:11])

    assert "You have chosen 11; please choose at most 10, so take out 1." in visitor.page.text
    assert "11 of 10 chosen" in visitor.page.text


def test_each_person_has_an_order_of_their_own_that_stays(place):
    client, db, clock = place
    open_interim(db, clock)
    orders = {}
    for _ in range(6):
        visitor = choosing(client)
        orders[visitor.path] = ticked_on(visitor)
        assert ticked_on(visitor.open(visitor.path)) == orders[visitor.path]

    assert len({tuple(order) for order in orders.values()}) > 3


def test_two_questions_cannot_have_one_position(place):
    client, db, clock = place
    open_interim(db, clock)
    visitor = choosing(client)
    shown = ticked_on(visitor)
    visitor.press("order", a__choices=shown[:4])
    visitor.press("save", **{f"place__{shown[0]}": "3", f"place__{shown[1]}": "3"})

    assert "Several questions are to have position 3" in visitor.page.text
    assert dict(visitor.form.fields)[f"place.{shown[0]}"] == "3"


@pytest.mark.parametrize("language", ["en", "cy", "ar"])
def test_the_first_page_with_all_that_it_loads_is_under_100_kilobytes(gathering, language):
    client, _db, _clock = gathering
    page = client.get(f"/s/lanternfield/gather?lang={language}")
    loads = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)

    assert loads
    assert len(page.content) + sum(len(client.get(path).content) for path in loads) < 100_000
