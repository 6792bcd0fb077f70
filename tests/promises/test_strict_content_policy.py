"""A strict policy on every response: no script runs, nothing comes from elsewhere, no page holds a style of its own."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient

from consensus import steps
from tests.test_keying import GATHER as DESK_GATHER
from tests.test_keying import INTERIM as DESK_INTERIM
from tests.test_keying import key
from tests.test_report import Page, example_page
from tests.visiting import Visitor, at_the_desk, at_the_door, open_interim

ASKED_FOR = {"stylesheet", "icon"}
ADDRESSES = ("src", "srcset", "data", "action", "formaction", "poster", "background")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    client, db, clock = at_the_door(tmp_path_factory.mktemp("policy") / "home")
    here = at_the_desk(client, raise_server_exceptions=False)
    yield here, db, clock
    db.close()


def gathering_pages(http, db, clock):
    """Return every page of a gathering round that there is: the path, with what leads there done before."""
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    visitor = Visitor(http, "/s/lanternfield/gather/kith_and_carers").press(a__consent="yes")
    own = "/t/" + visitor.path.split("/")[2]
    visitor.press("next", a__group="public").press("next", a__q=["x" * 2001])
    sent = Visitor(http, "/s/lanternfield/gather").press(a__consent="yes").press("next", a__group="public")
    sent.press("next", a__q="Why?").press("next").press()
    paths = ["/p/group", "/p/q", "/p/q?check=1", "/p/q?add=q", "/p/age", "/check", "/saved", "/withdraw", ""]
    started = ["/s/lanternfield/gather/kith_and_carers", *(own + path for path in paths)]
    return [*started, sent.path, "/i/lanternfield", "/i/lanternfield?done=1", "/t/nothing", "/s/lanternfield/interim"]


def interim_pages(http, db, clock):
    """Return every page of an interim round."""
    open_interim(db, clock)
    visitor = Visitor(http, "/s/lanternfield/interim").press(a__consent="yes").press("next", a__group="public")
    own = "/t/" + visitor.path.split("/")[2]
    shown = [value for name, value in visitor.form.fields if name == "shown"]
    visitor.press("order", a__choices=shown[:11])
    paths = ["/p/choices", "/p/choices?check=1", "/p/choices?find=nowhere", "/p/choices/order"]
    paths += [f"/p/choices/order?moved={shown[3]}&by=up", f"/p/choices/order?out={shown[12 % len(shown)]}", "/check"]
    return [*("/s/lanternfield/interim", "/s/lanternfield/gather"), *(own + path for path in paths)]


@pytest.fixture(scope="module")
def pages(place):
    """Return what is seen at every page that there is, by path."""
    client, db, clock = place
    paths = gathering_pages(client, db, clock)
    clock.pass_by(days=1)
    key(client, "Ann", a__q="One reading")
    key(client, "Ben", a__q="Another reading")
    desk = [DESK_GATHER, f"{DESK_GATHER}/settle/0012", f"{DESK_GATHER}?done=first&sheet=0012"]
    seen = {path: client.get(path) for path in [*paths, *desk]}
    others = [*interim_pages(client, db, clock), DESK_INTERIM, "/", "/u/nothing", "/print/lanternfield/gather"]
    others += ["/print/lanternfield/interim?size=large", "/print/lanternfield/interim?lang=ar"]
    return seen | {path: client.get(path) for path in others}


def policy(response):
    """Return a response's policy by directive."""
    told = response.headers.get("content-security-policy", "")
    return {part.split()[0]: part.split()[1:] for part in told.split(";") if part.strip()}


def assert_strict(response):
    told = policy(response)
    assert told["default-src"] == ["'none'"]
    assert "script-src" not in told or told["script-src"] == ["'self'"]
    assert "connect-src" not in told or told["connect-src"] == ["'self'"]
    assert told["style-src"] == ["'self'"]
    assert set(told["img-src"]) <= {"'self'", "data:"}
    assert (told["base-uri"], told["form-action"], told["frame-ancestors"]) == (["'none'"], ["'self'"], ["'none'"])
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] in ("no-referrer", "same-origin")


