"""How far people agree, checked against the textbook, scipy and the reference implementation of alpha."""

from __future__ import annotations

from itertools import combinations

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from consensus.agreement import (
    BETWEEN,
    agree,
    jensen_shannon,
    kendall_tau_b,
    krippendorff_alpha,
    rank_biased_overlap,
    top_overlap,
)
from consensus.agreement.concordance import replicate_alphas
from consensus.errors import DataError
from consensus.resampling import replicates as drawing
from consensus.rules import rank
from consensus.tally import tally
from tests import twins
from tests.profiles import GROUPS, QUESTIONS, examples, frame_of, profiles, shared_out
from tests.test_firmness import survey

PLACES = st.lists(st.integers(1, 6), min_size=6, max_size=6)
LISTS = st.lists(PLACES, min_size=2, max_size=6)


def long(ratings: np.ndarray, group: str = "carer") -> pd.DataFrame:
    """Return a rater's row a line of the table as the long ballots frame."""
    rows = [(f"{group}{b}", group, f"q{q}", v) for b, row in enumerate(ratings) for q, v in enumerate(row)]
    return pd.DataFrame(rows, columns=["ballot", "group", "question", "value"])


def of(frame: pd.DataFrame, group: str, statistic: str, other: str = "") -> pd.Series:
    """Return the one row of that name."""
    said = (frame["group"] == group) & (frame["other"] == other) & (frame["statistic"] == statistic)
    assert said.sum() == 1
    return frame[said].iloc[0]


@examples
@given(ratings=LISTS)
def test_ratings_agree_as_scipy_says_they_do(ratings):
    table = np.array(ratings)

    got = agree(tally(long(table), form="rated"), replicates=0)

    varied = [row for row in table if len(set(row)) > 1]
    rho = [stats.spearmanr(a, b).statistic for a, b in combinations(varied, 2)]
    expected = np.mean(rho) if rho else np.nan
    assert of(got, "carer", "mean_spearman")["value"] == pytest.approx(expected, nan_ok=True)
    if len(varied):
        q, p = stats.friedmanchisquare(*table.T)
        assert of(got, "carer", "friedman")["value"] == pytest.approx(q)
        assert of(got, "carer", "friedman")["p"] == pytest.approx(p)
        assert of(got, "carer", "kendall_w")["value"] == pytest.approx(q / (len(table) * 5))
    else:
        assert np.isnan(of(got, "carer", "kendall_w")["value"])


@examples
@given(profile=profiles("ranked"))
def test_questions_left_out_share_the_mean_of_the_last_places(profile):
    got = agree(tally(frame_of(profile), QUESTIONS), replicates=0)

    q = len(QUESTIONS)
    for group in {b.group for b in profile}:
        lists = []
        for ballot in shared_out([b for b in profile if b.group == group]):
            low = twins.places(ballot.said)
            tied = {one: sum(other == place for other in low.values()) for one, place in low.items()}
            left = (len(low) + 1 + q) / 2
            lists.append([low[one] + (tied[one] - 1) / 2 if one in low else left for one in QUESTIONS])
        table = np.array(lists)
        n, sums = len(table), table.sum(axis=0)
        ties = sum((np.unique(row, return_counts=True)[1] ** 3).sum() - q for row in table)
        below = n**2 * q * (q**2 - 1) - n * ties
        w = (12 * (sums**2).sum() - 3 * n**2 * q * (q + 1) ** 2) / below if below and n > 1 else np.nan
        assert of(got, group, "kendall_w")["value"] == pytest.approx(w, nan_ok=True)
        counts = [[(table[:, at] == place).sum() for place in np.unique(table)] for at in range(q)]
        alpha = krippendorff_alpha(counts, np.unique(table), "interval")
        assert of(got, group, "alpha_interval")["value"] == pytest.approx(alpha, nan_ok=True)


