"""Who took part: whole numbers, whole per cents, and groups that may overlap."""

from __future__ import annotations

import pandas as pd
import pytest

from consensus.engagement import engagement_summary, include_by_threshold, whole_percent
from consensus.errors import DataError
from consensus.ratings import percentile, rand_ucla


def counts(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["stage", "measure", "count", "of"])


def test_a_half_per_cent_is_rounded_up_whatever_floats_would_make_of_it():
    assert [whole_percent(part, 200) for part in (1, 3, 5, 199)] == [1, 2, 3, 100]
    assert whole_percent(0, 0) is None


def test_ways_of_taking_part_add_up_and_overlapping_groups_are_flagged():
    got = engagement_summary(
        counts(
            ("interim", "everyone", 30, "everyone"),
            ("interim", "everyone", 10, "everyone"),
            ("interim", "carers", 30, "everyone"),
            ("interim", "nurses", 15, "everyone"),
            ("workshop", "everyone", 4, None),
        )
    )

    assert got["count"].tolist() == [40, 30, 15, 4]
    assert got["percent"].tolist()[:3] == [100, 75, 38]
    assert pd.isna(got["percent"].iloc[3])
    assert got["overlap"].tolist() == [False, True, True, False]


def test_groups_that_do_not_overlap_are_not_said_to():
    got = engagement_summary(
        counts(("interim", "all", 10, ""), ("interim", "carers", 4, "all"), ("interim", "x", 6, "all"))
    )

    assert not got["overlap"].any()


def test_every_fault_of_the_counts_is_told_at_once():
    with pytest.raises(DataError) as told:
        engagement_summary(counts(("interim", "all", -1, ""), ("interim", "carers", 2.5, "everyone")))

    assert [fault.split(";")[0] for fault in told.value.faults] == [
        "row 1: the count is not a whole number, 0 or more",
        "row 2: the count is not a whole number, 0 or more",
        "row 2: stage 'interim' has no measure 'everyone' to be a per cent of",
    ]


def test_more_ballots_naming_a_question_than_there_are_is_refused():
    with pytest.raises(DataError, match="question 'q1' counts 7 of 6 ballots"):
        include_by_threshold(pd.Series({"q1": 7}), 6, 1)


def test_percentiles_are_exact_and_named():
    ratings = [1, 2, 3, 4, 5, 6, 7, 8, 9, 9]

    assert [float(percentile(ratings, 30, name)) for name in ("linear", "nearest_rank", "averaged")] == [3.7, 3.0, 3.5]
    assert percentile([7], 70) == 7
    with pytest.raises(DataError, match="use one of linear, nearest_rank, averaged"):
        percentile(ratings, 30, "usual")


def test_raters_at_both_ends_disagree_and_an_impossible_rating_is_told():
    assert rand_ucla([1, 1, 1, 1, 9, 9, 9, 9]).disagreement
    assert not rand_ucla([5] * 9).disagreement
    with pytest.raises(DataError, match="rating 2 is not a whole number from 1 to 9"):
        rand_ucla([5, 10])
    with pytest.raises(DataError, match="at least one rating"):
        rand_ucla([])
