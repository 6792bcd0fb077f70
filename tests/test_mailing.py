"""The outbox: every letter goes once at most, to those who should get it at that moment, whatever breaks."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from sqlmodel import select

from consensus import models, steps, store, tokens
from consensus.errors import DataError, StageError
from consensus.settings import Settings
from consensus.store import Store
from tests import walk
from tests.builders import small_folder
from tests.post_office import PostOffice

REMINDED = walk.OPENED + timedelta(days=14)
PEOPLE = [
    ["ann@example.org", "lived", "", ""],
    ["bob@example.org", "carer", "", ""],
    ["cas@example.org", "carer", "", ""],
    ["dee@example.org", "clinician", "", ""],
]


@pytest.fixture
def post():
    with PostOffice() as office:
        yield office


@pytest.fixture
def settings(tmp_path, post):
    return settings_for(tmp_path, post)


def settings_for(home, post):
    return Settings.from_environment(
        {
            "CONSENSUS_HOME": str(home),
            "CONSENSUS_SMTP_URL": post.url,
            "CONSENSUS_MAIL_FROM": "The small partnership <us@small.example.org>",
            "CONSENSUS_PUBLIC_URL": "https://small.example.org",
        }
    )


@pytest.fixture
def db(tmp_path, settings):
    """A store whose interim round is open, with four people invited into it."""
    opened = Store.open(settings.database_url)
    for stage in walk.STAGES[: walk.STAGES.index("open-round")]:
        walk.run_stage(stage, opened, tmp_path)
    import_people(opened, tmp_path, PEOPLE)
    walk.run_stage("open-round", opened, tmp_path)
    yield opened
    opened.close()


def import_people(db, home, people):
    path = walk.write_csv(home / "in" / "people.csv", ["email", "group", "partner", "language"], people)
    return steps.import_people(db, "small", path, by="tester", now=walk.OPENED)


def mails(db):
    with db.reading() as session:
        rows = session.exec(select(models.Mail, models.Person).join(models.Person)).all()
    return {(person.email[:3], mail.kind): mail for mail, person in rows}


def states(db):
    return {key: mail.state for key, mail in mails(db).items()}


def send(db, settings, at):
    return steps.send_mail(db, "small", settings, now=at)


def answer(db, person, at):
    """Let an invited person have sent their ballot, as the survey's pages keep it."""
    with db.writing() as session:
        row = session.exec(select(models.Participation).join(models.Person).where(models.Person.email == person)).one()
        row.state = "sent"
        session.add(row)


def waiting(db, at):
    return steps.outbox(db, "small", now=at).waiting


def later(minutes):
    return walk.OPENED + timedelta(minutes=minutes)


def test_from_opening_to_reminder_each_letter_goes_once_to_whom_it_should(db, settings, post):
    first = send(db, settings, walk.OPENED)
    again = send(db, settings, walk.OPENED + timedelta(minutes=1))
    answer(db, "bob@example.org", walk.OPENED)
    steps.advance_rounds(db, now=REMINDED)
    steps.advance_rounds(db, now=REMINDED + timedelta(minutes=5))
    send(db, settings, REMINDED + timedelta(minutes=6))
    send(db, settings, REMINDED + timedelta(minutes=11))

    assert first.done == "Letters: <5 sent."
    assert again.done == "Letters: none was due."
    assert sorted(post.addresses[:4]) == [person[0] for person in PEOPLE]
    assert sorted(post.addresses[4:]) == ["ann@example.org", "cas@example.org"]
    assert states(db)["bob", "reminder-1"] == "skipped"
    assert states(db)["dee", "reminder-1"] == "skipped"
    assert mails(db)["bob", "reminder-1"].why == "the person has answered or withdrawn"
    assert mails(db)["dee", "reminder-1"].why == "the group has reached its target"


def test_a_reminder_repeats_the_link_whose_hash_alone_is_stored(db, settings, post):
    send(db, settings, walk.OPENED)
    steps.advance_rounds(db, now=REMINDED)
    send(db, settings, REMINDED + timedelta(minutes=6))

    links = [
        re.findall(r"https://small.example.org/t/(\w+)", letter.as_string())
        for to, letter in post.letters
        if to[0] == "a"
    ]
    with db.reading() as session:
        known = set(session.exec(select(models.Participation.token_hash)))

    assert len(links) == 2
    assert len(set(links[0] + links[1])) == 1
    assert tokens.token_hash(links[0][0]) in known


