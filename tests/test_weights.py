"""Weights inside a group: they give the declared margins, cost people, and never reach beyond their group."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.errors import DataError, ProtocolError
from consensus.weights import effective_sample_size, rake, trim
from tests.profiles import examples

MARGINS = {"carer": {"age": {"young": 1, "old": 1}, "area": {"town": 3, "land": 2}}}


def people(seed: int = 0, n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "group": rng.choice(["carer", "nurse"], n),
            "age": rng.choice(["young", "old"], n, p=[0.2, 0.8]),
            "area": rng.choice(["town", "land"], n, p=[0.8, 0.2]),
        }
    )


@examples
@given(seed=st.integers(0, 999))
def test_the_weighted_group_has_the_declared_margins(seed):
    who = people(seed, 80)

    weight = rake(who, MARGINS)

    mine = who["group"] == "carer"
    for variable, parts in MARGINS["carer"].items():
        got = weight[mine].groupby(who.loc[mine, variable]).sum() / mine.sum()
        assert got.to_dict() == pytest.approx({level: part / sum(parts.values()) for level, part in parts.items()})
    assert (weight[~mine] == 1).all()
    assert weight.groupby(who["group"]).mean().tolist() == pytest.approx([1, 1])
    assert weight.attrs["effective"]["carer"] <= mine.sum()


def test_one_margin_alone_is_post_stratification():
    who = people(1)

    weight = rake(who, {"carer": {"age": {"young": 1, "old": 3}}})

    mine = who[who["group"] == "carer"]
    count = mine["age"].value_counts()
    expected = mine["age"].map({"young": 0.25 * len(mine) / count["young"], "old": 0.75 * len(mine) / count["old"]})
    np.testing.assert_allclose(weight[mine.index], expected)


def test_the_order_of_people_changes_nothing():
    who = people(2)
    shuffled = who.sample(frac=1, random_state=1)

    pd.testing.assert_series_equal(rake(shuffled, MARGINS).sort_index(), rake(who, MARGINS), check_exact=False)


def test_no_weight_is_above_the_limit_and_the_margins_say_how_far_they_are_off():
    who = people(3)

    free, limited = rake(who, MARGINS), rake(who, MARGINS, most=1.5)

    assert free.max() > 1.5
    assert limited.max() <= 1.5 + 1e-9
    assert limited[who["group"] == "carer"].mean() == pytest.approx(1)
    assert limited.attrs["off"]["carer"] > free.attrs["off"]["carer"]
    assert limited.attrs["effective"]["carer"] > free.attrs["effective"]["carer"]


@examples
@given(
    weights=st.lists(st.floats(0.01, 100), min_size=1, max_size=20),
    most=st.floats(1.05, 5),
    least=st.floats(0, 0.9),
)
def test_trimming_keeps_the_sum_the_limits_and_the_order(weights, most, least):
    got = trim(weights, most, least)

    mean = np.mean(weights)
    assert got.sum() == pytest.approx(np.sum(weights))
    assert got.max() <= most * mean * (1 + 1e-9)
    assert got.min() >= least * mean * (1 - 1e-9)
    ordered = got[np.argsort(weights, kind="stable")]
    assert (np.diff(ordered) >= -1e-9 * mean).all()


def test_unequal_weights_count_for_fewer_people():
    assert effective_sample_size([2, 2, 2]) == 3
    assert effective_sample_size([1, 0, 0]) == 1
    assert effective_sample_size([]) == 0


def test_every_fault_of_the_margins_and_of_the_people_is_told_at_once():
    who = pd.DataFrame({"group": "carer", "age": ["young", "unknown"], "area": ["town", "town"]})

    with pytest.raises(DataError) as told:
        rake(who, MARGINS)
    with pytest.raises(ProtocolError, match="whole numbers, 0 or more, and not all 0"):
        rake(who, {"carer": {"age": {"young": 0.5, "old": 0.5}}})
    with pytest.raises(DataError, match="Column 'area' is missing"):
        rake(who.drop(columns="area"), MARGINS)

    assert told.value.faults == (
        "group 'carer', age: 1 people are at no level with a part; declare it or code them.",
        "group 'carer', age: nobody is at 'old'; merge levels.",
        "group 'carer', area: nobody is at 'land'; merge levels.",
    )