class Inline(HTMLParser):
    """What a page runs, styles or fetches that is not a file of ours."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        had = dict(attributes)
        if tag in ("style", "iframe", "object", "embed", "base") or (tag == "script" and not had.get("src")):
            self.found.append(tag)
        self.found += [f"{tag} {name}" for name in had if name == "style" or name.startswith("on")]
        self.found += [f"{tag} {had['href']}" for _ in [0] if tag == "link" and had.get("rel") not in ASKED_FOR]
        fetched = [had[name] or "" for name in ADDRESSES if name in had]
        fetched += [had["href"] or ""] if tag == "link" else []
        self.found += [f"{tag} {each}" for each in fetched if re.match(r"(?!data:)[a-z+]+:|//", each, re.I)]
        self.found += [had["href"]] if re.match(r"\s*(javascript|data|vbscript):", had.get("href") or "", re.I) else []


def test_every_page_has_the_policy_and_nothing_inline(pages):
    assert len(pages) > 25
    for path, response in pages.items():
        assert_strict(response)
        assert Inline(response.text).found == [], path


def test_no_page_is_kept_by_a_browser_or_a_proxy_and_none_of_a_person_is_found_by_a_search(pages):
    of_people = [path for path in pages if path.startswith(("/t/", "/s/", "/i/", "/print/", "/desk/"))]

    assert {path for path, response in pages.items() if response.headers.get("cache-control") != "no-store"} == set()
    assert {path for path in of_people if pages[path].headers.get("x-robots-tag") != "noindex"} == set()
    assert len(of_people) > 20


def test_what_is_inline_would_be_found():
    page = '<p style="x" onclick="y"><script>z</script><a href=" javascript:1">a</a><img src="//elsewhere/x.png">'

    assert Inline(page).found == ["p style", "p onclick", "script", " javascript:1", "img //elsewhere/x.png"]


def test_every_other_kind_of_response_has_it_too(place, pages, monkeypatch):
    client, _db, _clock = place
    door = "/s/lanternfield/interim"
    assert door in pages

    def broken(*_args, **_named):
        raise RuntimeError("words of somebody")

    answers = {
        200: client.get("/static/survey.css"),
        303: client.post("/i/lanternfield", data={"email": "a@example.org", "outcome": "yes"}, follow_redirects=False),
        403: client.post(door, data={}, headers={"Origin": "https://evil.example"}),
        404: client.get("/nowhere"),
        405: client.put(door),
        413: client.post(door, data={"a.consent": "x" * 600_000}),
        422: client.post(door, data={}),
    }
    monkeypatch.setattr(steps, "list_partnerships", broken)
    answers[500] = client.get("/health")

    assert {status: answer.status_code for status, answer in answers.items()} == {each: each for each in answers}
    for answer in answers.values():
        assert_strict(answer)
    assert "words of somebody" not in answers[500].text


def test_the_desk_refuses_with_the_policy_on(place):
    client, _db, _clock = place

    refused = TestClient(client.app, client=("192.0.2.7", 5000)).get("/desk/key/lanternfield-gather-1")

    assert refused.status_code == 403
    assert_strict(refused)


def test_the_published_page_asks_nothing_of_anybody_else_and_runs_no_script():
    html = example_page()
    page = Page(html)

    addresses = [a[key] for _, a in page.tags for key in ("src", "href", "srcset", "action", "data") if key in a]
    assert addresses
    assert all(address.startswith(("#", "data:image/svg+xml;base64,")) for address in addresses)
    assert not page.all("script")
    assert not [a for _, a in page.tags if "style" in a or any(key.startswith("on") for key in a)]
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert "default-src 'none'" in policy
    assert f"style-src 'sha256-{digest}'" in policy
    assert "@import" not in page.style
    assert "url(" not in page.style
