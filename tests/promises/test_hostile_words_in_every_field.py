"""Whatever the steering group, translators, facilitators or the address book write is text wherever it comes out."""

from __future__ import annotations

import base64
import dataclasses
import json
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser

import pytest
from openpyxl import load_workbook
from sqlmodel import select

from consensus import models, steps, tokens
from consensus.cli.main import main
from consensus.mail import Event, Letter, Sender, write_letter, write_notice
from consensus.protocol import read_protocol
from consensus.settings import Settings
from consensus.steps.interest import express_interest
from consensus.store import Store
from flows.artifacts import summary, table_rows
from tests import walk
from tests.browser import chromium
from tests.builders import small_folder
from tests.hostile import ATTACKS, FORMULAS, HELD, LINES, free_texts, hostile_folder
from tests.test_survey_browser import serving
from tests.visiting import EXAMPLE, Visitor, at_the_desk, at_the_door

NOW = walk.OPENED
LANGUAGES = ("en", "cy", "ar")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return hostile_folder(EXAMPLE, tmp_path_factory.mktemp("folder") / "lanternfield", ATTACKS)


def test_every_free_text_of_the_three_files_is_hostile_here(folder):
    path, written = folder
    protocol = read_protocol(path)
    kept = json.dumps(protocol.model_dump(mode="json"), ensure_ascii=False)
    texts = [text for keys, text in free_texts(json.loads(kept)) if keys[-1] not in HELD | {"hash"} and text]

    assert len(written) > 150
    assert [text for text in texts if not text.startswith(ATTACKS)] == []


# -- pages


@pytest.fixture(scope="module")
def served(tmp_path_factory, folder):
    home = tmp_path_factory.mktemp("served") / "home"
    with serving(home, folder[0]) as (http, db, clock):
        yield http, db, clock, home


def pages(http, db, clock, home):
    """Yield every kind of page that shows words of the protocol, in a round that is open and in one that is not."""
    yield from ("/", "/s/lanternfield/gather", "/print/lanternfield/gather", "/i/lanternfield")
    steps.open_round(db, "lanternfield", "gather", by=ATTACKS[0], now=clock())
    clock.pass_by(days=1)
    visitor = Visitor(http, "/s/lanternfield/gather").press(a__consent="yes")
    own = "/t/" + visitor.path.split("/")[2]
    visitor.press("next", a__group="public").press("next", a__q=[*ATTACKS])
    yield from (f"{own}{on}" for on in ("", "/p/group", "/p/q", "/p/age", "/check", "/saved", "/withdraw"))
    visitor.open(f"{own}/check").press()
    yield f"{own}/receipt"
    yield from ("/desk/key/lanternfield-gather-1", "/desk/key/lanternfield-gather-1/withdraw", "/")
    express_interest(db, "lanternfield", "ann@example.org", outcome=True, workshop=True)
    with db.reading() as session:
        (asked,) = session.exec(select(models.Interest.interest_id))
    yield f"/u/{tokens.unsubscribe_token(tokens.load_secret(home), asked, 'ann@example.org')}"
    yield f"/r/{tokens.role_token(tokens.load_secret(home), 'lanternfield')}"
    steps.pause_round(db, "lanternfield-gather-1", by=ATTACKS[1], why=ATTACKS[2], now=clock())
    yield from ("/s/lanternfield/gather", own)


@pytest.mark.browser
def test_no_page_in_any_language_runs_anything_that_stands_in_a_protocol(served, tmp_path):
    http, db, clock, home = served
    looked = 0
    with chromium(tmp_path / "profile") as chrome:
        for path in pages(http, db, clock, home):
            for language in LANGUAGES:
                chrome.get(str(http.build_request("GET", path, params={"lang": language}).url))
                found = chrome.execute_script(  # raises where a dialog is open
                    'return [...document.querySelectorAll(\'script:not([src="/static/survey.js"]), svg, img, '
                    "[onfocus], [onerror], [onload], "
                    'a[href^="javascript" i]\')].map(each => each.outerHTML)'
                )
                told = [one["message"] for one in chrome.get_log("browser")]

                assert found == [], path
                assert [one for one in told if "Content Security Policy" in one] == [], path
                assert "7 * 7" in chrome.page_source or "alert" in chrome.page_source, path
                looked += 1
    assert looked > 50


def naughty(shared):
    """Return the list of naughty strings, those without any words left out."""
    lines = json.loads((shared / "exports" / "security" / "blns.base64.json").read_text(encoding="utf-8"))
    words = [base64.b64decode(line).decode("utf-8", "replace") for line in lines]
    return tuple(word for word in words if word.strip())


