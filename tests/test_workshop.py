"""The workshop: fair tables, a combined order that hides no tie, and moves and merges that lose nothing."""

from __future__ import annotations

import pandas as pd
import pytest

from consensus.errors import DataError
from consensus.protocol import Seats
from consensus.workshop import (
    allocate_seats,
    apply_merges,
    apply_moves,
    check_seats,
    check_workshop_rankings,
    combine_rankings,
    compare_orders,
    top,
)


def sheet(*lists: tuple[int, str, str]) -> pd.DataFrame:
    """Return small groups' orders (session, small group, "q1 q2 q3")."""
    rows = [(s, g, q, at) for s, g, listed in lists for at, q in enumerate(listed.split(), 1)]
    return pd.DataFrame(rows, columns=["session", "small_group", "question", "place"])


def people(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["person", "group", "organisation"])


NINE = people(*[(f"p{n}", ["carer", "nurse", "lived"][n % 3], "AB"[n % 2] if n < 4 else "") for n in range(9)])


def test_the_lowest_sum_of_places_is_first_and_a_tie_is_told():
    got = combine_rankings(sheet((1, "A", "q1 q2 q3"), (1, "B", "q2 q1 q3")), ["q1", "q2", "q3"])

    assert got[["rank", "tied", "score"]].to_dict("index") == {
        "q1": {"rank": 1, "tied": True, "score": 3},
        "q2": {"rank": 1, "tied": True, "score": 3},
        "q3": {"rank": 3, "tied": False, "score": 6},
    }


def test_groups_that_were_re_mixed_and_ranked_again_are_counted_by_their_last_order():
    rankings = sheet((1, "A", "q1 q2"), (2, "A", "q2 q1"))

    assert combine_rankings(rankings, ["q1", "q2"]).index.tolist() == ["q2", "q1"]
    assert combine_rankings(rankings, ["q1", "q2"], session=1).index.tolist() == ["q1", "q2"]


def test_every_fault_of_the_workshops_sheet_is_told_at_once():
    rankings = sheet((1, "A", "q1 q9"), (1, "B", "q1 q2 q3"))
    rankings.loc[len(rankings)] = [1, "A", "q2", 2]
    rankings.loc[len(rankings)] = [1, "B", "q1", 2.5]

    with pytest.raises(DataError) as told:
        combine_rankings(rankings, ["q1", "q2", "q3"])

    assert told.value.faults == (
        "session 1, small group 'A': place 2 is given twice; give each question its own place.",
        "session 1, small group 'A': question 'q9' is not on the shortlist; take it out.",
        "session 1, small group 'A': question 'q3' has no place; every group ranks the whole shortlist.",
        "session 1, small group 'B': a place is not a whole number from 1 to 3; mend it.",
        "session 1, small group 'B': question 'q1' stands twice; keep one row.",
    )


def test_a_small_group_with_a_name_that_may_be_somebodys_is_told_by_its_number():
    sheet = pd.DataFrame({"session": 1, "small_group": ["Table of Ann Lee", "B", "B"], "question": ["q1", "q1", "q2"]})

    faults = check_workshop_rankings(sheet.assign(place=[1, 1, 2]), ["q1", "q2"])

    assert faults == [
        "session 1, small group number 1 of the sheet: "
        "question 'q2' has no place; every group ranks the whole shortlist."
    ]


def test_an_empty_sheet_and_a_session_that_was_not_held_are_refused():
    with pytest.raises(DataError, match="fill in each small group's order"):
        combine_rankings(sheet(), ["q1"])
    with pytest.raises(DataError, match="there is no session 3"):
        combine_rankings(sheet((1, "A", "q1")), ["q1"], session=3)
    assert check_workshop_rankings(sheet((1, "A", "q1")), ["q1"]) == []


def test_the_plenarys_moves_are_carried_out_one_after_the_other():
    got = apply_moves(["q1", "q2", "q3", "q4"], [("q4", 1), ("q1", 4)])

    assert got.index.tolist() == ["q4", "q2", "q3", "q1"]
    assert got["moved"].tolist() == [1, 0, 0, 1]


