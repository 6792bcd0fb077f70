"""Tables printed in papers and official results, replayed; where we differ, the case says why."""

from __future__ import annotations

import json
from itertools import combinations_with_replacement
from pathlib import Path

import pandas as pd
import pytest

from consensus.engagement import engagement_summary, include_by_threshold
from consensus.ratings import PRESETS, comet_70_15, judge, rand_ucla
from consensus.rules import rank
from consensus.tally import tally
from consensus.workshop import compare_orders

CASES = sorted((Path(__file__).parent / "published").glob("*.json"))


def read(shared: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(shared / name, encoding="utf-8")


def check_threshold(case: dict, shared: Path) -> None:
    printed = read(shared, case["input"]["file"])

    got = include_by_threshold(
        printed.set_index("theme")["top10_count"], case["input"]["ballots"], case["input"]["at_least"]
    ).loc[printed["theme"]]

    assert got["percent"].tolist() == printed["percent_of_60"].tolist()
    assert got["included"].map({True: "included", False: "not included"}).tolist() == (
        printed["published_decision"].tolist()
    )
    assert got["included"].value_counts().to_dict() == {
        True: case["expected"]["included"],
        False: case["expected"]["not included"],
    }


def check_movement(case: dict, shared: Path) -> None:
    printed = read(shared, case["input"]["file"])
    final = dict(zip(printed["topic_short"], printed["final_workshop_rank"], strict=True))
    vote = printed["public_vote_rank"].astype(str)
    comparable = printed[vote.str.fullmatch(r"\d+(\.0)?")]
    public = {row.topic_short: int(float(row.public_vote_rank)) for row in comparable.itertuples()}

    moved = compare_orders(public, final)

    assert len(moved) == case["expected"]["rows"]
    assert round(moved.attrs["spearman"], 3) == case["expected"]["spearman"]
    assert moved.attrs["left_out"] == sorted(difference["row"] for difference in case["differs"])


def check_engagement(case: dict, shared: Path) -> None:
    printed = read(shared, case["input"]["file"])

    def base(stage: str, measure: str) -> str:
        of = case["input"]["base"].get(measure, "")
        return of.get(stage, "") if isinstance(of, dict) else of

    rows = [
        (row.stage, row.measure, int(part), base(row.stage, row.measure))
        for row in printed.itertuples()
        for part in str(row.value).split("=")[0].split("+")
    ]
    got = engagement_summary(pd.DataFrame(rows, columns=["stage", "measure", "count", "of"]))

    assert len(got) == case["expected"]["rows"]
    differs = {(d["stage"], d["measure"]): d for d in case["differs"]}
    for row in printed.itertuples():
        ours = got.loc[(row.stage, row.measure)]
        summed = str(row.value).split("=")
        assert len(summed) == 1 or ours["count"] == int(summed[1])
        if (row.stage, row.measure) in differs:
            told = differs[row.stage, row.measure]
            assert (row.published_pct, ours["percent"]) == (told["printed"], told["ours"])
        elif pd.isna(row.published_pct):
            assert pd.isna(ours["percent"])
        else:
            assert ours["percent"] == row.published_pct
    assert sorted(set(got.index[got["overlap"]].get_level_values("stage"))) == case["expected"]["overlap"]


def check_rand_ucla(case: dict, shared: Path) -> None:
    printed = read(shared, case["input"]["file"]).set_index("quantity")["recomputed_2.35"]
    *low, at7, at8, at9 = case["input"]["counts"]
    # Which low columns were empty is lost in the stored copy: every way of filling three of them must agree.
    for columns in combinations_with_replacement(range(1, 7), sum(low)):
        ratings = [*columns, *[7] * at7, *[8] * at8, *[9] * at9]
        for definition in case["input"]["definitions"]:
            got = rand_ucla(ratings, definition)

            ours = {"panellists": got.n, "median": got.median, "p30": got.p30, "p70": got.p70, "IPR": got.ipr}
            ours |= {"IPRCP": got.iprcp, "AI": got.ai, "IPRAS": got.ipras}
            assert ours == {name: float(printed[name]) for name in ours}
            assert got.disagreement == (printed["disagreement"] == "yes")
            assert round(got.index, 4) == case["expected"]["index"]


def check_eurovision(case: dict, shared: Path) -> None:
    votes, results = (read(shared, case["input"][name]) for name in ("votes", "results"))
    points = dict(enumerate(case["input"]["points"], 1))
    for contest, songs in case["expected"].items():
        cast = votes[votes["round"] == contest]
        groups = {"jury": "juryRank", "televote": "televotingRank"}
        ballots = pd.concat(
            pd.DataFrame(
                {
                    "ballot": group + cast["voter"],
                    "group": group,
                    "question": cast["item"],
                    "value": cast[c].map(points),
                }
            ).dropna()
            for group, c in groups.items()
        )
        t = tally(ballots, cast["item"].unique(), form="points")
        shares = dict(zip(t.groups, t.n.tolist(), strict=True))

        got = rank(t, "mean_points", shares)

        official = results[results["round"] == contest].set_index("country")
        assert len(got) == songs
        assert got["score"].to_dict() == official["points"].to_dict()
        alone = got[~got["tied"]]
        assert alone["rank"].to_dict() == official.loc[alone.index, "rank"].to_dict()
        assert set(got.index[got["rank"] <= 10]) == set(official.index[official["rank"] <= 10])


def check_consensus_definitions(case: dict, shared: Path) -> None:
    printed = read(shared, case["input"]["file"])

    assert list(PRESETS) == printed["id"].tolist()
    for told in case["expected"]:
        ratings = {
            group: [int(rating) for rating, n in counts.items() for _ in range(n)]
            for group, counts in told["groups"].items()
        }
        assert judge(ratings, told["preset"], told["round"]) == told["verdict"], told
    assert {told["preset"] for told in case["expected"]} == set(printed["id"])


def check_points_by_place(case: dict, shared: Path) -> None:
    """Only totals are printed: any ballots with these totals will do, each outcome as often first as it can be."""
    printed = read(shared, case["input"]["file"])
    depth = case["input"]["depth"]
    points = dict(zip(printed["outcome"], printed["points"], strict=True))
    places = [
        (outcome, place)
        for outcome, total in points.items()
        for place in [*[1] * (total // depth), *([depth + 1 - total % depth] if total % depth else [])]
    ]
    rows = [
        (f"b{at}", "people", outcome if listed == place else f"another {listed}", listed)
        for at, (outcome, place) in enumerate(places)
        for listed in range(1, place + 1)
    ]
    t = tally(pd.DataFrame(rows, columns=["ballot", "group", "question", "value"]), depth=depth)

    for rule in ("mean_points", "jla_positions", "jla_top10"):
        got = rank(t, rule)
        assert got.loc[list(points), "total_people"].to_dict() == points
        assert [q for q in got.index if q in points] == case["expected"]["order"]


CHECKS = {
    "consensus_definitions": check_consensus_definitions,
    "points_by_place": check_points_by_place,
    "threshold": check_threshold,
    "movement": check_movement,
    "engagement": check_engagement,
    "rand_ucla": check_rand_ucla,
    "eurovision": check_eurovision,
}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_printed_table_comes_out_as_printed_or_the_case_says_why_not(path, shared):
    case = json.loads(path.read_text(encoding="utf-8"))

    CHECKS[case["check"]](case, shared)

    assert all(difference["why"] for difference in case["differs"])


def test_seven_in_ten_is_enough_and_three_in_twenty_is_too_many():
    boundary = [7] * 14 + [5] * 6

    assert comet_70_15(boundary) == "in"
    assert comet_70_15([7] * 13 + [5] * 7) == "no consensus"
    assert comet_70_15([7] * 17 + [3] * 3) == "no consensus"
    assert comet_70_15([7] * 18 + [3] * 2) == "in"
    assert comet_70_15([float("nan"), None]) == "no consensus"


def test_the_published_inputs_are_all_replayed():
    names = [path.stem[:2] for path in CASES]

    assert [name for name in ("02", "03", "06", "09", "10", "12") if name not in names] == []
