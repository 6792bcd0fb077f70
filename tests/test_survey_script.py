"""What a script adds in a real Chromium, and what holds as well without: nothing typed is lost, and nothing moves."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager

import pytest
from sqlmodel import select

from consensus import models, steps
from consensus.interface import LANGUAGES
from tests.browser import chromium, resize
from tests.test_survey_browser import by_keyboard, in_language, serving, tab_to
from tests.visiting import Visitor, open_interim

pytestmark = pytest.mark.browser

SCRIPTS = pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])


@contextmanager
def at_the_words(tmp_path, script=True):
    """Show the page that asks for words to somebody who has begun."""
    with (
        serving(tmp_path / "home") as (http, db, clock),
        chromium(tmp_path / "profile", script=script) as chrome,
    ):
        steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
        visitor = Visitor(http, "/s/lanternfield/gather").press(a__consent="yes").press("next", a__group="public")
        chrome.get(str(http.base_url.join(visitor.path)))
        yield chrome, db, http


@contextmanager
def at_the_list(tmp_path, script=True, width=1280):
    """Show the list of questions to somebody who has begun."""
    with (
        serving(tmp_path / "home") as (http, db, clock),
        chromium(tmp_path / "profile", script=script) as chrome,
    ):
        open_interim(db, clock)
        visitor = Visitor(http, "/s/lanternfield/interim").press(a__consent="yes").press("next", a__group="public")
        resize(chrome, width)
        chrome.get(str(http.base_url.join(visitor.path)))
        yield chrome, db, http


def until(holds, seconds=15):
    """Wait until something holds, and tell whether it does."""
    deadline = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return held


def one(chrome, css):
    return chrome.find_element("css selector", css)


def drafts(db):
    with db.reading() as session:
        return "".join(session.exec(select(models.Participation.draft)))


def test_words_are_kept_while_they_are_typed(tmp_path):
    with at_the_words(tmp_path) as (chrome, db, _http):
        one(chrome, "textarea").send_keys("Half a thought")
        told = until(lambda: one(chrome, "#kept").text)
        kept = drafts(db)
        chrome.refresh()

        assert told == "What you have filled in here is saved."
        assert "Half a thought" in kept
        assert one(chrome, "textarea").get_attribute("value") == "Half a thought"


def test_what_is_typed_last_is_what_is_kept_however_fast_the_button_is_pressed(tmp_path):
    with at_the_words(tmp_path) as (chrome, db, _http):
        slow = {"offline": False, "latency": 800, "downloadThroughput": -1, "uploadThroughput": -1}
        chrome.execute_cdp_cmd("Network.enable", {})
        chrome.execute_cdp_cmd("Network.emulateNetworkConditions", slow)
        one(chrome, "textarea").send_keys("First")
        chrome.execute_script(
            "Object.defineProperty(document, 'hidden', {value: true});"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
        one(chrome, "textarea").send_keys(" and last")
        one(chrome, "button.go").click()
        until(lambda: "/p/age" in chrome.current_url)

        assert "/p/age" in chrome.current_url
        assert "First and last" in drafts(db)


def test_a_page_goes_on_after_it_was_kept(tmp_path):
    with at_the_words(tmp_path) as (chrome, db, _http):
        one(chrome, "textarea").send_keys("First")
        until(lambda: one(chrome, "#kept").text)
        one(chrome, "textarea").send_keys(" and last")
        one(chrome, "button.go").click()
        until(lambda: "/p/age" in chrome.current_url)

        assert "/p/age" in chrome.current_url
        assert "First and last" in drafts(db)


def test_a_lost_connection_is_told_and_what_was_typed_is_kept_once_it_is_back(tmp_path):
    with at_the_words(tmp_path) as (chrome, db, _http):
        offline = {"latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        chrome.execute_cdp_cmd("Network.enable", {})
        chrome.execute_cdp_cmd("Network.emulateNetworkConditions", offline | {"offline": True})
        one(chrome, "textarea").send_keys("In a tunnel")
        lost = until(lambda: one(chrome, "#kept").text)
        chrome.execute_cdp_cmd("Network.emulateNetworkConditions", offline | {"offline": False})
        one(chrome, "textarea").send_keys(" and out")
        until(lambda: "and out" in drafts(db))

        assert lost.startswith("This page could not be saved just now")
        assert "In a tunnel and out" in drafts(db)


@SCRIPTS
def test_another_language_by_keyboard_keeps_the_words(tmp_path, script):
    with at_the_words(tmp_path, script) as (chrome, _db, _http):
        keys, _button, _tick = by_keyboard(chrome)
        one(chrome, "textarea").send_keys("Half a thought")
        tab_to(chrome, keys, until=lambda e: e.tag_name == "button" and e.text == "Cymraeg").send_keys(keys.ENTER)
        until(lambda: one(chrome, "html").get_attribute("lang") == "cy")

        assert one(chrome, "html").get_attribute("lang") == "cy"
        assert one(chrome, "textarea").get_attribute("value") == "Half a thought"


@SCRIPTS
def test_the_enter_key_goes_on_and_changes_no_language(tmp_path, script):
    with at_the_words(tmp_path, script) as (chrome, db, _http):
        keys, button, tick = by_keyboard(chrome)
        one(chrome, "textarea").send_keys("Why?")
        button("Save and continue")
        tick("a.age")
        chrome.switch_to.active_element.send_keys(keys.ENTER)
        until(lambda: chrome.current_url.endswith("/check"))

        assert chrome.current_url.endswith("/check")
        assert one(chrome, "html").get_attribute("lang") == "en"
        assert '"age":"16_to_24"' in drafts(db)


def test_ticks_are_counted_as_they_are_made(tmp_path):
    with at_the_list(tmp_path) as (chrome, _db, _http):
        for box in chrome.find_elements("css selector", ".list input[type=checkbox]")[:11]:
            box.click()
        told = [one(chrome, css).text for css in ("#counted", "#count")]
        listed = [line.text for line in chrome.find_elements("css selector", "#chosen li")]
        one(chrome, ".list input:checked").click()

        texts = [box.text for box in chrome.find_elements("css selector", ".list label")][:11]
        left = len(chrome.find_elements("css selector", "#chosen li"))
        assert told == ["11 of 10 chosen. Too many: take out 1."] * 2
        assert [line.removesuffix("Take out").strip() for line in listed] == texts
        assert left == 10
        assert one(chrome, "#counted").text == "10 of 10 chosen"


def test_the_choices_are_open_where_there_is_room_and_say_so(tmp_path):
    with at_the_list(tmp_path) as (chrome, _db, _http):
        opened = [one(chrome, "#chosen").get_attribute("open")]
        resize(chrome, 320)
        chrome.refresh()
        opened.append(one(chrome, "#chosen").get_attribute("open"))

        assert opened == ["true", None]


@SCRIPTS
def test_who_takes_a_choice_out_of_the_list_is_told_and_goes_on_from_there(tmp_path, script):
    with at_the_list(tmp_path, script, 320) as (chrome, _db, _http):
        _keys, button, _tick = by_keyboard(chrome)
        chrome.find_elements("css selector", ".list input[type=checkbox]")[0].click()
        button("Keep ticks and show the next")
        one(chrome, "#chosen summary").click()
        one(chrome, "#chosen li button").click()
        until(lambda: "is taken out" in chrome.title)

        assert chrome.switch_to.active_element.get_attribute("id") == "status"
        assert "is taken out. Left: 0." in one(chrome, "#status").text


@SCRIPTS
def test_turning_a_page_shows_the_list_and_not_the_top(tmp_path, script):
    with at_the_list(tmp_path, script, 320) as (chrome, _db, _http):
        _keys, button, _tick = by_keyboard(chrome)
        button("Keep ticks and show the next")
        top = one(chrome, "#list").rect["y"] - chrome.execute_script("return window.scrollY")

        assert chrome.current_url.endswith("#list")
        assert 0 <= top < 200


@pytest.mark.parametrize("width", [320, 360])
def test_a_receipt_code_stands_in_one_line_on_the_smallest_phone(tmp_path, width):
    with at_the_words(tmp_path) as (chrome, _db, http):
        path = re.sub(r"/p/.*", "", chrome.current_url)
        visitor = Visitor(http, path + "/p/q").press("next", a__q="Why?").press("next").press()
        heights = []
        for language in LANGUAGES:
            resize(chrome, width)
            chrome.get(in_language(str(visitor.page.url), language))
            code = one(chrome, ".code")
            heights.append(code.rect["height"] / float(code.value_of_css_property("line-height").removesuffix("px")))

        assert [round(height) for height in heights] == [1, 1, 1]


def test_a_telephone_number_reads_the_same_way_round_in_arabic(tmp_path):
    with at_the_words(tmp_path) as (chrome, _db, _http):
        chrome.get(in_language(re.sub(r"/p/.*", "/saved", chrome.current_url), "ar"))
        places = chrome.execute_script(
            """const text = document.querySelector('a[href="tel:116123"]').firstChild, at = text.data.indexOf('116');
            const left = (from) => { const range = document.createRange(); range.setStart(text, from);
              range.setEnd(text, from + 3); return range.getBoundingClientRect().left; };
            return [left(at), left(at + 4)];"""
        )

        assert places[0] < places[1]
