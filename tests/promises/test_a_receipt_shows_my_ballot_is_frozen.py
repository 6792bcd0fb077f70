"""A receipt code shows that my ballot is in the frozen set: what counts is chained, and anybody can check it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from consensus import models, receipts, steps, verify
from consensus.cli.main import main
from consensus.errors import StageError
from consensus.store import chained
from tests import people, walk
from tests.people import INTERIM, INTERIM_CLOSES, INTERIM_ENDS

SENT = walk.OPENED + timedelta(days=3)


@pytest.fixture
def db(tmp_path):
    opened = people.ranking_is_open(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def questions(db):
    return [question for question, _ in steps.questions_on_ballot(db, "small")]


def close(db, tmp_path):
    return steps.advance_rounds(db, now=INTERIM_ENDS, outputs=lambda _name: tmp_path / "out")


def published(tmp_path):
    return json.loads((tmp_path / "out" / "chain.json").read_text())


def test_every_receipt_of_a_ballot_that_counts_is_found_in_the_published_chain(db, questions, tmp_path):
    codes = [people.send(db, INTERIM, at=SENT, choices=questions[n : n + 2]).code for n in range(3)]

    close(db, tmp_path)

    lines, faults = verify.examine(published(tmp_path), codes)
    assert faults == []
    assert sum("stands in the round small-interim-1" in line for line in lines) == 3


def test_nothing_but_commitments_and_roots_is_published(db, questions, tmp_path):
    people.send(db, INTERIM, at=SENT, choices=questions[:2])

    close(db, tmp_path)

    file = published(tmp_path)
    (entry,) = [one for one in file["rounds"] if one["round"] == INTERIM]
    assert set(file) == {"format", "rounds"}
    assert set(entry) == {"round", "root", "commitments"}
    assert all(verify.is_hash(one) for one in [entry["root"], *entry["commitments"]])


def test_the_length_of_a_chain_does_not_tell_how_many_took_part(db, questions, tmp_path):
    small_cells = steps.protocol(db, "small").publication.small_cells
    people.send(db, INTERIM, at=SENT, choices=questions[:2])

    close(db, tmp_path)

    (entry,) = [one for one in published(tmp_path)["rounds"] if one["round"] == INTERIM]
    assert 1 + small_cells <= len(entry["commitments"]) <= 1 + 5 * small_cells


def test_nothing_is_frozen_before_the_grace_is_over(db, questions, tmp_path):
    people.send(db, INTERIM, at=SENT, choices=questions[:2])

    steps.advance_rounds(db, now=INTERIM_ENDS - timedelta(seconds=1), outputs=lambda _name: tmp_path / "out")

    with db.reading() as session:
        assert chained.load_chain(session, INTERIM) == []
        assert session.get(models.Round, INTERIM).root == ""


def test_a_late_ballot_and_an_earlier_version_are_not_in_the_chain(db, questions, tmp_path):
    first = people.send(db, INTERIM, at=SENT, choices=questions[:2])
    changed = people.send(db, INTERIM, at=SENT + timedelta(hours=1), choices=questions[2:4], token=first.token)
    late = people.send(db, INTERIM, at=INTERIM_ENDS + timedelta(seconds=1), choices=questions[:2])

    close(db, tmp_path)

    found = [verify.examine(published(tmp_path), [one.code])[1] == [] for one in (first, changed, late)]
    assert found == [False, True, False]


def test_the_grace_is_for_those_who_had_begun_by_the_close(db, questions, tmp_path):
    within = INTERIM_CLOSES + timedelta(minutes=10)
    began = [INTERIM_CLOSES, INTERIM_CLOSES + timedelta(seconds=1)]
    sent = [people.send(db, INTERIM, at=within, began_at=at, choices=questions[:2]) for at in began]

    close(db, tmp_path)

    assert [verify.examine(published(tmp_path), [one.code])[1] == [] for one in sent] == [True, False]


def test_freezing_again_changes_nothing(db, questions, tmp_path):
    people.send(db, INTERIM, at=SENT, choices=questions[:2])
    close(db, tmp_path)
    before = published(tmp_path)

    again = steps.advance_rounds(db, now=INTERIM_ENDS + timedelta(minutes=5), outputs=lambda _name: tmp_path / "out")

    assert again.done == "Nothing was due."
    assert published(tmp_path) == before


def test_imported_ballots_are_chained_as_well(db, tmp_path):
    walk.run_stage("import-ballots", db, tmp_path)
    close(db, tmp_path)

    with db.reading() as session:
        row = session.get(models.Round, INTERIM)
        counted = steps.counted_ballots(session, row).ballots
        held = {one.response_id for one in chained.load_responses(session, INTERIM)}
    assert {ballot.ballot_id for ballot in counted} == held
    assert "holds" in steps.verify_store(db, "small").done


def test_ballots_imported_after_the_freeze_join_the_chain_and_the_record_tells_both_roots(db, questions, tmp_path):
    mine = people.send(db, INTERIM, at=SENT, choices=questions[:2])
    close(db, tmp_path)
    first = published(tmp_path)["rounds"][-1]["root"]

    walk.run_stage("import-ballots", db, tmp_path)
    steps.rank_round(db, "small", now=walk.RANKED)
    steps.publish_chain(db, "small", folder=tmp_path / "out")

    second = published(tmp_path)["rounds"][-1]["root"]
    acts = steps.decisions(db, "small")
    roots = [value["root"] for value in acts["value"] if value.get("act") == "freeze" and acts is not None]
    assert first != second
    assert [root for root in roots if root in (first, second)] == [first, second]
    assert verify.examine(published(tmp_path), [mine.code])[1] == []


@pytest.mark.parametrize("tampered", ["choices", "group", "added", "taken out"])
def test_whoever_changes_a_stored_ballot_after_the_close_is_found_out(db, questions, tmp_path, tampered):
    mine = people.send(db, INTERIM, at=SENT, choices=questions[:2])
    people.send(db, INTERIM, at=SENT, choices=questions[1:3])
    close(db, tmp_path)
    assert "holds" in steps.verify_store(db, "small").done

    with db.writing() as session:
        ballot = session.get(models.Ballot, (INTERIM, mine.response_id, 1))
        response = session.get(models.Response, (INTERIM, mine.response_id, 1))
        if tampered == "choices":
            ballot.choices = json.dumps([{"question_id": questions[3], "rank": 1}])
        if tampered == "group":
            response.group = "lived"
        if tampered == "added":
            session.add(models.Ballot(**{**ballot.model_dump(), "ballot_id": "w-stuffed"}))
        if tampered == "taken out":
            session.delete(ballot)

    with pytest.raises(StageError, match="small-interim-1"):
        steps.verify_store(db, "small")


def test_the_command_finds_a_receipt_and_says_when_it_is_not_there(db, questions, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path))
    mine = people.send(db, INTERIM, at=SENT, choices=questions[:2])
    close(db, tmp_path)

    found = main(["verify", mine.code, "--partnership", "small"])
    missing = main(["verify", receipts.receipt_code("ab" * 32), "--partnership", "small"])

    said = capsys.readouterr()
    assert (found, missing) == (0, 2)
    assert f"The receipt {mine.code} stands in the round {INTERIM}." in said.out
    assert "stands in no round" in said.err
    assert (tmp_path / "outputs" / "small" / "chain.json").exists()


def test_ranking_freezes_a_round_that_the_sweep_has_not_come_to(db, tmp_path):
    walk.run_stage("import-ballots", db, tmp_path)
    steps.close_round(db, INTERIM, by="tester", now=INTERIM_CLOSES)

    steps.rank_round(db, "small", now=INTERIM_ENDS)

    with db.reading() as session:
        assert session.get(models.Round, INTERIM).root
