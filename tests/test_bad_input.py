"""Bad input gets a sentence that says whose fault it is and what to do, and loses nothing."""

from __future__ import annotations

import pytest

from consensus import steps, store
from consensus.errors import DataError
from consensus.store import Store
from tests import walk

HEADER = ["response_id", "submitted_at", "group", "consent", "question"]
SOON = walk.ANSWERED.isoformat()


@pytest.fixture
def db(tmp_path):
    opened = Store.open(f"sqlite:///{tmp_path / 'consensus.db'}")
    for name in ("register", "import-answers"):
        walk.run_stage(name, opened, tmp_path)
    yield opened
    opened.close()


def answers(db):
    with db.reading() as session:
        return store.load_answers(session, "small")


def quarantine(db):
    with db.reading() as session:
        return store.load_quarantine(session, "small")


def bring(db, tmp_path, path):
    return steps.import_answers(
        db, "small", path, mapping=walk.answers_mapping(tmp_path), by="tester", now=walk.ANSWERED
    )


def refused(db, tmp_path, path) -> str:
    before = answers(db)
    with pytest.raises(DataError) as told:
        bring(db, tmp_path, path)
    assert answers(db).equals(before)
    return str(told.value)


def test_an_empty_file_is_refused(db, tmp_path):
    path = tmp_path / "empty.csv"
    path.write_bytes(b"")

    assert "empty" in refused(db, tmp_path, path)


def test_a_file_with_headings_alone_is_refused(db, tmp_path):
    said = refused(db, tmp_path, walk.write_csv(tmp_path / "headings.csv", HEADER, []))

    assert "headings.csv" in said


def test_every_missing_column_is_named_at_once(db, tmp_path):
    said = refused(db, tmp_path, walk.write_csv(tmp_path / "narrow.csv", ["response_id", "group"], [["r1", "lived"]]))

    assert "submitted_at" in said
    assert "consent" in said
    assert "question" in said


def test_a_file_that_does_not_exist_is_refused_with_a_sentence(db, tmp_path):
    assert "nowhere.csv" in refused(db, tmp_path, tmp_path / "nowhere.csv")


def test_a_wrong_encoding_is_read_and_the_changed_cells_are_named_without_their_words(db, tmp_path):
    path = tmp_path / "latin.csv"
    path.write_bytes(
        ",".join(HEADER).encode() + f"\r\nr1,{SOON},lived,yes,Does caf\xe9 noise help?\r\n".encode("cp1252")
    )

    outcome = bring(db, tmp_path, path)

    assert "Does café noise help?" in answers(db)["text"].tolist()
    assert "Windows-1252: row 2 column 5" in outcome.done
    assert "caf" not in outcome.done


def test_an_unknown_group_goes_to_quarantine_and_the_rest_is_taken(db, tmp_path):
    rows = [["r1", SOON, "nurse", "yes", "Does rest help?"], ["r2", SOON, "lived", "yes", "Does work help?"]]

    outcome = bring(db, tmp_path, walk.write_csv(tmp_path / "groups.csv", HEADER, rows))

    assert outcome.counts["in quarantine"] == 1
    assert "Does work help?" in answers(db)["text"].tolist()
    reason = quarantine(db)["reason"].tolist()[0]
    assert "lived" in reason
    assert "rest" not in reason


def test_an_answer_of_a_million_letters_is_kept_whole(db, tmp_path):
    long = "Does sleep help? " * 62_000
    path = walk.write_csv(tmp_path / "long.csv", HEADER, [["r1", SOON, "lived", "yes", long]])

    bring(db, tmp_path, path)
    outcome = steps.gather(db, "small", now=walk.ANSWERED)

    assert long in answers(db)["text"].tolist()
    assert outcome.counts["submissions"] > 60_000


def test_words_that_look_like_missing_values_are_answers(db, tmp_path):
    rows = [[f"r{n}", SOON, "lived", "yes", text] for n, text in enumerate(["NA", "None", "null", "nan", "-"])]

    bring(db, tmp_path, walk.write_csv(tmp_path / "na.csv", HEADER, rows))

    assert {"NA", "None", "null", "nan", "-"} <= set(answers(db)["text"])


@pytest.fixture
def open_round(db, tmp_path):
    for name in ("gather-uncertainties", "deduplicate", "review", "open-round"):
        walk.run_stage(name, db, tmp_path)
    return [question for question, _ in steps.questions_on_ballot(db, "small")]


def rank_ballots(db, tmp_path, rows):
    walk.ballots_file(tmp_path, [question for question, _ in steps.questions_on_ballot(db, "small")])
    header = ["response_id", "submitted_at", "group", "rank_1", "rank_2", "rank_3"]
    path = walk.write_csv(tmp_path / "b.csv", header, rows)
    steps.import_ballots(db, "small", path, mapping=walk.ballots_mapping(tmp_path), by="tester", now=walk.OPENED)
    steps.advance_rounds(db, now=walk.RANKED)
    return steps.rank_round(db, "small", now=walk.RANKED)


def test_a_ballot_with_a_fault_is_set_aside_with_the_reason_and_the_others_are_counted(db, tmp_path, open_round):
    q, at = open_round, walk.OPENED.isoformat()
    rows = [
        ["good", at, "lived", q[0], q[1], q[2]],
        ["also-good", at, "carer", q[1], q[0], ""],
        ["repeats", at, "lived", q[0], q[0], ""],
        ["nobody-knows", at, "lived", "q-unheard-of", q[0], ""],
    ]

    outcome = rank_ballots(db, tmp_path, rows)

    assert outcome.counts["in quarantine"] == 2
    assert outcome.counts["ballots ranked"] == 2
    with db.reading() as session:
        told = store.load_ranking(session, outcome.ids["ranking"]).tables["quarantine"]
    assert set(told.index) | set(told.get("ballot", [])) >= {"repeats", "nobody-knows"}


def test_a_ballot_sent_twice_counts_once(db, tmp_path, open_round):
    q, at = open_round, walk.OPENED.isoformat()
    row = ["mine", at, "lived", q[0], q[1], q[2]]

    outcome = rank_ballots(db, tmp_path, [row, row, ["other", at, "carer", q[1], "", ""]])

    assert outcome.counts["ballots ranked"] <= 2
