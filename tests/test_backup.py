"""A backup made while people take part holds one moment, and a system that is given it back stands where it stood."""

from __future__ import annotations

import shutil
import threading
from datetime import timedelta

import pytest
from sqlmodel import select

from consensus import models, receipts, steps
from consensus.cli.main import main
from consensus.store import Store
from tests import people, walk
from tests.people import INTERIM, INTERIM_ENDS

SENT = walk.OPENED + timedelta(days=3)


@pytest.fixture
def db(tmp_path, monkeypatch):
    monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    opened = people.ranking_is_open(tmp_path / "home")
    yield opened
    opened.close()


def held(db):
    """Return the receipt codes of what a store holds, how many ballots, and how many links say that it was sent."""
    with db.reading() as session:
        codes = {receipts.receipt_code(each) for each in session.exec(select(models.Response.commitment))}
        ballots = session.exec(select(models.Ballot.ballot_id)).all()
        states = session.exec(select(models.Participation.state)).all()
    return codes, len(ballots), states.count("sent")


def test_backups_made_while_people_send_hold_everything_sent_before_and_nothing_by_half(db, tmp_path):
    question, *_ = [question for question, _ in steps.questions_on_ballot(db, "small")]
    codes, over, copies = [], threading.Event(), []

    def keep_sending():
        while not over.is_set():
            codes.append(people.send(db, INTERIM, at=SENT, choices=[question]).code)

    sending = threading.Thread(target=keep_sending)
    sending.start()
    for n in range(5):
        while len(codes) < 20 * n + 1:
            over.wait(0.01)
        known, path = set(codes), tmp_path / f"copy-{n}.db"
        assert main(["backup", str(path)]) == 0
        copies.append((known, path))
    over.set()
    sending.join()

    for known, path in copies:
        copy = Store.open(f"sqlite:///{path}")
        found, ballots, sent = held(copy)
        copy.close()
        assert known <= found
        assert len(found) == ballots == sent


def test_a_system_that_is_given_its_backup_back_stands_where_it_stood(db, tmp_path, monkeypatch, capsys):
    home, other = tmp_path / "home", tmp_path / "other"
    question, *_ = [question for question, _ in steps.questions_on_ballot(db, "small")]
    code = people.send(db, INTERIM, at=SENT, choices=[question]).code
    steps.advance_rounds(db, now=INTERIM_ENDS, outputs=lambda _name: home / "outputs" / "small")
    commands = (["status"], ["verify", code], ["decisions"])

    assert main(["backup", str(tmp_path / "copy.db")]) == 0
    told = capsys.readouterr().out
    other.mkdir()
    shutil.copyfile(tmp_path / "copy.db", other / "consensus.db")
    before = [(main([*each, "--now", INTERIM_ENDS.isoformat()]), capsys.readouterr().out) for each in commands]
    monkeypatch.setenv("CONSENSUS_HOME", str(other))
    after = [(main([*each, "--now", INTERIM_ENDS.isoformat()]), capsys.readouterr().out) for each in commands]

    assert "keep it encrypted" in told
    assert (tmp_path / "copy.db").stat().st_mode & 0o077 == 0
    assert after == before
    assert "stands in the round small-interim-1" in after[1][1]


def test_a_backup_never_takes_the_place_of_a_file_and_leaves_none_behind_that_is_not_whole(db, tmp_path, capsys):
    (tmp_path / "kept").write_text("of yesterday")

    statuses = [main(["backup", str(tmp_path / name)]) for name in ("kept", "nowhere/copy.db")]

    told = capsys.readouterr().err.splitlines()
    assert statuses == [2, 2]
    assert "is there already, and a backup is never overwritten; give another name" in told[0]
    assert "cannot be written: No such file or directory" in told[1]
    assert (tmp_path / "kept").read_text() == "of yesterday"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "kept"]


def test_what_somebody_withdrew_is_not_in_a_backup_made_afterwards(db, tmp_path):
    question, *_ = [question for question, _ in steps.questions_on_ballot(db, "small")]
    taken = people.send(db, INTERIM, at=SENT, choices=[question], age="said-by-one-person-alone")
    main(["backup", str(tmp_path / "before.db")])

    steps.withdraw(db, taken.token, folder=tmp_path / "out", now=SENT)
    main(["backup", str(tmp_path / "after.db")])

    held_it = [b"said-by-one-person-alone" in (tmp_path / f"{when}.db").read_bytes() for when in ("before", "after")]
    assert held_it == [True, False]
