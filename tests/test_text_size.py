"""Text twice as large as a browser comes with: no page has to be scrolled sideways to be read, narrow or wide."""

from __future__ import annotations

import pytest

from tests.browser import chromium, resize
from tests.test_every_page import PARTS, as_sent, photograph, spoken_at
from tests.test_survey_browser import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDEST = """
const wide = document.documentElement.clientWidth;
const out = [...document.querySelectorAll("main *, header *, footer *")].filter((each) => {
  const box = each.getBoundingClientRect();
  return box.width > 1 && box.left > -99 && (box.right > wide + 1 || box.left < -1);
});
return out.slice(0, 3).map((each) => each.outerHTML.slice(0, 90));
"""


def too_wide(chrome, url, language):
    """Return what is wider than the window, on one page in one language."""
    found = []
    as_sent(chrome, url, language)
    for width in (320, 1280):
        resize(chrome, width)
        photograph(chrome, url, language, f"{width}-twice")
        wide = chrome.execute_script("return document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{language} {url[21:]} at {width}: is {wide} wide: {chrome.execute_script(WIDEST)}")
    return found


def test_the_text_is_twice_as_large(tmp_path):
    with serving(tmp_path / "home") as (http, _db, _clock), chromium(tmp_path / "profile", text=32) as chrome:
        chrome.get(str(http.base_url.join("/t/nothing")))
        size = chrome.execute_script("return getComputedStyle(document.querySelector('main p')).fontSize")

    assert float(size.removesuffix("px")) >= 2 * 16


@pytest.mark.parametrize("part", PARTS)
def test_no_page_scrolls_sideways_with_text_of_twice_the_size_in_any_language(tmp_path, part):
    pages, folder = PARTS[part]
    home = tmp_path / "home"
    with (
        serving(home, folder(tmp_path / "folder")) as (http, db, clock),
        chromium(tmp_path / "profile", text=32) as chrome,
    ):
        found = [
            fault
            for path in pages(http, db, clock, home)
            for language in spoken_at(path)
            for fault in too_wide(chrome, str(http.base_url.join(path)), language)
        ]

    assert found == []
