"""Real ballots of other people's elections (PrefLib): each kernel against its slow twin, and known winners."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from consensus.agreement import read_raters
from consensus.firmness import rank_replicates, rank_retallied
from consensus.rules import group_tables, rank
from consensus.tally import Tally, tally
from tests import twins

DEBIAN = {
    "00002-00000001.soi": "Bdale Garbee",
    "00002-00000003.soi": "Branden Robinson",
    "00002-00000005.soi": "Sam Hocevar",
    "00002-00000006.soi": "Stefano Zacchiroli",
    "00002-00000007.soi": "Stefano Zacchiroli",
}


@cache
def elections(shared: Path) -> pd.DataFrame:
    pytest.importorskip("pyarrow", reason="the PrefLib ballots are a parquet file, which needs pyarrow to read")
    return pd.read_parquet(shared / "rankings" / "preflib_ballots.parquet")


def names(shared: Path) -> list[str]:
    return pd.read_csv(shared / "rankings" / "preflib_instances.csv")["instance"].tolist()


def tiers(order: str) -> dict[int, int]:
    """Return each item's place in PrefLib's notation `3,{1,2},5`, ties by tier: 1, 2, 2, 3."""
    listed = re.findall(r"\{[^}]*\}|[^,]+", order)
    return {int(item): at for at, tier in enumerate(listed, 1) for item in tier.strip("{}").split(",")}


def ballots(shared: Path, instance: str) -> tuple[pd.DataFrame, list[tuple[int, dict[int, int]]]]:
    """Return an instance as the long frame and as plain (weight, item -> place)."""
    rows = elections(shared)
    rows = rows[rows["instance"] == instance]
    plain = [(int(row.count_), tiers(row.order)) for row in rows.rename(columns={"count": "count_"}).itertuples()]
    long = [(at, "voters", item, place, n) for at, (n, said) in enumerate(plain) for item, place in said.items()]
    return pd.DataFrame(long, columns=["ballot", "group", "question", "value", "weight"]), plain


Plain = list[tuple[int, dict[int, int]]]
"""Ballots as read: how many are alike, and the place of each item."""


def twin_pairs(plain: Plain, items: tuple[int, ...]) -> dict[tuple[int, int], int]:
    """Count who stands above whom, an item left out standing below all that are ranked."""
    above: dict[tuple[int, int], int] = {(i, j): 0 for i in items for j in items}
    for weight, said in plain:
        for i, place in said.items():
            for j in items:
                if said.get(j, len(items) + 1) > place:
                    above[i, j] += weight
    return above


def twin_places(plain: Plain) -> dict[tuple[int, int], int]:
    """Count how often each item has each place, those of a tie sharing its lowest place."""
    counted: dict[tuple[int, int], int] = {}
    for weight, said in plain:
        listed = sorted(said.values())
        for item, place in said.items():
            cell = item, 1 + listed.index(place)
            counted[cell] = counted.get(cell, 0) + weight
    return counted


def twin_points(counted: dict[tuple[int, int], int], item: int, depth: int) -> int:
    return sum(n * max(0, depth + 1 - place) for (i, place), n in counted.items() if i == item)


def twin_kendall_w(plain: Plain, items: tuple[int, ...]) -> float:
    """Work W out by the textbook: an item left out shares the mean of the last places; ties share their mean place."""
    m, n, corrected = len(items), sum(weight for weight, _ in plain), 0
    sums = dict.fromkeys(items, 0)
    for weight, said in plain:
        listed, left = sorted(said.values()), m - len(said)
        for item in items:
            if item in said:
                first, tied = listed.index(said[item]) + 1, listed.count(said[item])
                sums[item] += weight * (2 * first + tied - 1)
            else:
                sums[item] += weight * (2 * len(said) + left + 1)
        corrected += weight * (sum(listed.count(t) ** 3 - listed.count(t) for t in set(listed)) + left**3 - left)
    above = 3 * sum(each * each for each in sums.values()) - 3 * n * n * m * (m + 1) ** 2
    return above / (n * n * m * (m * m - 1) - n * corrected)


@pytest.mark.slow
def test_every_real_election_is_counted_as_its_slow_twins_count_it(shared):
    elections(shared)

    for instance in names(shared):
        frame, plain = ballots(shared, instance)
        t = tally(frame)

        assert t.n.tolist() == [sum(weight for weight, _ in plain)], instance
        above, counted = twin_pairs(plain, t.questions), twin_places(plain)
        level = t.n[0] - np.array([[above[i, j] + above[j, i] for j in t.questions] for i in t.questions])
        assert above == {(i, j): t.W[0, a, b] for a, i in enumerate(t.questions) for b, j in enumerate(t.questions)}
        np.testing.assert_array_equal(t.E[0], level - np.diag(level.diagonal()), err_msg=instance)
        shown = {(q, r): n for r, row in enumerate(t.N[0].tolist(), 1) for q, n in zip(t.questions, row, strict=True)}
        assert {cell: n for cell, n in shown.items() if n} == {c: n for c, n in counted.items() if c[1] <= 10}, instance
        by_points = rank(t)["total_voters"]
        assert by_points.to_dict() == {item: twin_points(counted, item, 10) for item in t.questions}, instance


@pytest.mark.slow
def test_every_real_election_is_ordered_as_the_slow_rules_order_it(shared):
    elections(shared)

    for instance in names(shared):
        frame, plain = ballots(shared, instance)
        t = tally(frame)

        questions, above = list(t.questions), twin_pairs(plain, t.questions)
        assert rank(t, "schulze")["score"].to_dict() == twins.schulze(above, questions), instance
        assert rank(t, "ranked_pairs")["score"].to_dict() == twins.ranked_pairs(above, questions), instance
        assert rank(t, "copeland")["score"].to_dict() == twins.copeland(above, questions), instance
        below = {i: sum(above[i, j] - above[j, i] for j in questions) for i in questions}
        averaged = {i: (Fraction(net, int(t.n[0])) + len(questions) - 1) / 2 for i, net in below.items()}
        assert rank(t, "borda")["score"].to_dict() == {i: float(points) for i, points in averaged.items()}, instance
        if len(questions) <= 7:
            assert rank(t, "kemeny")["score"].to_dict() == twins.kemeny(above, questions), instance


@pytest.mark.slow
def test_every_real_election_agrees_and_is_drawn_again_as_the_slow_twins_say(shared):
    elections(shared)

    for instance in names(shared):
        frame, plain = ballots(shared, instance)
        t = tally(frame)
        tables = group_tables(t)

        assert read_raters(t, 0).statistics["kendall_w"] == twin_kendall_w(plain, t.questions), instance
        drawn = rank_replicates(tables, "jla_positions", "mean", 1, 5, "exact", 1)
        np.testing.assert_array_equal(drawn, rank_retallied(tables, "jla_positions", "mean", 1, 5), err_msg=instance)
        strength = rank(t, "plackett_luce")["score"].map(math.exp).to_dict()
        chosen, expected = twins.plackett_luce_balance(plain, strength)
        assert chosen == pytest.approx(expected, abs=1e-5), instance


@pytest.mark.slow
def test_parts_of_a_real_election_merge_to_the_same_bits(shared):
    frame, _ = ballots(shared, "00014-00000002.soi")
    part = frame["ballot"] % 3

    merged = sum((tally(frame[part == at]) for at in (2, 1)), start=tally(frame[part == 0]))

    whole = tally(frame)
    assert merged.digest == whole.digest
    np.testing.assert_array_equal(merged.W, whole.W)
    np.testing.assert_array_equal(merged.ballots.weight, whole.ballots.weight)


@pytest.mark.slow
@pytest.mark.parametrize("instance", DEBIAN)
def test_the_debian_project_leader_is_the_one_who_beat_every_other(instance, shared):
    items = pd.read_csv(shared / "rankings" / "preflib_items.csv")
    name = items[items["instance"] == instance].set_index("item")["name"]
    t: Tally = tally(ballots(shared, instance)[0])

    beaten = (t.W[0] > t.W[0].T).sum(axis=1)

    champion = t.questions[int(np.flatnonzero(beaten == len(t.questions) - 1)[0])]
    for rule in ("schulze", "ranked_pairs", "kemeny", "copeland"):
        first = rank(t, rule)
        assert first.index[0] == champion
        assert not first["tied"].iloc[0]
    assert DEBIAN[instance] in name[champion]


@pytest.mark.slow
def test_two_groups_of_an_education_survey_rank_with_equal_say(shared):
    received = pd.read_csv(shared / "rankings" / "education_two_groups.csv")
    frame = received.rename(columns={"item": "question", "rank": "value"})

    t = tally(frame)

    got = rank(t)
    assert dict(zip(t.groups, t.n.tolist(), strict=True)) == {"professors": 32, "students": 15}
    plain = {
        g: [(1, dict(zip(b["question"], b["value"], strict=True))) for _, b in rows.groupby("ballot")]
        for g, rows in frame.groupby("group")
    }
    for group, said in plain.items():
        totals = {q: twin_points(twin_places(said), q, 10) for q in t.questions}
        assert got[f"total_{group}"].to_dict() == totals
        assert got[f"position_{group}"].to_dict() == twins.positions(totals, "mean")
