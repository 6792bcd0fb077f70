"""A letter that cannot be made or delivered is set aside with a sentence, and stops no other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from consensus import models, steps
from consensus.cli.main import main
from consensus.mail import letters
from tests import walk
from tests.test_mailing import db, later, mails, post, send, settings, states, waiting  # noqa: F401  fixtures

EVERYBODY = ["ann@example.org", "bob@example.org", "cas@example.org", "dee@example.org"]
OTHERS = ["ann@example.org", "cas@example.org", "dee@example.org"]


def change_bob(db, **values):  # noqa: F811
    """Let the address book hold of Bob what no importer lets in."""
    with db.writing() as session:
        bob = session.exec(select(models.Person).where(models.Person.email == "bob@example.org")).one()
        for name, value in values.items():
            setattr(bob, name, value)
        session.add(bob)


def bobs(db):  # noqa: F811
    """Return Bob's mail, whatever his address is by now."""
    return next(mail for (who, _kind), mail in mails(db).items() if who not in ("ann", "cas", "dee"))


@pytest.mark.parametrize(
    "address",
    ["nobody", "two@at@example.org", "jörg@example.org", "a b@example.org", "a@b\r\nBcc: all@example.org", "@", "x@"],
)
def test_an_address_that_is_none_is_set_aside_without_being_repeated_and_the_others_get_theirs(
    db,  # noqa: F811
    settings,  # noqa: F811
    post,  # noqa: F811
    address,
):
    change_bob(db, email=address)

    told = send(db, settings, walk.OPENED)
    again = send(db, settings, later(600))
    status = "\n".join(steps.status(db, "small", now=later(600)).to_lines())

    assert sorted(post.addresses) == OTHERS
    assert (bobs(db).state, bobs(db).attempts) == ("failed", 1)
    assert bobs(db).why == "The address is not one that a mail server takes; correct it where it was given."
    assert told.done == "Letters: <5 sent, <5 set aside."
    assert "consensus mail list" in told.next
    assert "<5 letters of the kind 'invitation' wait for a person (failed: The address is not one" in status
    (table,) = told.tables.values()
    assert table.columns.tolist() == ["kind", "state", "why", "letters"]
    assert address not in str([told.to_dict(), again.to_dict(), status])


@pytest.mark.parametrize(
    "fault",
    [
        lambda said: {key: value for key, value in said.items() if key != "yours"},
        lambda said: said | {"until": "Please answer by {nothing}."},
        lambda said: said | {"interim": said["interim"] | {"text": ["{title"]}},
        lambda said: said | {"unsubscribe": 7},
    ],
    ids=["no word", "no such name", "an open brace", "no text"],
)
def test_a_fault_in_the_words_of_one_language_stops_the_letters_in_that_language_alone(
    db,  # noqa: F811
    settings,  # noqa: F811
    post,  # noqa: F811
    monkeypatch,
    fault,
):
    change_bob(db, language="cy")
    words = letters.words
    monkeypatch.setattr(letters, "words", lambda each: fault(words(each)) if each == "cy" else words(each))

    send(db, settings, walk.OPENED)
    stuck = waiting(db, later(1))

    assert sorted(post.addresses) == OTHERS
    assert stuck["state"].tolist() == ["failed"]
    assert "The letter cannot be written" in stuck["why"].item()


def test_a_letter_that_was_set_aside_goes_once_its_words_are_mended_and_a_person_says_so(
    db,  # noqa: F811
    settings,  # noqa: F811
    post,  # noqa: F811
    monkeypatch,
    capsys,
):
    monkeypatch.setenv("CONSENSUS_HOME", str(settings.home))
    change_bob(db, language="cy")
    with monkeypatch.context() as broken:
        words = letters.words
        broken.setattr(letters, "words", lambda each: {} if each == "cy" else words(each))
        send(db, settings, walk.OPENED)

    status = main(["mail", "again", "--all", "--why", "the words are mended", "--now", later(30).isoformat()])
    send(db, settings, later(31))

    assert status == 0
    assert "@" not in capsys.readouterr().out
    assert sorted(post.addresses) == EVERYBODY


def test_nothing_that_stands_in_the_way_of_a_letter_is_taken_for_a_fault_of_the_machine(db, settings, monkeypatch):  # noqa: F811
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("consensus.steps.mailing.write_letter", lambda *_, **__: full())

    with pytest.raises(OSError, match="No space"):
        send(db, settings, walk.OPENED)

    assert set(states(db).values()) == {"queued"}


def test_a_server_that_goes_away_over_one_address_still_gets_the_other_letters_and_that_one_fails_in_the_end(
    db,  # noqa: F811
    settings,  # noqa: F811
    post,  # noqa: F811
):
    post.says = lambda step, address: "421 4.7.0 go away" if address[0] == "b" else None
    at = walk.OPENED
    for minutes in (0, 6, 6, 6, 16, 61, 241, 481, 961, 7200):
        at += timedelta(minutes=minutes)
        send(db, settings, at)
    sent_by_then = list(post.addresses)

    assert sorted(sent_by_then) == OTHERS
    assert (bobs(db).state, bobs(db).attempts, bobs(db).why) == ("failed", 7, "421 4.7.0")


def test_a_letter_that_the_server_refuses_after_reading_it_is_set_aside_and_the_rest_go(db, settings, post):  # noqa: F811
    post.says = lambda step, address: "554 5.7.1 spam" if step == "DATA" and address[0] == "b" else None

    send(db, settings, walk.OPENED)

    assert sorted(post.addresses) == OTHERS
    assert (bobs(db).state, bobs(db).why) == ("failed", "554 5.7.1")


def test_an_answer_that_cannot_be_understood_leaves_the_letter_in_doubt_and_never_sends_it_again(db, settings, post):  # noqa: F811
    post.says = lambda step, address: "well taken" if step == "DATA" and address[0] == "b" else None
    for minutes in (0, 6, 30, 3000):
        send(db, settings, later(minutes))

    assert sorted(post.addresses) == OTHERS
    assert waiting(db, later(3000))["state"].tolist() == ["in doubt"]
    assert bobs(db).attempts == 1


def test_letters_of_a_round_that_is_over_wait_for_nobody(db, settings, post):  # noqa: F811
    post.says = lambda step, address: "550 5.1.1" if address[0] == "b" else None
    send(db, settings, walk.OPENED)
    before = steps.status(db, "small", now=later(10)).amiss

    steps.close_round(db, "small-interim-1", by="ann", why="no money", now=later(20), early=True)

    assert len(before) == 1
    assert steps.status(db, "small", now=later(30)).amiss == []


def test_the_sweeps_artifact_tells_count_and_reason_and_no_address(db, settings, post):  # noqa: F811
    from flows.artifacts import summary, table_rows

    change_bob(db, email="nobody-at-all")
    told = send(db, settings, walk.OPENED)

    shown = summary(told, 5) + str([table_rows(frame) for frame in told.tables.values()])
    assert "| set aside | <5 |" in shown
    assert "The address is not one that a mail server takes" in shown
    assert "nobody-at-all" not in shown
    assert "@" not in shown
