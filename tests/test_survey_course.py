"""From page to page: back, in another language, to one answer from the check of all, and nothing lost on the way."""

from __future__ import annotations

import html
import json
import re

import pytest
from sqlmodel import select

from consensus import models, steps
from consensus.interface import catalogue
from consensus.web.pages import spoken
from tests.visiting import Visitor, at_the_door, open_interim, reformed

DOOR = "/s/lanternfield/interim"


@pytest.fixture
def interim(tmp_path):
    client, db, clock = at_the_door(tmp_path / "home")
    open_interim(db, clock)
    yield client, db, clock
    db.close()


def begun(client, path="/s/lanternfield/gather"):
    return Visitor(client, path).press(a__consent="yes")


def own(visitor):
    return "/t/" + visitor.path.split("/")[2]


def shown_on(visitor):
    return [value for name, value in visitor.form.fields if name == "shown"]


def fields_of(visitor):
    return visitor.form.fields


def test_going_back_keeps_what_is_typed_however_little_it_is(gathering):
    client, _db, _clock = gathering
    visitor = begun(client).press("next", a__group="public")
    visitor.press("back", a__q="Half a thought")
    first = visitor.path
    visitor.press("next")

    assert first.endswith("/p/group")
    assert ("a.q", "Half a thought") in fields_of(visitor)


def test_there_is_no_way_back_from_the_first_page(gathering):
    client, _db, _clock = gathering

    assert ("go", "back") not in begun(client).form.buttons


def test_another_language_is_chosen_in_the_middle_of_a_sentence_and_the_words_stay(gathering):
    client, _db, _clock = gathering
    visitor = begun(client).press("next", a__group="public").press("lang:cy", a__q="Half a thought")
    later = visitor.client.get(own(visitor)).text

    assert visitor.path.endswith("/p/q")
    assert '<html lang="cy"' in visitor.page.text
    assert ("a.q", "Half a thought") in fields_of(visitor)
    assert catalogue("cy")["welcome_back"].replace("'", "&#39;") in later


def test_an_address_for_the_outcome_stays_in_its_field_in_another_language_and_is_kept_only_when_sent(gathering):
    client, db, _clock = gathering
    typed = {"email": "ada@exam", "workshop": "yes"}
    visitor = Visitor(client, "/i/lanternfield").press("lang:cy", **typed)
    fields, page = dict(fields_of(visitor)), visitor.page
    with db.reading() as session:
        kept = list(session.exec(select(models.Interest.interest_id)))
    done = visitor.press("keep", email="ada@example.org")

    assert (fields["email"], fields["workshop"], "outcome" in fields) == ("ada@exam", "yes", False)
    assert (page.status_code, kept, "?" in str(page.url)) == (200, [], False)
    assert '<html lang="cy"' in page.text
    assert catalogue("cy")["bad_email"] not in page.text
    assert catalogue("cy")["interest_done_hint"] in html.unescape(done.page.text)
    assert catalogue("ar")["interest_done_hint"] in html.unescape(client.get(other_languages(done)["ar"]).text)


def other_languages(visitor):
    """Return where the links to other languages lead, by language."""
    links = re.findall(r'<a href="([^"]*lang=([a-z]+))"', visitor.page.text)
    return {language: html.unescape(f"{visitor.path}{link.removeprefix(visitor.path)}") for link, language in links}


def test_another_language_keeps_ticks_picks_and_places(interim, tmp_path):
    client, _db, _clock = interim
    visitor = begun(client, DOOR).press("next", a__group="public")
    shown = shown_on(visitor)
    visitor.press("lang:ar", a__choices=shown[:2])
    ticked = [value for name, value in fields_of(visitor) if name == "a.choices"]
    visitor.press("order").press("lang:en", **{f"place__{shown[0]}": "2", f"place__{shown[1]}": "1"})

    assert set(ticked) == set(shown[:2])
    assert '<html lang="en"' in visitor.page.text
    assert re.findall(r'id="w-(\w+)"', visitor.page.text) == [shown[1], shown[0]]


def test_a_language_that_nobody_speaks_here_changes_nothing(gathering):
    client, _db, _clock = gathering
    visitor = begun(client)
    client.post(visitor.path, data={"has.group": "1", "a.group": "public", "lang": "tlh", "go": "lang:tlh"})

    assert '<html lang="en"' in client.get(f"{own(visitor)}/p/group").text


