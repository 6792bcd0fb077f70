"""Neighbours, evidence of pairs and what answers teach: the same for everybody, and never from the order of things."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from consensus.duplicates import FEATURES, PRIOR, Combiner, Evidence, neighbours, without_common
from consensus.embedding import LexicalEmbedder
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
