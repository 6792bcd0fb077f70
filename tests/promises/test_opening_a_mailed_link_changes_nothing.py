"""Opening a link of a letter changes nothing, whoever opens it: a person, a mail program ahead of time, a scanner."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from consensus import steps
from consensus.web.app import create_app
from tests import walk
from tests.promises.kept import bytes_in, everything_in
from tests.test_mailing import REMINDED, db, post, send, settings  # noqa: F401  fixtures
from tests.test_survey import begun, gathering, place  # noqa: F401  fixtures

AHEAD_OF_TIME = {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch", "X-Moz": "prefetch"}
SCANNER = {"User-Agent": "LinkScanner/1.0", "Accept": "*/*"}


@pytest.fixture
def mailed(db, settings, post):  # noqa: F811
    """Return the web app, and every address in every letter of a round and its reminder, as paths."""
    send(db, settings, walk.OPENED)
    steps.advance_rounds(db, now=REMINDED)
    send(db, settings, REMINDED)
    paths = set()
    for _address, letter in post.letters:
        texts = [letter.get_body((kind,)).get_content() for kind in ("plain", "html")] + [letter["List-Unsubscribe"]]
        paths |= {urlsplit(url).path for text in texts for url in re.findall(r"https?://[^\s<>\"]+", text)}
    return TestClient(create_app(settings, lambda: REMINDED)), sorted(paths)


def opened(client, paths, method, headers):
    """Open addresses, and whatever the pages behind them lead to within the site; return every status by path."""
    seen, next_ones = {}, list(paths)
    while next_ones:
        path = next_ones.pop()
        if path in seen:
            continue
        answer = client.request(method, path, headers=headers)
        seen[path] = answer.status_code
        next_ones += [each for each in re.findall(r'(?:href|action|src)="(/[^"]*)"', answer.text) if each not in seen]
    return seen


@pytest.mark.parametrize("headers", [{}, AHEAD_OF_TIME, SCANNER], ids=["person", "prefetching", "scanner"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_whoever_opens_every_link_of_every_letter_leaves_the_same_rows_and_bytes(
    mailed, db, tmp_path, method, headers  # noqa: F811
):  # fmt: skip
    client, paths = mailed
    rows, content = everything_in(db), bytes_in(tmp_path)

    statuses = [opened(client, paths, method, headers) for _ in range(2)]

    assert {path.split("/")[1] for path in paths} == {"t", "u"}
    assert len(paths) == 8  # four people, each with a link of their own and one to unsubscribe
    assert {statuses[0][path] for path in paths} <= ({200} if method == "GET" else {200, 405})
    assert statuses[0] == statuses[1]
    assert everything_in(db) == rows
    assert bytes_in(tmp_path) == content


def test_what_is_compared_would_show_a_click(mailed, db, tmp_path):  # noqa: F811
    client, paths = mailed
    rows, content = everything_in(db), bytes_in(tmp_path)

    client.post(next(path for path in paths if path.startswith("/u/")))

    assert everything_in(db) != rows
    assert bytes_in(tmp_path) != content


def test_opening_every_page_of_somebody_who_has_begun_changes_nothing(gathering):  # noqa: F811
    client, store, _clock = gathering
    own = "/t/" + begun(client).path.split("/")[2]
    before = everything_in(store)

    for path in ("", "/p/q", "/p/q?add=q", "/p/q?check=1", "/check", "/saved", "/withdraw", "/receipt"):
        client.get(own + path)
    for path in (
        "/s/lanternfield/gather",
        "/s/lanternfield/gather?lang=en",
        "/i/lanternfield",
        "/i/lanternfield?done=1",
    ):
        client.get(path)

    assert everything_in(store) == before
