"""Respondent weights reach every ranking: a weight of 2 is two people, exactly, and parts add to the same bits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.agreement import agree
from consensus.errors import DataError, ProtocolError
from consensus.firmness import stress
from consensus.firmness.replicas import FROM_TOTALS, rank_replicates, rank_retallied
from consensus.interim import shortlist
from consensus.ratings import summarise_ratings
from consensus.rules import RULES, group_tables, rank
from consensus.sentences import describe
from consensus.tally import Tally, tally
from consensus.tally.written import AXES
from consensus.vocabulary import BALLOT_FORMS
from consensus.weights import effective_sample_size, weigh_ballots
from tests.profiles import QUESTIONS, Ballot, examples, frame_of, profiles
from tests.test_firmness import survey
from tests.test_laws import BEARS

FORM = st.sampled_from(BALLOT_FORMS)
WEIGHTS = st.sampled_from([0.25, 0.5, 0.8, 1.0, 1.5, 1 / 3, 2.0, 3.7])


def weighed(profile: list[Ballot], form: str, weights: list[float]) -> pd.DataFrame:
    """Return a profile's frame with the respondent weight of each ballot."""
    frame = frame_of(profile, form)
    return frame.assign(respondent_weight=[weights[int(ballot[1:])] for ballot in frame["ballot"]])


def some_weights(data, profile: list[Ballot]) -> list[float]:
    return data.draw(st.lists(WEIGHTS, min_size=len(profile), max_size=len(profile)))


def borne(form: str) -> list[str]:
    return [rule for rule in RULES if form in BEARS.get(rule, BALLOT_FORMS)]


@examples
@given(data=st.data(), form=FORM)
def test_a_respondent_weight_of_two_is_two_people(data, form):
    profile = data.draw(profiles(form))
    twice = [data.draw(st.integers(1, 3)) for _ in profile]
    copies = [Ballot(b.group, b.said, b.weight * n) for b, n in zip(profile, twice, strict=True)]

    by_weight, by_copies = (
        tally(weighed(profile, form, twice), QUESTIONS, form),
        tally(frame_of(copies, form), QUESTIONS, form),
    )

    for rule in borne(form):
        got, want = rank(by_weight, rule), rank(by_copies, rule)
        if rule in ("plackett_luce", "bradley_terry"):  # fitted in floats
            pd.testing.assert_frame_equal(got.sort_index(), want.sort_index(), check_dtype=False, atol=2e-6)
        else:
            pd.testing.assert_frame_equal(got, want, check_dtype=False, check_exact=True)


@examples
@given(data=st.data(), form=FORM, weight=WEIGHTS)
def test_equal_respondent_weights_leave_every_order_as_it_is(data, form, weight):
    profile = data.draw(profiles(form))
    moved_by_scale = () if weight == 1 else ("group_informed_consensus", *(borne(form) if form == "pairwise" else ()))

    plain, equal = (
        tally(frame, QUESTIONS, form) for frame in (frame_of(profile, form), weighed(profile, form, [weight] * 8))
    )

    for rule in borne(form):
        if rule not in moved_by_scale:
            assert rank(equal, rule)["rank"].to_dict() == rank(plain, rule)["rank"].to_dict(), rule


@examples
@given(data=st.data(), form=FORM)
def test_parts_with_respondent_weights_add_to_the_bits_of_one_pass_and_read_back(data, form):
    profile = data.draw(profiles(form).filter(lambda profile: len(profile) > 1))
    frame = weighed(profile, form, some_weights(data, profile))
    early = frame["ballot"].str[1:].astype(int) < data.draw(st.integers(1, len(profile) - 1))

    merged = tally(frame[~early], form=form) + tally(frame[early], form=form)

    whole = tally(frame, form=form)
    for got in (merged, Tally.from_frame(merged.to_frame())):
        assert got.digest == whole.digest
        assert got.effective == whole.effective
        for name in (*AXES, "squares"):
            np.testing.assert_array_equal(getattr(got.voices, name), getattr(whole.voices, name), err_msg=name)
    np.testing.assert_array_equal(merged.ballots.voice, whole.ballots.voice)
    np.testing.assert_array_equal(merged.voices.ballots.weight, whole.voices.ballots.weight)


