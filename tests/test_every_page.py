"""Every page that people and the desk see, in every width, colour scheme and language: axe-core finds nothing."""

from __future__ import annotations

import base64
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from consensus import models, steps, tokens
from consensus.interface import catalogue
from consensus.steps.interest import express_interest
from consensus.web.pages import wrong
from tests.accessibility import axe_faults
from tests.browser import chromium, resize
from tests.test_ballot_forms import pick
from tests.test_delphi import again, delphi_folder
from tests.test_keying import key
from tests.test_rewording import CONSENT, SECOND, amend, reworded
from tests.test_risks import ROLE, WORDS
from tests.test_survey_browser import in_language, serving
from tests.visiting import EXAMPLE, Visitor, open_interim, reformed

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LANGUAGES = ("en", "cy", "ar")
ASK = "/s/lanternfield/gather"
RANK = "/s/lanternfield/interim"
CLOSE = datetime(2026, 4, 20, 16, tzinfo=UTC)
SEND = "!"
"""Behind a path: its form is sent as it stands, and what comes back is looked at."""


def own(visitor):
    return "/t/" + visitor.path.split("/")[2]


def begun(http, path, group="public"):
    return Visitor(http, path).press(a__consent="yes").press("next", a__group=group)


def answered(http, words="Why?"):
    return begun(http, ASK).press("next", a__q=words).press("next").press()


def gathering(http, db, clock, home):
    """Yield every page of a gathering round from before it opens until after it closed."""
    yield from (ASK, "/print/lanternfield/gather", "/t/nothing", "/i/lanternfield", f"/i/lanternfield{SEND}")
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    yield from (ASK, f"{ASK}{SEND}", f"{ASK}/kith_and_carers", "/i/lanternfield?done=1")
    filling, sent, gone = begun(http, ASK), answered(http, WORDS), answered(http)
    filling.press("next", a__q=["x" * 20_001])
    here = own(filling)
    pages = (
        "",
        "/p/group",
        "/p/q",
        "/p/q?check=1",
        "/p/q?add=q",
        "/p/age",
        "/p/partner",
        "/check",
        "/saved",
        "/withdraw",
    )
    yield from (f"{here}{page}" for page in pages if http.get(f"{here}{page}").status_code == 200)
    Visitor(http, f"{own(gone)}/withdraw").press()
    yield from (f"{own(sent)}/receipt", f"{own(sent)}/withdraw", own(gone))
    secret = tokens.load_secret(home)
    yield f"/r/{tokens.role_token(secret, 'lanternfield')}"
    express_interest(db, "lanternfield", "ann@example.org", outcome=True, workshop=False)
    with db.reading() as session:
        (asked,) = session.exec(select(models.Interest.interest_id))
    leave = f"/u/{tokens.unsubscribe_token(secret, asked)}"
    yield from (leave, "/u/nothing")
    http.post(leave)
    yield leave
    amend(db, clock, reworded(home / "second", CONSENT, SECOND))
    filling.open(f"{here}/check")
    yield from (f"{here}/agree", f"{here}/agree{SEND}")
    filling.press(a__consent="yes")
    filling.open(f"{here}/p/q").press("next", a__q=["Short enough?"])
    steps.pause_round(db, "lanternfield-gather-1", by="tester", why="", now=clock())
    yield from (ASK, here)
    steps.resume_round(db, "lanternfield-gather-1", by="tester", why="", now=clock())
    steps.cap_round(db, "lanternfield-gather-1", 1, by="tester", why="", now=clock())
    yield ASK
    clock.now = CLOSE + timedelta(minutes=10)
    yield from (f"{here}/check", ASK)
    clock.now = CLOSE + timedelta(hours=2)
    yield from (f"{here}/check", here, ASK, own(sent))