def test_who_changes_one_answer_comes_back_to_the_check(gathering):
    client, _db, _clock = gathering
    visitor = begun(client).press("next", a__group="public").press("next", a__q="Why?").press("next")
    links = re.findall(r'href="([^"]+\?from=check[^"]*)"', visitor.page.text)
    visitor.open(links[0]).press("next", a__group="family_carers")
    changed = visitor.path
    visitor.open(links[1]).press("next", a__q="")
    amiss = visitor.page
    visitor.press("next", a__q="Why, and how?")

    assert len(links) == 3
    assert changed.endswith("/check")
    assert "Please write at least one question" in amiss.text
    assert visitor.path.endswith("/check")
    assert "Why, and how?" in visitor.page.text


def test_who_changes_the_order_from_the_check_comes_back_to_it_through_every_button(interim):
    client, _db, _clock = interim
    visitor = begun(client, DOOR).press("next", a__group="public")
    shown = shown_on(visitor)
    visitor.press("order", a__choices=shown[:3]).press("next").press("next")
    (link,) = re.findall(r'href="([^"]+/order\?from=check)"', visitor.page.text)
    visitor.open(link).press(f"down:{shown[0]}").press("more").press("page:2").press("order").press("save")
    visitor.press("next")

    assert visitor.path.endswith("/check")


def test_a_fault_on_the_check_leads_to_its_field_and_back(gathering):
    client, _db, _clock = gathering
    visitor = begun(client).press("later").open(f"{own(begun(client))}/check")
    (link,) = re.findall(r'href="([^"#]+)#f-group"', visitor.page.text.replace("&amp;", "&"))
    visitor.open(link).press("next", a__group="public")

    assert "check=1" in link
    assert visitor.path.endswith("/check")


def test_finding_and_turning_pages_lead_to_the_list_and_taking_out_says_what_is_gone(interim):
    client, _db, _clock = interim
    visitor = begun(client, DOOR).press("next", a__group="public")
    shown = shown_on(visitor)
    stay = [client.post(visitor.path, data={"go": go}, follow_redirects=False) for go in ("find", "page:2")]
    visitor.press("page:2", a__choices=shown[:2]).press(f"out:{shown[0]}")

    assert all(answer.headers["location"].endswith("#list") for answer in stay)
    assert "is taken out. Left: 1." in visitor.page.text
    assert '<details class="chosen" id="chosen" open' in visitor.page.text


def test_more_than_the_most_is_said_beside_the_count(interim):
    client, _db, _clock = interim
    visitor = begun(client, DOOR).press("next", a__group="public")
    visitor.press("page:2", a__choices=shown_on(visitor)[:12])

    assert "12 of 10 chosen. Too many: take out 2." in visitor.page.text


def test_the_way_on_leads_through_the_whole_list_before_the_order(interim):
    client, _db, _clock = interim
    visitor = begun(client, DOOR).press("next", a__group="public")
    main = []
    for _ in range(3):
        main += re.findall(
            r'<button class="go" name="go" value="([^"]+)"', visitor.page.text.partition("</details>")[2]
        )
        visitor.press(main[-1])

    assert main == ["page:2", "page:3", "order"]


def test_each_rating_that_is_missing_is_marked_and_the_way_leads_to_the_first(tmp_path):
    client, db, clock = at_the_door(tmp_path / "home", reformed(tmp_path / "rated", "rated", "rate"))
    ids = open_interim(db, clock, count=5)
    visitor = begun(client, DOOR).press("next", a__group="public")
    order = re.findall(r'<select id="[^"]+" name="a\.choices\.(\w+)"', visitor.page.text)
    given = {f"a__choices__{question}": "5" for question in (order[0], order[2])}
    page = visitor.press("next", **given).page.text
    marked = re.findall(r'<select id="([^"]+)" name="a\.choices\.(\w+)" aria-invalid="true"', page)
    db.close()

    assert sorted(order) == sorted(ids)
    assert [question for _, question in marked] == [order[1], order[3], order[4]]
    assert marked[0][0] == "f-choices"
    assert 'href="#f-choices"' in page