@pytest.mark.parametrize("level", ["ordinal", "interval"])
@examples
@given(data=st.data())
def test_alpha_is_the_reference_implementations_to_the_last_bit(level, data):
    values = data.draw(st.integers(2, 9))
    row = st.lists(st.integers(0, 400), min_size=values, max_size=values)
    counts = np.array(data.draw(st.lists(row, min_size=1, max_size=30)))
    pairable = counts[counts.sum(axis=1) > 1]

    got = krippendorff_alpha(counts, np.arange(1, values + 1), level)

    if (pairable.sum(axis=0) > 0).sum() < 2:
        assert np.isnan(got)
    else:
        domain = np.arange(1, values + 1)
        assert got == krippendorff.alpha(value_counts=counts, value_domain=domain, level_of_measurement=level)
        again = replicate_alphas(np.array([counts, counts]), domain, level)
        np.testing.assert_allclose(again, got, rtol=1e-9, atol=1e-12)


def test_alpha_of_a_group_is_that_of_its_ratings_and_dont_know_is_no_rating():
    ratings = np.array([[1, 2, 3, 3, 2], [1, 2, 3, 3, 2], [np.nan, 3, 3, 3, 2], [1, 2, 3, np.nan, 2.0]])

    got = agree(tally(long(ratings), form="rated"), replicates=0)

    counts = [[int((column == value).sum()) for value in (1, 2, 3)] for column in ratings.T]
    for level in ("ordinal", "interval"):
        assert of(got, "carer", f"alpha_{level}")["value"] == krippendorff_alpha(counts, [1, 2, 3], level)
    assert of(got, "carer", "kendall_w")["value"] == 1
    assert "2 of 4 ballots do not answer every question" in got.attrs["notes"][0]


def test_when_nobody_could_disagree_alpha_is_unknown_rather_than_perfect():
    same = agree(tally(long(np.full((3, 4), 5)), form="rated"), replicates=20)

    names = ["kendall_w", "friedman", "mean_spearman", "alpha_ordinal", "alpha_interval"]
    assert same[same["statistic"].isin(names)]["value"].isna().all()
    with pytest.raises(DataError, match="use one of ordinal, interval"):
        krippendorff_alpha([[1, 1]], level="nominal")


@examples
@given(one=PLACES, two=PLACES)
def test_two_lists_are_as_alike_as_scipy_and_the_definitions_say(one, two):
    a, b = (stats.rankdata(each, method="min").astype(int) for each in (one, two))

    assert float(kendall_tau_b(a, b)) == pytest.approx(stats.kendalltau(a, b).statistic, nan_ok=True)
    assert float(jensen_shannon(np.array(one), np.array(two))) == pytest.approx(jensenshannon(one, two, base=2))
    agreed = []
    for depth in range(1, 7):
        first, second = ({q for q in range(6) if places[q] <= depth} for places in (a, b))
        agreed.append(2 * len(first & second) / (len(first) + len(second)) if first or second else 1.0)
        if first or second:
            assert float(top_overlap(a, b, depth)) == pytest.approx(agreed[-1])
    rbo = 0.9**6 * agreed[-1] + sum(0.1 * 0.9 ** (d - 1) * agreed[d - 1] for d in range(1, 7))
    assert float(rank_biased_overlap(a, b)) == pytest.approx(rbo)
    assert float(rank_biased_overlap(a, a)) == pytest.approx(1)


def test_lists_alike_to_the_middle_overlap_wholly_down_to_there_and_less_below():
    one, two = np.arange(1, 7), np.array([1, 2, 3, 6, 5, 4])

    overlap = [float(top_overlap(one, two, depth)) for depth in range(1, 7)]

    assert overlap == pytest.approx([1, 1, 1, 3 / 4, 4 / 5, 1])


@examples
@given(profile=profiles("ranked"))
def test_the_largest_gap_of_a_question_is_between_the_groups_furthest_apart(profile):
    t = tally(frame_of(profile), QUESTIONS)
    positions = rank(t).filter(like="position_")
    if positions.shape[1] < 2:
        return

    got = agree(t, replicates=0)

    gaps = got[got["statistic"] == "largest_rank_gap"].set_index("question")
    for question, row in gaps.iterrows():
        mine = positions.loc[question]
        assert row["value"] == mine.max() - mine.min()
        if row["value"]:
            assert mine[f"position_{row['group']}"] == mine.min()
            assert mine[f"position_{row['other']}"] == mine.max()