def test_a_letter_has_plain_text_and_html_and_one_click_is_enough_to_get_no_more(db, settings, post):
    send(db, settings, walk.OPENED)

    letter = post.letters[0][1]
    link = letter["List-Unsubscribe"].strip("<>")
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link.startswith("https://small.example.org/u/")
    assert link in letter.get_body(("plain",)).get_content()
    assert link in letter.get_body(("html",)).get_content()
    assert letter["From"] == "The small partnership <us@small.example.org>"
    assert letter["Message-ID"].endswith("@small.example.org>")
    assert "Friday 8 May 2026 at 17:00 (Europe/London)" in letter.get_body(("plain",)).get_content()
    assert not re.search(r"<(img|script|link|style)|http://", letter.get_body(("html",)).get_content())


def test_nobody_who_unsubscribed_gets_anything_more_and_asking_twice_changes_nothing(db, settings, post):
    send(db, settings, walk.OPENED)
    letter = next(letter for address, letter in post.letters if address == "ann@example.org")
    token = letter["List-Unsubscribe"].strip("<>").rpartition("/")[2]
    secret = tokens.load_secret(settings.home)

    first = steps.unsubscribe(db, secret, token, now=later(5))
    steps.unsubscribe(db, secret, token, now=later(50))
    import_people(db, settings.home, PEOPLE)
    steps.invite_round(db, "small-interim-1", now=later(60))
    steps.advance_rounds(db, now=REMINDED)
    send(db, settings, REMINDED + timedelta(minutes=1))

    assert first.ended
    assert post.addresses.count("ann@example.org") == 1
    assert mails(db)["ann", "reminder-1"].why == "the person wants no letters"
    with db.reading() as session:
        ann = session.exec(select(models.Person).where(models.Person.email == "ann@example.org")).one()
    assert ann.unsubscribed_at == later(5)


def test_who_comes_into_the_address_book_later_is_invited_once(db, settings, post):
    send(db, settings, walk.OPENED)
    import_people(db, settings.home, [*PEOPLE, ["eve@example.org", "lived", "", ""]])

    for minutes in (10, 20):
        steps.invite_round(db, "small-interim-1", now=later(minutes))
        send(db, settings, later(minutes))

    assert sorted(post.addresses) == sorted([*(person[0] for person in PEOPLE), "eve@example.org"])


def test_a_paused_round_keeps_its_letters_and_a_closed_one_drops_them(db, settings, post):
    steps.pause_round(db, "small-interim-1", by="ann", why="a fault in question 3", now=walk.OPENED)
    send(db, settings, later(5))
    paused = list(post.addresses)
    steps.resume_round(db, "small-interim-1", by="ann", why="mended", now=later(10))
    steps.close_round(db, "small-interim-1", by="ann", why="no money", now=later(20), early=True)
    send(db, settings, later(25))

    assert paused == post.addresses == []
    assert {mail.why for mail in mails(db).values()} == {"the round is over"}


def test_no_more_reminders_go_than_were_declared_though_the_protocol_is_amended(db, settings, post, tmp_path):
    send(db, settings, walk.OPENED)
    steps.advance_rounds(db, now=REMINDED)
    send(db, settings, REMINDED)
    moved = small_folder(tmp_path / "moved", **{"2026-04-20T09:00:00": "2026-04-27T09:00:00"})
    steps.register(db, moved, by="ann", why="a quiet week", now=REMINDED)
    for days in (7, 8):
        steps.advance_rounds(db, now=REMINDED + timedelta(days=days))
        send(db, settings, REMINDED + timedelta(days=days))

    assert post.addresses.count("ann@example.org") == 2
    assert {kind for _who, kind in mails(db)} == {"invitation", "reminder-1"}


def test_of_two_reminders_that_came_due_while_nothing_ran_one_goes(db, settings, post, tmp_path):
    two = small_folder(tmp_path / "two", **{"[2026-04-20T09:00:00]": "[2026-04-20T09:00:00, 2026-04-27T09:00:00]"})
    steps.register(db, two, by="ann", why="one more", now=walk.OPENED)
    send(db, settings, walk.OPENED)

    steps.advance_rounds(db, now=REMINDED + timedelta(days=7))
    send(db, settings, REMINDED + timedelta(days=7))

    assert post.addresses.count("ann@example.org") == 2
    assert {kind for _who, kind in mails(db)} == {"invitation", "reminder-2"}


