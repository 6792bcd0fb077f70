"""Every summary question of a reviewed partnership, back to the characters people sent; how many people asked it."""

from __future__ import annotations

import pandas as pd
import pytest

from consensus.questions import respondents_by_group
from consensus.store import Store, load_answers, load_frame
from tests import walk


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory):
    """Return the answers, submissions, questions and lineage of a partnership whose review is done."""
    home = tmp_path_factory.mktemp("home")
    db = Store.open(f"sqlite:///{home / 'consensus.db'}")
    for name in walk.STAGES[: walk.STAGES.index("review") + 1]:
        walk.run_stage(name, db, home)
    with db.reading() as session:
        frames = [load_frame(session, name, "small") for name in ("submissions", "questions", "lineage")]
        answers = load_answers(session, "small")
    db.close()
    return answers, *frames


def test_every_summary_question_traces_to_characters_of_answers_as_received(reviewed) -> None:
    answers, submissions, questions, lineage = reviewed
    received = answers.set_index("answer_id")["text"]
    sent = {text for texts in walk.ASKED.values() for text in texts}

    told = lineage.merge(submissions, on="submission_id", validate="one_to_one")

    assert len(questions) > 1
    assert set(told["question_id"]) == set(questions["question_id"])
    assert set(received[told["answer_id"]]) <= sent
    assert all(received[cut.answer_id][cut.start : cut.end] == cut.text for cut in told.itertuples())
    assert (told["end"] > told["start"]).all()


def test_one_body_that_sends_one_question_many_times_counts_once() -> None:
    rows = [("s0", "r0", "carer"), *((f"s{n}", "the society", "clinician") for n in range(1, 50))]
    submissions = pd.DataFrame(rows, columns=["submission_id", "response_id", "group"])
    lineage = pd.DataFrame({"question_id": "q1", "submission_id": submissions["submission_id"]})

    counted = respondents_by_group(lineage, submissions)

    assert counted.loc["q1"].to_dict() == {"carer": 1, "clinician": 1}
