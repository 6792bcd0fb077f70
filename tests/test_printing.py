"""The survey on paper: the same words as on the survey pages, in every language, with numbers for the questions."""

from __future__ import annotations

import base64
import re

import pytest

from consensus import steps
from consensus.interface import direction
from consensus.protocol import read_protocol
from consensus.steps.paper import paper_of
from tests.accessibility import axe_faults
from tests.browser import chromium, resize
from tests.test_survey_browser import served  # noqa: F401  a fixture
from tests.visiting import EXAMPLE, at_the_door, open_interim

LANGUAGES = ("en", "cy", "ar")


@pytest.fixture
def place(tmp_path):
    client, db, clock = at_the_door(tmp_path / "home")
    yield client, db, clock
    db.close()


def spoken(html):
    """Return a page's text without its tags, spaces folded."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["gather", "interim"])
def test_every_item_of_the_survey_stands_on_paper_in_every_language(place, kind, language):
    client, db, clock = place
    open_interim(db, clock)

    page = client.get(f"/print/lanternfield/{kind}?lang={language}")

    survey = getattr(read_protocol(EXAMPLE), kind)
    words = spoken(page.text.replace("&#39;", "'"))
    assert f'<html lang="{language}" dir="{direction(language)}">' in page.text
    parts = {item.id: re.split(r"{\w+}", " ".join(item.label.said(language).split())) for item in survey.items}
    assert [each for each, texts in parts.items() if any(text not in words for text in texts)] == []
    listed = [choice for item in survey.items for choice in item.choices]
    assert [choice.id for choice in listed if choice.label.said(language) not in words] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_paper_says_who_to_call_whom_to_ask_and_where_it_goes_back_by_when(place, language):
    client, _db, _clock = place

    words = spoken(client.get(f"/print/lanternfield/gather?lang={language}&size=large").text.replace("&#39;", "'"))

    protocol = read_protocol(EXAMPLE)
    assert all(post.contact.said(language) in words for post in protocol.signposting)
    assert "FREEPOST EXAMPLE" in words
    assert protocol.partnership.contact in words
    assert "17:00" in words


def test_a_ballot_prints_each_question_with_its_number_and_a_numbered_box_for_each_choice(place):
    client, db, clock = place
    ids = open_interim(db, clock, 30)

    page = client.get("/print/lanternfield/interim").text
    asked = paper_of(db, "lanternfield", "interim").questions

    numbers = re.findall(r'class="question"><span class="number">(\d+)</span>', page)
    assert numbers == [str(n) for n in range(1, 31)]
    assert {question.id for question in asked} == set(ids)
    boxes = page.split('class="places"')[1].split("</div>")[0]
    assert re.findall(r'class="number">(\d+)<', boxes) == [str(n) for n in range(1, 11)]


def test_a_ballot_is_not_printed_before_its_questions_are_fixed(place):
    client, _db, _clock = place

    page = client.get("/print/lanternfield/interim")

    assert page.status_code == 409
    assert "There is nothing to print yet" in page.text


def test_large_print_is_another_size_of_the_same_page(place):
    client, _db, _clock = place

    ordinary, large = (client.get(f"/print/lanternfield/gather?size={size}").text for size in ("ordinary", "large"))

    assert '<body class="large">' in large
    assert spoken(ordinary.split("<main>")[1]) == spoken(large.split("<main>")[1])


@pytest.mark.parametrize("path", ["/print/nobody/gather", "/print/lanternfield/workshop"])
def test_there_is_nothing_to_print_where_there_is_no_round(place, path):
    client, _db, _clock = place

    assert client.get(path).status_code == 404


@pytest.mark.browser
def test_large_print_is_at_least_18_points_on_a4_and_axe_finds_nothing(served, tmp_path):  # noqa: F811
    http, db, clock = served
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    open_interim(db, clock)
    smallest = (
        "return Math.min(...[...document.querySelectorAll('main *')].filter(e => e.innerText && e.innerText.trim())"
        ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )

    with chromium(tmp_path / "profile") as chrome:
        faults, sizes, pages = [], [], []
        for kind in ("gather", "interim"):
            for language in LANGUAGES:
                chrome.get(f"{http.base_url}/print/lanternfield/{kind}?size=large&lang={language}")
                for width in (320, 1280):
                    resize(chrome, width)
                    faults += axe_faults(chrome)
                sizes.append(chrome.execute_script(smallest))
                pdf = chrome.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"]
                pages += re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", base64.b64decode(pdf))
        told = chrome.get_log("browser")

    assert faults == []
    assert min(sizes) >= 18 * 96 / 72
    assert {(round(float(w)), round(float(h))) for w, h in pages} == {(595, 842)}
    assert [line for line in told if line["level"] == "SEVERE"] == []