def ranking(http, db, clock, home):
    """Yield every page of a round in which people choose and order questions."""
    yield "/print/lanternfield/interim"
    open_interim(db, clock)
    visitor = begun(http, RANK)
    shown = [value for name, value in visitor.form.fields if name == "shown"]
    visitor.press("order", a__choices=shown[:11])
    here = own(visitor)
    choices = f"{here}/p/choices"
    yield from (RANK, choices, f"{choices}?check=1", f"{choices}?find=nowhere", f"{choices}/order")
    yield from (f"{choices}/order?moved={shown[3]}&by=up", f"{choices}/order?out={shown[12 % len(shown)]}")
    yield from (f"{here}/check", f"{here}/withdraw", *printed())


def printed(more=""):
    return [f"/print/lanternfield/interim?size={size}{more}" for size in ("ordinary", "large")]


def choosing(http, db, clock, home):
    open_interim(db, clock)
    visitor = begun(http, RANK)
    shown = [value for name, value in visitor.form.fields if name in ("shown", "a.choices")]
    here = own(visitor)
    yield from (f"{here}/p/choices", f"{here}/p/choices?check=1", *printed())
    visitor.press("order", a__choices=shown[:2])
    yield f"{here}/check"


def rating(http, db, clock, home):
    """Yield every page of a Delphi, from the first rating to the end of the second round."""
    ids = open_interim(db, clock, count=4)
    links = []
    for rating in ("2", "4", "5", "6", "7", "9"):
        visitor = begun(http, RANK)
        links.append(own(visitor))
        if not links[1:]:
            yield from (f"{links[0]}/p/choices", f"{links[0]}/p/choices?check=1", *printed())
        visitor.press("next", **{f"a__choices__{question}": rating for question in ids}).press("next").press()
    visitor = again(http, clock, db, links[0])
    yield from (links[1], own(visitor))
    visitor.press("next")
    yield from (f"{own(visitor)}/p/choices", f"{own(visitor)}/check", RANK)
    Visitor(http, f"{own(visitor)}/check").press()
    yield f"{own(visitor)}/receipt"


def picking(http, db, clock, home):
    ids = open_interim(db, clock, count=8)
    visitor = pick(begun(http, RANK), ids)
    here = own(visitor)
    yield from (f"{here}/p/choices?set=1", f"{here}/p/choices?set=2&check=1", f"{here}/check", *printed("&design=3"))
    yield "/desk/key/lanternfield-interim-1?design=2"


def keying(http, db, clock, home):
    """Yield the start page and every page of the desk; they speak English alone."""
    desk = "/desk/key/lanternfield-gather-1"
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    clock.pass_by(days=1)
    yield from ("/", desk, f"{desk}{SEND}", f"{desk}?done=none", "/desk/key/nothing")
    key(http, "Ann", a__q="Why?")
    yield from (f"{desk}?done=first&sheet=0012", f"{desk}/discard/0012", f"{desk}/discard/0012{SEND}")
    key(http, "Ben", a__q="Who?")
    yield from (f"{desk}/settle/0012", f"{desk}/settle/0012{SEND}", desk)
    for by in ("Ann", "Ben"):
        kept = key(http, by, sheet="13")
    yield from (str(kept.page.url.path + "?" + kept.page.url.query.decode()), f"{desk}/withdraw/13")
    yield from (f"{desk}/withdraw/13{SEND}", f"{desk}?done=withdrawn&sheet=13")
    open_interim(db, clock)
    yield "/desk/key/lanternfield-interim-1"
    clock.now = CLOSE + timedelta(hours=2)
    yield desk


def with_role(folder):
    reformed(folder, "ranked", "rank")
    with (folder / "protocol.toml").open("a", encoding="utf-8") as file:
        file.write(ROLE)
    return folder


PARTS = {
    "gathering": (gathering, with_role),
    "ranking": (ranking, lambda folder: EXAMPLE),
    "choosing": (choosing, lambda folder: reformed(folder, "chosen", "select_multiple")),
    "rating": (rating, delphi_folder),
    "picking": (picking, lambda folder: reformed(folder, "best_worst", "best_worst")),
    "keying": (keying, lambda folder: EXAMPLE),
}


