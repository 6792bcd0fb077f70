"""Real ballots of other people's elections (PrefLib): each kernel against its slow twin, and known winners."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from consensus.rules import rank
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


def twin_pairs(plain: list[tuple[int, dict[int, int]]], items: tuple[int, ...]) -> dict[tuple[int, int], int]:
    """Count who stands above whom, an item left out standing below all that are ranked."""
    above: dict[tuple[int, int], int] = {(i, j): 0 for i in items for j in items}
    for weight, said in plain:
        for i, place in said.items():
            for j in items:
                if said.get(j, len(items) + 1) > place:
                    above[i, j] += weight
    return above


def twin_points(plain: list[tuple[int, dict[int, int]]], item: int, depth: int) -> int:
    given = [(weight, twins.places(said)[item]) for weight, said in plain if item in said]
    return sum(weight * max(0, depth + 1 - place) for weight, place in given)


@pytest.mark.slow
def test_every_real_election_is_counted_as_its_slow_twins_count_it(shared):
    elections(shared)

    for instance in names(shared):
        frame, plain = ballots(shared, instance)
        t = tally(frame)

        assert t.n.tolist() == [sum(weight for weight, _ in plain)], instance
        above = twin_pairs(plain, t.questions)
        assert above == {(i, j): t.W[0, a, b] for a, i in enumerate(t.questions) for b, j in enumerate(t.questions)}
        by_points = rank(t)["total_voters"]
        for item in t.questions[:5]:
            assert by_points[item] == twin_points(plain, item, 10)
        if len(t.questions) <= 20:
            questions = list(t.questions)
            assert rank(t, "schulze")["score"].to_dict() == twins.schulze(above, questions), instance
            assert rank(t, "ranked_pairs")["score"].to_dict() == twins.ranked_pairs(above, questions), instance
            assert rank(t, "copeland")["score"].to_dict() == twins.copeland(above, questions), instance


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
        totals = {q: twin_points(said, q, 10) for q in t.questions}
        assert got[f"total_{group}"].to_dict() == totals
        assert got[f"position_{group}"].to_dict() == twins.positions(totals, "mean")
