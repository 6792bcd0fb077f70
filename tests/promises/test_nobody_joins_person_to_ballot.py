"""After the close plus grace nobody joins person to ballot: no id, no order and no time is on both sides."""

from __future__ import annotations

import itertools
import random
import re
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from scipy.stats import spearmanr
from sqlalchemy.engine import make_url

from consensus import models, steps, tokens
from tests import people, walk
from tests.flows import conftest
from tests.people import GATHER, GATHER_ENDS, INTERIM, INTERIM_ENDS, OPENS
from tests.promises.test_withdrawal_erases_my_words import holding, later_round

harness, api = conftest.harness, conftest.api
PERSON_SIDE = {"person", "participation", "mail", "interest"}
SENT_SIDE = {"response", "ballot", "answer", "submission", "chainentry", "riskflag"}


def took_part(home, count: int = 40):
    """Let people take part in the interim round one after the other, each reminded until they had; then close it."""
    draw = random.Random(3)
    db = people.ranking_is_open(home)
    questions = [question for question, _ in steps.questions_on_ballot(db, "small")]
    asked = [people.invited(db, INTERIM, email=f"p{n}@example.org") for n in range(count)]
    draw.shuffle(asked)
    taken = []
    for n, (token, person_id) in enumerate(asked):
        at = walk.OPENED + timedelta(hours=6 * n, seconds=draw.randrange(3600))
        taken.append(
            people.send(
                db, INTERIM, at=at, choices=draw.sample(questions, 2), token=token, person_id=person_id, group="carer"
            )
        )
        if n % 3 == 0:
            people.send(db, INTERIM, at=at + timedelta(hours=1), choices=draw.sample(questions, 2), token=token)
        with db.writing() as session:
            session.add(
                models.Mail(
                    mail_id=f"m{draw.getrandbits(64):x}",
                    partnership="small",
                    round_id=INTERIM,
                    person_id=person_id,
                    kind="reminder-1",
                    queued_at=at - timedelta(hours=2),
                    sent_at=at - timedelta(hours=1),
                )
            )
    return db, taken


def rows(path) -> dict[str, list[dict[str, object]]]:
    """Return every row of every table in the order in which the file holds it."""
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')] for name in names}


def close(db, home):
    return steps.advance_rounds(db, now=INTERIM_ENDS, outputs=lambda _name: home / "outputs" / "small")


def test_before_the_unlinking_the_two_are_joined_so_that_people_can_change_what_they_sent(tmp_path):
    db, taken = took_part(tmp_path, 2)

    joined = {row["response_id"] for row in rows(tmp_path / "consensus.db")["participation"]}

    assert joined == {one.response_id for one in taken}
    db.close()


def test_no_row_and_no_table_of_the_other_side_holds_both_ids(tmp_path):
    db, taken = took_part(tmp_path)

    close(db, tmp_path)

    tables = rows(tmp_path / "consensus.db")
    for one in taken:
        of_person = {one.person_id, tokens.token_hash(one.token), one.token}
        for name, found in tables.items():
            both = [row for row in found if of_person & _texts(row) and one.response_id in str(row)]
            assert both == [], name
            if name in PERSON_SIDE:
                assert not any(one.response_id in str(row) for row in found), name
            if name in SENT_SIDE:
                assert not any(one_id in str(row) for row in found for one_id in of_person), name
    db.close()


def _texts(row) -> set[str]:
    return {value for value in row.values() if isinstance(value, str)}


def test_no_file_beside_the_database_holds_ids_of_both_sides(tmp_path):
    db, taken = took_part(tmp_path)
    close(db, tmp_path)

    outside = [path for path in tmp_path.rglob("*") if path.is_file() and not path.name.startswith("consensus.db")]

    for path in outside:
        content = path.read_bytes()
        held = [one for one in taken if one.response_id.encode() in content]
        people_held = [one for one in taken if str(one.person_id).encode() in content]
        assert not (held and people_held), path.name
    db.close()