def test_naughty_strings_in_every_free_text_of_a_protocol_are_text_on_every_page(shared, tmp_path):
    words = naughty(shared)
    for start in range(0, len(words), 170):
        path, written = hostile_folder(EXAMPLE, tmp_path / str(start), words[start:] + words[:start])
        client, db, clock = at_the_door(tmp_path / f"home{start}", path)
        http = at_the_desk(client)
        for page in pages(http, db, clock, tmp_path / f"home{start}"):
            answer = http.get(page)
            assert answer.status_code == 200, page
            assert dangerous(answer.text) == [], page
        db.close()

    assert len(words) > 500
    assert len(written) > 150


# -- letters


class Tags(HTMLParser):
    """What a mail program would make of a letter's HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def dangerous(html):
    """Return the tags of a page that could run something or ask somebody else for something."""
    return [
        (tag, had)
        for tag, had in Tags(html).found
        if (
            tag in ("script", "iframe", "object", "embed", "base")
            and had != {"src": "/static/survey.js", "defer": None}
        )
        or (tag == "img" and not str(had.get("src")).startswith("data:"))
        or any(name.startswith("on") for name in had)
        or str(had.get("href") or had.get("action") or "")
        .lower()
        .lstrip()
        .startswith(("javascript:", "data:", "vbscript:"))
    ]


HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post",
    "Auto-Submitted", "Content-Language", "MIME-Version", "Content-Type",
}  # fmt: skip
PROPERTIES = {
    "BEGIN", "VERSION", "PRODID", "METHOD", "UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "DESCRIPTION",
    "END",
}  # fmt: skip


def hostile_letter(words, kind, language):
    event = Event("w1", f"{words} workshop", NOW, 60, words, words) if kind == "workshop" else None
    return Letter(
        kind=kind, survey="interim", mail_id="m1", language=language, title=words, contact=words, closes=words,
        link="" if kind in ("workshop", "outcome") else "https://x.example.org/t/abc",
        unsubscribe="https://x.example.org/u/abc", event=event, when=words, day=words, place=words if event else "",
        priorities=(words, words) if kind == "outcome" else (), spoken_in=language,
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["invitation", "reminder-1", "workshop", "outcome"])
def test_no_words_in_a_letter_become_a_header_a_tag_or_a_line_of_the_calendar(kind, language):
    for words in (*ATTACKS, *LINES, *FORMULAS):
        sender = Sender(words, "us@example.org", "us@example.org")
        raw = write_letter(hostile_letter(words, kind, language), sender, "ann@example.org", at=NOW)

        letter = message_from_bytes(raw, policy=default)
        html = letter.get_body(("html",)).get_content()
        tags = Tags(html).found
        calendars = [part.get_content() for part in letter.iter_attachments()]
        assert set(letter.keys()) <= HEADERS
        assert letter["To"] == "ann@example.org"
        assert letter["Bcc"] is None
        assert not {tag for tag, _ in tags} - {"html", "head", "meta", "title", "body", "p", "a", "ol", "li"}
        assert all(had["href"].startswith("https://x.example.org/") for tag, had in tags if tag == "a")
        assert not [name for _, had in tags for name in had if name.startswith("on")]
        for calendar in calendars:
            text = calendar if isinstance(calendar, str) else calendar.decode()
            lines = text.replace("\r\n ", "").split("\r\n")
            assert {line.replace(";", ":").partition(":")[0] for line in lines if line} <= PROPERTIES
            assert [line for line in lines if line.startswith("BEGIN:")] == ["BEGIN:VCALENDAR", "BEGIN:VEVENT"]
            assert "\n" not in text.replace("\r\n", "")


@pytest.mark.parametrize("kind", ["invitation", "workshop", "outcome"])
def test_naughty_strings_in_every_place_of_a_letter_are_text(shared, kind):
    for words in naughty(shared):
        sender = Sender(words, "us@example.org", "us@example.org")
        raw = write_letter(hostile_letter(words, kind, "en"), sender, "ann@example.org", at=NOW)

        letter = message_from_bytes(raw, policy=default)
        assert set(letter.keys()) <= HEADERS
        assert letter["To"] == "ann@example.org"
        assert dangerous(letter.get_body(("html",)).get_content()) == []


@pytest.mark.parametrize("words", [*ATTACKS, *LINES])
def test_no_words_in_a_notice_to_the_role_become_a_header(words):
    raw = write_notice(words, words, Sender(words, "us@example.org"), "role@example.org", at=NOW)

    letter = message_from_bytes(raw, policy=default)
    assert set(letter.keys()) <= HEADERS | {"Content-Transfer-Encoding"}
    assert letter["Bcc"] is None
    assert letter.get_content_type() == "text/plain"


# -- workbooks

NAMES = {
    'title = "A small partnership"': "=1+1 small partnership <script>alert(1)</script>",
    'name = "Family and carers"': "+1 carers <img src=x onerror=alert(2)>",
    'name = "Practitioners"': "@SUM(A1) practitioners <svg onload=alert(3)>",
    'name = "Biological"': "-1 biological <script>alert(4)</script>",
    'name = "Samaritans"': "=cmd samaritans",
}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Walk a partnership in which names, reasons and whoever acts begin like formulas; return its home."""
    home = tmp_path_factory.mktemp("formulas")
    changes = {old: f'{old.partition(" = ")[0]} = "{new}"' for old, new in NAMES.items()}
    small_folder(home / "hostile", **changes)
    db = Store.open(f"sqlite:///{home / 'consensus.db'}")
    steps.register(db, home / "hostile", by="=1+1 ann", now=walk.ANSWERED, why="=1+1 why")
    for stage in walk.STAGES[1:]:
        if stage == "interim-ranking":
            question = steps.questions_on_ballot(db, "small")[0][0]
            steps.record_by_hand(db, "small", question, by="+1 bob", why="@SUM(A1) why", now=walk.RANKED)
        if stage == "publish":
            steps.record_dissent(db, "small", by="=1 cas <script>alert(5)</script>", why="+1 too fast", now=walk.MET)
        walk.run_stage(stage, db, home)
    db.close()
    return home