@examples
@given(data=st.data(), form=FORM, ties=st.sampled_from(["mean", "min", "dense"]))
def test_ballots_drawn_again_carry_their_respondent_weights(data, form, ties):
    profile = data.draw(profiles(form))
    shares = {g: data.draw(st.integers(1, 3)) for g in sorted({b.group for b in profile})}
    t = tally(weighed(profile, form, some_weights(data, profile)), QUESTIONS, form, 3)
    tables = group_tables(t, shares, ties)

    for rule, (_, forms) in FROM_TOTALS.items():
        if form in forms:
            at_once = rank_replicates(tables, rule, ties, 5, 11, "exact", 1)
            np.testing.assert_array_equal(at_once, rank_retallied(tables, rule, ties, 5, 11), err_msg=rule)


def test_whole_ballots_are_counted_apart_from_their_respondent_weights():
    profile = [Ballot("carer", {"q1": 1, "q2": 2}, weight=2), Ballot("carer", {"q2": 1}), Ballot("nurse", {"q1": 1})]

    t = tally(weighed(profile, "ranked", [0.5, 2.0, 1.0]), ["q1", "q2"])

    assert t.n.tolist() == [3, 1]
    assert t.voices.n.tolist() == [3_000_000, 1_000_000]
    assert t.effective == {"carer": effective_sample_size([0.5, 0.5, 2.0]), "nurse": 1.0}
    got = rank(t)
    assert got["total_carer"].to_dict() == {"q1": 10.0, "q2": 29.0}
    assert got.attrs["ballots"] == {"carer": 3, "nurse": 1}
    assert got.attrs["digest"] == t.digest


def test_another_respondent_weight_is_another_digest():
    profile = [Ballot("carer", {"q1": 1}), Ballot("carer", {"q2": 1})]

    digests = {tally(weighed(profile, "ranked", w)).digest for w in ([1, 2], [2, 1], [1, 1], [1, 1.000001])}

    assert len(digests | {tally(frame_of(profile)).digest}) == 5


@pytest.mark.parametrize("weight", [0, -1, None, float("inf"), 1e-9, 1001, "heavy"])
def test_a_respondent_weight_that_is_no_sensible_number_is_told_with_its_row(weight):
    frame = frame_of([Ballot("carer", {"q1": 1}), Ballot("carer", {"q1": 1})])
    frame = frame.assign(respondent_weight=pd.Series([1, weight], dtype=object))

    with pytest.raises(DataError, match="row 2: the respondent weight is not a number above 0 and up to 1000"):
        tally(frame)


def test_a_respondent_weight_is_one_persons_and_so_the_same_in_all_of_a_ballots_rows():
    frame = frame_of([Ballot("carer", {"q1": 1, "q2": 2})]).assign(respondent_weight=[1, 1.1])

    with pytest.raises(DataError, match="row 2: the respondent weight differs within the ballot; give all its rows"):
        tally(frame)


def test_a_part_with_and_a_part_without_respondent_weights_do_not_add():
    frame = frame_of([Ballot("carer", {"q1": 1})])

    with pytest.raises(DataError, match="give every part the column 'respondent_weight'"):
        tally(frame) + tally(frame.assign(respondent_weight=1.0))


def raked() -> Tally:
    """Return a survey in which carers are raked to halves by age, some not having stated theirs."""
    ballots = survey(3, {"carer": 40, "nurse": 20})
    people = ballots[["ballot", "group"]].drop_duplicates().reset_index(drop=True)
    age = np.where(people.index % 4 == 0, "young", "old")
    people["age"] = pd.Series(age, dtype=object).where(people.index % 10 != 9, None)
    margins = {"carer": {"age": {"young": 1, "old": 1}}, "nurse": {"age": {"young": 1, "middle": 1, "old": 1}}}
    return tally(weigh_ballots(ballots, people, margins, most=2.5))


def test_raked_weights_trimming_and_effective_sample_sizes_are_told_of_every_result():
    t = raked()

    results = [t, rank(t), stress(t, top=3, replicates=20), agree(t, 3, 20), shortlist(rank(t), size=3)]

    for result in results:
        said = describe(result)
        assert "weighted to declared margins by raking (carer: age), no weight above 2.5 times the mean" in said
        assert "Who did not state what the weighting needs counts as one person (carer 4)." in said
        assert "Group 'nurse' is not weighted by age: nobody of it is at one of the levels." in said
        assert f"Effective sample sizes: carer {t.effective['carer']:.1f} of 40, nurse 20.0 of 20." in said
    assert t.effective["carer"] < 40
    assert "within a group every person counts once" in describe(agree(t, 3, 20))


