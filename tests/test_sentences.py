"""What was run can be told in a methods section, from the result alone."""

from __future__ import annotations

import pandas as pd
import pytest

from consensus.agreement import agree
from consensus.errors import ConsensusError, DataError
from consensus.firmness import stress
from consensus.interim import SHORTLIST_RULES, shortlist
from consensus.ratings import chnri, compare_rounds, rand_ucla, rating_feedback, summarise_ratings
from consensus.rules import RULES, rank
from consensus.sentences import METHODS, describe
from consensus.tally import tally
from consensus.version import __version__
from consensus.weights import rake
from tests.test_firmness import survey
from tests.test_ratings import rated


def test_every_rule_is_told_with_the_shares_and_the_data():
    chosen = survey(1, {"carer": 20, "nurse": 10}).assign(value=1)
    t = tally(chosen, form="chosen")

    told = []
    for rule in RULES:
        try:
            ranked = rank(t, rule, {"carer": 2, "nurse": 1})
        except ConsensusError:  # a rule that needs another form of ballot says so itself
            continue
        said = describe(ranked)

        told.append(rule)
        assert f"'{rule}': " in said
        assert "carer 2, nurse 1" in said
        assert f"consensus-psp {__version__} (data SHA-256 {t.digest[:12]})" in said
    assert {"jla_positions", "jla_top10", "mean_points", "borda", "maximin", "copeland", "schulze"} <= set(told)


def test_a_stress_test_is_told_with_its_draws_and_the_smallest_change():
    t = tally(survey(1, {"carer": 20, "nurse": 10}))

    firm = stress(t, top=3, replicates=50, seed=4)

    said = describe(firm)
    change = firm.attrs["smallest_change"]
    assert "50 sets of ballots" in said
    assert "carer 20, nurse 10; seed 4" in said
    assert "worked out exactly" in said
    assert f"moves {100 * change['moved']:.1f} % of the say" in said
    assert f"'{change['enters']}' draws level with '{change['leaves']}'" in said


def test_sampled_figures_are_told_as_sampled():
    firm = stress(tally(survey(1, {f"g{n}": 5 for n in range(4)})), top=3, replicates=10)

    assert "estimated from 10000 drawn at random" in describe(firm)


def test_agreement_ratings_and_weights_are_told():
    people = pd.DataFrame({"group": "carer", "age": ["young", "old", "old"]})
    ratings = rated({"carer": [7, 8, 9], "nurse": [5, 6]})
    scores = pd.DataFrame({"ballot": [1, 2], "question": "q1", "criterion": "fair", "value": [1, 0.5]})

    assert "Questions that a ballot left out shared the mean" in describe(agree(tally(survey(2, {"a": 5})), 3, 20))
    assert "carer: age" in describe(rake(people, {"carer": {"age": {"young": 1, "old": 1}}}))
    assert "'COMET 70/15 symmetric' (Trials 2015" in describe(summarise_ratings(tally(ratings, form="rated")))
    assert "carer 0 of 3, nurse 0 of 2" in describe(compare_rounds(ratings, ratings))
    assert "2 experts scored" in describe(chnri(scores))


def test_tallies_shortlists_feedback_and_disagreement_are_told():
    t = tally(survey(1, {"carer": 20, "nurse": 10}))
    ratings = rated({"carer": [7, 8, 9], "nurse": [5, 6]})

    by_hand = shortlist(rank(t), "fill", size=5, per_group=2, by_hand={"q7": "missed by the survey"})

    assert "ranked lists, of which the first 10 places score" in describe(t)
    for rule in SHORTLIST_RULES:
        group = "carer" if rule == "union_and_subgroup" else None
        said = describe(shortlist(rank(t), rule, size=3, per_group=2, subgroup=group, tally=t))
        assert f"'{rule}': " in said
        assert t.digest[:12] in said
    assert "People put 1 of them in by hand" in describe(by_hand)
    assert "fewer than 3 ratings were withheld" in describe(rating_feedback(ratings, least=3))
    assert "of 5 ratings was judged by the RAND/UCLA index" in describe(rand_ucla([7, 7, 8, 8, 9]))


def test_every_result_carries_its_method_options_version_and_the_digest_of_its_data():
    people = pd.DataFrame({"group": "carer", "age": ["young", "old", "old"]})
    ratings = rated({"carer": [7, 8, 9], "nurse": [5, 6]})
    scores = pd.DataFrame({"ballot": [1, 2], "question": "q1", "criterion": "fair", "value": [1, 0.5]})
    t = tally(survey(1, {"carer": 20, "nurse": 10}))

    results = [
        t,
        rank(t),
        shortlist(rank(t)),
        stress(t, top=3, replicates=5),
        agree(t, replicates=5),
        rake(people, {"carer": {"age": {"young": 1, "old": 1}}}),
        summarise_ratings(tally(ratings, form="rated")),
        compare_rounds(ratings, ratings),
        rating_feedback(ratings),
        rand_ucla([7, 8]),
        chnri(scores),
    ]

    for result in results:
        assert {"method", "options", "version", "digest"} <= set(result.attrs), result
        assert result.attrs["version"] == __version__
        assert len(result.attrs["digest"]) == 64
    assert {result.attrs["method"] for result in results} == set(METHODS)


def test_a_frame_that_does_not_know_how_it_was_made_is_not_described():
    with pytest.raises(DataError, match="does not carry its method"):
        describe(pd.DataFrame({"rank": [1]}))
