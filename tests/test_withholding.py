"""A small group's list is not given away by what is shown of an order, nor by differences of what is shown."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pandas as pd
import pytest

from consensus.agreement import agree
from consensus.firmness import stress
from consensus.interim import check_ballots, rank_interim, shortlist
from consensus.report.content import publication
from consensus.report.material import Material
from consensus.report.orders import Withheld, place_under_each
from consensus.report.page import render_report
from consensus.report.spreadsheet import question_rows
from consensus.vocabulary import COLUMNS, empty
from tests.builders import small_protocol

NOW = datetime(2026, 6, 2, 9, tzinfo=UTC)
QUESTIONS = [f"q{n:02d}" for n in range(16)]
BLOCKS = [QUESTIONS[at : at + 4] for at in range(0, 16, 4)]
SIZES = {"lived": 60, "public": 40, "nurse": 12, "carer": 3}
"""Carers are too few to be shown; nurses, the next smallest, are withheld with them."""


@cache
def protocol(also='["mean_points", "borda", "jla_top10", "maximin"]', rule="jla_positions", shortlist="union"):
    groups = "".join(f'[[groups]]\nid = "{g}"\nname = "The {g} people"\n' for g in ("public", "nurse"))
    return small_protocol(
        **{
            'form = "ranked"\ndepth = 3\nmax_choices = 3': 'form = "points"\nmax_choices = 0',
            'also = ["mean_points"]': f"also = {also}",
            'rule = "jla_positions"': f'rule = "{rule}"',
            '[[groups]]\nid = "clinician"\nname = "Practitioners"\n': groups,
            "[shortlist]\nsize = 4": f'[firmness]\nreplicates = 50\n[shortlist]\nrule = "{shortlist}"\nper_group = 2',
        }
    )


def lists(world: int) -> dict[str, dict[str, int]]:
    """Return the two withheld lists as positions; from world to world they change, and every question's sum stays.

    Of a block's places a < b < c < d, a + d = b + c: two questions have a and d, the others b and c, or the other way.
    """
    carer, nurse = {}, {}
    for number, block in enumerate(BLOCKS):
        a, b, c, d = (1 + number + 4 * step for step in range(4))
        one, two = ((a, d, b, c), (d, a, c, b)) if world >> number & 1 else ((b, c, a, d), (c, b, d, a))
        carer |= dict(zip(block, one, strict=True))
        nurse |= dict(zip(block, two, strict=True))
    return {"carer": carer, "nurse": nurse}


def ballots(world: int) -> pd.DataFrame:
    random = np.random.default_rng(9)
    rows = []
    for group in ("lived", "public"):
        wants = random.normal(0, 1, len(QUESTIONS))
        for person in range(SIZES[group]):
            points = np.argsort(np.argsort(wants + random.normal(0, 1.5, len(QUESTIONS)))) + 1
            rows += [(f"{group}{person}", group, q, int(p)) for q, p in zip(QUESTIONS, points, strict=True)]
    for group, places in lists(world).items():
        for person in range(SIZES[group]):
            rows += [(f"{group}{person}", group, q, len(QUESTIONS) + 1 - place) for q, place in places.items()]
    return pd.DataFrame(rows, columns=["ballot", "group", "question", "value"])


@cache
def material(world: int, small_cells: int = 10, **how: str) -> Material:
    plan = protocol(**how)
    plan = plan.model_copy(update={"publication": plan.publication.model_copy(update={"small_cells": small_cells})})
    checked = check_ballots(ballots(world), QUESTIONS, list(plan.shares), "points", None)
    ranked = rank_interim(checked, QUESTIONS, plan)
    firm = stress(ranked.tally, plan.ranking.rule, plan.shares, top=3, replicates=50, seed=1)
    agreement = agree(ranked.tally, top=3, replicates=20, seed=1)
    for frame in (firm, agreement):
        frame.attrs["digest"] = "of the ballots"
    asked = pd.DataFrame([(f"s{q}", f"a{q}", f"r{q}", "lived", 0, 5, "Asked", "") for q in QUESTIONS],
                         columns=list(COLUMNS["submissions"]))  # fmt: skip
    known = pd.DataFrame({"question_id": QUESTIONS, "wording": [f"What about {q}?" for q in QUESTIONS]})
    return Material(
        protocol=plan,
        answers=pd.DataFrame({"response_id": asked["response_id"], "group": "lived"}),
        submissions=asked,
        questions=known.assign(category="", status="open", submissions=0, respondents=0),
        lineage=pd.DataFrame({"question_id": QUESTIONS, "submission_id": asked["submission_id"]}),
        set_aside=empty("set_aside"),
        decisions=empty("decisions"),
        ranking=ranked.ranking,
        shortlist=shortlist(ranked, plan.shortlist.rule, per_group=2),
        ballots=ranked.counts["ballots"].to_dict(),
        sensitivity={r: f for r, f in ranked.sensitivity.items() if r != plan.ranking.rule},
        leave_one_out=ranked.leave_one_out,
        skipped=ranked.skipped,
        firmness=firm,
        agreement=agreement,
        published_at=NOW,
    )


@pytest.mark.parametrize("world", [1, 6, 15])
def test_worlds_that_differ_in_the_withheld_lists_alone_give_the_same_page_and_spreadsheet(world):
    one, other = (publication(material(w, shortlist="combined")) for w in (0, world))

    assert one.withheld == Withheld(("carer", "nurse"), ("carer", "nurse"))
    assert render_report(one) == render_report(other)
    pd.testing.assert_frame_equal(question_rows(one), question_rows(other))


def test_those_worlds_are_told_apart_where_the_protocol_withholds_nothing():
    one, other = (publication(material(w, small_cells=0, shortlist="combined")) for w in (0, 6))

    assert render_report(one) != render_report(other)
    assert one.places["rule:maximin"].tolist() != other.places["rule:maximin"].tolist()
    assert one.places["rule:jla_top10"].tolist() != other.places["rule:jla_top10"].tolist()
    assert not one.firmness.equals(other.firmness)
    assert not one.agreement.equals(other.agreement)


def test_an_order_without_a_group_follows_from_scores_and_positions_that_are_shown():
    published = publication(material(6))

    shown = [column for column in published.places if column.startswith("without:")]
    assert shown == ["without:lived", "without:public"]
    for column in shown:
        group = column.removeprefix("without:")
        score = published.questions["score"] + published.positions[group]
        follows = score.rank(method="min", ascending=False).astype("int64")
        assert published.places[column].to_dict() == follows.loc[published.places.index].to_dict()


def test_by_a_rule_that_pools_ballots_no_order_without_a_group_is_shown_beside_a_withheld_one():
    places = publication(material(0, rule="mean_points", also='["borda", "jla_positions"]')).places

    assert list(places.columns) == ["interim", "rule:borda"]


def test_interval_chance_weightings_and_influence_are_withheld_with_the_list():
    published = publication(material(0))
    page = render_report(published)

    assert published.firmness.isna().all().all()
    assert not [c for c in question_rows(published) if c.startswith(("Rank interval", "P(Top", "Part of", "Lifted"))]
    assert "The smallest change" not in page
    assert "Where a question's place would likely be, had other people answered, is not shown" in page
    assert "rank intervals, P(Top 10), acceptability" in page


def test_agreement_of_a_withheld_group_and_with_it_is_not_shown():
    shown = publication(material(0)).agreement

    assert set(shown["group"]) | set(shown["other"]) == {"lived", "public", ""}
    assert "largest_rank_gap" not in set(shown["statistic"])


def test_a_small_group_without_a_share_withholds_its_own_list_and_nothing_of_the_order():
    ranking = pd.DataFrame({"rank": [1, 2], "score": [2.0, 1.0]}, index=pd.Index(["q1", "q2"], name="question"))
    left = pd.DataFrame({"without_lived": [2, 1]}, index=ranking.index)

    places = place_under_each(
        ranking, {"maximin": ranking}, left, rule="jla_positions", groups=["lived"], withheld=Withheld(("carer",), ())
    )

    assert list(places.columns) == ["interim", "rule:maximin", "without:lived"]


def test_the_reason_on_the_shortlist_gives_no_place_in_a_withheld_list():
    published = publication(material(0))

    why = " ".join(published.questions["why"])
    assert "place 1 for People with lived experience" in why
    assert "among the first of a group whose list is not shown" in why
    assert not re.search(r"place \d+ for The nurse|place \d+ for Family|'carer'|'nurse'", why)


def test_the_methods_section_counts_nobody_below_the_threshold():
    described = " ".join(publication(material(0)).described)

    assert "People with lived experience 60" in described
    assert "Family and carers <10" in described
    assert "The nurse people 10+" in described


def test_with_everybody_withheld_the_order_alone_is_shown():
    made = material(0)
    plan = made.protocol.model_copy(
        update={"publication": made.protocol.publication.model_copy(update={"small_cells": 100})}
    )

    published = publication(dataclasses.replace(made, protocol=plan))

    assert published.positions.isna().all().all()
    assert list(published.places.columns) == ["interim", "rule:mean_points", "rule:borda"]
    assert "How firm the order is" in render_report(published)