def as_sent(chrome, url, language):
    """Open a page in a language, narrow; one to be sent is sent as it stands."""
    path, _, _ = url.partition(SEND)
    resize(chrome, 320)
    chrome.get(in_language(path, language))
    if url.endswith(SEND):
        chrome.execute_script("document.querySelector('form[method=post]').noValidate = true")
        chrome.execute_script("document.querySelector('form[method=post] button.go, form[method=post] button').click()")


def seen(chrome, url, language):
    """Return what is amiss on one page in one language: everything narrow and wide, and each colour in the dark."""
    as_sent(chrome, url, language)
    return [f"{language} {url[21:]} {fault}" for fault in looked_at(chrome, url, language)]


def looked_at(chrome, url, language):
    """Return what is amiss on the page that is open, narrow and wide, light and dark."""
    found = []
    for width in (320, 1280):
        for scheme in ("light", "dark"):
            resize(chrome, width, scheme=scheme)
            found += [f"{width} {scheme}: {fault}" for fault in axe_faults(chrome, colours=scheme == "dark")]
            photograph(chrome, url, language, f"{width}-{scheme}")
        wide = chrome.execute_script("return document.documentElement.scrollWidth")
        found += [f"{width}: is {wide} wide"] if wide > width else []  # the window of a phone grows with what is in it
    return found


def photograph(chrome, url, language, how):
    """Keep a picture of the whole page where CONSENSUS_PICTURES names a folder, for somebody to look at."""
    if folder := os.environ.get("CONSENSUS_PICTURES"):
        path, sends, _ = url.partition(SEND)
        name = f"{re.sub(r'[^a-z0-9]+', '-', path[21:])[-60:]}{sends}-{language}-{how}"
        sizes = chrome.execute_script("return [window.innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": sizes[0], "height": min(sizes[1], 2600), "scale": 1}
        shot = chrome.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
        (Path(folder) / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


def spoken_at(path):
    """Return the languages in which a page speaks."""
    return ("en",) if path == "/" or path.startswith(("/desk", "/r/")) else LANGUAGES


REFUSED = ("unknown", "foreign", "too_big", "wait", "method", "broken", "away")
"""What can be wrong where nobody comes to a page of a partnership; most need a bot, a breakdown or another site."""


def test_axe_finds_nothing_on_any_page_that_refuses(tmp_path):
    found = []
    with serving(tmp_path / "home") as (http, _db, _clock), chromium(tmp_path / "profile") as chrome:
        chrome.get(str(http.base_url.join("/t/nothing")))
        for what in REFUSED:
            for language in LANGUAGES:
                shown = wrong(what, 403, language=language).body.decode()
                chrome.execute_script("document.open(); document.write(arguments[0]); document.close();", shown)
                chrome.execute_async_script("setTimeout(arguments[0], 200)")
                found += looked_at(chrome, f"{http.base_url}/refused-{what}", language)
        title = chrome.title

    assert found == []
    assert title == catalogue("ar")["away_heading"]


@pytest.mark.parametrize("part", PARTS)
def test_axe_finds_nothing_on_any_page_narrow_or_wide_light_or_dark_in_any_language(tmp_path, part):
    pages, folder = PARTS[part]
    home = tmp_path / "home"
    with serving(home, folder(tmp_path / "folder")) as (http, db, clock), chromium(tmp_path / "profile") as chrome:
        found = [
            fault
            for path in pages(http, db, clock, home)
            for language in spoken_at(path)
            for fault in seen(chrome, str(http.base_url.join(path)), language)
        ]
        told = [line["message"] for line in chrome.get_log("browser") if line["level"] == "SEVERE"]

    assert found == []
    assert [line for line in told if " 404 " not in line and " 422 " not in line and " 409 " not in line] == []
