"""The pages of each form of ballot in a real Chromium: what axe-core finds, and whole journeys by keyboard alone."""

from __future__ import annotations

import json
import re

import pytest

from consensus import models
from tests.accessibility import axe_faults
from tests.browser import resize
from tests.test_ballot_forms import pick
from tests.test_delphi import delphi_folder
from tests.test_survey_browser import by_keyboard, chrome, in_language, rows, serving  # noqa: F401  chrome is a fixture
from tests.visiting import Visitor, open_interim, reformed

pytestmark = pytest.mark.browser

WAYS = [(320, "light", "en"), (320, "dark", "ar"), (1280, "dark", "en"), (1280, "light", "cy")]


@pytest.fixture
def form_of(tmp_path, request):
    """Serve the example's interim round with another form of ballot."""
    form, item = request.param
    folder = delphi_folder(tmp_path / "folder") if form == "rated" else reformed(tmp_path / "folder", form, item)
    with serving(tmp_path / "home", folder) as (http, db, clock):
        yield http, db, open_interim(db, clock, count=4), clock


def begin(http):
    return Visitor(http, "/s/lanternfield/interim").press(a__consent="yes").press("next", a__group="public")


def seen_on(chrome, http, paths):  # noqa: F811
    """Return what is amiss on pages narrow and wide, light and dark, in each language."""
    found = []
    for path in paths:
        for width, scheme, language in WAYS:
            resize(chrome, width, scheme=scheme)
            chrome.get(str(http.base_url.join(in_language(path, language))))
            found += [f"{width} {scheme} {language} {path[-20:]} {fault}" for fault in axe_faults(chrome)]
            if chrome.execute_script("return document.documentElement.scrollWidth > window.innerWidth"):
                found.append(f"{width} {language} {path[-20:]} is wider than the screen")
    return found


@pytest.mark.parametrize("form_of", [("best_worst", "best_worst")], indirect=True)
def test_best_and_worst_are_picked_by_keyboard_alone_and_axe_finds_nothing(form_of, chrome):  # noqa: F811
    http, db, ids, _clock = form_of
    own = re.sub(r"/p/.*", "", begin(http).path)
    visitor = pick(Visitor(http, f"{own}/p/choices"), ids)
    paths = [f"{own}/p/choices?set=1", f"{own}/p/choices?set=2&check=1", f"{own}/check", "/print/lanternfield/interim"]
    found = seen_on(chrome, http, paths)
    _keys, button, tick = by_keyboard(chrome)
    chrome.get(str(http.base_url.join("/s/lanternfield/interim")))
    tick("a.consent")
    button("Agree and begin")
    tick("a.group")
    button("Save and continue")
    for number in (1, 2, 3):
        shown = chrome.find_elements("css selector", f"[name='a.choices.{number}.worst']")[1].get_attribute("value")
        tick(f"a.choices.{number}.best")
        arrow_to(chrome, f"a.choices.{number}.worst", shown)
        button("Save and continue")
    button("Save and continue")
    button("Send my answers")

    (ballot,) = rows(db, models.Ballot)
    assert found == []
    assert visitor.path.endswith("/p/choices")
    assert sorted(choice["value"] for choice in json.loads(ballot.choices)) == [-1] * 3 + [0] * 6 + [1] * 3


def arrow_to(chrome, name, value):  # noqa: F811
    """Come to a group of radio buttons by tabulator, and choose one by the space bar and an arrow."""
    keys, _button, tick = by_keyboard(chrome)
    tick(name)
    while chrome.switch_to.active_element.get_attribute("value") != value:
        chrome.switch_to.active_element.send_keys(keys.ARROW_DOWN)


@pytest.mark.parametrize("form_of", [("rated", "rate")], indirect=True)
def test_a_later_round_shows_earlier_ratings_and_axe_finds_nothing(form_of, chrome):  # noqa: F811
    from tests.test_delphi import again

    http, db, ids, clock = form_of
    links = []
    for rating in ("2", "4", "5", "6", "7", "9"):
        visitor = begin(http)
        visitor.press("next", **{f"a__choices__{question}": rating for question in ids}).press("next").press()
        links.append("/t/" + visitor.path.split("/")[2])
    visitor = again(http, clock, db, links[0]).press("next")
    own = re.sub(r"/p/.*", "", visitor.path)
    found = seen_on(chrome, http, [f"{own}/p/choices", links[1], own, "/s/lanternfield/interim"])
    chrome.get(str(http.base_url.join(f"{own}/p/choices")))
    keys, button, _tick = by_keyboard(chrome)
    select_by_keyboard(chrome, keys, f"a.choices.{ids[0]}")
    button("Save and continue")
    button("Save and continue")
    button("Send my answers")

    ballot = next(one for one in rows(db, models.Ballot) if one.round_id.endswith("-2"))
    assert found == []
    assert sorted(choice["rank"] for choice in json.loads(ballot.choices)) == [2, 2, 2, 3]


def select_by_keyboard(chrome, keys, name):  # noqa: F811
    """Come to a select by tabulator and take its next value."""
    from tests.test_survey_browser import tab_to

    tab_to(chrome, keys, until=lambda e: e.get_attribute("name") == name).send_keys(keys.ARROW_DOWN)
