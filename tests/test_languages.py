"""Whatever people who take part are told is told in their language: letters, refusals, links that lead nowhere."""

from __future__ import annotations

import re
import sys
from html import unescape

import pytest

from consensus import interface, mail
from consensus.cli.main import main
from consensus.interface import catalogue
from consensus.mail.words import LANGUAGES, words
from consensus.protocol import read_protocol
from consensus.protocol.translations import _texts
from tests.visiting import EXAMPLE, at_the_door

pages = sys.modules["consensus.interface.catalogue"]
letters = sys.modules["consensus.mail.words"]


@pytest.fixture
def client(tmp_path):
    client, db, _clock = at_the_door(tmp_path / "home")
    yield client
    db.close()


def names_in(said):
    """Return every key of a letter's words with the names that are put in there."""
    return {
        key: names_in(text) if isinstance(text, dict) else set(re.findall(r"{(\w+)}", str(text)))
        for key, text in said.items()
    }


def test_letters_speak_every_language_of_the_pages_with_the_same_names_in_them():
    assert LANGUAGES == interface.LANGUAGES
    assert all(names_in(words(language)) == names_in(words("en")) for language in LANGUAGES)
    assert all(mail.spoken(language) == language for language in interface.LANGUAGES)


@pytest.mark.parametrize("language", interface.LANGUAGES)
@pytest.mark.parametrize(
    ("method", "path", "status", "key"),
    [
        ("GET", "/t/nobodys", 404, "unknown"),
        ("GET", "/s/nowhere/gather", 404, "unknown"),
        ("GET", "/no/such/page", 404, "unknown"),
        ("GET", "/desk/key/lanternfield-gather-1", 403, "away"),
        ("DELETE", "/i/lanternfield", 405, "method"),
        ("POST", "/print/lanternfield/gather", 405, "method"),
    ],
)
def test_what_is_refused_is_said_in_the_language_that_the_browser_asks_for(client, method, path, status, key, language):
    answer = client.request(method, path, headers={"Accept-Language": f"tlh, {language}-GB;q=0.8, en;q=0.1"})

    said = catalogue(language)
    assert answer.status_code == status
    assert said[f"{key}_heading"] in unescape(answer.text)
    assert f'<html lang="{language}"' in answer.text


def test_a_form_too_large_is_refused_in_the_language_of_the_browser(client):
    answer = client.post("/s/lanternfield/gather", data={"a.group": "x" * 600_000}, headers={"Accept-Language": "cy"})

    assert answer.status_code == 413
    assert catalogue("cy")["too_big_heading"] in unescape(answer.text)


def test_an_unsubscribe_link_of_nobody_is_answered_in_the_language_of_the_browser(client):
    answer = client.get("/u/x", headers={"Accept-Language": "ar"}).text

    assert words("ar")["unsubscribing"]["unknown"] in unescape(answer)


def test_the_icon_is_there_by_the_name_that_browsers_ask_for(client):
    answer = client.get("/favicon.ico")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")


@pytest.mark.parametrize(
    ("module", "line", "told"),
    [
        (pages, "receipt_heading", "The survey pages have no words in 'cy' for 'receipt_heading'"),
        (pages, "paused_hint", "The survey pages have no words in 'cy' for 'paused_hint'"),
        (letters, "event", "Letters have no words in 'cy' for 'workshop.event'"),
    ],
)
def test_a_sentence_that_pages_or_letters_lack_in_a_language_is_named(
    tmp_path, monkeypatch, capsys, module, line, told
):
    for path in module._FOLDER.iterdir():
        if path.name.endswith(".toml"):
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [each for each in lines if path.name != "cy.toml" or not each.startswith(f"{line} =")]
            (tmp_path / path.name).write_text("".join(kept), encoding="utf-8")
    cache = module.catalogue if module is pages else module.words
    monkeypatch.setattr(module, "_FOLDER", tmp_path)
    cache.cache_clear()
    status = main(["check", str(EXAMPLE)])
    cache.cache_clear()

    assert status == 2
    assert told in capsys.readouterr().err


def test_each_kind_of_text_that_people_read_is_asked_for_in_every_language():
    told = {path for path, _words in _texts(read_protocol(EXAMPLE), ())}

    kinds = {tuple(part for part in path if not part.isdigit()) for path in told}
    assert kinds >= {
        ("partnership", "title"),
        ("partnership", "post"),
        ("groups", "name"),
        ("categories", "name"),
        ("signposting", "name"),
        ("signposting", "contact"),
        ("signposting", "when"),
        ("gather", "title"),
        ("gather", "items", "label"),
        ("gather", "items", "hint"),
        ("gather", "items", "choices", "label"),
    }