def test_a_move_parts_a_tie_and_leaves_others_as_they_are():
    combined = combine_rankings(sheet((1, "A", "q1 q2 q3 q4"), (1, "B", "q2 q1 q4 q3")), ["q1", "q2", "q3", "q4"])

    got = apply_moves(combined, [("q2", 1)])

    assert got[["rank", "tied"]].to_dict("index") == {
        "q2": {"rank": 1, "tied": False},
        "q1": {"rank": 2, "tied": False},
        "q3": {"rank": 3, "tied": True},
        "q4": {"rank": 3, "tied": True},
    }


def test_moves_are_read_from_the_recorded_decisions():
    decisions = pd.DataFrame(
        {
            "kind": ["plenary_move", "dissent", "plenary_move"],
            "subject": ["q3", "r1", "q2"],
            "value": [{"to": 1}, {}, {"to": 1}],
        }
    )

    assert apply_moves(["q1", "q2", "q3"], decisions).index.tolist() == ["q2", "q3", "q1"]


def test_a_move_of_an_unknown_question_or_beyond_the_list_is_refused_with_all_others():
    with pytest.raises(DataError) as told:
        apply_moves(["q1", "q2"], [("q9", 1), ("q1", 3)])

    assert told.value.faults == (
        "move 1: question 'q9' is not in the order; name one that is.",
        "move 2: place 3 is not a place from 1 to 2; mend it.",
    )


def test_a_tie_across_the_tenth_place_is_published_as_a_tie():
    combined = combine_rankings(sheet((1, "A", "q1 q2 q3"), (1, "B", "q1 q3 q2")), ["q1", "q2", "q3"])

    assert top(combined, 2).index.tolist() == ["q1", "q2", "q3"]
    assert top(apply_moves(combined, [("q3", 2)]), 2).index.tolist() == ["q1", "q3"]


def test_questions_merged_at_the_workshop_leave_the_order():
    assert apply_merges(["q3", "q1", "q2", "q4"], {"q3": "q2", "q2": "q1"}).index.tolist() == ["q1", "q4"]


def test_a_merge_in_a_circle_or_into_nothing_is_refused():
    with pytest.raises(DataError, match="question 'q1' is merged in a circle"):
        apply_merges(["q1", "q2"], {"q1": "q2", "q2": "q1"})
    with pytest.raises(DataError, match="question 'q9' is not there to be merged"):
        apply_merges(["q1"], {"q1": "q9"})


def test_how_far_an_order_moved_is_counted_for_questions_in_both():
    got = compare_orders({"q1": 1, "q2": 2, "q3": 3}, {"q3": 1, "q1": 2, "q2": 3, "q9": 4})

    assert got["moved"].to_dict() == {"q3": 2, "q1": -1, "q2": -1}
    assert got.attrs == {"spearman": -0.5, "left_out": ["q9"]}


def test_colleagues_sit_apart_and_the_second_session_brings_new_mates():
    seats = allocate_seats(NINE, small_groups=3, sessions=2, seed=5)

    assert seats.attrs == {"colleagues_together": 0, "meet_again": 0}
    for _, table in seats.groupby(["session", "small_group"]):
        assert sorted(table["group"]) == ["carer", "lived", "nurse"]


def test_the_same_seed_seats_everybody_the_same_and_another_may_not():
    one, again = (allocate_seats(rows, 3, 2, seed=5) for rows in (NINE, NINE.iloc[::-1]))
    others = [allocate_seats(NINE, 3, 2, seed=seed) for seed in range(6, 10)]

    pd.testing.assert_frame_equal(one, again)
    assert any(not one.equals(other) for other in others)


def test_every_fault_of_the_list_of_people_is_told_at_once():
    with pytest.raises(DataError) as told:
        allocate_seats(people(("p1", "carer", ""), ("p1", None, "")), small_groups=3, sessions=1, seed=1)

    assert told.value.faults == (
        "2 people cannot fill 3 small groups; plan fewer or invite more.",
        "row 2: this person stands twice; keep one row a person.",
        "row 2: no stakeholder group; fill the column 'group'.",
    )


def test_people_with_lived_experience_and_carers_hold_their_declared_part_of_the_seats():
    together = Seats(groups=("lived", "carer"), at_least_percent=67)

    assert check_seats(NINE, [Seats(groups=("lived", "carer"), at_least_percent=66)]) == []
    assert check_seats(NINE, [together]) == [
        "lived and carer: 6 of 9 seats, and the protocol declares at least 67 %; invite 1 more or free seats of others."
    ]
