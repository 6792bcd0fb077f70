"""From responses as received to an interim ranking that shows its working, and the shortlist with its reasons."""

from __future__ import annotations

import pandas as pd
import pytest

from consensus.errors import DataError, ProtocolError
from consensus.interim import (
    CheckedBallots,
    ballots_from_responses,
    check_ballots,
    leave_one_out,
    rank_interim,
    shortlist,
)
from consensus.rules import rank
from consensus.tally import tally
from consensus.vocabulary import COLUMNS, NOT_STATED
from tests.builders import small_protocol

QUESTIONS = ["q1", "q2", "q3", "q4"]
GROUPS = ["lived", "carer", "clinician"]


def responses(*rows: tuple) -> pd.DataFrame:
    """Return responses (person, group, item, rank, chosen)."""
    full = [(person, group, "ranking", item, rank, chosen) for person, group, item, rank, chosen in rows]
    return pd.DataFrame(full, columns=list(COLUMNS["responses"]))


def ballots(*said: tuple[str, str | None, str]) -> pd.DataFrame:
    """Return ranked ballots (ballot, group, "q1 q2 q3" in order)."""
    rows = [(b, group, q, at) for b, group, listed in said for at, q in enumerate(listed.split(), 1)]
    return pd.DataFrame(rows, columns=list(COLUMNS["ballots"]))


THREE_GROUPS = (
    ("b1", "lived", "q1 q2 q3"),
    ("b2", "lived", "q1 q3 q2"),
    ("b3", "carer", "q2 q1"),
    ("b4", "clinician", "q3 q2 q1"),
    ("b5", None, "q4"),
)


def ranked(*said, protocol=None):
    protocol = protocol or small_protocol()
    checked = check_ballots(ballots(*(said or THREE_GROUPS)), QUESTIONS, protocol.shares, depth=3, max_choices=3)
    return rank_interim(checked, QUESTIONS, protocol)


def test_only_ranked_questions_of_a_response_become_places_on_the_ballot():
    received = responses(
        ("r1", "carer", "q1", 2, None), ("r1", "carer", "q2", 1, None), ("r1", "carer", "q3", None, None)
    )

    got = ballots_from_responses(received)

    assert got.values.tolist() == [["r1", "carer", "q1", 2], ["r1", "carer", "q2", 1]]
    assert got.attrs["counts"] == {"responses": 2, "without_question": 0, "people": 1}


def test_a_response_without_a_group_is_kept_as_not_stated():
    got = ballots_from_responses(responses(("r1", None, "q1", 1, None), ("r2", "", "q1", 1, None)))

    assert got["group"].tolist() == [NOT_STATED, NOT_STATED]


def test_agreeing_with_two_answers_merged_into_one_question_chooses_it_once():
    submissions = pd.DataFrame({"submission_id": ["s1", "s2", "s3", "s4"], "answer_id": ["a1", "a2", "a3", "a4"]})
    lineage = pd.DataFrame({"question_id": ["q1", "q1", "q2"], "submission_id": ["s1", "s2", "s3"]})
    received = responses(
        ("agrees twice", "carer", "a1", None, 1),
        ("agrees twice", "carer", "a2", None, 1),
        ("agrees and disagrees", "carer", "a1", None, 1),
        ("agrees and disagrees", "carer", "a2", None, -1),
        ("disagrees and passes", "carer", "a1", None, -1),
        ("disagrees and passes", "carer", "a2", None, 0),
        ("passes", "carer", "a1", None, 0),
        ("sees what was set aside", "carer", "a4", None, 1),
        ("sees another", "carer", "a3", None, 1),
    )

    got = ballots_from_responses(received, lineage, submissions, form="chosen")

    assert {(row.ballot, row.question): row.value for row in got.itertuples()} == {
        ("agrees twice", "q1"): 1,
        ("agrees and disagrees", "q1"): 1,
        ("disagrees and passes", "q1"): -1,
        ("passes", "q1"): 0,
        ("sees another", "q2"): 1,
    }
    assert got.attrs["counts"] == {"responses": 9, "without_question": 1, "people": 6}


