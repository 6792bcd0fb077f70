"""Neighbours, evidence of pairs and what answers teach: the same for everybody, and never from the order of things."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score
from threadpoolctl import threadpool_limits

from consensus.duplicates import FEATURES, PRIOR, Combiner, Evidence, neighbours, without_common
from consensus.duplicates.evidence import in_main_directions
from consensus.duplicates.resembling import Resembling
from consensus.embedding import LexicalEmbedder, default_embedder
from consensus.embedding.encoding import tokens_of
from tests.profiles import examples

TEXTS = [
    "Is sertraline safe for children?",
    "Is fluoxetine safe for children?",
    "Is sertraline safe for the elderly?",
    "Is sertraline not safe for children?",
    "Do 2 weeks of sertraline help?",
    "Do 6 weeks of sertraline help?",
    "",
    "😀",
    "هل السيرترالين آمن للأطفال؟",
]


def cloud(count: int, width: int = 24, seed: int = 5) -> np.ndarray:
    """Return rows that lie in clumps, as texts do."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(max(count // 20, 1), width))
    return (centres[rng.integers(len(centres), size=count)] + rng.normal(size=(count, width)) / 2).astype(np.float32)


@examples
@given(st.integers(0, 12), st.integers(1, 5))
def test_the_nearest_are_those_that_comparing_every_pair_finds(count: int, k: int) -> None:
    rows = cloud(count)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    every = unit @ unit.T
    np.fill_diagonal(every, -1)

    found = neighbours(rows, k)

    assert found.index.shape == found.cosine.shape == (count, k)
    for row in range(count):
        nearest = np.sort(every[row])[::-1][: min(k, count - 1)].clip(0)
        assert found.cosine[row, : len(nearest)] == pytest.approx(nearest, abs=0.002)
        assert row not in found.index[row]
    assert (found.index[:, max(count - 1, 0) :] == -1).all()


def test_looking_in_cells_finds_nearly_all_that_comparing_every_pair_finds() -> None:
    rows = cloud(6_000)

    whole, cells = neighbours(rows, 10, exact=True), neighbours(rows, 10, exact=False)

    shared = [len({*a} & {*b}) / 10 for a, b in zip(whole.index, cells.index, strict=True)]
    assert np.mean(shared) > 0.95


@pytest.mark.parametrize("exact", [True, False])
def test_any_number_of_threads_finds_the_same_neighbours_and_evidence(exact: bool) -> None:
    rows, told = cloud(3_000), []
    for threads in (1, 2):
        with threadpool_limits(threads):
            told.append((neighbours(rows, 7, exact=exact), without_common(rows, 2)))

    (first, apart), (second, again) = told
    np.testing.assert_array_equal(first.index, second.index)
    np.testing.assert_array_equal(first.cosine, second.cosine)
    np.testing.assert_allclose(apart, again, atol=1e-6)


def test_words_that_set_two_questions_apart_are_told() -> None:
    evidence = Evidence.of(TEXTS, LexicalEmbedder().encode(TEXTS))

    told = evidence.between(np.array([[0, 1], [0, 2], [0, 3], [4, 5], [0, 0]]))

    apart = {name: told[:, FEATURES.index(name)].tolist() for name in ("medicine", "people", "negation", "numbers")}
    assert apart["people"] == [0, 1, 0, 0, 0]
    assert apart["negation"] == [0, 0, 0.5, 0, 0]
    assert apart["numbers"] == [0, 0, 0, 1, 0]
    assert apart["medicine"] == [0.5, 0, 0, 0, 0]


def test_evidence_of_any_texts_is_finite_and_the_same_from_either_side() -> None:
    evidence = Evidence.of(TEXTS, LexicalEmbedder().encode(TEXTS))
    every = np.array([(i, j) for i in range(len(TEXTS)) for j in range(len(TEXTS))])

    told = evidence.between(every)

    assert np.isfinite(told).all()
    np.testing.assert_array_equal(told, evidence.between(every[:, ::-1]))
    assert evidence.between(np.zeros((0, 2))).shape == (0, len(FEATURES))


def test_texts_are_told_apart_token_by_token_from_either_side_whatever_the_threads() -> None:
    model = default_embedder()
    assert tokens_of(model, []) is not None, "models.lock is not installed"
    texts = [*TEXTS, "Can children take sertraline without harm?"]
    every = np.array([(i, j) for i in range(len(texts)) for j in range(len(texts))])
    told = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            told.append(Evidence.of(texts, model.encode(texts), tokens_of(model, texts)).between(every))

    np.testing.assert_array_equal(*told)
    np.testing.assert_array_equal(
        told[0].reshape(len(texts), len(texts), -1).swapaxes(0, 1).reshape(told[0].shape), told[0]
    )
    assert np.isfinite(told[0]).all()
    said = told[0][:, FEATURES.index("meaning_said_64_less")].reshape(len(texts), -1)
    assert said[0, -1] > said[4, -1]
    assert not said[6:8].any(), "texts without a word say nothing of others"


