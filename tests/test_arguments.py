"""What is passed beside the ballots is checked before anything is worked out, and refused with a sentence."""

from __future__ import annotations

import pandas as pd
import pytest

from consensus import ReviewQueue, Tally, agree, propose_groups, rank, shortlist, stress, tally
from consensus.engagement import engagement_summary
from consensus.errors import ConsensusError, DataError, ProtocolError
from consensus.ratings import chnri, rand_ucla
from consensus.weights import effective_sample_size, rake

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


@pytest.mark.parametrize("column", ["ballot", "group", "question"])
def test_a_list_in_a_cell_is_told_with_its_row(column):
    ballots = BALLOTS.astype(object)
    ballots.at[2, column] = ["q1", "q2"]

    with pytest.raises(DataError, match=f"row 3: '{column}' holds a list; write one label in a cell"):
        tally(ballots)


@pytest.mark.parametrize("wrong", ["q1", 3, [["q1"]]], ids=repr)
@pytest.mark.parametrize("name", ["questions", "groups"])
def test_labels_that_are_no_list_of_labels_are_refused_by_name(name, wrong):
    with pytest.raises(DataError, match=f"{name} of tally is"):
        tally(BALLOTS, **{name: wrong})


@pytest.mark.parametrize("wrong", ["shut", ["close"], None], ids=repr)
def test_a_way_with_gaps_that_there_is_not_is_refused(wrong):
    with pytest.raises(DataError, match=r"gaps of tally is .*; pass 'error' or 'close'"):
        tally(BALLOTS, gaps=wrong)


@pytest.mark.parametrize("wrong", [10**12, 2**53 + 1, 2**62, 10**30], ids=repr)
def test_a_ballot_that_stands_for_more_than_there_are_people_is_refused(wrong):
    with pytest.raises(DataError, match="row 1: the weight is above 10,000,000,000, more than there are people"):
        tally(BALLOTS.assign(weight=wrong))


def test_ballots_that_stand_for_more_together_than_there_are_people_are_refused():
    with pytest.raises(DataError, match="The ballots stand for more than 10,000,000,000"):
        tally(BALLOTS.assign(weight=10**10))


@pytest.mark.parametrize(("act", "instead"), [(stress, {"method": "gaussian"}), (agree, {"replicates": 0})])
def test_more_ballots_than_can_be_drawn_one_by_one_are_refused_with_what_to_ask_instead(act, instead):
    many = tally(BALLOTS.assign(weight=10**9))

    with pytest.raises(DataError, match="1,000,000,000 ballots, and at most 134,217,728 are drawn again one by one"):
        act(many, top=1)
    assert len(act(many, top=1, **instead))


@pytest.mark.parametrize("wrong", [0, 1, 2, "x", float("nan"), None], ids=repr)
def test_a_reader_of_overlap_who_never_or_always_reads_on_is_refused(counted, wrong):
    with pytest.raises(DataError, match=r"rbo_p of agree is .*; pass a number between 0 and 1"):
        agree(counted, rbo_p=wrong)


@pytest.mark.filterwarnings("error")
def test_groups_that_were_asked_one_question_agree_without_a_warning():
    told = agree(tally(BALLOTS[BALLOTS["question"] == "q1"].assign(value=1)), top=1)

    assert told.set_index("statistic")["value"]["top_overlap"] == 1


@pytest.mark.parametrize("act", [rank, stress])
def test_shares_of_nobody_are_told_as_such(counted, act):
    with pytest.raises(ProtocolError, match="No share for stakeholder group 'carer'; shares is empty"):
        act(counted, shares={})


@pytest.mark.parametrize("wrong", [["x"], [complex(1)], "777", None, 7], ids=repr)
def test_ratings_that_are_none_are_refused(wrong):
    with pytest.raises(DataError):
        rand_ucla(wrong)


@pytest.mark.parametrize("wrong", [[-1, 1], [float("nan")], ["x"], [float("inf")]], ids=repr)
def test_respondent_weights_of_nobody_have_no_effective_size(wrong):
    with pytest.raises(DataError, match="A respondent weight is a number, 0 or more"):
        effective_sample_size(wrong)


@pytest.mark.parametrize("wrong", [[1], {"borda": 3}], ids=repr)
def test_options_of_rules_that_are_no_mapping_are_refused(counted, wrong):
    with pytest.raises(DataError, match=r"rule_options.* of stress is a (list|int); pass a mapping"):
        stress(counted, rule_options=wrong)


def test_a_shortlist_of_what_is_no_ranking_is_refused(counted):
    with pytest.raises(DataError, match=r"make one with rank\(tally\) first"):
        shortlist(BALLOTS)
    with pytest.raises(DataError, match=r"make one with tally\(ballots\) first"):
        shortlist(rank(counted), "sequential_pav", tally=BALLOTS)


@pytest.mark.parametrize("act", [lambda t: rank(t, ["borda"]), lambda t: rank(t, "borda", unranked=["zero"])])
def test_a_name_that_is_a_list_is_refused_with_those_there_are(counted, act):
    with pytest.raises(ProtocolError, match="use one of"):
        act(counted)


def test_questions_named_by_pairs_are_ranked_by_their_text():
    pairs = BALLOTS.assign(question=[("q", 1), ("q", 2), ("q", 2), ("q", 1)])

    assert rank(tally(pairs)).index.tolist() == ["('q', 1)", "('q', 2)"]


FRAMED = {
    "chnri": chnri,
    "engagement_summary": engagement_summary,
    "from_frame": Tally.from_frame,
    "propose_groups": propose_groups,
    "rake": lambda people: rake(people, {"carer": {"age": {"young": 1}}}),
    "review": ReviewQueue,
    "tally": tally,
}


@pytest.mark.parametrize("given", [None, [1, 2], "x", 5], ids=repr)
@pytest.mark.parametrize("act", FRAMED.values(), ids=FRAMED)
def test_what_is_no_frame_is_refused_with_the_columns_it_needs(act, given):
    with pytest.raises(DataError, match="pass a pandas data frame with the columns"):
        act(given)


@pytest.mark.parametrize("act", FRAMED.values(), ids=FRAMED)
def test_a_frame_of_something_else_is_refused_with_every_column_it_lacks(act):
    with pytest.raises(DataError, match=r"Column '.*' is missing; the .* needs"):
        act(pd.DataFrame({"a": [1]}))


@pytest.mark.parametrize("margins", [None, [1], {"carer": [1]}, {"carer": {"age": 1}}], ids=repr)
def test_margins_that_are_no_mapping_are_refused(margins):
    with pytest.raises(ProtocolError, match="margins of rake go from group to variable"):
        rake(pd.DataFrame({"group": ["carer"], "age": ["young"]}), margins)


def test_a_tally_that_lost_rows_is_refused(counted):
    frame = counted.to_frame()
    for lost in (frame["table"] == "form", frame["table"] == "questions", frame["table"] == "groups"):
        with pytest.raises(DataError, match=r"not one that Tally\.to_frame wrote"):
            Tally.from_frame(frame[~lost])
