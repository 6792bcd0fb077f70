"""Decisions to summary questions: every submission ends in exactly one place, whatever people decide and take back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from consensus.decisions import in_force
from consensus.errors import DataError
from consensus.questions import (
    NOT_YET_REVIEWED,
    Questions,
    apply_decisions,
    apply_evidence_checks,
    merge_questions,
    question_id,
    respondents_by_group,
)
from consensus.vocabulary import COLUMNS, empty
from tests.profiles import examples

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SUBMISSIONS = pd.DataFrame(
    [
        ("s1", "a1", "anna", "carer", 0, 8, "Does diet help?", ""),
        ("s2", "a1", "anna", "carer", 9, 20, "Does food help?", ""),
        ("s3", "a2", "ben", "lived", 0, 11, "diet and mood", ""),
        ("s4", "a3", "cleo", "lived", 0, 3, "Is ECT safe?", ""),
        ("s5", "a4", "dai", "lived", 0, 3, "Parking is bad", "rejected by the conversation's moderators"),
        ("s6", "a5", "ed", "carer", 0, 0, "", "empty answer"),
    ],
    columns=list(COLUMNS["submissions"]),
)
PROPOSALS = pd.DataFrame(
    [("s1", "g1", 0.5, ""), ("s2", "g1", 0.6, ""), ("s3", "g1", 0.4, ""), ("s4", "g2", 0.0, "")],
    columns=list(COLUMNS["proposals"]),
)


def log(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return decisions in the order given, each (kind, subject, value, why)."""
    told = [
        (f"d{n}", kind, subject, value, "Ada", NOW + timedelta(minutes=n), rest[0] if rest else "")
        for n, (kind, subject, value, *rest) in enumerate(rows)
    ]
    return pd.DataFrame(told, columns=list(COLUMNS["decisions"])).astype(object)


def accept(question: str, *submissions: str, wording: str = "What helps?", category: str = "") -> tuple[Any, ...]:
    """Return the decision that some submissions are one question."""
    return ("same_question", question, {"submissions": list(submissions), "wording": wording, "category": category})


def build(*rows: tuple[Any, ...]) -> Questions:
    """Return what the decisions make of the submissions."""
    return apply_decisions(SUBMISSIONS, PROPOSALS, log(*rows))


def places(built: Questions) -> dict[str, str]:
    """Return where each submission ended: a question's id, or the reason it was set aside."""
    ended = [*built.lineage[["submission_id", "question_id"]].itertuples(index=False, name=None)]
    ended += [*built.set_aside[["submission_id", "reason"]].itertuples(index=False, name=None)]
    assert len(dict(ended)) == len(ended), "a submission ended twice"
    return dict(sorted(ended))


def test_what_nobody_decided_about_is_not_yet_reviewed() -> None:
    built = apply_decisions(SUBMISSIONS, PROPOSALS, empty("decisions"))

    assert places(built) == {
        "s1": NOT_YET_REVIEWED,
        "s2": NOT_YET_REVIEWED,
        "s3": NOT_YET_REVIEWED,
        "s4": NOT_YET_REVIEWED,
        "s5": "rejected by the conversation's moderators",
        "s6": "empty answer",
    }
    assert built.questions.empty


def test_an_accepted_group_becomes_a_question_with_its_lineage_and_counts_each_person_once() -> None:
    built = build(accept("q1", "s1", "s2", "s3", wording="Does diet help?", category="body"))

    (question,) = built.questions.to_dict("records")
    assert question == {
        "question_id": "q1",
        "wording": "Does diet help?",
        "category": "body",
        "status": "open",
        "submissions": 3,
        "respondents": 2,
    }
    assert respondents_by_group(built.lineage, SUBMISSIONS).loc["q1"].to_dict() == {"carer": 1, "lived": 1}


def test_later_decisions_win() -> None:
    rows = [accept("q1", "s1", "s2"), accept("q2", "s3", "s4"), ("move", "s2", {"to": "q2"})]
    rows += [("wording", "q2", {"wording": "First"}), ("wording", "q2", {"wording": "Last"})]
    built = build(*rows, ("set_aside", "s1", {}, "a duplicate of a published question"))

    assert places(built)["s2"] == "q2"
    assert places(built)["s1"] == "a duplicate of a published question"
    assert built.questions.set_index("question_id")["wording"].to_dict() == {"q2": "Last"}


def test_a_question_without_submissions_is_none() -> None:
    built = build(accept("q1", "s1"), accept("q2", "s2"), ("move", "s1", {"to": "q2"}))

    assert built.questions["question_id"].tolist() == ["q2"]


def test_who_set_a_submission_aside_when_and_why_is_kept() -> None:
    (row,) = (
        build(("out_of_scope", "s4", {}, "about one hospital"))
        .set_aside.query("submission_id == 's4'")
        .to_dict("records")
    )

    assert row == {"submission_id": "s4", "reason": "about one hospital", "by": "Ada", "at": NOW}


def test_a_moderators_rejection_can_be_taken_back() -> None:
    assert places(build(("in_scope", "s5", {})))["s5"] == NOT_YET_REVIEWED
    assert places(build(accept("q1", "s5")))["s5"] == "q1"


def test_what_is_back_in_scope_is_in_its_question_again() -> None:
    rows = [accept("q1", "s1"), ("out_of_scope", "s1", {}, "one case"), ("in_scope", "s1", {})]

    assert places(build(*rows))["s1"] == "q1"


def test_an_undone_decision_counts_as_never_made_and_an_undo_can_be_undone() -> None:
    rows = [accept("q1", "s1"), ("out_of_scope", "s1", {}, "one case"), ("undo", "d1", {})]

    assert places(build(*rows))["s1"] == "q1"
    assert places(build(*rows, ("undo", "d2", {})))["s1"] == "one case"


