"""A public conversation that nobody here wrote, unedited, through every stage to a Top 10 with lineage."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from consensus import steps, store
from consensus.protocol import read_protocol
from consensus.store import Store

FOLDER = Path(__file__).parent / "partnerships" / "football_concussions"
NAME = FOLDER.name


@pytest.fixture(scope="module")
def conversation(shared, tmp_path_factory):
    home = tmp_path_factory.mktemp("polis")
    db = Store.open(f"sqlite:///{home / 'consensus.db'}")
    plan = read_protocol(FOLDER).rounds
    during, after = plan.interim.opens + timedelta(hours=1), plan.interim.closes
    statements, votes = (
        shared / "rankings" / f"polis_football-concussions_{what}.csv" for what in ("statements", "votes")
    )
    steps.register(db, FOLDER, by="test", now=plan.gather.opens)
    steps.import_answers(db, NAME, statements, by="test", now=plan.gather.opens)
    steps.gather(db, NAME, now=plan.gather.closes)
    steps.propose_duplicates(db, NAME, now=plan.gather.closes)
    steps.scripted_review(db, NAME, folder=FOLDER, now=plan.gather.closes)
    steps.open_round(db, NAME, "interim", by="test", now=plan.interim.opens)
    steps.import_ballots(db, NAME, votes, by="test", now=during)
    steps.advance_rounds(db, now=after)
    ranked = steps.rank_round(db, NAME, now=after)
    steps.scripted_approval(db, NAME, now=after)
    steps.scripted_workshop(db, NAME, folder=FOLDER, out=home, now=after)
    steps.finalise(db, NAME, now=after)
    steps.publish(db, NAME, folder=home, now=after)
    yield db, ranked, home
    db.close()


def load(db, name):
    with db.reading() as session:
        return store.load_frame(session, name, NAME)


def test_every_statement_is_kept_and_the_rejected_ones_are_set_aside_with_that_reason(conversation):
    db, _, _ = conversation

    submissions, set_aside = load(db, "submissions"), load(db, "set_aside")

    assert submissions["answer_id"].nunique() == 298
    rejected = set_aside[set_aside["reason"].str.contains("moderators")]
    assert len(rejected) == 137


def test_people_without_a_group_are_counted_apart_and_not_ranked(conversation):
    db, ranked, _ = conversation

    with db.reading() as session:
        counts = store.load_ranking(session, ranked.ids["ranking"]).tables["counts"]["ballots"]

    assert counts.to_dict() == {"group_0": 1262, "group_1": 153, "not_stated": 53}
    assert ranked.counts["on nothing in this round"] == 1487 - 1262 - 153 - 53


def test_who_agreed_with_any_statement_of_a_question_chooses_it_once(conversation, shared):
    db, ranked, _ = conversation
    import pandas as pd

    votes = pd.read_csv(shared / "rankings" / "polis_football-concussions_votes.csv")
    answers = {}
    with db.reading() as session:
        for row in store.load_answers(session, NAME).itertuples():
            answers[row.answer_id] = int(row.response_id.split("-")[-1]) if "-" in row.response_id else row.response_id
        totals = store.load_ranking(session, ranked.ids["ranking"]).tables["points"]
    merged = load(db, "lineage").merge(load(db, "submissions"), on="submission_id")
    sizes = merged.groupby("question_id")["answer_id"].nunique()
    question = sizes.idxmax()
    items = {str(answers[a]) for a in merged.loc[merged["question_id"] == question, "answer_id"]}
    agreed = votes[(votes["vote"] == 1) & votes["item"].astype(str).isin(items)]

    wanted = agreed.drop_duplicates("participant")["group"].value_counts()

    assert sizes[question] > 1
    assert totals.loc[question].astype(int).to_dict() == {"group_0": wanted.get(0, 0), "group_1": wanted.get(1, 0)}


def test_it_ends_in_a_top_ten_that_traces_to_statements(conversation):
    db, _, home = conversation

    top = steps.top_table(db, NAME)

    assert len(top) >= 10
    for place in sorted(set(top["rank"].astype(str))):
        assert any("characters" in line for line in steps.trace(db, NAME, place).to_lines())
    assert (home / "report.html").stat().st_size > 10_000


def test_the_small_groups_of_the_workshop_are_named_as_simulated(conversation):
    db, _, _ = conversation

    assert load(db, "workshop_rankings")["small_group"].str.startswith("simulated").all()
