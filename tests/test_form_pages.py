"""Whole journeys through each form of ballot by keyboard alone, in a real Chromium with script and without."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager

import pytest

from consensus import models
from tests.browser import chromium
from tests.test_delphi import again, delphi_folder
from tests.test_survey_browser import by_keyboard, rows, serving, tab_to
from tests.visiting import EXAMPLE, Visitor, open_interim, reformed

pytestmark = pytest.mark.browser

SCRIPTS = pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])


@contextmanager
def at_the_ballot(tmp_path, folder, script, count=4):
    """Begin by keyboard in a round of a form of ballot, and yield what is needed to go on."""
    with (
        serving(tmp_path / "home", folder) as (http, db, clock),
        chromium(tmp_path / "profile", script=script) as chrome,
    ):
        ids = open_interim(db, clock, count=count)
        _keys, button, tick = by_keyboard(chrome)
        chrome.get(str(http.base_url.join("/s/lanternfield/interim")))
        tick("a.consent")
        button("Agree and begin")
        tick("a.group")
        button("Save and continue")
        yield chrome, db, ids


def send(chrome, db):
    """Go on by keyboard from the ballot to the receipt, and return the one ballot's choices."""
    _keys, button, _tick = by_keyboard(chrome)
    button("Save and continue")
    button("Send my answers")
    assert "Your answers have arrived" in chrome.title
    (ballot,) = rows(db, models.Ballot)
    return json.loads(ballot.choices)


def test_the_browser_without_script_runs_none(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<title>quiet</title><script>document.title = 'loud'</script>")
    titles = []
    for script in (True, False):
        with chromium(tmp_path / f"profile{script}", script=script) as chrome:
            chrome.get(page.as_uri())
            titles.append(chrome.title)

    assert titles == ["loud", "quiet"]


@SCRIPTS
def test_questions_are_chosen_without_an_order_by_keyboard_alone(tmp_path, script):
    with at_the_ballot(tmp_path, reformed(tmp_path / "folder", "chosen", "select_multiple"), script) as (
        chrome,
        db,
        _ids,
    ):
        keys, button, _tick = by_keyboard(chrome)
        picked = []
        for _ in range(2):
            box = tab_to(chrome, keys, until=lambda e: e.get_attribute("name") == "a.choices" and not e.is_selected())
            picked.append(box.get_attribute("value"))
            box.send_keys(keys.SPACE)
        button("Keep ticks and go on")
        choices = send(chrome, db)

    assert sorted(choice["item_id"] for choice in choices) == sorted(picked)


@SCRIPTS
def test_each_question_is_rated_by_keyboard_alone(tmp_path, script):
    with at_the_ballot(tmp_path, reformed(tmp_path / "folder", "rated", "rate"), script) as (chrome, db, ids):
        keys, button, _tick = by_keyboard(chrome)
        for place, question in enumerate(ids, start=1):
            down(chrome, keys, f"a.choices.{question}", place)
        button("Save and continue")
        choices = send(chrome, db)

    assert {choice["item_id"]: choice["rank"] for choice in choices} == dict(zip(ids, (1, 2, 3, 4), strict=True))


def down(chrome, keys, name, times):
    """Come to a select by tabulator and go down in it so many times."""
    select = tab_to(chrome, keys, until=lambda e: e.get_attribute("name") == name)
    for _ in range(times):
        select.send_keys(keys.ARROW_DOWN)


@SCRIPTS
def test_questions_are_put_in_order_by_keyboard_alone(tmp_path, script):
    with at_the_ballot(tmp_path, EXAMPLE, script) as (chrome, db, _ids):
        keys, button, _tick = by_keyboard(chrome)
        for _ in range(3):
            tab_to(
                chrome, keys, until=lambda e: e.get_attribute("name") == "a.choices" and not e.is_selected()
            ).send_keys(keys.SPACE)
        button("Keep ticks and put them in order")
        before = [e.get_attribute("id") for e in chrome.find_elements("css selector", ".order .wording")]
        tab_to(chrome, keys, until=lambda e: (e.get_attribute("aria-label") or "").startswith("Move down")).send_keys(
            keys.ENTER
        )
        moved = chrome.find_element("id", "status").text
        button("This is my order: continue")
        choices = send(chrome, db)

    assert "is now number 2 of 3" in moved
    ranked = [f"w-{choice['item_id']}" for choice in sorted(choices, key=lambda choice: choice["rank"])]
    assert ranked == [before[1], before[0], before[2]]


@SCRIPTS
def test_best_and_worst_are_picked_by_keyboard_alone(tmp_path, script):
    folder = reformed(tmp_path / "folder", "best_worst", "best_worst")
    with at_the_ballot(tmp_path, folder, script) as (chrome, db, _ids):
        _keys, button, tick = by_keyboard(chrome)
        for number in (1, 2, 3):
            shown = chrome.find_elements("css selector", f"[name='a.choices.{number}.worst']")[1].get_attribute("value")
            tick(f"a.choices.{number}.best")
            arrow_to(chrome, f"a.choices.{number}.worst", shown)
            button("Save and continue")
        choices = send(chrome, db)

    assert sorted(choice["value"] for choice in choices) == [-1] * 3 + [0] * 6 + [1] * 3


def arrow_to(chrome, name, value):
    """Come to a group of radio buttons by tabulator, and choose one by the space bar and an arrow."""
    keys, _button, tick = by_keyboard(chrome)
    tick(name)
    while chrome.switch_to.active_element.get_attribute("value") != value:
        chrome.switch_to.active_element.send_keys(keys.ARROW_DOWN)


@SCRIPTS
def test_an_earlier_rating_is_changed_by_keyboard_alone(tmp_path, script):
    with (
        serving(tmp_path / "home", delphi_folder(tmp_path / "folder")) as (http, db, clock),
        chromium(tmp_path / "profile", script=script) as chrome,
    ):
        ids = open_interim(db, clock, count=4)
        visitor = Visitor(http, "/s/lanternfield/interim").press(a__consent="yes").press("next", a__group="public")
        visitor.press("next", **{f"a__choices__{question}": "2" for question in ids}).press("next").press()
        visitor = again(http, clock, db, "/t/" + visitor.path.split("/")[2]).press("next")
        own = re.sub(r"/p/.*", "", visitor.path)
        chrome.get(str(http.base_url.join(f"{own}/p/choices")))
        keys, button, _tick = by_keyboard(chrome)
        down(chrome, keys, f"a.choices.{ids[0]}", 1)
        button("Save and continue")
        button("Save and continue")
        button("Send my answers")
        ballot = next(one for one in rows(db, models.Ballot) if one.round_id.endswith("-2"))

    assert sorted(choice["rank"] for choice in json.loads(ballot.choices)) == [2, 2, 2, 3]
