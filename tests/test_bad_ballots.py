"""What can be wrong with ballots, item by item, form by form: a sentence with row and remedy or a declared result."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from consensus.agreement import agree
from consensus.errors import DataError
from consensus.firmness import stress
from consensus.interim import check_ballots
from consensus.rules import RULES, rank
from consensus.tally import Tally, tally
from consensus.vocabulary import BALLOT_FORMS
from tests.profiles import Ballot, frame_of
from tests.test_laws import BEARS

KNOWN = ["q1", "q2", "q3"]

GOOD: dict[str, list[Any]] = {
    "ranked": [{"q1": 1, "q2": 2}, {"q2": 1, "q3": 2}],
    "chosen": [{"q1": 1, "q2": 0}, {"q2": 1, "q3": -1}],
    "rated": [{"q1": 9, "q2": 4}, {"q2": 7, "q3": None}],
    "points": [{"q1": 60, "q2": 40}, {"q2": 100, "q3": 0}],
    "best_worst": [[{"q1": 1, "q2": 0, "q3": -1}], [{"q2": 1, "q3": -1}]],
    "pairwise": [{("q1", "q2"): 1}, {("q2", "q3"): 0}],
}
"""Two ballots of each form without a fault."""

UNKNOWN: dict[str, tuple[Any, str]] = {
    **dict.fromkeys(("ranked", "chosen", "rated", "points"), ({"q1": 1, "q9": 1}, "row 2: question 'q9' is not in")),
    "best_worst": ([{"q1": 1, "q9": -1}], "row 2: question 'q9' is not in the interim ballot; mend it or leave"),
    "pairwise": ({("q1", "q9"): 1}, "row 1: other question 'q9' is not in the interim ballot; mend it or leave"),
}
"""A ballot with a question that is not there, and what is said."""

NOT_ALLOWED = {
    "ranked": ([0, -1, 1.5, "first", None, float("inf")], "a place is a whole number from 1"),
    "chosen": ([2, -2, 0.5, "yes", None], "write 1 (chosen), 0 (seen, not chosen) or -1 (disagree)"),
    "rated": ([4.5, "high", float("inf")], 'a rating is a whole number, or left empty for "don\'t know"'),
    "points": ([-1, 0.5, "ten", None], "points are a whole number, 0 or more"),
    "best_worst": ([2, 0.5, "best", None], "write 1 (best), -1 (worst) or 0 (shown)"),
    "pairwise": ([2, 0.5, "left", None], "write 1 (prefers the question), -1 (prefers the other) or 0 (a tie)"),
}
"""Values that a form does not allow, and the remedy."""

LEVEL: dict[str, list[Any]] = {
    "ranked": [dict.fromkeys(KNOWN, 1)],
    "chosen": [dict.fromkeys(KNOWN, 1)],
    "rated": [dict.fromkeys(KNOWN, 5)],
    "points": [dict.fromkeys(KNOWN, 30)],
    "best_worst": [[{"q1": 1, "q2": -1}], [{"q2": 1, "q3": -1}], [{"q3": 1, "q1": -1}]],
    "pairwise": [{("q1", "q2"): 0, ("q2", "q3"): 0, ("q3", "q1"): 0}],
}
"""Ballots of a group that are level on everything."""

ONE_QUESTION = {
    "ranked": {"q1": 1},
    "chosen": {"q1": 1},
    "rated": {"q1": 5},
    "points": {"q1": 100},
    "best_worst": [{"q1": 1}],
    "pairwise": {("q1", "q1"): 0},
}
CANNOT_ASK_ONE = {
    "best_worst": "row 1: the task does not have exactly one worst; mark one.",
    "pairwise": "row 1: the question is compared with itself; name another.",
}
"""Forms that compare, and so need two questions, with what is said of one."""

forms = pytest.mark.parametrize("form", BALLOT_FORMS)


def frame(said: list[Any], form: str, group: str = "carer") -> pd.DataFrame:
    return frame_of([Ballot(group, each) for each in said], form)


def faults(ballots: pd.DataFrame, form: str, **options: Any) -> tuple[str, ...]:
    with pytest.raises(DataError) as told:
        tally(ballots, KNOWN, form, **options)
    return told.value.faults


def assert_everything_is_told(t: Tally) -> dict[str, pd.DataFrame]:
    """Rank by every rule, try how firm the order is and how far people agree: nothing may stop."""
    ranked = {rule: rank(t, rule) for rule in RULES if t.form in BEARS.get(rule, BALLOT_FORMS)}
    firm = stress(t, top=1, replicates=5)
    assert firm["low"].le(firm["high"]).all()
    assert len(agree(t, top=1, replicates=5))
    return ranked


@forms
def test_ballots_without_a_fault_are_ranked_by_every_rule(form):
    assert_everything_is_told(tally(frame(GOOD[form], form), KNOWN, form))


@forms
def test_a_question_that_is_not_on_the_ballot_is_told_with_its_row(form):
    ballot, said = UNKNOWN[form]

    told = faults(frame([ballot], form), form)

    assert any(fault.startswith(said) and "mend it or leave the row out" in fault for fault in told), told


@forms
def test_the_same_question_twice_in_a_ballot_is_told_with_its_row(form):
    ballots = frame(GOOD[form], form)
    again = ballots.iloc[[0]]
    if form == "pairwise":  # the same pair, the other way round
        again = again.assign(question=again["other"], other=again["question"])

    told = faults(pd.concat([ballots, again], ignore_index=True), form)

    twice = {
        "pairwise": "the two questions are compared twice in this ballot; each pair may stand once.",
        "best_worst": "question 'q1' stands twice in this task of this ballot; each question may stand once.",
    }.get(form, "question 'q1' stands twice in this ballot; each question may stand once.")
    assert f"row {len(ballots) + 1}: {twice}" in told


@forms
def test_a_gap_in_places_is_told_and_closes_where_that_is_declared(form):
    gapped = [{"q1": 1, "q2": 3}] if form == "ranked" else GOOD[form]
    ballots = frame(gapped, form)

    closed = tally(ballots, KNOWN, form, gaps="close")

    if form == "ranked":
        said = "row 2: a place above this one is empty in the ballot; close the gap, or allow it with gaps = 'close'."
        assert faults(ballots, form) == (said,)
        assert closed.digest == tally(frame([{"q1": 1, "q2": 2}], form), KNOWN, form).digest
    else:  # a form without places has no gap to close
        assert closed.digest == tally(ballots, KNOWN, form).digest


@pytest.mark.parametrize(("form", "value"), [(form, v) for form, (values, _) in NOT_ALLOWED.items() for v in values])
def test_a_value_that_the_form_does_not_allow_is_told_with_its_row_and_what_it_takes(form, value):
    ballots = frame(GOOD[form], form)
    ballots["value"] = ballots["value"].astype(object)
    ballots.loc[0, "value"] = value

    assert f"row 1: the value is not allowed; {NOT_ALLOWED[form][1]}." in faults(ballots, form)


@forms
@pytest.mark.parametrize("weight", [1.5, 0, -2, "two", None])
def test_a_weight_that_is_no_whole_number_of_ballots_is_told_with_its_row(form, weight):
    ballots = frame(GOOD[form], form)
    ballots["weight"] = ballots["weight"].astype(object)
    ballots.loc[ballots["ballot"] == "b0", "weight"] = weight

    said = "row 1: the weight is not a whole number from 1; write how many identical ballots this one stands for."
    assert said in faults(ballots, form)


@forms
def test_a_group_that_has_no_ballots_has_no_say_and_that_is_told(form):
    t = tally(frame(GOOD[form], form), KNOWN, form, groups=["carer", "nurse"])

    for rule in RULES:
        if form in BEARS.get(rule, BALLOT_FORMS):
            with pytest.warns(
                UserWarning, match="'nurse' has no ballots and so no say in this ranking; its share of 2"
            ):
                got = rank(t, rule, {"carer": 1, "nurse": 2})
            pd.testing.assert_frame_equal(got, rank(tally(frame(GOOD[form], form), KNOWN, form), rule))
    assert "nurse" in " ".join(stress(t, replicates=5, top=1).attrs["warnings"])


@forms
def test_a_group_that_is_level_on_everything_ties_every_question(form):
    t = tally(frame(LEVEL[form], form), KNOWN, form)

    for rule, got in assert_everything_is_told(t).items():
        assert got["rank"].tolist() == [1, 1, 1], rule
        assert got["tied"].all(), rule
    assert got["position_carer"].tolist() == [2.0, 2.0, 2.0]
    agreement = agree(t, replicates=0).set_index("statistic")
    assert pd.isna(agreement.loc["kendall_w", "value"])


@forms
def test_one_question_is_first_and_a_form_that_compares_says_that_it_needs_two(form):
    ballots = frame([ONE_QUESTION[form]], form)

    if form in CANNOT_ASK_ONE:
        assert CANNOT_ASK_ONE[form] in faults(ballots, form)
        return
    for rule, got in assert_everything_is_told(tally(ballots, ["q1"], form)).items():
        assert got[["rank", "tied"]].values.tolist() == [[1, False]], rule


@forms
def test_one_ballot_is_an_order_and_agrees_with_nobody(form):
    t = tally(frame(GOOD[form][:1], form), KNOWN, form)

    assert assert_everything_is_told(t)["jla_positions"].index[0] == "q1"
    assert pd.isna(agree(t, replicates=0).set_index("statistic").loc["kendall_w", "value"])


@forms
def test_no_ballots_at_all_are_nothing_to_rank_and_that_is_told(form):
    t = tally(frame([], form), KNOWN, form, groups=["carer"])

    for ask in (rank, stress, agree):
        with pytest.raises(DataError, match="No stakeholder group has a ballot; import ballots before ranking"):
            ask(t)


@forms
def test_all_faults_of_a_file_are_told_at_once_and_faulty_ballots_alone_are_set_aside(form):
    good, (unknown, said) = frame(GOOD[form], form), UNKNOWN[form]
    bad_value = frame(GOOD[form], form).assign(ballot="bad-value", weight=1)
    bad_value["value"] = bad_value["value"].astype(object)
    bad_value.loc[0, "value"] = "nonsense"
    parts = [
        good,
        frame([unknown], form).assign(ballot="unknown"),
        bad_value,
        frame(GOOD[form][:1], form).assign(ballot="bad-weight", weight=0.5),
        frame(GOOD[form][:1], form, "porter").assign(ballot="no-group"),
    ]
    ballots = pd.concat(parts, ignore_index=True)

    told = " ".join(faults(ballots, form, groups=["carer"]))
    checked = check_ballots(ballots, KNOWN, ["carer"], form)

    at = len(good) + 1
    assert f"row {at if form == 'pairwise' else at + 1}: {said.split(': ')[1]}" in told
    for sentence in ("the value is not allowed", "the weight is not a whole number", "stakeholder group 'porter'"):
        assert sentence in told
    assert set(checked.quarantine["ballot"]) == {"unknown", "bad-value", "bad-weight", "no-group"}
    pd.testing.assert_frame_equal(
        checked.ballots[["ballot", "question"]], good[["ballot", "question"]], check_dtype=False
    )