@pytest.mark.server
def test_nothing_that_prefect_keeps_of_the_run_that_closed_the_round_names_anybody(tmp_path, api, monkeypatch):
    from prefect.settings import PREFECT_HOME, PREFECT_SERVER_DATABASE_CONNECTION_URL

    from flows.advance_rounds import advance_rounds

    db, taken = took_part(tmp_path, 12)
    db.close()
    monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path))
    monkeypatch.setenv("CONSENSUS_DATABASE_URL", f"sqlite:///{tmp_path / 'consensus.db'}")

    run = advance_rounds(now=INTERIM_ENDS, return_state=True)

    assert run.is_completed()
    assert all(row["response_id"] is None for row in rows(tmp_path / "consensus.db")["participation"])
    database = Path(make_url(PREFECT_SERVER_DATABASE_CONNECTION_URL.value()).database)
    kept = [*database.parent.glob(f"{database.name}*"), *(p for p in PREFECT_HOME.value().rglob("*") if p.is_file())]
    content = b"".join(path.read_bytes() for path in kept)
    told = [log["message"] for log in api.request("POST", "/logs/filter", json={"limit": 200}).json()]
    assert str(run.state_details.flow_run_id).encode() in content
    ids = {one_id for one in taken for one_id in _ids(one)}
    assert [one_id for one_id in ids if one_id.encode() in content or one_id in str(told)] == []


def _ids(one) -> set[str]:
    """Return everything by which somebody or their ballot could be told apart."""
    return {one.token, tokens.token_hash(one.token), str(one.person_id), one.response_id, one.code}


PAGE = 4096


def joined_in_bytes(home, taken) -> list[str]:
    """Return the responses that stand on the same page as the link they came by, within a row's length of it."""
    found = []
    for path in home.glob("consensus.db*"):
        content = path.read_bytes()
        pages = [content[start : start + PAGE] for start in range(0, len(content), PAGE)]
        for one, page in itertools.product(taken, pages):
            link, response = tokens.token_hash(one.token).encode(), one.response_id.encode()
            if any(response in page[max(0, at.start() - 600) : at.start() + 600] for at in re.finditer(link, page)):
                found.append(one.response_id)
    return found


def test_the_raw_bytes_of_the_database_join_nobody(tmp_path):
    db, taken = took_part(tmp_path)
    assert len(set(joined_in_bytes(tmp_path, taken))) == len(taken)

    close(db, tmp_path)

    assert joined_in_bytes(tmp_path, taken) == []
    db.close()


def test_no_instant_is_on_both_sides(tmp_path):
    db, _ = took_part(tmp_path)

    close(db, tmp_path)

    tables = rows(tmp_path / "consensus.db")
    instants = {
        side: {
            value
            for name in names
            for row in tables[name]
            for key, value in row.items()
            if key.endswith(("_at", "at")) and value
        }
        for side, names in (("person", PERSON_SIDE), ("sent", SENT_SIDE))
    }
    assert instants["person"] & instants["sent"] == set()
    assert len(instants["sent"]) <= 2, "of what was sent only is known whether it came in time"
    db.close()


@pytest.mark.parametrize("table", ["response", "ballot"])
def test_an_attack_by_order_or_time_does_no_better_than_chance(tmp_path, table):
    db, taken = took_part(tmp_path, 60)
    arrived = {one.response_id: n for n, one in enumerate(taken)}
    links = {tokens.token_hash(one.token): n for n, one in enumerate(taken)}

    close(db, tmp_path)

    tables = rows(tmp_path / "consensus.db")
    key = "response_id" if table == "response" else "ballot_id"
    sent = [arrived[row[key]] for row in tables[table] if row[key] in arrived and row["version"] == 1]
    came = [links[row["token_hash"]] for row in tables["participation"]]
    correlation = spearmanr(sent, came).statistic
    by_place = sum(one == other for one, other in zip(sent, came, strict=True))
    assert abs(correlation) < 0.5  # of 60 in two random orders: beyond 0.5 once in 10,000
    assert by_place <= 8  # one on average; more than 8 once in a million
    assert abs(spearmanr(sent, range(len(sent))).statistic) < 0.5, "the file keeps no order of arrival"
    assert len({row["received_at"] for row in tables[table] if row[key] in arrived}) == 1
    db.close()


