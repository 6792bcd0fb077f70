"""Proportional shortlists give each part of each group its due, and agree with what others compute."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from abcvoting import abcrules, preferences
from hypothesis import given
from hypothesis import strategies as st

from consensus.errors import ProtocolError
from consensus.interim import shortlist
from consensus.interim.proportional import PROPORTIONAL_RULES
from consensus.rules import rank
from consensus.tally import Tally, tally
from tests import twins
from tests.profiles import GROUPS, QUESTIONS, Ballot, examples, frame_of, profiles, times

RULES = pytest.mark.parametrize("rule", list(PROPORTIONAL_RULES))
ABCVOTING = {"sequential_pav": "seqpav", "sequential_phragmen": "seqphragmen", "equal_shares": "equal-shares"}


def chosen(t: Tally, rule: str, size: int) -> list:
    """Return the shortlist's questions, in the order of the ranking."""
    return shortlist(rank(t), rule, size, 10, None, t).index.tolist()


@RULES
def test_a_third_of_the_money_gets_a_third_of_the_shortlist(rule):
    large = [Ballot("carer", {"a1": 1, "a2": 2, "a3": 3, "a4": 4})] * 5
    small = [Ballot("carer", {"b1": 1, "b2": 2})] * 3

    t = tally(frame_of([*large, *small]))

    assert sorted(chosen(t, rule, 3)) == ["a1", "a2", "b1"]
    assert sorted(rank(t).index[:3]) == ["a1", "a2", "a3"]


@RULES
@examples
@given(data=st.data(), k=st.integers(2, 4), size=st.integers(1, 4))
def test_a_groups_head_count_moves_no_proportional_shortlist(rule, data, k, size):
    form = data.draw(st.sampled_from(["ranked", "chosen", "points"]))
    profile, group = data.draw(profiles(form)), data.draw(st.sampled_from(GROUPS))

    one, many = (tally(frame_of(p, form), QUESTIONS, form) for p in (profile, times(profile, group, k)))

    assert chosen(one, rule, size) == chosen(many, rule, size)


@RULES
@pytest.mark.parametrize("seed", range(12))
def test_proportional_shortlists_are_those_of_abcvoting(rule, seed):
    draw = random.Random(seed)
    listed = [draw.sample(range(8), draw.randint(1, 4)) for _ in range(draw.choice([9, 25]))]
    profile = preferences.Profile(8)
    profile.add_voters(listed)
    options = {"completion": "seqphragmen"} if rule == "equal_shares" else {}

    committees = abcrules.compute(ABCVOTING[rule], profile, committeesize=4, resolute=False, **options)

    ballots = [Ballot("voters", {f"q{q}": 1 for q in said}) for said in listed]
    ours = chosen(tally(frame_of(ballots, "chosen"), [f"q{q}" for q in range(8)], "chosen"), rule, 4)
    if len(ours) == 4:
        assert {int(q[1:]) for q in ours} in [set(committee) for committee in committees]
    else:
        assert len(committees) > 1


@RULES
@examples
@given(data=st.data(), size=st.integers(1, 5))
def test_every_turn_is_that_of_money_counted_ballot_by_ballot(rule, data, size):
    form = data.draw(st.sampled_from(["ranked", "chosen", "points"]))
    profile, shares = data.draw(profiles(form)), {g: data.draw(st.integers(0, 3)) for g in GROUPS}
    place = dict(zip(QUESTIONS, data.draw(st.lists(st.integers(1, 5), min_size=5, max_size=5)), strict=True))
    shares[profile[0].group] = 2
    t = tally(frame_of(profile, form), QUESTIONS, form, 3)

    taken = PROPORTIONAL_RULES[rule](t, shares, size, np.array([place[q] for q in t.questions]))

    voters = twins.approvals(profile, form, 3, shares)
    twin = getattr(twins, rule)(voters, size, list(QUESTIONS), place)
    assert [sorted(t.questions[q] for q in turn) for turn, _ in taken] == [sorted(turn) for turn in twin]


@RULES
def test_every_turn_of_a_larger_round_is_that_of_money_counted_ballot_by_ballot(rule):
    draw = random.Random(5)
    profile = [
        Ballot(draw.choice(GROUPS), dict(zip(draw.sample(range(14), 5), range(1, 6), strict=True)), draw.randint(1, 2))
        for _ in range(120)
    ]
    t = tally(frame_of(profile), range(14))

    taken = PROPORTIONAL_RULES[rule](t, {}, 10, rank(t)["rank"].loc[list(range(14))].to_numpy())

    twin = getattr(twins, rule)(
        twins.approvals(profile, "ranked", 10, dict.fromkeys(GROUPS, 1)), 10, list(range(14)), rank(t)["rank"].to_dict()
    )
    assert [sorted(turn) for turn, _ in taken] == [sorted(turn) for turn in twin]


@examples
@given(data=st.data(), size=st.integers(1, 4))
def test_each_question_taken_by_pav_adds_at_least_as_much_as_any_left(data, size):
    profile = data.draw(profiles("chosen"))
    t = tally(frame_of(profile, "chosen"), QUESTIONS, "chosen")
    n = {g: sum(b.weight for b in profile if b.group == g) for g in GROUPS}
    place = rank(t)["rank"]

    taken = PROPORTIONAL_RULES["sequential_pav"](t, {}, size, place.reindex(list(t.questions)).to_numpy())

    have: set[str] = set()
    for turn, _ in taken:
        gain = {
            q: sum(
                Fraction(b.weight, n[b.group]) / (1 + sum(b.said.get(h) == 1 for h in have))
                for b in profile
                if b.said.get(q) == 1
            )
            for q in set(QUESTIONS) - have
        }
        best = [q for q in gain if gain[q] == max(gain.values())]
        assert {t.questions[q] for q in turn} == {q for q in best if place[q] == place[best].min()}
        have |= {t.questions[q] for q in turn}


def test_a_proportional_shortlist_needs_the_ballots_and_a_form_that_says_who_approves():
    t = tally(frame_of([Ballot("carer", {"q1": 5})], "rated"), form="rated")

    with pytest.raises(ProtocolError, match="give the tally that keeps them"):
        shortlist(rank(t), "sequential_pav")
    with pytest.raises(ProtocolError, match="needs ballots that are ranked, chosen, points, not rated"):
        shortlist(rank(t), "sequential_pav", tally=t)