def test_a_long_list_is_rated_page_by_page_and_what_was_rated_stays(tmp_path):
    client, db, clock = at_the_door(tmp_path / "home", reformed(tmp_path / "rated", "rated", "rate"))
    ids = open_interim(db, clock, count=30)
    visitor = begun(client, DOOR).press("next", a__group="public")
    met = []
    while "/p/choices" in visitor.path:
        on_page = re.findall(r'<select id="[^"]+" name="a\.choices\.(\w+)"', visitor.page.text)
        met.append(on_page)
        half = visitor.press("next", **{f"a__choices__{on_page[0]}": "3"})
        assert f"Questions without an answer: {len(on_page) - 1}." in half.page.text
        visitor.press("next", **{f"a__choices__{question}": "4" for question in on_page[1:]})
    own_path = own(visitor)
    first = visitor.press("next").open(f"{own_path}/p/choices").page.text
    sent = visitor.open(f"{own_path}/check").press()
    with db.reading() as session:
        (ballot,) = session.exec(select(models.Ballot))
    db.close()

    assert [len(each) for each in met] == [12, 12, 6]
    assert sorted(each for page in met for each in page) == sorted(ids)
    assert "Page 1 of 3" in first
    assert sent.path.endswith("/receipt")
    given = {choice["item_id"]: choice["rank"] for choice in json.loads(ballot.choices)}
    assert given == {each: 3 if each in {page[0] for page in met} else 4 for each in ids}


def test_what_a_script_keeps_is_there_when_the_page_is_opened_again(gathering):
    client, _db, _clock = gathering
    visitor = begun(client).press("next", a__group="public")
    kept = client.post(visitor.path, data={"has.q": "1", "a.q": "Half a thought", "go": "keep"})
    there = ("a.q", "Half a thought") in fields_of(visitor.open(visitor.path))
    visitor.open(f"{own(visitor)}/withdraw").press()
    gone = client.post(f"{own(visitor)}/p/q", data={"has.q": "1", "a.q": "More", "go": "keep"})

    assert (kept.status_code, kept.content, gone.status_code) == (204, b"", 409)
    assert there


def test_the_first_page_speaks_the_language_of_the_browser_until_somebody_chooses(gathering):
    client, db, _clock = gathering
    door = "/s/lanternfield/gather"
    asked = {
        wish: client.get(door, headers={"Accept-Language": wish}).text for wish in ("cy, en;q=0.5", "ar", "de", "")
    }
    chosen = client.get(f"{door}?lang=en", headers={"Accept-Language": "cy"}).text

    told = [re.search(r'<html lang="(\w+)"', page)[1] for page in (*asked.values(), chosen)]
    assert told == ["cy", "ar", "en", "en", "en"]
    assert spoken(steps.taking_part.protocol_of(db, "lanternfield"), None, "", "tlh") == "en"


def test_people_to_talk_to_are_one_touch_away(gathering):
    client, _db, _clock = gathering
    page = client.get("/s/lanternfield/gather").text

    assert '<a href="tel:116123">Call 116\u00a0123, free, from any phone</a>' in page
    assert '<a href="sms:85258?body=SHOUT">' in page
    assert '<a href="mailto:priorities@lanternfield.example.org">' in page


def test_after_the_close_the_outcome_can_still_be_asked_for(gathering):
    client, _db, clock = gathering
    mine = begun(client).press("next", a__group="public").press("next", a__q="Why?").press("next").press()
    clock.pass_by(days=90)
    closed = client.get("/s/lanternfield/gather").text

    assert 'href="/i/lanternfield?lang=en"' in closed
    assert "is among the answers" not in closed
    receipt = client.get(own(mine)).text
    assert "It closed Monday 20 April 2026" in receipt
    assert "does not count" not in receipt  # it came in time


def test_who_comes_after_the_unlinking_is_told_what_became_of_their_answers(gathering):
    client, db, clock = gathering
    mine = begun(client).press("next", a__group="public").press("next", a__q="Why?").press("next").press()
    clock.pass_by(days=90)
    steps.advance_rounds(db, now=clock())

    assert "What you sent by then is among the answers" in client.get(own(mine)).text


def test_paper_is_offered_at_the_door_and_not_to_who_has_begun(gathering):
    client, _db, _clock = gathering
    page = client.get("/s/lanternfield/gather?lang=cy").text
    links = re.findall(r'href="(/print/[^"]+)"', page.replace("&amp;", "&"))

    assert [client.get(link).status_code for link in links] == [200, 200]
    assert "size=large&lang=cy" in links[1]
    assert "/print/" not in begun(client).page.text
