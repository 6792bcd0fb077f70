"""Letters to those who asked to hear: the workshop with its event, the outcome; once each, whatever breaks."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from consensus import models, steps, tokens
from consensus.cli.main import main
from consensus.errors import StageError
from consensus.interface import LANGUAGES
from consensus.mail.words import words
from consensus.steps.interest import express_interest
from consensus.store import Store
from tests import walk
from tests.builders import small_folder
from tests.post_office import PostOffice
from tests.test_mailing import import_people, post, send, settings  # noqa: F401  fixtures

ON = datetime(2026, 9, 30, 8, 30, tzinfo=UTC)  # 9:30 in London, in summer
HELD = f"sessions = 2\non = {ON:%Y-%m-%d}T09:30:00\nminutes = 330\nplace = 'Room 2, Hill Street; York'"
ASKED = [("ann@example.org", "en"), ("bob@example.org", "ar"), ("cas@example.org", "cy")]


@pytest.fixture
def published(tmp_path, settings):  # noqa: F811
    """A store whose partnership is published, with three people who asked to hear all there is."""
    opened = Store.open(settings.database_url)
    for stage in walk.STAGES:
        walk.run_stage(stage, opened, tmp_path)
    changes = {"sessions = 2": HELD, "small_cells = 5": "small_cells = 5\npage = 'https://small.example.org/top'"}
    folder = small_folder(tmp_path / "in" / "dated", **changes)
    steps.register(opened, folder, by="ann", now=walk.RANKED, why="the day is fixed")
    for email, language in ASKED:
        express_interest(opened, "small", email, outcome=True, workshop=email[0] != "c", language=language)
    yield opened
    opened.close()


def write(db, kind, at=walk.RANKED):
    return steps.write_to_list(db, "small", kind, by="ann", now=at)


def letters_to(post, name):  # noqa: F811
    return [letter for address, letter in post.letters if address.startswith(name)]


def mails(db):
    with db.reading() as session:
        return list(session.exec(select(models.Mail).where(models.Mail.interest_id != None)))  # noqa: E711


def test_who_asked_for_the_workshop_gets_its_event_once_in_their_language(published, settings, post):  # noqa: F811
    first = write(published, "workshop")
    again = write(published, "workshop", walk.RANKED + timedelta(hours=1))
    send(published, settings, walk.RANKED)
    send(published, settings, walk.RANKED + timedelta(hours=2))

    assert (first.counts["queued"], again.counts["queued"]) == (2, 0)
    assert sorted(post.addresses) == ["ann@example.org", "bob@example.org"]
    (letter,) = letters_to(post, "ann")
    (event,) = letter.iter_attachments()
    assert (event.get_content_type(), event.get_filename()) == ("text/calendar", "workshop.ics")
    lines = event.get_payload(decode=True).decode().split("\r\n")
    assert "DTSTART:20260930T083000Z" in lines
    assert "DTEND:20260930T140000Z" in lines
    assert "LOCATION:Room 2\\, Hill Street\\; York" in lines
    plain = letter.get_body(("plain",)).get_content()
    assert "Wednesday 30 September 2026 at 09:30 (Europe/London)" in plain
    assert letter["Subject"] == "A small partnership: the workshop on 30 September 2026"
    assert '<html lang="ar" dir="rtl">' in letters_to(post, "bob")[0].get_body(("html",)).get_content()


def test_who_asked_hears_the_priorities_in_their_order_as_text_and_html(published, settings, post):  # noqa: F811
    write(published, "outcome")
    send(published, settings, walk.RANKED)

    top = steps.top_table(published, "small")["question"].tolist()
    (letter,) = letters_to(post, "ann")
    plain = letter.get_body(("plain",)).get_content()
    html = letter.get_body(("html",)).get_content()
    assert len(post.letters) == 3
    assert re.findall(r"^\d+\. (.+?)\r?$", plain, re.MULTILINE) == top
    assert re.findall(r"<li>(.+)</li>", html) == top
    assert "https://small.example.org/top" in plain
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert not list(letter.iter_attachments())
    welsh = letters_to(post, "cas")[0].get_body(("html",)).get_content()
    assert '<ol lang="en" dir="ltr">' in welsh
    assert "Gofynasoch" in welsh


def test_before_anything_is_published_or_the_workshop_has_a_day_nobody_is_written_to(tmp_path, settings, post):  # noqa: F811
    db = Store.open(settings.database_url)
    for stage in walk.STAGES[: walk.STAGES.index("publish")]:
        walk.run_stage(stage, db, tmp_path)
    express_interest(db, "small", "ann@example.org", outcome=True, workshop=True)

    with pytest.raises(StageError, match="Nothing is published yet; publish first"):
        write(db, "outcome")
    with pytest.raises(StageError, match=r"The workshop has no date; write workshop.on"):
        write(db, "workshop")

    assert mails(db) == []
    db.close()


def test_the_same_address_asking_twice_is_one_on_the_list(published, settings, post):  # noqa: F811
    express_interest(published, "small", "ANN@example.org", outcome=False, workshop=True)
    write(published, "outcome")
    send(published, settings, walk.RANKED)

    assert len(letters_to(post, "ann")) == 1


def unsubscribe(db, settings, letter):  # noqa: F811
    token = letter["List-Unsubscribe"].strip("<>").rpartition("/")[2]
    return steps.unsubscribe(db, tokens.load_secret(settings.home), token, now=walk.RANKED)


def test_one_click_takes_an_address_from_both_lists_and_leaves_out_what_was_queued(published, settings, post, tmp_path):  # noqa: F811
    import_people(published, tmp_path, [["Ann@example.org", "lived", "", ""]])
    write(published, "workshop")
    send(published, settings, walk.RANKED)
    write(published, "outcome")

    ended = unsubscribe(published, settings, letters_to(post, "ann")[0])
    again = unsubscribe(published, settings, letters_to(post, "ann")[0])
    send(published, settings, walk.RANKED + timedelta(minutes=1))

    assert (ended.ended, again.ended) == (True, True)
    assert len(letters_to(post, "ann")) == 1
    assert {mail.why for mail in mails(published) if mail.state == "skipped"} == {"the person wants no letters"}
    with published.reading() as session:
        assert all(one.unsubscribed_at for one in session.exec(select(models.Person)) if one.email[:3] == "Ann")
        assert "ann@example.org" not in [one.email for one in session.exec(select(models.Interest))]


def test_who_asks_anew_after_that_hears_the_outcome(published, settings, post):  # noqa: F811
    write(published, "workshop")
    send(published, settings, walk.RANKED)
    unsubscribe(published, settings, letters_to(post, "ann")[0])

    express_interest(published, "small", "ann@example.org", outcome=True, workshop=False)
    write(published, "outcome")
    send(published, settings, walk.RANKED + timedelta(minutes=1))

    assert len(letters_to(post, "ann")) == 2


def test_a_server_that_fails_and_comes_back_gets_each_letter_once(published, settings, post):  # noqa: F811
    post.says = lambda step, address: "451 later" if step == "DATA" and address[0] == "a" else None
    write(published, "outcome")
    send(published, settings, walk.RANKED)
    post.stop()
    away = send(published, settings, walk.RANKED + timedelta(minutes=6))
    post.says = lambda step, address: None
    with PostOffice(port=post.port) as restarted:
        send(published, settings, walk.RANKED + timedelta(minutes=12))
        send(published, settings, walk.RANKED + timedelta(minutes=24))

    assert "cannot be reached" in away.done
    assert sorted(post.addresses) == ["bob@example.org", "cas@example.org"]
    assert restarted.addresses == ["ann@example.org"]
    assert {mail.state for mail in mails(published)} == {"sent"}


def test_a_line_that_breaks_before_the_answer_leaves_the_letter_in_doubt_for_a_person(published, settings, post):  # noqa: F811
    post.says = lambda step, address: "hang up" if step == "DATA" else None
    write(published, "outcome")
    send(published, settings, walk.RANKED)
    post.says = lambda step, address: None
    later = walk.RANKED + timedelta(hours=1)
    send(published, settings, later)
    (waiting,) = steps.outbox(published, "small", now=later).waiting["mail"]
    steps.mail_done(published, [waiting], by="ann", why="they wrote back", now=later)
    send(published, settings, later)

    assert len(post.addresses) == 3 == len(set(post.addresses))


def test_a_later_round_brings_nobody_a_second_letter(published, settings, post):  # noqa: F811
    write(published, "workshop")
    with published.writing() as session:
        first = session.get(models.Round, "small-interim-1")
        session.add(models.Round(**{**first.model_dump(), "round_id": "small-interim-2", "number": 2}))

    again = write(published, "workshop", walk.RANKED + timedelta(days=1))
    send(published, settings, walk.RANKED + timedelta(days=1))

    assert again.counts["queued"] == 0
    assert len(post.addresses) == 2 == len(set(post.addresses))


def test_a_published_question_that_is_no_longer_there_is_told_as_it_was_asked(published, settings, post):  # noqa: F811
    with published.writing() as session:
        gone = session.exec(select(models.Question)).all()
        for question in gone:
            session.delete(question)

    write(published, "outcome")
    send(published, settings, walk.RANKED)

    assert len(post.addresses) == 3
    plain = letters_to(post, "ann")[0].get_body(("plain",)).get_content()
    assert gone
    assert sum(question.wording in " ".join(plain.split()) for question in gone) == 3


def test_an_invitation_that_waited_until_the_workshop_was_over_does_not_go(published, settings, post):  # noqa: F811
    write(published, "workshop")
    send(published, settings, ON + timedelta(days=1))

    assert post.letters == []
    assert {mail.why for mail in mails(published)} == {"the workshop has no date, or is over"}


def test_the_commands_queue_them_and_name_nobody(published, settings, post, monkeypatch, capsys):  # noqa: F811
    monkeypatch.setenv("CONSENSUS_HOME", str(settings.home))

    status = main(["mail", "outcome", "--partnership", "small", "--by", "ann"])
    said = capsys.readouterr().out

    assert status == 0
    assert "'outcome' were queued" in said
    assert "@" not in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_letter_has_words_in_every_language(language):
    said = words(language)

    assert all(said[kind]["subject"] and said[kind]["text"] for kind in ("workshop", "outcome"))