def test_moving_to_a_question_that_was_taken_back_leaves_a_submission_to_review() -> None:
    rows = [
        accept("q1", "s1"),
        ("wording", "q1", {"wording": "Why?"}),
        ("move", "s4", {"to": "q1"}),
        ("undo", "d0", {}),
    ]

    assert set(places(build(*rows)).values()) >= {NOT_YET_REVIEWED}
    assert build(*rows).questions.empty


def test_a_decision_on_a_submission_that_its_author_has_since_edited_is_passed_over() -> None:
    assert places(build(accept("q1", "s1", "s-gone")))["s1"] == "q1"


def test_a_question_accepted_without_a_wording_has_the_words_of_its_most_central_submission() -> None:
    assert build(accept("q1", "s1", "s2", "s3", wording="")).questions["wording"].tolist() == ["Does food help?"]


def test_every_category_that_the_protocol_lacks_is_told_at_once() -> None:
    decisions = log(accept("q1", "s1", category="minds"), accept("q2", "s2", category="souls"))

    with pytest.raises(DataError) as refused:
        apply_decisions(SUBMISSIONS, PROPOSALS, decisions, ["body"])

    assert len(refused.value.faults) == 2


def test_an_answered_question_leaves_the_ballot_and_comes_back_when_the_check_is_revised() -> None:
    rows = [accept("q1", "s1"), accept("q2", "s2"), ("answered", "q1", {"review": "CD1"})]
    decisions = log(*rows)
    questions = build(*rows).questions

    assert apply_evidence_checks(questions, decisions)["status"].tolist() == ["answered", "open"]
    revised = log(*rows, ("unanswered", "q1", {"searched": "Cochrane Library"}))
    assert apply_evidence_checks(questions, revised)["status"].tolist() == ["open", "open"]
    assert apply_evidence_checks(questions, log(*rows, ("undo", "d2", {})))["status"].tolist() == ["open", "open"]


def test_a_merge_at_the_workshop_keeps_the_lineage() -> None:
    rows = [accept("q1", "s1"), accept("q2", "s2"), accept("q3", "s3", "s4")]
    merges = [("merge", "q1", {"into": "q2"}), ("merge", "q2", {"into": "q3"}), ("merge", "q3", {"into": "q1"})]

    after = merge_questions(build(*rows), log(*rows, *merges), SUBMISSIONS)

    assert after.lineage["question_id"].tolist() == ["q3"] * 4
    assert after.questions[["question_id", "submissions", "respondents"]].values.tolist() == [["q3", 4, 3]]


def test_the_order_of_submissions_and_proposals_changes_nothing() -> None:
    decisions = log(accept("q1", "s1", "s2", wording=""), ("out_of_scope", "s4", {}, "one case"))

    one = apply_decisions(SUBMISSIONS, PROPOSALS, decisions)
    other = apply_decisions(SUBMISSIONS.iloc[::-1], PROPOSALS.iloc[::-1], decisions)

    for name in ("questions", "lineage", "set_aside"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))


IDS = st.sampled_from(SUBMISSIONS["submission_id"].tolist())
GROUPS = st.sets(IDS, min_size=1, max_size=3)


class Desk(RuleBasedStateMachine):
    """People decide, change their minds and take decisions back; a plain model says where everything lies."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[Any, ...]] = []

    @rule(group=GROUPS)
    def accept_a_group(self, group: set[str]) -> None:
        self.rows.append(accept(question_id(group), *sorted(group)))

    @rule(submission=IDS, group=GROUPS)
    def move(self, submission: str, group: set[str]) -> None:
        self.rows.append(("move", submission, {"to": question_id(group)}))

    @rule(submission=IDS, kind=st.sampled_from(["out_of_scope", "set_aside", "in_scope"]))
    def judge_scope(self, submission: str, kind: str) -> None:
        self.rows.append((kind, submission, {}, f"{kind} because"))

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        self.rows.append(("undo", f"d{data.draw(st.integers(0, len(self.rows) - 1))}", {}))

    def model(self) -> dict[str, str]:
        """Return where everything lies, one submission at a time."""
        undone: set[int] = set()
        for n in reversed(range(len(self.rows))):
            if n not in undone and self.rows[n][0] == "undo":
                undone.add(int(self.rows[n][1][1:]))
        live = [row for n, row in enumerate(self.rows) if n not in undone and row[0] != "undo"]
        accepted = {row[1] for row in live if row[0] == "same_question"}
        ended = {}
        for submission, status in zip(SUBMISSIONS["submission_id"], SUBMISSIONS["status"], strict=True):
            question, aside = "", status
            for kind, subject, value, *why in live:
                if kind == "same_question" and submission in value["submissions"]:
                    question, aside = subject, ""
                elif subject == submission:
                    question = value["to"] if kind == "move" else question
                    aside = why[0] if kind in ("out_of_scope", "set_aside") else ""
            ended[submission] = aside or (question if question in accepted else NOT_YET_REVIEWED)
        return ended

    @invariant()
    def every_submission_ends_once_and_where_the_model_says(self) -> None:
        built = build(*self.rows)

        assert places(built) == self.model()
        assert set(built.questions["question_id"]) == set(built.lineage["question_id"])
        assert built.questions["submissions"].sum() == len(built.lineage)


TestEverySubmissionEndsOnce = Desk.TestCase
TestEverySubmissionEndsOnce.settings = settings(examples, stateful_step_count=8)


def test_what_stands_is_told_in_the_order_in_which_it_was_decided() -> None:
    decisions = log(accept("q1", "s1"), ("undo", "d0", {}), accept("q2", "s2"), ("undo", "d1", {}))

    assert in_force(decisions)["decision_id"].tolist() == ["d0", "d2"]