def test_what_the_server_takes_later_is_tried_again_with_growing_patience_until_it_has_failed(db, settings, post):
    asked = []
    post.says = lambda step, address: asked.append(address) or "450 4.2.1 mailbox of ann@example.org is busy"
    at = walk.OPENED
    tries = []

    for minutes in (0, 4, 2, 10, 6, 68, 250, 490, 970, 7200):
        at += timedelta(minutes=minutes)
        before = len(asked)
        send(db, settings, at)
        tries.append(len(asked) - before)
    mail = mails(db)["ann", "invitation"]

    assert tries == [4, 0, 4, 0, 4, 4, 4, 4, 4, 0]
    assert (mail.state, mail.attempts, mail.why) == ("failed", 7, "450 4.2.1")
    assert post.letters == []


def test_an_address_that_the_server_refuses_has_failed_and_waits_for_a_person(db, settings, post):
    post.says = lambda step, address: "550 5.1.1 no bob@example.org here" if address[0] == "b" else None
    send(db, settings, walk.OPENED)
    send(db, settings, later(600))
    stuck = waiting(db, later(600))

    post.says = lambda step, address: None
    steps.mail_again(db, stuck["mail"].tolist(), by="ann", why="the mailbox exists now", now=later(700))
    send(db, settings, later(700))

    assert stuck[["kind", "state", "why"]].values.tolist() == [["invitation", "failed", "550 5.1.1"]]
    assert sorted(post.addresses) == [person[0] for person in PEOPLE]


def test_without_a_mail_server_nothing_is_lost_and_nothing_is_tried(db, settings, post):
    post.stop()
    away = send(db, settings, walk.OPENED)
    states_before = states(db)
    attempts = {mail.attempts for mail in mails(db).values()}
    post.start()
    send(db, settings, later(5))

    assert "cannot be reached" in away.done
    assert set(states_before.values()) == {"queued"}
    assert attempts == {0}
    assert sorted(post.addresses) == [person[0] for person in PEOPLE]


def test_a_server_that_restarts_in_the_middle_gets_the_rest_later_and_nobody_two(db, settings, post):
    post.says = lambda step, address: "421 4.3.2 going down" if len(post.letters) == 2 and step == "RCPT" else None
    stopped = send(db, settings, walk.OPENED)
    post.stop()
    post.says = lambda step, address: None
    post.start()
    for minutes in (5, 10):  # the letter over which it went down has the wait of one that was not taken
        send(db, settings, later(minutes))

    assert "went away: 421 4.3.2" in stopped.done
    assert sorted(post.addresses) == [person[0] for person in PEOPLE]


def test_a_line_that_breaks_before_the_answer_leaves_one_letter_in_doubt_and_never_sends_it_again(db, settings, post):
    post.says = lambda step, address: "hang up" if step == "DATA" and len(post.letters) == 1 else None
    send(db, settings, walk.OPENED)
    post.says = lambda step, address: None
    for minutes in (1, 20, 3000):
        send(db, settings, later(minutes))
    doubtful = waiting(db, later(3000))
    told = send(db, settings, later(3000)).next

    steps.mail_done(db, doubtful["mail"].tolist(), by="ann", why="dee has it", now=later(3001))

    assert sorted(post.addresses) == [person[0] for person in PEOPLE]
    assert doubtful["state"].tolist() == ["in doubt"]
    assert "consensus mail list" in told
    assert waiting(db, later(3002)).empty


def test_only_a_person_sends_a_letter_in_doubt_again_and_it_keeps_its_message_id(db, settings, post):
    post.says = lambda step, address: "hang up" if step == "DATA" and not post.letters else None
    send(db, settings, walk.OPENED)
    post.says = lambda step, address: None
    with pytest.raises(StageError, match="is sending, not failed or in doubt"):
        steps.mail_again(
            db, [m.mail_id for m in mails(db).values() if m.state == "sending"], by="a", why="b", now=later(1)
        )
    doubtful = waiting(db, later(20))["mail"].tolist()

    steps.mail_again(db, doubtful, by="ann", why="it never came", now=later(20))
    send(db, settings, later(20))

    ids = [letter["Message-ID"] for address, letter in post.letters if address == post.addresses[0]]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    with db.reading() as session:
        decided = store.load_decisions(session, "small").iloc[-1]
    assert (decided["value"]["act"], decided["by"], decided["why"]) == ("mail-again", "ann", "it never came")