def test_names_reasons_and_whoever_acts_are_no_formula_in_any_workbook(published):
    books = sorted(published.rglob("*.xlsx"))
    cells = {
        path.name: [cell for sheet in load_workbook(path) for row in sheet.iter_rows() for cell in row]
        for path in books
    }
    texts = {str(cell.value) for found in cells.values() for cell in found}

    assert len(books) > 1
    for name, found in cells.items():
        assert not [cell.coordinate for cell in found if cell.data_type in ("f", "e")], name
        begun = [cell for cell in found if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@"))]
        assert all(cell.quotePrefix for cell in begun), name
    for words in ("=1+1 small partnership", "+1 carers"):
        assert any(words in text for text in texts), words


def test_names_reasons_and_whoever_acts_are_no_tag_in_any_page_that_is_published(published):
    written = sorted(published.rglob("*.html"))
    text = "".join(path.read_text(encoding="utf-8") for path in written)

    assert written
    assert "&lt;script&gt;alert(1)" in text
    assert dangerous(text) == []


# -- the command line, artifacts and logs


@pytest.fixture
def registered(tmp_path, folder, monkeypatch):
    monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path / "home"))
    db = Store.open(Settings.from_environment().database_url)
    yield db, steps.register(db, folder[0], by=ATTACKS[0], now=walk.ANSWERED)
    db.close()


def test_the_artifact_of_a_step_makes_no_link_picture_or_tag_of_a_title(registered):
    _db, outcome = registered
    for words in ATTACKS:
        told = dataclasses.replace(outcome, done=f"{words} is registered.\n\n[x]: javascript:alert(1)", next=words)

        shown = summary(told)

        assert "](" not in shown
        assert "<script" not in shown
        assert "<img" not in shown
        assert "<svg" not in shown
        assert "\n[x]:" not in shown


def test_what_artifacts_tell_of_small_counts_and_commands_stays_as_it_is():
    told = summary(steps.Outcome("rank", "Letters: <5 sent.", "`consensus mail list --partnership small`."))

    assert told == "Letters: <5 sent.\n\n**Next:** `consensus mail list --partnership small`."


def test_status_prints_no_character_that_a_screen_obeys(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path / "home"))
    title = 'title = "A \\u001b[31m\\u0007\\u202esmall\\u009b2J partnership"'
    folder = small_folder(tmp_path / "small", **{'title = "A small partnership"': title})
    main(["init", str(folder), "--now", walk.ANSWERED.isoformat()])
    main(["status", "--now", walk.ANSWERED.isoformat()])

    said = "".join(capsys.readouterr())

    assert "small" in said
    assert not [one for one in said if one in "\x1b\x07\x9b"]


def test_a_table_artifact_holds_texts_and_numbers_alone(registered):
    db, _ = registered
    shown = table_rows(steps.waiting_rounds(db, "lanternfield", now=NOW))

    assert all(isinstance(cell, str | int) for row in shown for cell in row.values())
