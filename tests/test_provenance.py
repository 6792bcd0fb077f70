"""From a priority back to the words people wrote, and what moved between two orders."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from consensus.errors import DataError
from consensus.gather import answer_id, split_answers
from consensus.provenance import Trace, compare, trace
from consensus.questions import apply_decisions
from consensus.vocabulary import COLUMNS, empty

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANSWERS = pd.DataFrame(
    [
        (answer_id("table", person, "q1"), 1, "table", person, "q1", group, "", "", text, "", NOW)
        for person, group, text in [
            ("anna", "carer", "My son is ill. Does diet help? What about sleep for teenagers?"),
            ("ben", "lived", "does food matter"),
            ("cleo", "lived", "Is ECT safe?"),
        ]
    ],
    columns=list(COLUMNS["answers"]),
)
SUBMISSIONS = split_answers(ANSWERS)
DIET, SLEEP, FOOD, ECT = (
    SUBMISSIONS.loc[SUBMISSIONS["text"].str.contains(word), "submission_id"].item()
    for word in ("diet", "sleep", "food", "ECT")
)
DECISIONS = pd.DataFrame(
    [
        (f"d{n}", kind, subject, value, by, NOW + timedelta(minutes=n), why)
        for n, (kind, subject, value, by, why) in enumerate(
            [
                ("same_question", "q1", {"submissions": [DIET], "wording": "Diet?", "category": "body"}, "Ada", ""),
                ("same_question", "q2", {"submissions": [FOOD], "wording": "Food?", "category": ""}, "Ada", ""),
                ("same_question", "q3", {"submissions": [SLEEP, ECT], "wording": "Sleep?", "category": ""}, "Ada", ""),
                ("out_of_scope", DIET, {}, "Ben", "one person"),
                ("undo", "d3", {}, "Ada", "it is about everybody"),
                ("wording", "q1", {"wording": "Does what we eat matter?"}, "Ada", "plainer"),
                ("merge", "q2", {"into": "q1"}, "the plenary", "the same thing"),
                ("approval", "r1", {"decision": "approve"}, "Chair", ""),
                ("plenary_move", "q1", {"to": 1}, "the plenary", "most urgent"),
            ]
        )
    ],
    columns=list(COLUMNS["decisions"]),
).astype(object)
RANKING = pd.DataFrame(
    {
        "rank": [2, 1],
        "tied": False,
        "score": [3.0, 5.0],
        "position_carer": [1.5, 1.5],
        "position_lived": [2.0, float("nan")],
    },
    index=pd.Index(["q1", "q3"], name="question"),
)
FINAL = pd.DataFrame({"rank": [1, 2], "tied": [True, False]}, index=pd.Index(["q1", "q3"], name="question"))


def traced(question: str = "q1", **orders: Any) -> Trace:
    """Return the trace of a question of the example."""
    built = apply_decisions(SUBMISSIONS, empty("proposals"), DECISIONS)
    return trace(question, built.questions, built.lineage, SUBMISSIONS, ANSWERS, DECISIONS, **orders)


def test_a_priority_traces_to_its_places_and_each_groups_position() -> None:
    told = traced(ranking=RANKING, final=FINAL)

    assert (told.question_id, told.wording, told.category, told.status) == (
        "q1",
        "Does what we eat matter?",
        "body",
        "open",
    )
    assert (told.place, told.tied, told.interim_place, told.score) == (1, True, 2, 3.0)
    assert told.positions == {"carer": 1.5, "lived": 2.0}
    assert traced("q3", ranking=RANKING).positions == {"carer": 1.5}


def test_a_priority_traces_to_the_characters_of_the_answers_as_received() -> None:
    told = traced(ranking=RANKING, final=FINAL)
    answers = ANSWERS.set_index("answer_id")["text"]

    assert set(told.submissions["submission_id"]) == {DIET, FOOD}
    assert all(answers[row.answer_id][row.start : row.end] == row.text for row in told.submissions.itertuples())
    assert dict(zip(told.submissions["through"], told.submissions["response_id"], strict=True)) == {
        "q1": "anna",
        "q2": "ben",
    }


def test_every_decision_between_is_told_with_who_when_and_why_also_one_that_was_taken_back() -> None:
    told = traced(ranking=RANKING, final=FINAL).decisions

    assert told["decision_id"].tolist() == ["d0", "d1", "d3", "d4", "d5", "d6", "d7", "d8"]
    assert told.loc[~told["stands"].astype(bool), "decision_id"].tolist() == ["d3"]
    assert told.loc[2, ["by", "why"]].tolist() == ["Ben", "one person"]


def test_before_a_ranking_there_are_no_places_and_no_sign_off() -> None:
    told = traced()

    assert (told.place, told.interim_place, told.score, dict(told.positions)) == (None, None, None, {})
    assert "approval" not in set(told.decisions["kind"])


def test_a_trace_can_be_read_by_people_and_by_programs() -> None:
    told = traced(ranking=RANKING, final=FINAL)
    lines = "\n".join(told.to_lines())

    for said in (
        "final place 1 (tied)",
        "carer: position 1.5",
        "Ben: out of scope",
        "(taken back)",
        "Why: most urgent",
    ):
        assert said in lines
    assert "characters 0 to 30): My son is ill. Does diet help?" in lines
    assert json.loads(json.dumps(told.to_dict()))["decisions"][0]["at"] == "2026-03-02T09:00:00+00:00"


def test_a_question_that_is_not_there_is_told_with_a_sentence() -> None:
    with pytest.raises(DataError, match="no summary question 'q9'"):
        traced("q9")


def order(**ranks: int) -> pd.DataFrame:
    """Return an order by question."""
    return pd.DataFrame({"rank": list(ranks.values())}, index=pd.Index(list(ranks), name="question"))


def test_what_moved_came_or_went_between_two_orders_is_told_and_nothing_else() -> None:
    moved = compare(order(q1=1, q2=2, q3=3, q4=4), order(q3=1, q2=2, q1=3, q5=4))

    assert moved.reset_index().values.tolist() == [
        ["q3", 3, 1, 2],
        ["q1", 1, 3, -2],
        ["q5", None, 4, None],
        ["q4", 4, None, None],
    ]
    assert compare(order(q1=1), order(q1=1)).empty
