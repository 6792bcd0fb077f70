"""No stored XSS: hostile words through every field come out as the words they are, in a real Chromium."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from consensus import models, steps
from tests.test_survey_browser import chrome, rows, served  # noqa: F401  fixtures
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


def naughty(shared: Path | None):
    words = list(HOSTILE)
    if shared is not None:
        lines = json.loads((shared / "exports" / "security" / "blns.base64.json").read_text())
        words += [base64.b64decode(line).decode("utf-8", "replace") for line in lines]
    return [word for word in words if word.strip()]


def sent_and_shown(http, db, chrome, words):  # noqa: F811
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


def test_hostile_words_come_out_as_words(served, chrome):  # noqa: F811
    http, db, clock = served
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    folder = Path(__file__).resolve().parents[2] / "shared"
    words = naughty(folder if folder.is_dir() else None)
    wrong = []
    for start in range(0, len(words), 40):
        some = words[start : start + 40]
        expected = [word.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd") for word in some]
        for where, shown in sent_and_shown(http, db, chrome, some):
            if where == "store":
                wrong += [(where, word) for word in expected if word not in shown]
            else:
                wrong += [(where, a, b) for a, b in zip(expected, shown, strict=True) if a != b]
    for word in HOSTILE:
        chrome.get(str(http.base_url.join("/i/lanternfield")))
        field = chrome.find_element("name", "email")
        field.send_keys(word.strip().replace("\n", " ").encode("ascii", "ignore").decode())
        field.submit()
    messages = [entry["message"] for entry in chrome.get_log("browser")]

    assert wrong == []
    assert [message for message in messages if "Content Security Policy" in message] == []