def test_an_answer_cut_into_two_submissions_counts_toward_both_questions():
    submissions = pd.DataFrame({"submission_id": ["s1", "s2"], "answer_id": ["a1", "a1"]})
    lineage = pd.DataFrame({"question_id": ["q1", "q2"], "submission_id": ["s1", "s2"]})

    got = ballots_from_responses(responses(("r1", "carer", "a1", None, 1)), lineage, submissions, form="chosen")

    assert got["question"].tolist() == ["q1", "q2"]


def test_ranked_answers_merged_into_one_question_keep_the_best_place_and_close_up():
    submissions = pd.DataFrame({"submission_id": ["s1", "s2", "s3"], "answer_id": ["a1", "a2", "a3"]})
    lineage = pd.DataFrame({"question_id": ["q1", "q1", "q2"], "submission_id": ["s1", "s2", "s3"]})
    received = responses(*[("r1", "carer", f"a{n}", n, None) for n in (1, 2, 3)])

    got = ballots_from_responses(received, lineage, submissions)

    assert got.set_index("question")["value"].to_dict() == {"q1": 1, "q2": 2}


def test_a_lineage_without_its_submissions_is_refused():
    lineage = pd.DataFrame({"question_id": ["q1"], "submission_id": ["s1"]})

    with pytest.raises(DataError, match="give the submissions frame"):
        ballots_from_responses(responses(("r1", "carer", "a1", None, 1)), lineage, form="chosen")


def test_a_ballot_with_a_fault_is_set_aside_whole_with_every_reason_and_the_rest_count():
    received = pd.concat(
        [
            ballots(
                ("sound", "carer", "q1 q2"),
                ("stranger", "porter", "q1"),
                ("unknown", "carer", "q1 q9"),
                ("many", "lived", "q1 q2 q3 q4"),
                ("apart", None, "q1"),
                ("twice", "lived", "q1 q1"),
            ),
            pd.DataFrame({"ballot": "gap", "group": "lived", "question": ["q1", "q2"], "value": [1, 3]}),
        ]
    )

    checked = check_ballots(received, QUESTIONS, GROUPS, max_choices=3)

    reasons = checked.quarantine.groupby("ballot", sort=False)["reason"].apply(list).to_dict()
    assert checked.ballots["ballot"].unique().tolist() == ["sound"]
    assert checked.without_group["ballot"].tolist() == ["apart"]
    assert sorted(reasons) == ["gap", "many", "stranger", "twice", "unknown"]
    assert "4 questions are chosen and 3 are allowed" in reasons["many"][0]
    assert "a place above this one is empty" in reasons["gap"][0]
    assert reasons["twice"] == ["row 12: question 'q1' stands twice in this ballot; each question may stand once."]
    assert reasons["unknown"] == ["row 5: question 'q9' is not in the interim ballot; mend it or leave the row out."]
    assert checked.warnings == (
        "5 ballots set aside with a fault; see the quarantine sheet for the reasons.",
        "1 ballot from people who stated no stakeholder group: counted apart, not ranked.",
    )


def test_nothing_of_what_was_received_is_lost():
    received = ballots(*THREE_GROUPS, ("bad", "carer", "q9"))

    checked = check_ballots(received, QUESTIONS, GROUPS)

    kept = {*checked.ballots["ballot"], *checked.without_group["ballot"], *checked.quarantine["ballot"]}
    assert kept == set(received["ballot"])


def test_a_ballot_that_stands_twice_in_the_file_is_set_aside_and_never_counted_double():
    once = ballots(("b1", "carer", "q1 q2"))

    checked = check_ballots(pd.concat([once, once]), QUESTIONS, GROUPS)

    assert checked.ballots.empty
    assert checked.quarantine["ballot"].tolist() == ["b1", "b1"]