def test_groups_are_compared_pair_by_pair_and_all_together():
    t = tally(survey(3, {"carer": 60, "nurse": 50, "public": 40}))

    got = agree(t, top=3, replicates=100)

    positions = rank(t).filter(like="position_").sort_index()
    pairs = list(combinations(GROUPS, 2))
    for a, b in pairs:
        tau = stats.kendalltau(positions[f"position_{a}"], positions[f"position_{b}"])
        row = of(got, a, "kendall_tau_b", b)
        assert (row["value"], row["p"]) == pytest.approx((tau.statistic, tau.pvalue))
    assert (got["statistic"] == "jensen_shannon").sum() == len(pairs)
    chi, p = stats.friedmanchisquare(*positions.to_numpy())
    assert of(got, BETWEEN, "friedman")["value"] == pytest.approx(chi)
    assert of(got, BETWEEN, "friedman")["p"] == pytest.approx(p)
    places = np.unique(positions.to_numpy())
    counts = [[int((row == place).sum()) for place in places] for row in positions.to_numpy()]
    for level in ("ordinal", "interval"):
        alpha = krippendorff_alpha(counts, places, level)
        assert of(got, BETWEEN, f"alpha_{level}")["value"] == pytest.approx(alpha)


def test_intervals_hold_the_value_and_narrow_with_more_ballots():
    few, many = (agree(tally(survey(4, {"carer": n, "nurse": n})), top=3, replicates=200) for n in (30, 480))

    for got in (few, many):
        told = got[got["low"].notna()]
        assert ((told["low"] <= told["value"]) & (told["value"] <= told["high"])).mean() > 0.95
    widths = [
        got[got["statistic"].isin(["kendall_w", "alpha_interval"]) & (got["group"] == "carer")] for got in (few, many)
    ]
    ratio = (widths[0]["high"] - widths[0]["low"]).to_numpy() / (widths[1]["high"] - widths[1]["low"]).to_numpy()
    assert ((ratio > 2.5) & (ratio < 6)).all()


def test_groups_that_want_the_same_are_not_found_to_differ_and_those_that_do_not_are():
    ballots = survey(5, {"carer": 120})
    halves = ballots.assign(group=np.where(ballots["ballot"].str[5:].astype(int) % 2, "odd", "even"))

    same = agree(tally(halves), top=3, replicates=300)
    apart = agree(tally(survey(5, {"carer": 60, "nurse": 2, "public": 60})), top=3, replicates=300)

    assert of(same, "even", "jensen_shannon", "odd")["p"] > 0.05
    assert of(apart, "carer", "jensen_shannon", "public")["p"] < 0.05


def test_the_same_digits_come_from_any_number_of_workers_and_any_order_of_rows(monkeypatch):
    monkeypatch.setattr(drawing, "BLOCK", 16)
    ballots = survey(6, {"carer": 50, "nurse": 40})
    alone = agree(tally(ballots), top=3, replicates=50)

    many = agree(tally(ballots.sample(frac=1, random_state=1)), top=3, replicates=50, workers=3)

    pd.testing.assert_frame_equal(many, alone)


@pytest.mark.parametrize("form", ["chosen", "points", "best_worst", "pairwise", "rated"])
@examples
@given(data=st.data())
def test_every_form_of_ballot_gives_a_declared_result(form, data):
    got = agree(tally(frame_of(data.draw(profiles(form)), form), QUESTIONS, form), replicates=5)

    assert got["statistic"].notna().all()
    inside = got[got["statistic"].isin(["kendall_w", "mean_spearman", "alpha_ordinal", "alpha_interval"])]
    assert inside["value"].dropna().le(1 + 1e-12).all()
    if form in ("best_worst", "pairwise"):
        assert inside[inside["group"] != BETWEEN]["value"].isna().all()


def test_what_cannot_be_said_is_refused_with_its_remedy():
    ballots = survey(7, {"carer": 4})

    with pytest.raises(DataError, match="keep_ballots=True"):
        agree(tally(ballots, keep_ballots=False))
    with pytest.raises(DataError, match="pass a number between 0 and 1"):
        agree(tally(ballots), rbo_p=1.0)
