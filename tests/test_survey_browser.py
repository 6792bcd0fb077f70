"""Taking part in a real Chromium by keyboard alone; what axe-core finds is in `test_every_page`."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from sqlmodel import select

from consensus import models, steps
from tests.accessibility import axe_faults
from tests.browser import chromium
from tests.visiting import at_the_door, open_interim

pytestmark = pytest.mark.browser


@contextmanager
def serving(home, *folder):
    """Serve the web app over a partnership from a port of this machine."""
    client, db, clock = at_the_door(home, *folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(client.app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=True) as http:
        yield http, db, clock
    server.should_exit = True
    thread.join(10)
    db.close()


@pytest.fixture
def served(tmp_path):
    with serving(tmp_path / "home") as place:
        yield place


@pytest.fixture
def chrome(tmp_path):
    with chromium(tmp_path / "profile") as browser:
        yield browser


def rows(db, table):
    with db.reading() as session:
        return list(session.exec(select(table)))


def in_language(path, language):
    return f"{path}{'&' if '?' in path else '?'}lang={language}"


def test_axe_would_find_a_picture_without_words(served, chrome):
    http, _db, _clock = served
    chrome.get(str(http.base_url.join("/t/nothing")))
    chrome.execute_script("document.querySelector('main').append(document.createElement('img'))")

    assert any("image-alt" in fault for fault in axe_faults(chrome))


def tab_to(chrome, keys, *, until, most=120):
    """Press the tabulator until the focused element fits, and return it."""
    from selenium.webdriver.common.action_chains import ActionChains

    for _ in range(most):
        ActionChains(chrome).send_keys(keys.TAB).perform()
        here = chrome.switch_to.active_element
        if until(here):
            return here
    raise AssertionError(f"The tabulator never came to it on {chrome.title}")


def by_keyboard(chrome):
    from selenium.webdriver.common.keys import Keys

    def button(words):
        """Go on by a button, with Enter."""
        before = chrome.current_url
        tab_to(chrome, Keys, until=lambda e: e.tag_name == "button" and words in e.text).send_keys(Keys.ENTER)
        deadline = time.monotonic() + 10
        while chrome.current_url == before and time.monotonic() < deadline:
            time.sleep(0.05)

    def tick(name, value=None):
        """Tick what has the focus, with the space bar."""
        wanted = (
            (lambda e: e.get_attribute("name") == name)
            if value is None
            else (lambda e: e.get_attribute("name") == name and e.get_attribute("value") == value)
        )
        tab_to(chrome, Keys, until=wanted).send_keys(Keys.SPACE)

    return Keys, button, tick


def test_words_are_sent_by_keyboard_alone(served, chrome):
    http, db, clock = served
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    keys, button, tick = by_keyboard(chrome)
    chrome.get(str(http.base_url.join("/s/lanternfield/gather/open_door")))
    tick("a.consent")
    button("Agree and begin")
    tick("a.group")
    button("Save and continue")
    tab_to(chrome, keys, until=lambda e: e.tag_name == "textarea").send_keys("What helps at night?")
    button("Add another")
    chrome.switch_to.active_element.send_keys("And in the morning?")
    button("Save and continue")
    button("Save and continue")
    button("Send my answers")

    assert "Your answers have arrived" in chrome.title or "Thank you" in chrome.title
    assert [answer.text for answer in rows(db, models.Answer)] == ["What helps at night?", "And in the morning?"]


def test_questions_are_chosen_and_ordered_by_keyboard_alone_and_the_focus_stays_on_what_moved(served, chrome):
    http, db, clock = served
    open_interim(db, clock, count=8)
    keys, button, tick = by_keyboard(chrome)
    chrome.get(str(http.base_url.join("/s/lanternfield/interim")))
    tick("a.consent")
    button("Agree and begin")
    tick("a.group")
    button("Save and continue")
    for _ in range(3):
        tab_to(chrome, keys, until=lambda e: e.get_attribute("name") == "a.choices" and not e.is_selected()).send_keys(
            keys.SPACE
        )
    button("Keep ticks and put them in order")
    before = [e.get_attribute("id") for e in chrome.find_elements("css selector", ".order .wording")]
    label = f"Move up: {chrome.find_element('id', before[2]).text}"
    tab_to(chrome, keys, until=lambda e: e.get_attribute("aria-label") == label).send_keys(keys.ENTER)
    focused = []
    for _ in range(2):
        deadline = time.monotonic() + 10
        while "is now number" not in chrome.title and time.monotonic() < deadline:
            time.sleep(0.05)
        here = chrome.switch_to.active_element
        focused.append((here.get_attribute("aria-label"), chrome.find_element("id", "status").text))
        if len(focused) < 2:
            here.send_keys(keys.ENTER)
            time.sleep(0.5)
    after = [e.get_attribute("id") for e in chrome.find_elements("css selector", ".order .wording")]
    button("This is my order: continue")
    button("Save and continue")
    button("Send my answers")
    ballot = json.loads(rows(db, models.Ballot)[0].choices)

    assert after == [before[2], before[0], before[1]]
    assert focused[0][0] == label
    assert "is now number 2 of 3" in focused[0][1]
    assert focused[1][0] == label.replace("Move up", "Move down")  # at the top there is no way further up
    assert "is now number 1 of 3" in focused[1][1]
    assert [f"w-{c['item_id']}" for c in sorted(ballot, key=lambda c: c["rank"])] == after
