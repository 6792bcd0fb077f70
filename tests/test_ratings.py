"""Ratings and Delphi rounds: published definitions on their boundaries, two rounds side by side, what people see."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from consensus.errors import DataError
from consensus.ratings import (
    PRESETS,
    chnri,
    compare_rounds,
    judge,
    mcnemar,
    rand_ucla,
    rating_feedback,
    summarise_ratings,
    weighted_kappa,
)
from consensus.ratings.given import CountedRatings
from consensus.tally import tally
from tests.profiles import QUESTIONS, examples, frame_of, profiles, shared_out

RATINGS = st.lists(st.integers(1, 9), min_size=1, max_size=30)


def rated(values: dict[str, list[float]], question: str = "q1") -> pd.DataFrame:
    """Return one question's ratings, group by group, as the long ballots frame."""
    rows = [(f"{group}{at}", group, question, value) for group, each in values.items() for at, value in enumerate(each)]
    return pd.DataFrame(rows, columns=["ballot", "group", "question", "value"])


def test_answers_outside_the_mode_are_allowed_by_the_printed_bands():
    allowed = {n: limit for limit, lowest in enumerate(range(8, 26, 3), 2) for n in range(lowest, lowest + 3)}

    for n, limit in allowed.items():
        assert judge([7] * (n - limit) + [5] * limit, "Count outside mode") == "in"
        if n - limit - 1 > limit + 1:
            assert judge([7] * (n - limit - 1) + [5] * (limit + 1), "Count outside mode") == "no consensus"
    assert sorted(allowed) == list(range(8, 26))
    with pytest.raises(DataError, match="defined for 8 to 25 answers; there are 26"):
        judge([7] * 26, "Count outside mode")


def test_nobodys_ratings_are_no_consensus_and_impossible_ones_are_told():
    for preset in PRESETS:
        assert judge({"a": [np.nan], "b": []}, preset) == "no consensus"
    with pytest.raises(DataError, match="rating 2 is not a whole number from 0 to 1"):
        judge([1, 7], "Binary vote bands")
    with pytest.raises(DataError, match="No definition of consensus called 'usual'"):
        judge([1], "usual")


@examples
@given(
    ratings=RATINGS, copies=st.integers(2, 5), preset=st.sampled_from(sorted(PRESETS.keys() - {"Count outside mode"}))
)
def test_copying_everybody_changes_no_verdict_and_nobody_goes_out_by_rating_higher(ratings, copies, preset):
    if preset == "Binary vote bands":
        ratings = [int(rating > 5) for rating in ratings]
    top = max(PRESETS[preset].scale)

    assert judge(ratings * copies, preset) == judge(ratings, preset)
    if judge(ratings, preset) == "in":
        assert judge([top if at == 0 else rating for at, rating in enumerate(ratings)], preset) == "in"


@examples
@given(ratings=RATINGS)
def test_counted_ratings_are_the_ratings_in_order(ratings):
    levels = sorted(set(ratings))

    counted = CountedRatings(levels, [ratings.count(level) for level in levels])

    assert list(counted) == sorted(ratings)
    assert counted[-1] == max(ratings)
    assert counted[: len(ratings)] == sorted(ratings)


@examples
@given(profile=profiles("rated"))
def test_a_summary_says_of_each_group_what_its_ratings_say(profile):
    got = summarise_ratings(tally(frame_of(profile, "rated"), QUESTIONS, "rated"))

    everybody = shared_out(profile)
    for (question, group), row in got.iterrows():
        mine = [b.said[question] for b in everybody if question in b.said and group in (b.group, "all")]
        ratings = [value for value in mine if value is not None]
        assert (row["n"], row["unsure"]) == (len(ratings), len(mine) - len(ratings))
        assert (row["low"], row["high"]) == (sum(r <= 3 for r in ratings), sum(r >= 7 for r in ratings))
        if ratings:
            quartiles = [float(np.median(ratings)), *np.percentile(ratings, [25, 75])]
            assert row[["median", "q1", "q3"]].tolist() == pytest.approx(quartiles)
            assert row["index"] == rand_ucla(ratings).index
        if group == "all":
            assert row["verdict"] == judge(ratings)


def test_a_summary_of_other_ballots_is_refused():
    ballots = pd.DataFrame({"ballot": ["b"], "group": ["carer"], "question": ["q1"], "value": [1]})

    with pytest.raises(DataError, match="form 'rated'; these are 'ranked'"):
        summarise_ratings(tally(ballots))