def test_where_no_tokens_are_told_a_vector_stands_for_the_only_one() -> None:
    rows = cloud(40, width=8)
    texts = [f"text {number}" for number in range(40)]
    pairs = np.array([(i, j) for i in range(40) for j in range(i)])

    told = Evidence.of(texts, rows).between(pairs)

    less, more, meaning = (
        told[:, FEATURES.index(name)] for name in ("meaning_said_64_less", "meaning_said_64_more", "meaning_main")
    )
    np.testing.assert_array_equal(less, more)
    assert np.corrcoef(less, meaning)[0, 1] > 0.95


def test_words_that_resemble_each_other_count_as_the_same_and_the_rest_as_their_slow_twin_says() -> None:
    texts = ["does diet help anxiety", "do diets helps anxieties", "is ect safe", "diet", "", "is it safe"]
    told = Resembling.of(texts).between(np.array([(0, 1), (1, 0), (0, 2), (0, 3), (4, 0), (2, 5)]))

    assert told[0].tolist() == told[1].tolist()
    assert told[0, 0] > 0.8, "endings set no words apart"
    assert told[2, 1] < 0.3
    assert told[3, 1] == 1, "all that the shorter one says"
    assert not told[4].any()
    share = np.array([np.log(7 / 2.5), np.log(7 / 1.5), np.log(7 / 2.5)])  # of is, ect and safe: in two, one, two texts
    assert told[5, :2] == pytest.approx([(share[0] + share[2]) / share.sum()] * 2)
    assert told[5, 2:] == pytest.approx([share[1] / np.log(7 / 0.5)] * 2)


def test_in_the_main_directions_of_many_texts_what_lies_outside_is_left_out_and_of_few_little_is() -> None:
    draws = np.random.default_rng(2)
    main, rest = draws.normal(size=(2_000, 64)), draws.normal(size=(2_000, 40)) * 0.3
    rows = np.hstack([main, rest]).astype(np.float32)

    many, few = in_main_directions(rows), in_main_directions(rows[:10])

    def outside(moved: np.ndarray) -> float:
        return float(np.linalg.norm(moved[:, 64:]) / np.linalg.norm(moved))

    assert outside(many) < outside(rows) / 4
    assert outside(few) > outside(rows[:10]) / 2
    assert in_main_directions(np.zeros((3, 4), np.float32)).tolist() == np.zeros((3, 4)).tolist()


def test_a_combiner_taught_by_pairs_that_people_judged_ranks_others_better_than_one_that_was_not(shared: Path) -> None:
    frame = pd.read_csv(shared / "data" / "mqp_pairs.csv", dtype=str, keep_default_na=False).iloc[:500]
    texts, same = [*frame["text_a"], *frame["text_b"]], (frame["duplicate"] == "1").to_numpy()
    model = default_embedder()
    pairs = np.column_stack([np.arange(500), np.arange(500) + 500])
    told = Evidence.of(texts, model.encode(texts), tokens_of(model, texts)).between(pairs)

    first, last = slice(0, 300), slice(300, 500)
    untaught, taught = (
        each.probability(told[last]) for each in (Combiner(), Combiner().learn(told[first], same[first]))
    )

    found = [average_precision_score(same[last], each) for each in (told[last, 0], untaught, taught)]
    assert found[2] > max(found[:2]) + 0.005


def test_answers_and_prior_together_make_what_is_learned_most_probable_however_far_evidence_lies_apart() -> None:
    rng = np.random.default_rng(3)
    rows = rng.uniform(size=(80, len(FEATURES)))
    same = rows[:, 0] > 0.6

    taught = Combiner().learn(rows, same)

    scaled = ((rows - PRIOR.centre) / np.array(PRIOR.spread)).clip(-6, 6)
    by_answers = (scaled * (taught.probability(rows) - same)[:, None]).sum(axis=0)
    by_prior = PRIOR.hold * (taught.weight[:-1] - PRIOR.weight)
    assert by_answers == pytest.approx(-by_prior, abs=1e-2)


def test_what_is_learned_does_not_depend_on_the_order_of_answers_and_grows_with_them() -> None:
    rng = np.random.default_rng(3)
    rows = rng.uniform(size=(80, len(FEATURES)))
    same = rows[:, 0] > 0.6
    order = rng.permutation(80)

    few, many = Combiner().learn(rows[:8], same[:8]), Combiner().learn(rows, same)

    assert many.learn(rows[order], same[order]).weight == pytest.approx(many.weight, abs=1e-6)
    assert Combiner().learn(rows[:0], same[:0]).weight == pytest.approx(Combiner().weight)
    assert (Combiner().learn(rows[:0], same[:0]).answers, many.answers) == (0, 80)
    wrong = [np.abs(model.probability(rows) - same).mean() for model in (Combiner(), few, many)]
    assert wrong[2] < wrong[1] < wrong[0] + 0.05
