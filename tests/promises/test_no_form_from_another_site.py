"""No CSRF: a form that another site sends for somebody changes nothing, whatever it holds and wherever it goes."""

from __future__ import annotations

import re

import pytest
from starlette.routing import Route

from consensus import steps
from tests.promises.kept import everything_in
from tests.visiting import Visitor, at_the_desk, at_the_door, open_interim

FROM_ELSEWHERE = {
    "another site": {"Origin": "https://evil.example"},
    "a page without an origin": {"Origin": "null"},
    "another port": {"Origin": "http://127.0.0.1:9"},
    "a name like ours": {"Origin": "http://127.0.0.1.evil.example"},
    "what the browser says": {"Sec-Fetch-Site": "cross-site"},
    "a site beside ours": {"Sec-Fetch-Site": "same-site"},
    "both": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
}
ONE_CLICK = "/u/{token}"
"""Mail programs post here by themselves (RFC 8058), from nowhere; the signed address is all that says who asks."""


@pytest.fixture
def place(tmp_path):
    client, db, clock = at_the_door(tmp_path / "home")
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    open_interim(db, clock)
    yield at_the_desk(client), db
    db.close()


def at_the_check(client):
    visitor = Visitor(client, "/s/lanternfield/interim").press(a__consent="yes").press("next", a__group="public")
    shown = [value for name, value in visitor.form.fields if name == "shown"]
    return visitor.press("order", a__choices=shown[:2]).press("next").press("next")


def taking_forms(app):
    """Return the path of every route that takes a form."""
    return sorted({route.path for route in app.routes if isinstance(route, Route) and "POST" in route.methods})


def filled(path, token):
    known = {"partnership": "lanternfield", "kind": "interim", "partner": "harbour_voices", "token": token}
    known |= {"page": "choices", "round": "lanternfield-gather-1", "sheet": "0001"}
    return re.sub(r"{(\w+)}", lambda name: known[name[1]], path)


@pytest.mark.parametrize("headers", FROM_ELSEWHERE.values(), ids=FROM_ELSEWHERE)
def test_no_route_takes_a_form_from_another_site(place, headers):
    client, db = place
    token = at_the_check(client).path.split("/")[2]
    paths = [path for path in taking_forms(client.app) if path != ONE_CLICK]
    said = {"a.consent": "yes", "a.group": "public", "go": "next", "email": "ada@example.org", "outcome": "yes"}
    before = everything_in(db)

    answers = {path: client.post(filled(path, token), data=said, headers=headers).status_code for path in paths}

    assert len(paths) >= 10
    assert answers == dict.fromkeys(paths, 403)
    assert everything_in(db) == before


def test_the_same_form_from_our_own_page_is_taken(place):
    client, db = place
    visitor = at_the_check(client)
    before = everything_in(db)

    ours = {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-origin"}
    answer = client.post(f"/t/{visitor.path.split('/')[2]}/check", data={}, headers=ours)

    assert answer.url.path.endswith("/receipt")
    assert everything_in(db) != before


def test_a_browser_holds_nothing_that_another_site_could_use(place):
    client, _db = place
    visitor = at_the_check(client)
    visitor.press()

    assert visitor.path.endswith("/receipt")
    assert dict(client.cookies) == {}
    assert not any("set-cookie" in answer.headers for answer in [visitor.page, *visitor.page.history])


def test_a_page_of_ours_cannot_be_put_into_a_frame_and_read_from_elsewhere(place):
    client, _db = place

    headers = client.get("/s/lanternfield/interim").headers

    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("token", ["x", "p1.abc", "p" * 5000])
def test_the_address_for_one_click_is_signed_and_no_other_changes_anything(place, token):
    client, db = place
    before = everything_in(db)

    answer = client.post(f"/u/{token}", data={"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 404
    assert everything_in(db) == before
