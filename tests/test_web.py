"""The start page: which partnerships there are, and the next thing to do in each."""

from __future__ import annotations

import re
import socket
import threading
import time
from datetime import timedelta

import pytest
import uvicorn
from fastapi.testclient import TestClient

from consensus import steps
from consensus.settings import Settings
from consensus.store import Store
from consensus.web.app import create_app
from tests import people, walk
from tests.browser import chromium, resize
from tests.builders import small_folder
from tests.visiting import at_the_desk, at_the_door


@pytest.fixture
def settings(tmp_path):
    return Settings.from_environment({"CONSENSUS_HOME": str(tmp_path / "home")})


@pytest.fixture
def db(settings):
    opened = Store.open(settings.database_url)
    yield opened
    opened.close()


def test_without_a_partnership_the_page_says_how_to_begin(settings):
    page = TestClient(create_app(settings)).get("/")

    assert page.status_code == 200
    assert "consensus init" in page.text


def test_the_page_names_the_next_thing_to_do_and_where_the_runs_are(settings, db, tmp_path):
    walk.run_stage("register", db, tmp_path)

    page = TestClient(create_app(settings, lambda: people.GATHER_ENDS)).get("/").text

    assert "A small partnership" in page
    assert "There are no answers yet" in page
    assert settings.prefect_url in page


@pytest.mark.parametrize(
    ("now", "sentence", "row"),
    [
        (people.OPENS - timedelta(days=1), "opens by itself Monday 5 January 2026 at 09:00", "opens Monday 5 January"),
        (people.OPENS + timedelta(minutes=1), "opens by itself with the next sweep", "opens with the next sweep"),
    ],
)
def test_before_the_first_survey_the_page_says_when_it_opens_and_how_to_open_it_now(
    settings, db, tmp_path, now, sentence, row
):
    walk.run_stage("register", db, tmp_path)

    page = TestClient(create_app(settings, lambda: now)).get("/").text

    assert f"The first survey {sentence}" in page
    assert "consensus round open gather --partnership small" in page
    assert f">{row}" in page
    assert "its close was" not in " ".join(steps.status(db, "small", now=now).to_lines())


def test_an_open_round_has_its_links_to_hand_out_and_each_leads_somewhere(tmp_path):
    client, db, clock = at_the_door(tmp_path / "home")
    before = client.get("/").text
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    page = client.get("/").text
    settings = Settings.from_environment({"CONSENSUS_HOME": str(tmp_path / "home")})
    links = [
        link.removeprefix(settings.links_url) for link in re.findall(r'href="([^"]*/(?:s|print|desk)/[^"]+)"', page)
    ]
    answers = [at_the_desk(client).get(link) for link in links]
    db.close()

    assert "/s/lanternfield" not in before
    assert "The first survey is open and closes by itself Monday 20 April 2026" in page
    assert "/s/lanternfield/gather/kith_and_carers" in links
    assert "/desk/key/lanternfield-gather-1" in links
    assert [answer.status_code for answer in answers] == [200] * 12


def test_nothing_that_people_wrote_and_no_count_by_group_is_on_the_page(settings, db, tmp_path):
    for stage in walk.STAGES:
        walk.run_stage(stage, db, tmp_path)

    page = TestClient(create_app(settings)).get("/").text

    assert "The Top 3 is published" in page
    assert not any(text[:25] in page for texts in walk.ASKED.values() for text in texts)
    assert "of 4 answered" not in page


def test_a_title_with_markup_in_it_is_shown_as_words(settings, db, tmp_path):
    title = "<script>alert(1)</script>"
    folder = small_folder(tmp_path / "hostile", **{'title = "A small partnership"': f'title = "{title}"'})
    steps.register(db, folder, by="tester", now=walk.ANSWERED)

    page = TestClient(create_app(settings)).get("/").text

    assert title not in page
    assert "&lt;script&gt;" in page


def test_the_icon_that_the_page_names_is_there(settings):
    client = TestClient(create_app(settings))

    named = re.findall(r'<link rel="icon" href="([^"]+)"', client.get("/").text)

    assert [client.get(path).headers["content-type"] for path in named] == ["image/svg+xml"]
    assert "img-src 'self'" in client.get("/").headers["content-security-policy"]


@pytest.fixture
def served(settings, db, tmp_path):
    walk.run_stage("register", db, tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join(10)


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_start_page_fits_a_phone_and_a_desk(served, tmp_path, width, scheme):
    with chromium(tmp_path / "profile") as chrome:
        resize(chrome, width, scheme=scheme)
        chrome.get(served)
        overflow = chrome.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
        faults = [entry["message"] for entry in chrome.get_log("browser")]

    assert overflow <= 0
    assert [fault for fault in faults if "favicon" not in fault] == []


def test_a_phone_fetches_the_looks_and_the_script_of_the_pages_once(settings, db):
    client = TestClient(create_app(settings))
    for name in ("survey.css", "survey.js", "style.css", "print.css", "icon.svg"):
        first = client.get(f"/static/{name}")
        again = client.get(f"/static/{name}", headers={"If-None-Match": first.headers["etag"]})

        assert (first.status_code, first.headers["cache-control"]) == (200, "no-cache")
        assert (again.status_code, again.content) == (304, b"")
