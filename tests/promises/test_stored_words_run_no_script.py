"""No stored XSS: hostile words through every field come out as the words they are, in a real Chromium."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest

from consensus import models, steps
from consensus.report.page import write_report
from tests.browser import chromium
from tests.conftest import SHARED
from tests.test_keying import GATHER, key
from tests.test_report import example, with_words
from tests.test_survey_browser import rows, serving
from tests.visiting import Visitor

pytestmark = pytest.mark.browser

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "</textarea><svg onload=alert(3)>",
    "javascript:alert(4)",
    "{{ 7 * 7 }} {% raw %} ${7*7}",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "+1-1",
    "\n\nstarts with two line ends",
    "  spaces at both ends  ",
    "'; DROP TABLE answer; --",
    "\u202eright to left override\u202c \u200bzero width",
    "ﷺ 𝒳 👩‍👩‍👧 Ṱ̺̺̕o͞",
]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("hostile") / "home") as (http, db, clock):
        steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
        clock.pass_by(days=1)
        yield http, db, clock


@pytest.fixture(scope="module")
def chrome(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(autouse=True)
def nothing_ran(chrome):
    """Fail whoever leaves a dialog or a report of the content policy behind."""
    yield
    chrome.execute_script("return 1")  # raises where a dialog is open
    told = [entry["message"] for entry in chrome.get_log("browser")]
    assert [message for message in told if "Content Security Policy" in message] == []


def naughty(shared: Path | None):
    words = list(HOSTILE)
    if shared is not None:
        lines = json.loads((shared / "exports" / "security" / "blns.base64.json").read_text())
        words += [base64.b64decode(line).decode("utf-8", "replace") for line in lines]
    return [word for word in words if word.strip()]


def sent_and_shown(http, db, chrome, words):
    """Send words through every box and search, look at every page that shows them, and return what is kept."""
    visitor = Visitor(http, "/s/lanternfield/gather").press(a__consent="yes").press("next", a__group="public")
    own = "/t/" + visitor.path.split("/")[2]
    visitor.press("next", a__q=words)
    for path in ("/p/q", "/check"):
        chrome.get(str(http.base_url.join(own + path)))
        shown = chrome.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.tagName == 'LI' ? e.textContent : e.value)",
            "textarea" if path == "/p/q" else ".words li",
        )
        yield path, shown
    visitor.open(own + "/check").press()
    assert visitor.path.endswith("/receipt")
    yield "store", [answer.text for answer in rows(db, models.Answer)]


def test_hostile_words_come_out_as_words(served, chrome):
    http, db, _clock = served
    words = naughty(SHARED if SHARED.is_dir() else None)
    wrong = []
    for start in range(0, len(words), 40):
        some = words[start : start + 40]
        expected = [word.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd") for word in some]
        for where, shown in sent_and_shown(http, db, chrome, some):
            if where == "store":
                wrong += [(where, word) for word in expected if word not in shown]
            else:
                wrong += [(where, a, b) for a, b in zip(expected, shown, strict=True) if a != b]

    assert wrong == []


def test_a_script_that_tried_to_run_would_be_noticed(served, chrome):
    http, _db, _clock = served
    chrome.get(str(http.base_url.join("/i/lanternfield")))
    chrome.execute_script("document.body.innerHTML = '<img src=/nowhere onerror=alert(1)>'")
    until = time.monotonic() + 10
    told = []
    while not told and time.monotonic() < until:
        told = [one["message"] for one in chrome.get_log("browser") if "Content Security Policy" in one["message"]]
        time.sleep(0.1)

    assert told != []


def one_line(word):
    return " ".join(word.split())


def test_an_address_that_is_none_is_shown_again_as_it_was_typed(served, chrome):
    http, _db, _clock = served
    for word in map(one_line, HOSTILE):
        chrome.get(str(http.base_url.join("/i/lanternfield")))
        field = chrome.find_element("name", "email")
        chrome.execute_script("arguments[0].type = 'text'; arguments[0].value = arguments[1]", field, word)
        chrome.execute_script("arguments[0].form.noValidate = true; arguments[0].form.submit()", field)

        assert chrome.find_element("name", "email").get_attribute("value") == word


def test_hostile_entries_at_the_desk_are_shown_again_as_they_were_keyed(served, chrome):
    http, db, _clock = served
    words = [word.strip() for word in HOSTILE]
    chrome.get(f"{http.base_url}{GATHER}")
    for number, word in enumerate(map(one_line, HOSTILE)):
        sheet = f"{number} {word}".replace("/", "-")
        key(http, f"Ann {word}", sheet=sheet, a__q=words)
        settling = key(http, f"Ben {word}", sheet=sheet, a__q=[*words, "more"])
        assert "/settle/" in settling.page.url.path
        chrome.get(str(settling.page.url))
        shown = chrome.find_element("tag name", "main").text

        assert f"Ann {word}".encode("ascii", "ignore").decode() in shown.encode("ascii", "ignore").decode()
    listed = {(row.sheet, row.by) for row in rows(db, models.PaperEntry)}
    assert {by for _sheet, by in listed} >= {f"Ann {one_line(word)}" for word in HOSTILE}


@pytest.mark.parametrize("name", ["done", "sheet", "code", "by", "lang"])
def test_what_stands_in_an_address_runs_nothing_at_the_desk(served, chrome, name):
    http, _db, _clock = served
    for word in HOSTILE:
        chrome.get(str(http.build_request("GET", GATHER, params={"done": "first", "sheet": "1", name: word}).url))

        assert chrome.find_elements("css selector", "script, img, main svg") == []


@pytest.mark.parametrize("name", ["lang", "check", "add", "done"])
def test_what_stands_in_an_address_runs_nothing_on_the_survey_pages(served, chrome, name):
    http, _db, _clock = served
    own = "/".join(Visitor(http, "/s/lanternfield/gather").press(a__consent="yes").path.split("/")[:3])
    for word in HOSTILE[:6]:
        for path in (f"{own}/p/q", "/s/lanternfield/gather", "/i/lanternfield"):
            chrome.get(str(http.build_request("GET", path, params={name: word}).url))

            assert chrome.find_elements("css selector", "script:not([src]), img, main svg") == []


def test_hostile_words_on_the_published_page_are_words(chrome, tmp_path):
    published, wordings = with_words(HOSTILE)
    write_report(tmp_path / "report.html", published)

    chrome.get((tmp_path / "report.html").as_uri())

    text = chrome.execute_script("return document.body.textContent").encode("ascii", "ignore").decode()
    said = [one_line(word.encode("ascii", "ignore").decode()) for word in wordings[: len(HOSTILE)]]
    assert [word for word in said if word not in one_line(text)] == []
    assert chrome.find_elements("css selector", "script") == []
    assert all(e.get_attribute("src").startswith("data:") for e in chrome.find_elements("tag name", "img"))
    assert len(example().questions) == len(published.questions)