def test_places_that_score_nothing_are_told_and_the_ballot_counts():
    checked = check_ballots(ballots(("b1", "carer", "q1 q2 q3"), ("b2", "carer", "q1 q2")), QUESTIONS, GROUPS, depth=2)

    assert checked.ballots["ballot"].nunique() == 2
    assert checked.warnings == ("1 ballot with places beyond 2, which score nothing.",)


def test_one_person_in_two_groups_declares_one_voice():
    checked = check_ballots(ballots(("b1", "carer", "q1"), ("b1", "lived", "q1")), QUESTIONS, GROUPS)

    assert checked.ballots.empty
    assert "two stakeholder groups; each person declares one voice" in checked.quarantine["reason"][0]


def test_questions_that_a_review_has_answered_are_not_on_the_ballot():
    questions = pd.DataFrame({"question_id": ["q1", "q2"], "status": ["open", "answered"]})

    checked = check_ballots(ballots(("b1", "carer", "q1"), ("b2", "carer", "q2")), questions, GROUPS)

    assert checked.ballots["ballot"].tolist() == ["b1"]


def test_asked_to_be_strict_every_fault_is_raised_at_once():
    with pytest.raises(DataError) as told:
        check_ballots(ballots(("b1", "porter", "q9"), ("b2", "carer", "q9")), QUESTIONS, GROUPS, strict=True)

    assert len(told.value.faults) == 3


def test_an_empty_file_of_ballots_is_checked_and_has_nothing_to_rank():
    checked = check_ballots(ballots(), QUESTIONS, GROUPS)

    assert checked.quarantine.empty
    with pytest.raises(DataError, match="import ballots before ranking"):
        rank_interim(checked, QUESTIONS, small_protocol())


def test_the_interim_ranking_shows_points_positions_and_the_combined_order():
    got = ranked()

    assert got.ranking["rank"].to_dict() == {"q2": 1, "q1": 2, "q3": 3, "q4": 4}
    assert got.points.loc["q1"].to_dict() == {"carer": 2, "clinician": 1, "lived": 6}
    assert got.group_positions.loc["q2"].to_dict() == {"carer": 1.0, "clinician": 2.0, "lived": 2.5}
    assert got.ranking["score"].to_dict() == {"q1": 9.0, "q2": 9.5, "q3": 8.0, "q4": 3.5}


def test_every_declared_rule_stands_beside_the_protocols_own():
    got = ranked(protocol=small_protocol(**{'also = ["mean_points"]': 'also = ["mean_points", "schulze"]'}))

    assert list(got.sensitivity) == ["jla_positions", "mean_points", "schulze"]
    assert got.sensitivity["jla_positions"] is got.ranking
    assert got.sensitivity["mean_points"].attrs["rule"] == "mean_points"


def test_leaving_a_group_out_gives_the_order_of_the_others_alone():
    got = ranked()

    alone = check_ballots(ballots(*(b for b in THREE_GROUPS if b[1] != "lived")), QUESTIONS, GROUPS)
    others = rank(tally(alone.ballots, QUESTIONS, depth=3))
    assert list(got.leave_one_out) == ["all", "without_carer", "without_clinician", "without_lived"]
    assert got.leave_one_out["without_lived"].to_dict() == others["rank"].to_dict()
    assert got.leave_one_out["all"].to_dict() == got.ranking["rank"].to_dict()


def test_the_only_group_cannot_be_left_out():
    t = tally(ballots(("b1", "carer", "q1")), QUESTIONS)

    assert list(leave_one_out(t, "jla_positions", {"carer": 1})) == ["all"]


def test_counts_by_group_say_who_is_few_who_is_missing_and_who_stands_apart():
    protocol = small_protocol(**{'also = ["mean_points"]': 'also = ["mean_points"]\nmin_ballots = 2'})

    got = ranked(*(b for b in THREE_GROUPS if b[1] != "clinician"), protocol=protocol)

    assert got.counts["ballots"].to_dict() == {"lived": 2, "carer": 1, "clinician": 0, NOT_STATED: 1}
    assert got.counts["ranked"].to_dict() == {"lived": True, "carer": True, "clinician": False, NOT_STATED: False}
    assert got.counts.loc["carer", "warning"] == (
        "Stakeholder group 'carer' has 1 ballot, fewer than the declared minimum of 2."
    )
    assert any("'clinician' has no ballots and so no say" in sentence for sentence in got.warnings)
    assert NOT_STATED not in got.group_positions