def test_what_counts_is_the_same_before_and_after_the_unlinking(tmp_path):
    db, _ = took_part(tmp_path)
    questions = [question for question, _ in steps.questions_on_ballot(db, "small")]
    late = people.send(db, INTERIM, at=INTERIM_ENDS + timedelta(hours=1), choices=questions[:2])
    in_grace = people.send(db, INTERIM, at=INTERIM_ENDS, began_at=walk.OPENED, choices=questions[:2])
    before = counted(db)

    close(db, tmp_path)

    assert counted(db) == before
    assert late.response_id not in before[0]
    assert in_grace.response_id in before[0]
    db.close()


def counted(db):
    with db.reading() as session:
        found = steps.counted_ballots(session, session.get(models.Round, INTERIM))
        return {ballot.ballot_id: (ballot.version, ballot.choices) for ballot in found.ballots}, found.late


def test_drafts_seeds_and_beginnings_are_emptied(tmp_path):
    db, _ = took_part(tmp_path, 5)

    close(db, tmp_path)

    for row in rows(tmp_path / "consensus.db")["participation"]:
        assert (row["response_id"], row["began_at"], row["seed"], row["draft"]) == (None, None, None, "{}")
    db.close()


def test_answers_of_the_gathering_round_are_unlinked_at_its_end_and_stay_as_they_were_cut(tmp_path):
    db = people.registered(tmp_path)
    taken = [people.send(db, GATHER, at=OPENS + timedelta(days=n), words=f"Why {n}?") for n in range(1, 6)]
    steps.gather(db, "small", now=GATHER_ENDS - timedelta(hours=1))
    steps.propose_duplicates(db, "small", now=GATHER_ENDS - timedelta(hours=1))
    before = steps.next_action(db, "small", now=GATHER_ENDS - timedelta(minutes=1)).stage

    steps.advance_rounds(db, now=GATHER_ENDS)

    tables = rows(tmp_path / "consensus.db")
    assert len({row["received_at"] for row in tables["answer"]}) == 1
    assert {row["text"] for row in tables["answer"]} == {one.words for one in taken}
    assert steps.next_action(db, "small", now=GATHER_ENDS).stage == before
    db.close()


def test_a_round_stays_joined_while_a_later_one_shows_people_their_own_earlier_rating(tmp_path):
    db, _ = took_part(tmp_path, 3)
    later_round(db)

    close(db, tmp_path)

    assert all(row["response_id"] for row in rows(tmp_path / "consensus.db")["participation"])
    with db.writing() as session:
        later = session.get(models.Round, "small-interim-2")
        later.state = "open"
        session.add(later)
        over = later.closes_at
    steps.advance_rounds(db, now=over)
    assert not any(row["response_id"] for row in rows(tmp_path / "consensus.db")["participation"])
    db.close()


def test_unlinking_twice_changes_nothing_and_is_recorded_once(tmp_path):
    db, _ = took_part(tmp_path, 3)
    close(db, tmp_path)
    before = rows(tmp_path / "consensus.db")

    close(db, tmp_path)

    acts = [value.get("act") for value in steps.decisions(db, "small")["value"]]
    assert rows(tmp_path / "consensus.db") == before
    assert acts.count("unlink") == 1
    db.close()


def test_the_record_says_when_it_was_unlinked(tmp_path):
    db, _ = took_part(tmp_path, 1)

    close(db, tmp_path)

    with db.reading() as session:
        at = session.get(models.Round, INTERIM).unlinked_at
    assert at == INTERIM_ENDS
    assert holding(tmp_path, "p0@example.org"), "people stay invited to later rounds"
    db.close()
