"""What is received is kept as it came; what is decided is only ever added to. On a real SQLite."""

from __future__ import annotations

import fcntl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from consensus import models, store
from consensus.errors import StageError
from consensus.store import Store
from consensus.store.turns import Turns
from consensus.store.writer import GroupWriter
from consensus.vocabulary import COLUMNS
from tests.builders import small_protocol, texts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def db(tmp_path):
    opened = Store.open(f"sqlite:///{tmp_path / 'consensus.db'}")
    with opened.writing() as session:
        store.save_protocol(session, small_protocol(), texts(), by="tester", at=NOW)
    yield opened
    opened.close()


def answers(*words: str) -> pd.DataFrame:
    rows = [(f"a{n}", 1, "csv", f"r{n}", "q1", "lived", "", "en", text, "", NOW) for n, text in enumerate(words)]
    return pd.DataFrame(rows, columns=list(COLUMNS["answers"]))


def test_saving_the_same_answers_twice_changes_nothing(db):
    with db.writing() as session:
        first = store.save_answers(session, "small", answers("Does sleep help?", "NA"))
        second = store.save_answers(session, "small", answers("Does sleep help?", "NA"))

    assert (first.new, second.new, second.unchanged) == (2, 0, 2)


def test_a_changed_answer_becomes_a_new_version_and_the_old_one_stays(db):
    with db.writing() as session:
        store.save_answers(session, "small", answers("Does sleep help?"))
        store.save_answers(session, "small", answers("Does more sleep help?"))
        loaded = store.load_answers(session, "small")
        kept = session.get(models.Answer, ("small", "a0", 1))

    assert loaded["text"].tolist() == ["Does more sleep help?"]
    assert loaded["version"].tolist() == [2]
    assert kept.text == "Does sleep help?"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60))
def test_what_is_stored_reads_back_unchanged(db, text):
    with db.writing() as session:
        frame = answers(text)
        store.save_answers(session, "small", frame)
        assert store.load_answers(session, "small")["text"].tolist() == [text]
        assert store.load_answers(session, "small")["received_at"].tolist() == [NOW]


def test_a_decision_said_again_is_not_added_again_but_a_changed_mind_is(db):
    row = {"kind": "wording", "subject": "q1", "value": {"wording": "How?"}, "by": "ann", "at": NOW, "why": ""}
    other = {**row, "value": {"wording": "Why?"}}

    with db.writing() as session:
        added = [store.append_decisions(session, "small", [decision]) for decision in (row, row, other, row)]

    assert added == [1, 0, 1, 1]


def test_a_mind_changed_back_is_recorded_again(db):
    out, back = (
        {"kind": kind, "subject": "s1", "value": {}, "by": "ann", "at": NOW + timedelta(hours=n), "why": ""}
        for n, kind in enumerate(("out_of_scope", "in_scope"))
    )

    with db.writing() as session:
        again = {**out, "at": NOW + timedelta(hours=2)}
        added = [store.append_decisions(session, "small", [row]) for row in (out, back, again, again)]

    assert added == [1, 1, 1, 0]


def test_a_reason_given_later_is_recorded(db):
    row = {"kind": "set_aside", "subject": "s1", "value": {}, "by": "ann", "at": NOW, "why": ""}

    with db.writing() as session:
        added = [store.append_decisions(session, "small", [{**row, "why": why}]) for why in ("", "thanks only")]

    assert added == [1, 1]


def test_a_submission_set_aside_again_after_it_had_gone_into_a_question_is_recorded(db):
    aside = {"kind": "set_aside", "subject": "s1", "value": {}, "by": "ann", "at": NOW, "why": "thanks only"}
    value = {"submissions": ["s1", "s2"], "wording": "Why?", "category": ""}
    accepted = {**aside, "kind": "same_question", "subject": "q1", "value": value, "at": NOW + timedelta(hours=1)}

    with db.writing() as session:
        rows = (aside, accepted, {**aside, "at": NOW + timedelta(hours=2)})
        added = [store.append_decisions(session, "small", [row]) for row in rows]

    assert added == [1, 1, 1]


def test_a_decision_that_was_undone_can_be_made_again(db):
    row = {"kind": "set_aside", "subject": "s1", "value": {}, "by": "ann", "at": NOW, "why": "thanks only"}

    with db.writing() as session:
        store.append_decisions(session, "small", [row])
        decision_id = store.load_decisions(session, "small")["decision_id"].iloc[0]
        store.append_decision(session, "small", "undo", decision_id, by="ann", at=NOW)
        again = store.append_decisions(session, "small", [{**row, "at": NOW + timedelta(hours=1)}])

    assert again == 1


def test_a_failed_step_keeps_nothing_of_its_work(db):
    def fail_half_way() -> None:
        with db.writing() as session:
            store.save_answers(session, "small", answers("Does sleep help?"))
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        fail_half_way()

    with db.reading() as session:
        assert store.load_answers(session, "small").empty