def test_two_senders_at_once_send_each_letter_once(tmp_path, db, settings, post):
    import_people(db, tmp_path, [[f"p{n:02d}@example.org", "lived", "", ""] for n in range(40)])
    steps.invite_round(db, "small-interim-1", now=walk.OPENED)

    def sender():
        own = Store.open(settings.database_url)
        steps.send_mail(own, "small", settings, now=walk.OPENED)
        own.close()

    threads = [Thread(target=sender) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(post.addresses) == len(set(post.addresses)) == 44


KILLED_AFTER_THE_SERVER_TOOK_IT = """
import os, signal, sys
from datetime import datetime
from consensus import steps
from consensus.mail import Postbox
from consensus.settings import Settings
from consensus.store import Store

hand_over, taken = Postbox.hand_over, []

def then_die(self, *letter):
    answer = hand_over(self, *letter)
    taken.append(answer)
    if len(taken) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer

Postbox.hand_over = then_die
settings = Settings.from_environment()
steps.send_mail(Store.open(settings.database_url), "small", settings, now=datetime.fromisoformat(sys.argv[1]))
"""


def test_killed_between_the_servers_yes_and_our_commit_a_letter_is_reported_and_not_sent_again(db, settings, post):
    environment = {
        **os.environ,
        "CONSENSUS_HOME": str(settings.home),
        "CONSENSUS_DATABASE_URL": db.engine.url.render_as_string(hide_password=False),
        "CONSENSUS_SMTP_URL": settings.smtp_url,
        "CONSENSUS_MAIL_FROM": settings.mail_from,
    }
    command = [sys.executable, "-c", KILLED_AFTER_THE_SERVER_TOOK_IT, walk.OPENED.isoformat()]
    killed = subprocess.run(command, env=environment, capture_output=True, check=False)
    took = list(post.addresses)
    for minutes in (1, 20, 3000):
        send(db, settings, later(minutes))

    assert killed.returncode == -signal.SIGKILL
    assert len(took) == 2
    assert sorted(post.addresses) == [person[0] for person in PEOPLE]
    assert waiting(db, later(10)).empty
    assert waiting(db, later(20))[["kind", "state", "attempts"]].values.tolist() == [["invitation", "in doubt", 1]]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "No mail server is set"),
        ("mail.example.org", "is not the address of a mail server"),
        ("http://user:secret@example.org", "is not the address of a mail server"),
        ("smtp://user:secret@example.org:port", "is not the address of a mail server"),
    ],
)
def test_a_wrong_mail_setting_is_told_without_its_password(db, settings, url, sentence):
    with pytest.raises(DataError, match=sentence) as told:
        send(db, replace(settings, smtp_url=url), walk.OPENED)

    assert "secret" not in str(told.value) + repr(replace(settings, smtp_url=url))
    assert set(states(db).values()) == {"queued"}


def test_no_address_name_or_token_is_in_what_a_step_says_or_a_decision_holds(db, settings, post):
    post.says = lambda step, address: f"550 5.1.1 no {address} here" if address[0] in "ab" else None
    outcomes = [import_people(db, settings.home, [*PEOPLE, ["fay@example.org", "carer", "", ""]])]
    outcomes += [steps.invite_round(db, "small-interim-1", now=walk.OPENED), send(db, settings, walk.OPENED)]
    outcomes += [steps.advance_rounds(db, now=REMINDED), send(db, settings, REMINDED)]
    box = steps.outbox(db, "small", now=REMINDED)
    with db.reading() as session:
        decided = store.load_decisions(session, "small")
        rows = [mail.model_dump_json() for mail in session.exec(select(models.Mail))]

    said = "".join(
        map(str, [o.to_dict() for o in outcomes] + [box.counts, box.waiting.to_csv(), decided.to_csv(), rows])
    )
    assert "@example.org" not in said
    assert not re.search(r"\b[a-z2-7]{32}\b", said)