@examples
@given(pairs=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=30))
def test_two_rounds_are_compared_by_the_textbook(pairs):
    old, new = ([pair[at] for pair in pairs] for at in (0, 1))

    row = compare_rounds(rated({"carer": old}), rated({"carer": new})).iloc[0]

    assert row["median_change"] == np.median(new) - np.median(old)
    changed = sum(a != b for a, b in pairs)
    assert row["changed"] == changed / len(pairs)
    assert row["stable"] == (100 * changed < 15 * len(pairs))
    seen = np.mean([(a - b) ** 2 for a, b in pairs])
    expected = np.mean([(a - b) ** 2 for a in old for b in new])
    assert row["kappa"] == pytest.approx(1 - seen / expected if expected else np.nan, nan_ok=True)
    left, joined = (sum((x >= 7) > (y >= 7) for x, y in each) for each in (pairs, [(b, a) for a, b in pairs]))
    assert row["mcnemar_p"] == pytest.approx(mcnemar(left, joined), nan_ok=True)
    if changed:
        assert row["wilcoxon_p"] == pytest.approx(stats.wilcoxon(old, new).pvalue)
    q1, q3 = np.percentile(new, [25, 75])
    assert row["cqv_after"] == pytest.approx((q3 - q1) / (q3 + q1))


def test_three_in_twenty_changed_is_no_longer_stable():
    old = [5] * 20

    three, two = (compare_rounds(rated({"a": old}), rated({"a": [6] * n + [5] * (20 - n)})) for n in (3, 2))

    assert (three["stable"].item(), two["stable"].item()) == (False, True)


def test_those_who_drop_out_are_reported_by_group_and_compared_nowhere():
    first = rated({"carer": [5, 6, 7], "nurse": [8, np.nan]})
    second = first[~first["ballot"].isin(["carer2"])]

    got = compare_rounds(first, second)

    assert got["pairs"].item() == 3
    assert got.attrs["dropped"] == {"carer": (1, 3), "nurse": (0, 2)}
    with pytest.raises(DataError, match="In the second round a person rates a question twice"):
        compare_rounds(first, pd.concat([second, second]))


def test_mcnemar_is_exact_for_few_and_corrected_for_many():
    assert mcnemar(3, 9) == pytest.approx(2 * stats.binom.cdf(3, 12, 0.5))
    assert mcnemar(10, 15) == pytest.approx(stats.chi2.sf(16 / 25, 1))
    assert mcnemar(5, 5) == 1


def test_kappa_counts_far_changes_for_more_than_near_ones():
    one = np.array([1, 5, 9, 5])

    assert weighted_kappa(one, np.array([2, 5, 9, 5])) > weighted_kappa(one, np.array([9, 5, 9, 5]))


def test_criteria_are_scored_by_those_informed_and_ties_are_ties():
    scores = pd.DataFrame(
        [
            (expert, question, criterion, value)
            for question, answers in {"q1": [[1, 0.5, 0], [1, 1, None]], "q2": [[1, 0.5, 0], [1, 1, 1]]}.items()
            for criterion, values in zip(["answerable", "fair"], answers, strict=True)
            for expert, value in enumerate(values)
        ],
        columns=["ballot", "question", "criterion", "value"],
    )

    got = chnri(scores)

    assert got[["rank", "tied"]].values.tolist() == [[1, True], [1, True]]
    assert got.loc["q1", ["score_answerable", "score_fair", "priority"]].tolist() == [50, 100, 75]
    assert got.loc["q1", "agreement"] == pytest.approx((1 / 3 + 1) / 2)
    assert chnri(scores, {"answerable": 3, "fair": 1})["priority"].tolist() == [62.5, 62.5]
    silent = scores.assign(value=scores["value"].where((scores["question"] != "q1") | (scores["criterion"] == "fair")))
    assert chnri(silent)["rank"].to_dict() == {"q2": 1, "q1": 2}
    assert np.isnan(chnri(silent).loc["q1", "priority"])


def test_every_fault_of_the_scores_is_told_at_once():
    row = {"ballot": 1, "question": "q1", "criterion": "fair", "value": 0.7}

    with pytest.raises(DataError) as told:
        chnri(pd.DataFrame([row, row]), {"other": 1})

    assert len(told.value.faults) == 4


@examples
@given(profile=profiles("rated"))
def test_a_participant_sees_the_own_rating_beside_others_and_never_a_group_too_small(profile):
    people = list(shared_out(profile))
    got = rating_feedback(frame_of(people, "rated"), least=3, questions=list(QUESTIONS))

    assert len(got) == len(people) * len(QUESTIONS)
    for row in got.itertuples(index=False):
        own = people[int(row.ballot[1:])]
        value = own.said.get(row.question)
        assert (row.rating is pd.NA and value is None) or row.rating == value
        for group in {b.group for b in people}:
            ratings = [b.said[row.question] for b in people if b.group == group and b.said.get(row.question)]
            shown = getattr(row, f"n_{group}")
            assert (shown is pd.NA) if len(ratings) < 3 else (shown == len(ratings))
            if len(ratings) >= 3:
                assert getattr(row, f"median_{group}") == np.median(ratings)
            if group == own.group and value is not None and len(ratings) >= 3:
                assert row.lower == sum(rating < value for rating in ratings)
                assert row.lower + row.same + row.higher == len(ratings) - 1
