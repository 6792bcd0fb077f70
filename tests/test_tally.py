"""The integer tables say what the ballots say, part by part and whatever the order of the rows."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.errors import DataError
from consensus.tally import Tally, find_ballot_faults, pairs, receive, tally
from consensus.tally.tables import AXES
from consensus.vocabulary import BALLOT_FORMS
from tests import twins
from tests.profiles import GROUPS, QUESTIONS, Ballot, examples, frame_of, profiles, shared_out

FORMS = pytest.mark.parametrize("form", BALLOT_FORMS)


def same(one: Tally, two: Tally) -> None:
    """Both tallies are the same to the bit: labels, tables, kept ballots, digest."""
    for name in ("form", "depth", "groups", "questions", "levels"):
        assert getattr(one, name) == getattr(two, name), name
    for name in AXES:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)
    for name in ("group", "weight", "start", "question", "value", "other"):
        np.testing.assert_array_equal(getattr(one.ballots, name), getattr(two.ballots, name), err_msg=name)
    assert one.digest == two.digest


def long(*ballots: tuple[str, str, dict]) -> pd.DataFrame:
    """Return ballots (id, group, question -> value) as the long frame."""
    rows = [(b, group, q, v) for b, group, said in ballots for q, v in said.items()]
    return pd.DataFrame(rows, columns=["ballot", "group", "question", "value"])


@FORMS
@examples
@given(data=st.data())
def test_who_stands_above_whom_is_counted_as_a_person_would_count_it(form, data):
    profile = data.draw(profiles(form))

    t = tally(frame_of(profile, form), QUESTIONS, form, groups=GROUPS)

    for g, group in enumerate(t.groups):
        above, level = twins.pairs(profile, form, list(QUESTIONS), group)
        assert {(i, j): t.W[g, a, b] for a, i in enumerate(QUESTIONS) for b, j in enumerate(QUESTIONS)} == above
        assert {(i, j): t.E[g, a, b] for a, i in enumerate(QUESTIONS) for b, j in enumerate(QUESTIONS)} == level


@examples
@given(profile=profiles("ranked"), depth=st.integers(1, 6))
def test_how_many_put_a_question_at_a_place_is_counted_as_a_person_would_count_it(profile, depth):
    t = tally(frame_of(profile), QUESTIONS, depth=depth, groups=GROUPS)

    for g, group in enumerate(GROUPS):
        for q, question in enumerate(QUESTIONS):
            said = [(twins.places(b.said).get(question), b.weight) for b in profile if b.group == group]
            assert t.N[g, :, q].tolist() == [sum(w for p, w in said if p == r + 1) for r in range(depth)]
            assert t.given[g, q] == sum(w for p, w in said if p)


@examples
@given(profile=profiles("rated"))
def test_each_rating_is_counted_and_dont_know_is_kept_apart(profile):
    t = tally(frame_of(profile, "rated"), QUESTIONS, "rated", groups=GROUPS)

    for g, group in enumerate(GROUPS):
        for q, question in enumerate(QUESTIONS):
            said = [(b.said[question], b.weight) for b in profile if b.group == group and question in b.said]
            assert dict(zip(t.levels, t.C[g, q].tolist(), strict=True)) == {
                level: sum(w for v, w in said if v == level) for level in t.levels
            }
            assert t.unsure[g, q] == sum(w for v, w in said if v is None)


@examples
@given(profile=profiles("ranked"))
def test_short_and_long_ballots_are_counted_alike_by_both_kernels(profile):
    coded = tally(frame_of(profile), QUESTIONS).kept
    shape = (len(coded.groups), len(QUESTIONS), len(QUESTIONS))

    short, dense = pairs._count_short(coded, shape), pairs._count_dense(coded, shape)

    np.testing.assert_array_equal(short, dense)


def test_a_block_boundary_changes_no_count(monkeypatch):
    ballots = long(*[(f"b{n}", "carer", {"q1": 1 + n % 2, "q2": 2 - n % 2}) for n in range(7)])
    whole = tally(ballots)

    monkeypatch.setattr(pairs, "BLOCK", 4)

    same(tally(ballots), whole)


@FORMS
@examples
@given(data=st.data())
def test_parts_added_in_any_order_give_the_same_bits_as_one_pass(form, data):
    profile = data.draw(profiles(form))
    frame = frame_of(profile, form)
    part = data.draw(st.lists(st.integers(0, 2), min_size=len(profile), max_size=len(profile)))
    depth = data.draw(st.sampled_from([None, 2, 10]))
    number = frame["ballot"].str[1:].astype(int).map(dict(enumerate(part)))

    parts = [tally(frame[number == at], None, form, depth) for at in data.draw(st.permutations(sorted(set(part))))]

    added = parts[0]
    for more in parts[1:]:
        added = added + more
    same(added, tally(frame, None, form, depth))


@FORMS
@examples
@given(data=st.data())
def test_the_order_of_rows_and_the_names_of_ballots_change_nothing(form, data):
    frame = frame_of(data.draw(profiles(form)), form)
    shuffled = frame.sample(frac=1, random_state=data.draw(st.integers(0, 99)))
    renamed = shuffled.assign(ballot="z" + shuffled["ballot"].str[::-1])

    same(tally(renamed, form=form), tally(frame, form=form))


@FORMS
@examples
@given(data=st.data())
def test_a_ballot_of_weight_n_is_n_identical_ballots(form, data):
    profile = data.draw(profiles(form))

    weighed, written_out = (
        tally(frame_of(profile, form), form=form),
        tally(frame_of(shared_out(profile), form), form=form),
    )

    same(weighed, written_out)


@FORMS
@examples
@given(data=st.data())
def test_a_tally_read_back_is_the_tally_written(form, data):
    t = tally(frame_of(data.draw(profiles(form)), form), form=form, keep_ballots=False)

    back = Tally.from_frame(t.to_frame())

    assert back.digest == t.digest
    assert [getattr(back, name) for name in ("form", "depth", "groups", "questions", "levels")] == [
        getattr(t, name) for name in ("form", "depth", "groups", "questions", "levels")
    ]


def test_one_ballot_changed_changes_the_digest_even_where_every_table_stays():
    # Two ballots exchange their tails: places, pairs and totals are all as before, the ballots are not.
    before = long(
        ("b1", "carer", {"q1": 1, "q2": 2, "q3": 3, "q4": 4}), ("b2", "carer", {"q2": 1, "q1": 2, "q4": 3, "q3": 4})
    )
    after = long(
        ("b1", "carer", {"q1": 1, "q2": 2, "q4": 3, "q3": 4}), ("b2", "carer", {"q2": 1, "q1": 2, "q3": 3, "q4": 4})
    )

    one, two = tally(before), tally(after)

    assert (one.W == two.W).all()
    assert (one.N == two.N).all()
    assert one.digest != two.digest


def test_tiers_written_1_1_3_and_1_1_2_read_alike():
    wide, tight = (long(("b1", "carer", {"q1": 1, "q2": 1, "q3": last})) for last in (3, 2))

    same(tally(wide), tally(tight))


def test_a_gap_closes_where_the_protocol_allows_it():
    gap, closed = (long(("b1", "carer", {"q1": 1, "q2": last})) for last in (3, 2))

    same(tally(gap, gaps="close"), tally(closed))


def test_places_beyond_the_depth_score_nothing_and_still_stand_above_what_is_left_out():
    t = tally(long(("b1", "carer", {"q1": 1, "q2": 2})), ["q1", "q2", "q3"], depth=1)

    assert t.N[0].tolist() == [[1, 0, 0]]
    assert t.W[0].tolist() == [[0, 1, 1], [0, 0, 1], [0, 0, 0]]


def test_questions_numbered_instead_of_named_keep_their_numbers_and_order():
    ballots = pd.DataFrame({"ballot": 1, "group": "carer", "question": [10, 2], "value": [1, 2]})

    assert tally(ballots).questions == (2, 10)


def test_one_id_under_two_groups_is_two_ballots():
    t = tally(long(("b1", "carer", {"q1": 1}), ("b1", "nurse", {"q1": 1})))

    assert t.n.tolist() == [1, 1]


def test_no_ballots_at_all_give_tables_of_zeros_where_the_questions_are_known():
    t = tally(long(), ["q1", "q2"], groups=["carer"])

    assert t.n.tolist() == [0]
    assert not t.W.any()
    same(
        t + tally(long(("b1", "carer", {"q1": 1})), ["q1", "q2"]), tally(long(("b1", "carer", {"q1": 1})), ["q1", "q2"])
    )


def test_identical_ballots_are_kept_once_with_their_number():
    t = tally(long(*[(f"b{n}", "carer", {"q1": 1}) for n in range(5)], ("c", "carer", {"q2": 1})))

    assert sorted(t.ballots.weight.tolist()) == [1, 5]


def test_a_tally_without_its_ballots_says_so_when_they_are_asked_for():
    t = tally(long(("b1", "carer", {"q1": 1})), keep_ballots=False)

    with pytest.raises(DataError, match="keep_ballots=True"):
        t.ballots  # noqa: B018


def test_tallies_of_different_forms_do_not_add():
    ballots = long(("b1", "carer", {"q1": 1}))

    with pytest.raises(DataError, match="tally both parts alike"):
        tally(ballots) + tally(ballots, form="chosen")


FAULTS = {
    "ranked": [
        (("b1", "carer", {"q1": 1, "q2": 3}), "row 2: a place above this one is empty"),
        (("b1", "carer", {"q1": 0}), "row 1: the value is not allowed; a place is a whole number from 1"),
        (("b1", "carer", {"q1": 1.5}), "row 1: the value is not allowed"),
        (("b1", "carer", {"q1": None}), "row 1: the value is not allowed"),
        (("b1", "carer", {"q1": "first"}), "row 1: the value is not allowed"),
        (("b1", "carer", {"q1": float("inf")}), "row 1: the value is not allowed"),
        (("b1", "carer", {"q1": 2}), "row 1: a place above this one is empty"),
        (("b1", "carer", {None: 1}), "row 1: no question; fill the column 'question'"),
        (("b1", "carer", {"q9": 1}), "row 1: question 'q9' is not in the interim ballot"),
        (("b1", None, {"q1": 1}), "row 1: no stakeholder group; fill the column 'group'"),
        ((None, "carer", {"q1": 1}), "row 1: no ballot; fill the column 'ballot'"),
        (("b1", "porter", {"q1": 1}), "stakeholder group 'porter' is not in the protocol, which lists carer, nurse"),
    ],
    "chosen": [(("b1", "carer", {"q1": 2}), "write 1 (chosen), 0 (seen, not chosen) or -1 (disagree)")],
    "rated": [(("b1", "carer", {"q1": 4.5}), 'a rating is a whole number, or left empty for "don\'t know"')],
    "points": [(("b1", "carer", {"q1": -1}), "points are a whole number, 0 or more")],
}


@pytest.mark.parametrize("dtype", [object, "category"])
def test_a_blank_is_no_stakeholder_group_and_no_question(dtype):
    frame = long(("b1", "", {"q1": 1}), ("b2", "carer", {" ": 1})).astype({"group": dtype, "question": dtype})

    with pytest.raises(DataError) as refused:
        tally(frame)

    assert [fault.split(";")[0] for fault in refused.value.faults] == [
        "row 1: no stakeholder group",
        "row 2: no question",
    ]


def test_a_tally_whose_questions_and_groups_are_numbers_comes_back_from_its_frame():
    t = tally(long(("b1", 1, {1: 1, 2: 2}), ("b2", 0, {2: 1, 3: 2})))

    back = Tally.from_frame(t.to_frame())

    assert (back.groups, back.questions, back.digest) == ((0, 1), (1, 2, 3), t.digest)
    assert {type(label) for label in (*back.groups, *back.questions)} == {int}


@pytest.mark.parametrize(("form", "ballot", "fault"), [(f, b, w) for f, cases in FAULTS.items() for b, w in cases])
def test_a_ballot_the_form_does_not_allow_is_told_with_its_row_and_remedy(form, ballot, fault):
    with pytest.raises(DataError) as told:
        tally(long(ballot), ["q1", "q2"], form, groups=["carer", "nurse"])

    assert fault in str(told.value)


def test_every_fault_of_a_frame_is_told_at_once():
    ballots = long(("b1", "carer", {"q1": 1, "q2": 4}), ("b2", "porter", {"q9": 0}))
    ballots = pd.concat([ballots, ballots.iloc[:1]])

    with pytest.raises(DataError) as told:
        tally(ballots, ["q1", "q2"], groups=["carer"])

    assert [fault.split(":")[0] for fault in told.value.faults] == ["row 2", "row 3", "row 3", "row 3", "row 4"]
    assert "question 'q1' stands twice in this ballot; each question may stand once" in told.value.faults[-1]


@pytest.mark.parametrize(("weight", "fault"), [([1.5], "whole number from 1"), ([0], "whole number from 1")])
def test_a_weight_that_is_not_a_whole_number_of_ballots_is_refused(weight, fault):
    with pytest.raises(DataError, match=fault):
        tally(long(("b1", "carer", {"q1": 1})).assign(weight=weight))


def test_a_weight_that_differs_within_a_ballot_is_refused():
    with pytest.raises(DataError, match="row 2: the weight differs within the ballot"):
        tally(long(("b1", "carer", {"q1": 1, "q2": 2})).assign(weight=[1, 2]))


def test_a_task_needs_exactly_one_best_and_one_worst():
    ballots = long(("b1", "carer", {"q1": 1, "q2": 1, "q3": 0})).assign(set="t1")

    with pytest.raises(DataError) as told:
        tally(ballots, form="best_worst")

    assert told.value.faults == (
        "row 1: the task does not have exactly one best; mark one.",
        "row 1: the task does not have exactly one worst; mark one.",
    )


def test_a_pair_is_compared_once_and_never_with_itself():
    ballots = long(("b1", "carer", {"q1": 1})).assign(other="q1")
    twice = pd.DataFrame(
        {"ballot": "b1", "group": "carer", "question": ["q1", "q2"], "other": ["q2", "q1"], "value": [1, -1]}
    )

    with pytest.raises(DataError, match="compared with itself"):
        tally(ballots, form="pairwise")
    with pytest.raises(DataError, match="row 2: the two questions are compared twice"):
        tally(twice, form="pairwise")


def test_a_missing_column_is_named_with_those_needed():
    with pytest.raises(
        DataError, match="Column 'set' is missing; the ballots frame needs ballot, group, question, value"
    ):
        tally(long(("b1", "carer", {"q1": 1})), form="best_worst")


def test_an_unknown_form_or_depth_is_refused_with_those_there_are():
    with pytest.raises(DataError, match="No ballot form 'ranks'; use one of ranked"):
        tally(long(("b1", "carer", {"q1": 1})), form="ranks")
    with pytest.raises(DataError, match="pass a whole number from 1"):
        tally(long(("b1", "carer", {"q1": 1})), depth=0)


def test_a_message_never_quotes_what_could_be_a_participants_words():
    words = "I cannot sleep since my son, Tom, died"

    with pytest.raises(DataError) as told:
        tally(long(("b1", words, {words: 1})), ["q1"], groups=["carer"])

    assert "Tom" not in str(told.value)
    assert len(told.value.faults) == 2


@pytest.mark.parametrize("at_once", [1, 4, 7, 100])
@pytest.mark.parametrize("mixed", [False, True])
def test_rows_looked_at_piece_by_piece_are_tallied_and_faulted_as_rows_looked_at_together(monkeypatch, at_once, mixed):
    profile = [Ballot(GROUPS[b % 2], dict(zip(QUESTIONS[b % 3 :], range(1, 6), strict=False))) for b in range(9)]
    frame = frame_of(profile).assign(ballot=lambda f: f["ballot"].str[1:].astype(int))
    if mixed:
        frame = frame.sample(frac=1, random_state=1, ignore_index=True)
    wrong = pd.concat([frame, frame.iloc[[0, -1]]], ignore_index=True)
    together, faults = tally(frame), find_ballot_faults(receive(wrong))

    for module in ("faults", "received"):
        monkeypatch.setattr(sys.modules[f"consensus.tally.{module}"], "AT_ONCE", at_once)

    piece_by_piece = tally(frame)
    assert piece_by_piece.digest == together.digest
    pd.testing.assert_frame_equal(piece_by_piece.to_frame(), together.to_frame())
    pd.testing.assert_frame_equal(find_ballot_faults(receive(wrong)), faults)
    assert len(faults) >= 2