def test_a_protocol_that_refuses_an_empty_group_stops_the_ranking():
    protocol = small_protocol(**{'also = ["mean_points"]': 'empty_group = "refuse"'})

    with pytest.raises(DataError, match="stakeholder group 'clinician' has no ballots"):
        ranked(("b1", "lived", "q1"), ("b2", "carer", "q1"), protocol=protocol)


def test_a_ranking_can_be_traced_to_its_ballots_and_its_protocol():
    one, again, other = ranked(), ranked(*reversed(THREE_GROUPS)), ranked(*THREE_GROUPS[:4], ("b6", "carer", "q1"))

    assert one.digest == again.digest == one.ranking.attrs["digest"]
    assert one.digest != other.digest
    assert one.options["protocol"] == small_protocol().hash
    assert one.options["rule"] == "jla_positions"
    assert isinstance(check_ballots(ballots(), QUESTIONS, GROUPS), CheckedBallots)


def orders(**columns) -> pd.DataFrame:
    """Return a ranking whose group lists are given as positions; the total of a question is 10 less its position."""
    index = pd.Index([f"q{n}" for n in range(1, 1 + len(columns["rank"]))], name="question")
    frame = pd.DataFrame({"rank": columns.pop("rank"), "score": columns.pop("score")}, index=index).assign(tied=False)
    for group, positions in columns.items():
        frame[f"position_{group}"] = [float(p) for p in positions]
        frame[f"total_{group}"] = [10 - p for p in positions]
    return frame


def test_the_first_of_the_combined_order_are_shortlisted_with_the_gap_below_each():
    got = shortlist(orders(rank=[1, 2, 3, 4], score=[9.0, 7.5, 4.0, 1.0]), size=3)

    assert got["gap"].to_dict() == {"q1": 1.5, "q2": 3.5, "q3": 3.0}
    assert got.loc["q2", "why"] == "place 2 in the combined order"
    assert not got["tied_at_cut"].any()


def test_a_tie_across_the_cut_goes_in_whole_and_is_flagged():
    got = shortlist(orders(rank=[1, 2, 2, 2], score=[9.0, 7.0, 7.0, 7.0]), size=2)

    assert got["tied_at_cut"].to_dict() == {"q1": False, "q2": True, "q3": True, "q4": True}


def test_the_union_takes_every_groups_first_and_says_whose():
    ranking = orders(rank=[1, 2, 3, 4], score=[4.0, 3.0, 2.0, 1.0], carer=[1, 2, 3, 4], nurse=[2, 4, 1, 3])

    got = shortlist(ranking, "union", per_group=1)

    assert got["why"].to_dict() == {
        "q1": "place 1 for stakeholder group 'carer'",
        "q3": "place 1 for stakeholder group 'nurse'",
    }


def test_a_question_that_nobody_in_a_group_chose_is_not_among_its_first():
    said = [("b1", "carer", "q1 q2"), ("b2", "lived", "q3 q4 q1")]

    got = shortlist(rank(tally(ballots(*said), [*QUESTIONS, "q5", "q6"])), "union", per_group=3)

    assert sorted(got.index) == QUESTIONS


def test_a_group_without_a_share_has_no_part_in_the_union_unless_named():
    t = tally(ballots(("b1", "carer", "q1"), ("b2", "lived", "q2")), QUESTIONS)
    ranking = rank(t, shares={"carer": 1, "lived": 0})

    without = shortlist(ranking, "union", per_group=1)
    named = shortlist(ranking, "union_and_subgroup", per_group=1, subgroup="lived")

    assert without.index.tolist() == ["q1"]
    assert sorted(named.index) == ["q1", "q2"]


