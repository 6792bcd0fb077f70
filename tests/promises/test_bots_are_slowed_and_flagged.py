"""Bots are slowed and flagged; nothing that anybody sends is dropped without a word."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from sqlmodel import select

from consensus import models
from consensus.steps.sending import LEAST_SECONDS
from consensus.web.pace import Pace
from tests.test_survey_states import at_the_check, counted, interim, own, place, rows, together  # noqa: F401  fixtures
from tests.visiting import DESK, Visitor

DOOR = "/s/lanternfield/interim/harbour_voices"


def flags(db):
    with db.reading() as session:
        return [response.flags.split() for response in session.exec(select(models.Response))]


def test_a_bot_is_flagged_and_what_it_sent_is_kept_and_counts(interim):  # noqa: F811
    client, db, _clock = interim
    at_the_check(client).press(website="https://buy.example")

    assert flags(db) == [["fast", "honeypot"]]
    assert len(counted(db).ballots) == 1


@pytest.mark.parametrize(("seconds", "flagged"), [(0, []), (-1, ["fast"])])
def test_who_sends_before_a_person_could_have_read_it_is_flagged(interim, seconds, flagged):  # noqa: F811
    client, db, clock = interim
    visitor = at_the_check(client)
    clock.pass_by(seconds=LEAST_SECONDS["interim"] + seconds)
    visitor.press()

    assert flags(db) == [flagged]
    assert len(counted(db).ballots) == 1


def test_people_do_not_see_the_field_that_bots_fill_in(interim):  # noqa: F811
    client, _db, _clock = interim

    page = at_the_check(client).page.text

    assert 'name="website"' in page
    assert 'tabindex="-1"' in page.split('name="website"')[0].rsplit("<", 1)[1] + page.split('name="website"')[1][:80]
    assert 'autocomplete="off"' in page


def test_the_same_form_sent_over_and_over_is_one_ballot_that_counts_once(interim):  # noqa: F811
    client, db, clock = interim
    visitor = at_the_check(client)
    clock.pass_by(minutes=9)

    ends = {client.post(own(visitor) + "/check", data={}).url.path for _ in range(30)}

    assert ends == {own(visitor) + "/receipt"}
    assert [ballot.version for ballot in rows(db, models.Ballot)] == [1]
    assert len(counted(db).ballots) == 1


@pytest.mark.slow
def test_too_many_forms_of_one_link_are_slowed_then_asked_to_wait(interim):  # noqa: F811
    client, db, _clock = interim
    visitor = at_the_check(client)
    answers = []
    together(100, lambda: answers.append(client.post(own(visitor) + "/p/group", data={"a.group": "public"})))
    refused = [answer for answer in answers if answer.status_code == 429]

    assert len(answers) == 100
    assert 10 < len(refused) < 60
    assert all("Nothing is lost" in answer.text and answer.headers["retry-after"] for answer in refused)
    assert json.loads(rows(db, models.Participation)[0].draft)["group"] == "public"


def a_thousand_begin(app):
    """Let one address begin a thousand times at once, and return the answers."""

    async def act():
        transport = httpx.ASGITransport(app=app, client=("192.0.2.7", 5000))
        async with httpx.AsyncClient(transport=transport, base_url=DESK, timeout=120) as client:
            return await asyncio.gather(*(client.post(DOOR, data={"a.consent": "yes"}) for _ in range(1000)))

    return asyncio.run(act())


@pytest.mark.slow
def test_of_a_thousand_beginnings_from_one_address_each_is_taken_or_told_to_come_again(interim):  # noqa: F811
    client, db, _clock = interim

    answers = a_thousand_begin(client.app)

    begun = rows(db, models.Participation)
    slowed = [person for person in begun if "burst" in json.loads(person.draft).get("_flags", ())]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {303, 429}
    assert len(begun) == 1000 - len(refused) == sum(answer.status_code == 303 for answer in answers)
    assert len(begun) - len(slowed) >= 120  # what an address may begin in a minute is not flagged
    assert 0 < len(slowed) < 100
    assert all("Nothing is lost" in answer.text and answer.headers["retry-after"] for answer in refused)


@pytest.mark.slow
def test_who_began_in_a_burst_is_flagged_on_what_they_send_and_it_counts(interim):  # noqa: F811
    client, db, clock = interim
    begun = [answer for answer in a_thousand_begin(client.app) if answer.status_code == 303]
    drafts = {person.token_hash: json.loads(person.draft) for person in rows(db, models.Participation)}
    from consensus import tokens

    slowed = next(path for path in (answer.headers["location"] for answer in begun)
                  if "_flags" in drafts[tokens.token_hash(path.split("/")[2])])  # fmt: skip
    visitor = Visitor(client, slowed).press("next", a__group="lived_experience")
    shown = [value for name, value in visitor.form.fields if name == "shown"]
    visitor.press("order", a__choices=shown[:2]).press("next").press("next")
    clock.pass_by(minutes=9)
    visitor.press()

    assert flags(db) == [["burst"]]
    assert len(counted(db).ballots) == 1


def test_while_one_address_is_slowed_no_other_is(interim):  # noqa: F811
    pace = Pace(a_minute=120, at_once=120)
    for _ in range(200):
        pace.wait("192.0.2.7", now=0.0)

    assert pace.wait("192.0.2.7", now=0.0) is None
    assert pace.wait("192.0.2.8", now=0.0) == 0.0


def test_a_thousand_forms_a_minute_go_through_at_the_pace_of_people_and_the_rest_are_told():
    pace = Pace(a_minute=120, at_once=120)

    waits = [pace.wait("192.0.2.7", now=n * 60 / 1000) for n in range(1000)]

    taken = [wait for wait in waits if wait is not None]
    assert 238 <= len(taken) <= 248  # what may come at once, what a minute allows, and those still waiting
    assert max(taken) <= pace.longest
    assert pace.wait("192.0.2.7", now=60 + 70.0) == 0.0
