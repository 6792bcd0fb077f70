"""The outbox: every letter goes once at most, to those who should get it at that moment, whatever breaks."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlmodel import select

from consensus import models, steps, tokens
from consensus.settings import Settings
from consensus.store import Store
from tests import walk
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
        re.findall(r"https://small.example.org/mine/(\w+)", letter.as_string())
        for to, letter in post.letters
        if to[0] == "a"
    ]
    with db.reading() as session:
        known = set(session.exec(select(models.Participation.token_hash)))

    assert len(links) == 2
    assert len(set(links[0] + links[1])) == 1
    assert tokens.token_hash(links[0][0]) in known
