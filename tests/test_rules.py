"""Every rule orders the questions as its definition says, exactly, and reports ties as ties."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.errors import DataError, ProtocolError
from consensus.rules import RULES, group_tables, rank
from consensus.rules.choice_models import _each, _stages
from consensus.rules.ranked_stages import ranked_likelihood
from consensus.sentences import describe
from consensus.tally import tally
from consensus.vocabulary import BALLOT_FORMS
from tests import twins
from tests.profiles import GROUPS, QUESTIONS, Ballot, examples, frame_of, profiles

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))
ADDING_UP = ("jla_positions", "jla_top10", "mean_points", "borda", "maximin")


USUAL = {"questions": None, "form": "ranked", "depth": 10}


def ranked(profile: list[Ballot], *arguments, questions=QUESTIONS, form="ranked", depth=10, **options) -> pd.DataFrame:
    """Return the ranking of a profile."""
    return rank(tally(frame_of(profile, form), questions, form, depth), *arguments, **options)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_facilitators_case_is_ranked_as_worked_by_hand(path):
    case = json.loads(path.read_text(encoding="utf-8"))
    profile = [Ballot(b["group"], b["said"], b.get("weight", 1)) for b in case["input"]["ballots"]]
    options = {name: case["input"].get(name, usual) for name, usual in USUAL.items()}

    for rule, expected in case["expected"].items():
        got = ranked(profile, rule, case["input"].get("shares"), case["input"].get("ties", "mean"), **options)

        assert got.index.tolist() == expected["order"], rule
        for column in set(expected) - {"order"}:
            assert got[column].tolist() == expected[column], (rule, column)


@pytest.mark.filterwarnings("ignore:Stakeholder group")
@pytest.mark.parametrize("form", BALLOT_FORMS)
@examples
@given(data=st.data())
def test_scores_are_those_worked_out_in_fractions_ballot_by_ballot(form, data):
    profile = data.draw(profiles(form))
    present = {b.group for b in profile}
    shares = data.draw(st.fixed_dictionaries({g: st.integers(0, 3) for g in GROUPS}))
    ties = data.draw(st.sampled_from(["mean", "min", "dense"]))
    depth = data.draw(st.integers(1, 6))
    if not any(shares[g] for g in present):
        shares[profile[0].group] = 1
    t = tally(frame_of(profile, form), QUESTIONS, form, depth)

    for rule in ADDING_UP:
        got = rank(t, rule, shares, ties)

        twin = twins.scores(rule, profile, form, list(QUESTIONS), shares, depth, ties)
        assert got["rank"].to_dict() == twins.ranks(twin)
        assert got["score"].to_dict() == {q: float(score) for q, score in twin.items()}
        assert got["tied"].to_dict() == {q: list(twin.values()).count(score) > 1 for q, score in twin.items()}
        for group in present:
            totals = {q: twins.total(profile, form, q, group, depth) for q in QUESTIONS}
            assert got[f"total_{group}"].to_dict() == {q: float(total) for q, total in totals.items()}
            assert got[f"position_{group}"].to_dict() == twins.positions(totals, ties)


@pytest.mark.parametrize("form", BALLOT_FORMS)
@examples
@given(data=st.data())
def test_pairwise_orders_are_those_of_the_textbook_loops(form, data):
    profile = data.draw(profiles(form))
    shares = {g: data.draw(st.integers(1, 3)) for g in sorted({b.group for b in profile})}
    t = tally(frame_of(profile, form), QUESTIONS, form)
    above = twins.weighed(profile, form, list(QUESTIONS), shares)

    for rule in ("copeland", "schulze", "ranked_pairs", "kemeny"):
        got = rank(t, rule, shares)

        twin = getattr(twins, rule)(above, list(QUESTIONS))
        assert got["score"].to_dict() == twin
        assert got["rank"].to_dict() == twins.ranks(twin)


@pytest.mark.parametrize("form", ["ranked", "pairwise"])
@examples
@given(data=st.data())
def test_of_several_kemeny_orders_those_nearest_to_borda_are_chosen(form, data):
    profile = data.draw(profiles(form))
    shares = {g: data.draw(st.integers(1, 3)) for g in sorted({b.group for b in profile})}
    t = tally(frame_of(profile, form), QUESTIONS, form)

    got = rank(t, "kemeny", shares, several="borda")

    favoured = rank(t, "borda", shares)["score"].round(9).to_dict()
    twin = twins.kemeny(twins.weighed(profile, form, list(QUESTIONS), shares), list(QUESTIONS), favoured)
    assert got["rank"].to_dict() == twins.ranks(twin)


def test_thirds_that_floats_would_part_are_a_tie():
    # 1/3 + 1/3 + 1/3 against 1: three groups each give q1 one of three ballots, one group gives q2 all of its own.
    profile = [Ballot(g, {q: 1}) for g in ("a", "b", "c") for q in ("q1", f"x{g}", f"y{g}")]
    profile += [Ballot("d", {"q2": 1}), Ballot("d", {"q2": 1})]

    got = ranked(profile, "mean_points", questions=None, form="chosen")

    assert got.loc[["q1", "q2"], "rank"].tolist() == [1, 1]
    assert got.loc["q1", "score"] == float(Fraction(1))


def test_a_group_with_no_ballots_is_dropped_and_the_reader_is_told():
    profile = [Ballot("carer", {"q1": 1, "q2": 2})]

    with pytest.warns(UserWarning, match="Stakeholder group 'nurse' has no ballots and so no say"):
        got = ranked(profile, shares={"carer": 1, "nurse": 2}, questions=["q1", "q2"])

    assert got.attrs["dropped"] == ["nurse"]
    assert "its share of 2 is dropped" in got.attrs["warnings"][0]
    assert got["score"].tolist() == [2.0, 1.0]
    assert "position_nurse" not in got


def test_a_group_with_a_share_of_0_is_shown_and_has_no_say():
    profile = [Ballot("carer", {"q1": 1}), Ballot("nurse", {"q2": 1})]

    got = ranked(profile, shares={"carer": 1, "nurse": 0}, questions=["q1", "q2"])

    assert got["rank"].to_dict() == {"q1": 1, "q2": 2}
    assert got["position_nurse"].to_dict() == {"q1": 2.0, "q2": 1.0}


def test_a_groups_say_is_its_share_and_never_its_head_count():
    profile = [Ballot("carer", {"q1": 1}, weight=1000), Ballot("nurse", {"q2": 1})]

    assert ranked(profile, questions=["q1", "q2"])["tied"].all()
    assert ranked(profile, shares={"carer": 1, "nurse": 2}, questions=["q1", "q2"]).index[0] == "q2"


def test_every_fault_of_the_shares_is_told_at_once():
    profile = [Ballot("carer", {"q1": 1}), Ballot("nurse", {"q1": 1})]

    with pytest.raises(ProtocolError) as told:
        ranked(profile, shares={"carer": 0.5, "porter": -1})

    assert told.value.faults == (
        "the share of stakeholder group 'carer' is 0.5; write a whole number, 0 or more.",
        "the share of stakeholder group 'porter' is -1; write a whole number, 0 or more.",
        "No share for stakeholder group 'nurse'; the protocol lists carer, porter.",
    )


def test_no_say_left_and_no_ballots_are_two_different_faults():
    with pytest.raises(ProtocolError, match="give at least one a share"):
        ranked([Ballot("carer", {"q1": 1})], shares={"carer": 0})
    with pytest.raises(DataError, match="import ballots before ranking"):
        ranked([])


def test_an_unknown_rule_or_way_with_ties_is_refused_with_those_there_are():
    with pytest.raises(ProtocolError, match=r"No rule called 'jla'; use one of jla_positions, jla_top10"):
        ranked([Ballot("carer", {"q1": 1})], "jla")
    with pytest.raises(ProtocolError, match="use one of mean, min, dense"):
        ranked([Ballot("carer", {"q1": 1})], ties="first")


def test_one_question_and_one_ballot_are_a_ranking():
    got = ranked([Ballot("carer", {"q1": 1})], questions=["q1"])

    assert got[["rank", "tied", "score"]].values.tolist() == [[1, False, 1.0]]


@pytest.mark.parametrize("rule", list(RULES))
def test_a_group_level_on_everything_ties_everything(rule):
    form = "chosen" if rule == "group_informed_consensus" else "ranked"

    got = ranked([Ballot("carer", {"q1": 1, "q2": 1, "q3": 1})], rule, questions=["q1", "q2", "q3"], form=form)

    assert got["rank"].tolist() == [1, 1, 1]
    assert got["tied"].all()


def test_a_ranking_says_how_it_was_made():
    t = tally(frame_of([Ballot("carer", {"q1": 1})]))

    attrs = rank(t, "mean_points", {"carer": 2}, "min").attrs

    assert {name: attrs[name] for name in ("rule", "ties", "shares", "form", "depth", "dropped", "digest")} == {
        "rule": "mean_points",
        "ties": "min",
        "shares": {"carer": 2},
        "form": "ranked",
        "depth": 10,
        "dropped": [],
        "digest": t.digest,
    }


def test_the_mean_of_ratings_leaves_dont_know_out_and_the_total_counts_it_as_nothing():
    profile = [Ballot("carer", {"q1": 9}), Ballot("carer", {"q1": None, "q2": 5}), Ballot("carer", {"q2": None})]

    got = ranked(profile, form="rated", questions=["q1", "q2", "q3"])

    assert got["total_carer"].to_dict() == {"q1": 9, "q2": 5, "q3": 0}
    assert got["mean_carer"].fillna(-1).to_dict() == {"q1": 9.0, "q2": 5.0, "q3": -1.0}


@pytest.mark.parametrize("form", BALLOT_FORMS)
@examples
@given(data=st.data())
def test_fitted_strengths_meet_the_condition_of_the_greatest_likelihood(form, data):
    profile = data.draw(profiles(form))
    shares = {g: data.draw(st.integers(1, 3)) for g in sorted({b.group for b in profile})}
    t = tally(frame_of(profile, form), QUESTIONS, form)

    strength = {rule: rank(t, rule, shares)["score"].map(math.exp) for rule in ("bradley_terry", "plackett_luce")}

    # At the maximum, each question is chosen as often as its strength predicts, the prior's two games counted.
    bt, pl = strength["bradley_terry"], strength["plackett_luce"]
    above = twins.weighed(profile, form, list(QUESTIONS), shares)
    say = sum(shares.values())
    level = {
        pair: sum(
            Fraction(
                s * twins.pairs(profile, form, list(QUESTIONS), g)[1][pair],
                sum(b.weight for b in profile if b.group == g),
            )
            for g, s in shares.items()
        )
        for pair in above
    }
    stages = twins.plackett_luce_stages(profile, form, list(QUESTIONS), shares)
    for q in QUESTIONS:
        won = sum(above[q, j] + level[q, j] / 2 for j in QUESTIONS if j != q) / say
        met = {j: float(above[q, j] + above[j, q] + level[q, j]) / say for j in QUESTIONS if j != q}
        expected = sum(n * bt[q] / (bt[q] + bt[j]) for j, n in met.items()) + 0.02 * bt[q] / (1 + bt[q])
        assert float(won) + 0.01 == pytest.approx(expected, abs=1e-5)
        chosen = sum(weight for weight, first, _ in stages if first == q)
        faced = sum(weight * pl[q] / sum(pl[j] for j in left) for weight, _, left in stages if q in left)
        assert chosen + 0.01 == pytest.approx(faced + 0.02 * pl[q] / (1 + pl[q]), abs=1e-5)


@examples
@given(profile=profiles())
def test_unranked_questions_get_what_the_word_for_them_says(profile):
    t = tally(frame_of(profile), QUESTIONS, depth=2)

    for unranked in ("zero", "average", "last"):
        got = rank(t, "borda", unranked=unranked)["score"].to_dict()

        expected = dict.fromkeys(QUESTIONS, Fraction(0))
        for b in profile:
            n = sum(other.weight for other in profile if other.group == b.group)
            below_all = len(QUESTIONS) - len(b.said) - 1
            left_out = {"zero": Fraction(0), "average": Fraction(below_all, 2), "last": Fraction(below_all)}[unranked]
            for q in QUESTIONS:
                level = sum(other == b.said.get(q) for other in b.said.values())
                points = len(QUESTIONS) - twins.places(b.said).get(q, 0) - Fraction(level - 1, 2)
                expected[q] += Fraction(b.weight, n) * (points if q in b.said else left_out)
        assert got == {q: float(score) for q, score in expected.items()}


def test_agreement_across_groups_is_the_product_of_each_groups_part():
    profile = [Ballot("carer", {"q1": 1, "q2": 1}, 3), Ballot("nurse", {"q1": 1, "q2": -1}), Ballot("nurse", {"q2": 0})]

    got = ranked(profile, "group_informed_consensus", form="chosen", questions=["q1", "q2"])

    assert got["score"].to_dict() == pytest.approx({"q1": (4 / 5 * 2 / 3) ** 0.5, "q2": (4 / 5 * 1 / 4) ** 0.5})


def test_orders_equally_good_by_kemeny_tie_what_they_disagree_on_and_say_so():
    cycle = [Ballot("carer", dict(zip(order, (1, 2, 3), strict=True))) for order in ("abc", "bca", "cab")]
    last = [Ballot("carer", {**b.said, "d": 4}) for b in cycle]

    got = ranked(last, "kemeny", questions=list("abcd"))

    assert got["rank"].to_dict() == {"a": 1, "b": 1, "c": 1, "d": 4}
    assert got.attrs["notes"][1] == "Kemeny: optimal orders disagree on 3 pairs of questions; these are tied."


def test_borda_chooses_of_the_orders_equally_good_by_kemeny_and_the_methods_section_says_so():
    profile = [Ballot("carer", dict(zip(order, (1, 2, 3), strict=True))) for order in ("bac", "acb")]

    tied, chosen = (ranked(profile, "kemeny", questions=list("abc"), several=how) for how in ("tied", "borda"))

    assert tied["rank"].to_dict() == {"a": 1, "b": 1, "c": 1}
    assert chosen["rank"].to_dict() == {"a": 1, "b": 2, "c": 3}
    assert "those nearest to Borda's order are chosen" in chosen.attrs["notes"][1]
    assert "(several = borda)" in describe(chosen)
    with pytest.raises(
        ProtocolError, match="No way called 'first' to choose of several orders; use one of tied, borda"
    ):
        ranked(profile, "kemeny", questions=list("abc"), several="first")


def test_an_option_that_a_rule_does_not_take_or_a_form_it_does_not_bear_is_refused():
    profile = [Ballot("carer", {"q1": 1})]

    with pytest.raises(ProtocolError, match="has no option 'unranked'; it takes none"):
        ranked(profile, "schulze", unranked="zero")
    with pytest.raises(ProtocolError, match="use one of average, zero, last"):
        ranked(profile, "borda", unranked="nil")
    with pytest.raises(ProtocolError, match="use unranked = 'average'"):
        ranked(profile, "borda", form="chosen", unranked="zero")
    with pytest.raises(ProtocolError, match="needs ballots that agree or not"):
        ranked(profile, "group_informed_consensus")
    with pytest.raises(ProtocolError, match="use a number above 0"):
        ranked(profile, "plackett_luce", prior=0)


@examples
@given(profile=profiles("ranked"))
def test_stages_read_from_places_are_those_of_lists_written_out(profile):
    tables = group_tables(tally(frame_of(profile), QUESTIONS))
    each, strength = _each(tables), np.linspace(-1, 1, len(QUESTIONS))
    power = np.exp(strength)

    total, gradient, curved = ranked_likelihood(tables.tally.ballots, each, strength)

    expected, slope, bend = 0.0, np.zeros(len(QUESTIONS)), np.zeros((len(QUESTIONS),) * 2)
    for weights, chosen, left in _stages(tables):
        for weight, picked, options in zip(weights, chosen, left, strict=True):
            part = options * power / (options @ power)
            expected += weight * (picked @ strength - picked.sum() * np.log(options @ power))
            slope += weight * (picked - picked.sum() * part)
            bend += weight * picked.sum() * (np.diag(part) - np.outer(part, part))
    assert total == pytest.approx(expected)
    np.testing.assert_allclose(gradient, slope, atol=1e-12)
    np.testing.assert_allclose(curved, bend, atol=1e-12)