def test_raking_moves_the_order_towards_those_who_are_too_few():
    said = [("a", "young")] * 2 + [("b", "old")] * 6
    ballots = pd.DataFrame([(f"p{n}", "carer", q, 1) for n, (q, _) in enumerate(said)],
                           columns=["ballot", "group", "question", "value"])  # fmt: skip
    people = pd.DataFrame({"ballot": ballots["ballot"], "group": "carer", "age": [age for _, age in said]})

    got = rank(tally(weigh_ballots(ballots, people, {"carer": {"age": {"young": 3, "old": 2}}}), ["a", "b"]))

    assert rank(tally(ballots))["rank"].to_dict() == {"b": 1, "a": 2}
    assert got["rank"].to_dict() == {"a": 1, "b": 2}
    assert got["total_carer"].to_dict() == pytest.approx({"a": 48, "b": 32})


def test_every_digit_of_a_weighted_stress_test_is_the_same_for_any_number_of_workers():
    t = raked()

    for rule in ("jla_positions", "mean_points", "borda"):
        one, three = (stress(t, rule, top=3, replicates=50, seed=5, workers=n) for n in (1, 3))
        pd.testing.assert_frame_equal(one, three, check_exact=True)


def test_a_proportional_shortlist_splits_a_groups_money_by_respondent_weights():
    said = [("a", 0.5)] * 6 + [("b", 2.0)] * 3
    ballots = pd.DataFrame(
        [(f"p{n}", "carer", q, 1, w) for n, (q, w) in enumerate(said)],
        columns=["ballot", "group", "question", "value", "respondent_weight"],
    )

    for rule in ("sequential_pav", "sequential_phragmen", "equal_shares"):
        t = tally(ballots, ["a", "b", "c"])
        assert shortlist(rank(t), rule, size=1, tally=t).index.tolist() == ["b"], rule


def test_the_normal_shortcut_says_that_it_knows_no_respondent_weights():
    with pytest.raises(ProtocolError, match="without respondent weights; use method='exact'"):
        stress(raked(), method="gaussian", replicates=10)


def test_people_and_ballots_that_do_not_fit_are_told_at_once():
    ballots = survey(1, {"carer": 3})
    people = pd.DataFrame({"ballot": ["carer0", "carer0"], "group": "carer", "age": "young"})

    with pytest.raises(DataError) as told:
        weigh_ballots(ballots, people, {"carer": {"age": {"young": 1}}})
    with pytest.raises(DataError, match="Column 'age' is missing"):
        weigh_ballots(ballots, people.drop(columns="age"), {"carer": {"age": {"young": 1}}})
    with pytest.raises(ProtocolError, match="not all 0"):
        weigh_ballots(ballots, people, {"carer": {"age": {"young": 0}}})

    assert told.value.faults == (
        "1 row for a ballot named before; keep one row a ballot.",
        "2 ballots without a row; add one, with what is not stated left empty.",
    )


@examples
@given(data=st.data(), form=FORM)
def test_shuffled_rows_and_renamed_questions_change_nothing_but_the_names(data, form):
    profile = data.draw(profiles(form))
    frame = weighed(profile, form, some_weights(data, profile))
    name = {q: f"z{q}" for q in QUESTIONS}
    shuffled = frame.sample(frac=1, random_state=data.draw(st.integers(0, 99)))
    renamed = shuffled.assign(**{c: shuffled[c].map(name) for c in ("question", "other") if c in shuffled})

    before, after = tally(frame, QUESTIONS, form), tally(renamed, list(name.values()), form)

    assert tally(shuffled, QUESTIONS, form).digest == before.digest
    for rule in borne(form):
        expected = rank(before, rule).rename(index=name)
        pd.testing.assert_frame_equal(rank(after, rule), expected, check_exact=True)


def test_verdicts_on_ratings_count_each_person_once_and_say_so():
    ballots = frame_of([Ballot("carer", {"q1": rating}) for rating in (9, 8, 2)], "rated")

    plain, weighted = (
        summarise_ratings(tally(frame, form="rated"))
        for frame in (ballots, ballots.assign(respondent_weight=[1, 1, 9.0]))
    )

    pd.testing.assert_frame_equal(weighted, plain)
    assert "each person counts once, whatever the respondent weight" in describe(weighted)
