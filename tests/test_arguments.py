"""What is passed beside the ballots is checked before anything is worked out, and refused with a sentence."""

from __future__ import annotations

import pandas as pd
import pytest

from consensus import agree, rank, shortlist, stress, tally
from consensus.errors import ConsensusError, DataError

BALLOTS = pd.DataFrame(
    {
        "ballot": ["b1", "b1", "b2", "b2"],
        "group": ["carer", "carer", "nurse", "nurse"],
        "question": ["q1", "q2", "q2", "q1"],
        "value": [1, 2, 1, 2],
    }
)
WRONG = [-1, 1.5, None, "x", True]


@pytest.fixture(scope="module")
def counted():
    return tally(BALLOTS)


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("name", ["seed", "replicates", "top", "workers"])
@pytest.mark.parametrize("act", [stress, agree])
def test_a_number_that_is_none_is_refused_by_name(counted, act, name, wrong):
    with pytest.raises(DataError, match=f"{name} is .*; pass a whole number from"):
        act(counted, **{name: wrong})


@pytest.mark.parametrize("wrong", [0, *WRONG], ids=repr)
@pytest.mark.parametrize("name", ["size", "per_group"])
@pytest.mark.parametrize("rule", ["combined", "union", "sequential_pav"])
def test_a_length_of_a_shortlist_that_is_none_is_refused_by_name(counted, rule, name, wrong):
    with pytest.raises(DataError, match=f"{name} is .*; pass a whole number from 1"):
        shortlist(rank(counted), rule, tally=counted, **{name: wrong})


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "3", True, 10**9], ids=repr)
def test_a_depth_that_no_ballot_has_is_refused(wrong):
    with pytest.raises(DataError, match="depth"):
        tally(BALLOTS, depth=wrong)


def test_all_arguments_that_are_wrong_are_told_at_once(counted):
    with pytest.raises(DataError) as told:
        stress(counted, top="x", seed=-1, workers=0)

    assert len(told.value.faults) == 3


@pytest.mark.parametrize("act", [rank, stress, agree])
@pytest.mark.parametrize("given", [BALLOTS, None, [1, 2]], ids=["a frame", "nothing", "a list"])
def test_what_is_no_tally_is_refused_with_how_to_make_one(act, given):
    with pytest.raises(DataError, match=r"make one with tally\(ballots\)"):
        act(given)


@pytest.mark.parametrize("given", [None, [1, 2], "ballots.csv"], ids=repr)
def test_ballots_that_are_no_frame_are_refused(given):
    with pytest.raises(DataError, match="data frame"):
        tally(given)


def test_shares_or_reasons_without_names_are_refused(counted):
    for act in (rank, stress):
        with pytest.raises(ConsensusError, match="pass a mapping"):
            act(counted, shares=[1, 2])
    with pytest.raises(ConsensusError, match="pass a mapping"):
        shortlist(rank(counted), by_hand=["q1"])


def test_parts_add_up_by_sum(counted):
    parts = [tally(BALLOTS.iloc[:2]), tally(BALLOTS.iloc[2:])]

    assert sum(parts).digest == counted.digest
    with pytest.raises(TypeError):
        counted + 1


@pytest.mark.parametrize("wrong", ["x", 0, -1.0, float("inf"), float("nan")], ids=repr)
@pytest.mark.parametrize("rule", ["plackett_luce", "bradley_terry"])
def test_a_prior_that_is_none_is_refused(counted, rule, wrong):
    with pytest.raises(ConsensusError, match="number above 0"):
        rank(counted, rule, prior=wrong)


def test_a_column_that_is_there_twice_is_refused_by_name():
    doubled = pd.concat([BALLOTS, BALLOTS[["value"]]], axis=1)

    with pytest.raises(DataError, match="a column twice: value"):
        tally(doubled)