def test_a_named_subgroup_may_bring_its_own_number():
    ranking = orders(
        rank=[1, 2, 3, 4], score=[4.0, 3.0, 2.0, 1.0], carer=[1, 2, 3, 4], nurse=[2, 1, 3, 4], children=[4, 3, 2, 1]
    )

    got = shortlist(ranking, "union_and_subgroup", per_group=1, subgroup=("children", 2))

    assert got.index.tolist() == ["q1", "q2", "q3", "q4"]
    assert got.loc["q4", "why"] == "place 1 for stakeholder group 'children'"


def test_the_shortlist_is_filled_from_the_combined_order_up_to_its_size():
    ranking = orders(rank=[1, 2, 3, 4], score=[4.0, 3.0, 2.0, 1.0], carer=[2, 1, 4, 3], nurse=[4, 3, 2, 1])

    got = shortlist(ranking, "fill", size=3, per_group=1)

    assert got.index.tolist() == ["q1", "q2", "q4"]
    assert got.loc["q1", "why"] == "place 1 in the combined order, to fill the shortlist to 3"


def test_a_question_put_in_by_hand_carries_its_reason_beside_any_other():
    ranking = orders(rank=[1, 2], score=[2.0, 1.0])

    got = shortlist(ranking, size=1, by_hand={"q1": "asked for by the board", "q2": "no other on children"})

    assert got["why"].to_dict() == {
        "q1": "place 1 in the combined order; by hand: asked for by the board",
        "q2": "by hand: no other on children",
    }
    assert shortlist(ranking, "by_hand", by_hand={"q2": "x"}).index.tolist() == ["q2"]


def test_an_unknown_rule_subgroup_or_question_by_hand_is_refused():
    ranking = orders(rank=[1], score=[1.0], carer=[1])

    with pytest.raises(ProtocolError, match="No shortlist rule 'best'; use one of combined, union"):
        shortlist(ranking, "best")
    with pytest.raises(ProtocolError, match="needs a subgroup; name it"):
        shortlist(ranking, "union_and_subgroup")
    with pytest.raises(ProtocolError, match="no positions of subgroup 'nurse'"):
        shortlist(ranking, "union_and_subgroup", subgroup="nurse")
    with pytest.raises(ProtocolError, match="question 'q9' put in by hand is not in the ranking"):
        shortlist(ranking, by_hand={"q9": "x"})
    with pytest.raises(ProtocolError, match="question 'q1' is put in by hand without a reason; write why"):
        shortlist(ranking, by_hand={"q1": " "})


def test_the_interim_ranking_itself_can_be_shortlisted():
    got = ranked()

    assert shortlist(got, size=1).equals(shortlist(got.ranking, size=1))


@pytest.mark.slow
def test_a_public_conversation_is_ranked_with_those_in_no_group_counted_apart(shared):
    votes = pd.read_csv(shared / "rankings" / "polis_football-concussions_votes.csv")
    received = pd.DataFrame(
        {
            "response_id": votes["participant"].map("r{}".format),
            "group": votes["group"].map({0: "group_0", 1: "group_1"}),
            "question_id": "statements",
            "item_id": votes["item"].map("a{}".format),
            "rank": None,
            "chosen": votes["vote"],
        }
    )

    got = ballots_from_responses(received, form="chosen")
    checked = check_ballots(got, got["question"].unique(), ["group_0", "group_1"], form="chosen")

    people = votes.groupby("participant")["group"].first()
    assert checked.quarantine.empty
    assert checked.without_group["ballot"].nunique() == people.isna().sum()
    t = tally(checked.ballots, form="chosen")
    assert t.n.tolist() == [int((people == 0).sum()), int((people == 1).sum())]
    agreed = votes[(votes["vote"] == 1) & (votes["group"] == 0)].groupby("item").size()
    totals = rank(t)["total_group_0"]
    assert {f"a{item}": n for item, n in agreed.items()} == totals[totals > 0].to_dict()
