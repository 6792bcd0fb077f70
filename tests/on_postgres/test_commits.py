"""What was sent is kept once, wherever the line to the server breaks; where nobody knows, nothing is done again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import event
from sqlmodel import select

from consensus import models, store
from consensus.store import Store, engine, transactions
from tests.builders import small_protocol, texts
from tests.cut_line import Line

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def address(server):
    made = server.database("commits", "with_tables")
    yield made
    server.drop(made)


@pytest.fixture
def line(address):
    held = Line(address)
    yield held
    held.close()


@pytest.fixture
def db(line):
    opened = Store.open(line.address)
    with opened.writing() as session:
        store.save_protocol(session, small_protocol(), texts(), by="tester", at=NOW)
    yield opened
    opened.close()


class Mark:
    """Writes a mark behind a partnership's title, which done twice would be there twice."""

    def __init__(self, letter: str) -> None:
        self.letter, self.times = letter, 0

    def __call__(self, session) -> str:
        self.times += 1
        row = session.get(models.Partnership, "small")
        row.title += self.letter
        session.add(row)
        session.flush()
        return self.letter


def marks(db) -> str:
    with db.reading() as session:
        return session.exec(select(models.Partnership.title)).one().replace(small_protocol().partnership.title, "")


def test_a_commit_whose_answer_is_lost_is_looked_up_and_not_done_again(db, line):
    mark = Mark("!")

    line.cut = "before its answer"
    told = db.write(mark)

    assert (told, mark.times, marks(db)) == ("!", 1, "!")


def test_a_commit_that_never_arrived_is_done_again_once(db, line):
    mark = Mark("!")

    line.cut = "before the commit"
    told = db.write(mark)

    assert (told, mark.times, marks(db)) == ("!", 2, "!")


def test_a_session_ended_at_the_moment_of_commit_keeps_each_persons_act_once(db, address):
    ended = []

    def end(connection):
        if not ended:
            ended.append(connection.connection.driver_connection.info.backend_pid)
            with psycopg.connect(address, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", (ended[0],))
                while other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (ended[0],)).fetchone():
                    pass

    event.listen(db.engine, "commit", end)
    with ThreadPoolExecutor(8) as people:
        told = list(people.map(lambda letter: db.write(Mark(letter)), "abcdefgh"))

    assert ended
    assert told == list("abcdefgh")
    assert sorted(marks(db)) == list("abcdefgh")


@pytest.mark.parametrize("cut", ["before the commit", "before its answer"])
def test_where_the_server_cannot_be_asked_nothing_is_done_again_and_it_is_said(db, line, cut, monkeypatch):
    mark = Mark("!")
    asked = transactions.kept_after_all

    def while_nobody_answers(*arguments):
        line.dead = True
        return asked(*arguments, patience=0.5)

    monkeypatch.setattr(engine, "kept_after_all", while_nobody_answers)
    line.cut = cut
    with pytest.raises(transactions.InDoubt, match="does not say whether it was"):
        db.write(mark)

    line.dead = False
    assert mark.times == 1
    assert marks(db) == ("!" if cut == "before its answer" else "")


def test_connections_that_the_server_closed_meanwhile_are_met_by_nobody(db, address):
    with ThreadPoolExecutor(8) as people:
        list(people.map(lambda _n: marks(db), range(32)))
    with psycopg.connect(address, autocommit=True) as other:
        name = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'commits'"
        ended = other.execute(f"{name} AND pid <> pg_backend_pid()").fetchall()

    with db.looking() as session:
        seen = session.exec(select(models.Partnership.id)).one()
    with ThreadPoolExecutor(8) as people:
        list(people.map(lambda _n: marks(db), range(32)))
    told = db.write(Mark("!"))

    assert len(ended) >= 1
    assert (seen, told, marks(db)) == ("small", "!", "!")


def test_a_server_soon_notices_that_a_machine_which_wrote_is_gone(db):
    with db.writing() as session:
        asked = [f"SHOW tcp_keepalives_{each}" for each in ("idle", "interval", "count")]
        told = [session.connection().exec_driver_sql(each).scalar() for each in asked]

    assert told == ["15", "5", "3"]