def test_fifty_writers_at_once_all_get_their_turn(db):
    def decide(n: int) -> None:
        with db.writing() as session:
            store.append_decision(session, "small", "set_aside", f"s{n}", by="ann", at=NOW)

    threads = [threading.Thread(target=decide, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with db.reading() as session:
        assert len(store.load_decisions(session, "small")) == 50


def _is_taken(place: Path) -> bool:
    with place.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_whoever_writes_again_at_once_passes_nobody_over_who_was_waiting(tmp_path):
    turns, wrote = Turns(tmp_path / "consensus.db"), []

    def write(who: str) -> None:
        with turns.taken():
            wrote.append(who)

    with turns.taken():
        waiting = threading.Thread(target=write, args=("who was waiting",))
        waiting.start()
        while not _is_taken(tmp_path / "consensus.db-next"):
            time.sleep(0.001)
    write("who writes again")
    waiting.join()

    assert wrote == ["who was waiting", "who writes again"]


def test_a_store_in_a_file_writes_in_its_turn(db, tmp_path):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps the turns of those who write by itself")

    with db.writing():
        during = _is_taken(tmp_path / "consensus.db-turn")

    assert (during, _is_taken(tmp_path / "consensus.db-turn")) == (True, False)


def test_where_no_places_can_be_made_beside_the_database_its_own_lock_keeps_writers_apart(tmp_path):
    turns = Turns(tmp_path / "nowhere" / "consensus.db")

    with turns.taken():
        assert not (tmp_path / "nowhere").exists()


def test_a_turn_that_is_never_given_back_is_waited_for_with_patience(tmp_path):
    with Turns(tmp_path / "consensus.db").taken(), Turns(tmp_path / "consensus.db", patience=0.05).taken():
        got_on = True

    assert got_on


def decide(db, n: int) -> str:
    def act(session) -> str:
        store.append_decision(session, "small", "set_aside", f"s{n}", by="ann", at=NOW)
        if n % 10 == 7:
            raise RuntimeError(f"piece {n} failed")
        return f"s{n}"

    try:
        return db.write(act)
    except RuntimeError as error:
        return str(error)


def test_of_many_pieces_handed_in_at_once_each_is_kept_or_undone_by_itself(db):
    with ThreadPoolExecutor(50) as people:
        said = list(people.map(lambda n: decide(db, n), range(200)))

    with db.reading() as session:
        kept = set(store.load_decisions(session, "small")["subject"])
    assert said == [f"piece {n} failed" if n % 10 == 7 else f"s{n}" for n in range(200)]
    assert kept == {f"s{n}" for n in range(200) if n % 10 != 7}


def test_what_was_handed_in_is_kept_before_the_store_is_closed_and_more_can_be_handed_in_after(db):
    assert decide(db, 1) == "s1"
    db.close()

    assert decide(db, 2) == "s2"
    with db.reading() as session:
        assert set(store.load_decisions(session, "small")["subject"]) == {"s1", "s2"}


def test_a_commit_that_fails_is_told_to_everybody_whose_piece_was_in_it(db, monkeypatch):
    @contextmanager
    def fails_at_the_end():
        with Session(db.engine) as session:
            yield session
            raise OSError("the disk is full")

    writer = GroupWriter(fails_at_the_end)
    with ThreadPoolExecutor(8) as people:
        told = list(people.map(lambda n: _told(writer), range(8)))
    writer.close()

    assert told == ["the disk is full"] * 8


def test_when_the_writer_gets_no_turn_everybody_who_waits_is_told_at_once():
    turns, waits, goes_on = [], threading.Event(), threading.Event()

    @contextmanager
    def gets_no_turn():
        turns.append("asked for")
        waits.set()
        goes_on.wait(10)
        raise OSError("the database is busy")
        yield

    writer = GroupWriter(gets_no_turn)
    with ThreadPoolExecutor(8) as people:
        told = [people.submit(_told, writer)]
        waits.wait(10)
        told += [people.submit(_told, writer) for _ in range(7)]
        while writer._waiting.qsize() < 7:
            time.sleep(0.01)
        goes_on.set()
    writer.close()

    assert [each.result() for each in told] == ["the database is busy"] * 8
    assert len(turns) == 2


def _told(writer: GroupWriter) -> str:
    try:
        return writer.write(lambda _session: "kept")
    except OSError as error:
        return str(error)


def test_a_partnership_that_nobody_registered_gets_a_sentence(db):
    with db.reading() as session, pytest.raises(StageError, match=r"No partnership 'other' is registered.*small"):
        store.load_protocol(session, "other")


def test_an_instant_without_a_zone_is_refused(db):
    naive = datetime(2026, 3, 1, 12)  # noqa: DTZ001

    def freeze() -> None:
        with db.writing() as session:
            session.get(models.Partnership, "small").frozen_at = naive

    with pytest.raises(Exception, match="without a time zone"):
        freeze()


def test_a_stored_ranking_comes_back_table_by_table(db):
    ranking = pd.DataFrame(
        {"rank": [1, 2], "tied": [False, True], "score": [0.1 + 0.2, float("nan")]},
        index=pd.Index(["q1", "q2"], name="question"),
    )
    ranking.attrs = {"seed": 7, "shares": {"carer": 1}}
    row = models.Ranking(
        ranking_id="r1",
        partnership="small",
        rule="jla_positions",
        protocol_hash="h",
        package_version="0",
        ballots_digest="d",
        tables="",
        at=NOW,
    )

    with db.writing() as session:
        store.save_ranking(session, row, {"ranking": ranking}, {"late": 3})
        loaded = store.load_ranking(session, "r1")

    pd.testing.assert_frame_equal(loaded.tables["ranking"], ranking, check_exact=True)
    assert loaded.tables["ranking"].attrs == {"seed": 7, "shares": {"carer": 1}}
    assert loaded.facts["late"] == 3


def test_an_error_of_the_database_tells_nobodys_words(db):
    with pytest.raises(IntegrityError) as refused, db.writing() as session:
        session.execute(insert(models.Interest), {"interest_id": "i1", "partnership": None, "email": "ada@example.org"})

    assert "ada@example.org" not in str(refused.value)
