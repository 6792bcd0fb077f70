"""Texts compared token by token: what one says and the other does too, the rare counting more."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from consensus import ReviewQueue
from consensus.duplicates.aligning import Aligned, aligned
from consensus.duplicates.deciding.landscape import Landscape
from consensus.duplicates.deciding.likeness import BY_TOKENS, PRIOR, prior
from consensus.duplicates.neighbours import GRID_LENGTH
from consensus.embedding import CachedEmbedder, LexicalEmbedder, MiniLM, Tokens, default_embedder
from tests.test_review_queue import submissions

TEXTS = [
    "Can dogs catch it from people?",
    "Is my dog at risk of getting it from me?",
    "Can cats catch it from people?",
    "How long does the virus live on metal?",
    "How long can it survive on steel surfaces?",
    "",
    "😀",
    "word " * 400,
]
EVERY = np.array([[mate for mate in range(len(TEXTS)) if mate != row] for row in range(len(TEXTS))])


@pytest.fixture(scope="module")
def model() -> MiniLM:
    embedder = default_embedder()
    assert isinstance(embedder, MiniLM), "models.lock is not installed"
    return embedder


def drawn(seed: int, lengths: list[int]) -> list[Tokens]:
    """Return made-up tokens of texts of some lengths."""
    draws = np.random.default_rng(seed)
    return [
        Tokens(draws.integers(9, size=length).astype(np.int32), draws.integers(-9, 10, (length, 80)).astype(np.int8))
        for length in lengths
    ]


def slowly(told: Aligned, one: int, other: int) -> float:
    """Return how much two texts say of each other, token by token."""
    parts = [range(told.starts[text], told.starts[text + 1]) for text in (one, other)]
    rows = told.grid.astype(float) / GRID_LENGTH
    ways = []
    for mine, theirs in (parts, parts[::-1]):
        best = [max(float(rows[token] @ rows[mate]) for mate in theirs) for token in mine]
        ways.append(np.average(best, weights=[told.rarity[token] for token in mine]))
    return float(np.mean(ways))


@given(st.integers(0, 99), st.lists(st.integers(0, 6), min_size=2, max_size=6))
def test_every_token_is_compared_with_every_other_as_a_slow_twin_does(seed, lengths) -> None:
    told = Aligned.of(drawn(seed, lengths))
    near = np.array([[*(mate for mate in range(len(lengths)) if mate != row), -1] for row in range(len(lengths))])

    found = told.beside(near)

    assert not found[:, -1].any(), "where nobody is near there is no likeness"
    for row, mates in enumerate(near[:, :-1]):
        assert found[row, :-1] == pytest.approx([slowly(told, row, mate) for mate in mates], abs=1e-12)


def test_two_texts_say_as_much_of_each_other_from_either_side_and_an_empty_one_nothing(model) -> None:
    found = aligned(model, TEXTS, EVERY)

    table = np.zeros((len(TEXTS), len(TEXTS)))
    np.put_along_axis(table, EVERY, found, axis=1)
    assert np.array_equal(table, table.T)
    assert not table[5:7].any()
    assert table[3, 4] > table[3, :3].max()


def test_any_number_of_threads_finds_the_same_likeness(model) -> None:
    tokens = model.tokens([f"Does treatment {n} help people of {n % 60} with pain?" for n in range(300)])
    near = np.arange(300)[:, None] - np.array([[1, 2, 3]])
    found = []

    for threads in (1, 2, 4):
        with threadpool_limits(threads):
            found.append(Aligned.of(tokens).beside(near))

    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_where_no_tokens_are_told_a_review_starts_from_vectors_and_spelling_alone(model) -> None:
    vectors = LexicalEmbedder().encode(TEXTS)
    spelled = Landscape.of(TEXTS, vectors, lambda near: aligned(LexicalEmbedder(), TEXTS, near))

    read = Landscape.of(TEXTS, model.encode(TEXTS), lambda near: aligned(model, TEXTS, near))

    assert (prior(spelled), prior(read)) == (PRIOR, BY_TOKENS)
    assert not spelled.aligned.any()
    assert aligned(LexicalEmbedder(), TEXTS, EVERY) is None


def test_a_queue_that_kept_its_table_shows_the_screens_of_one_that_did_not(tmp_path, model) -> None:
    frame = submissions(TEXTS)

    screens = [ReviewQueue(frame, each).next() for each in (model, *[CachedEmbedder(model, tmp_path)] * 2)]

    assert screens[0] is not None
    assert screens[0] == screens[1] == screens[2]


def test_vectors_and_tokens_of_one_reading_have_the_digits_of_two(tmp_path, model) -> None:
    twice = [*TEXTS, TEXTS[0]]
    kept = CachedEmbedder(model, tmp_path)
    vectors, tokens = model.encode(twice), model.tokens(twice)

    for reader in (model, kept, kept):
        seen, heard = reader.read(twice)

        assert np.array_equal(seen, vectors)
        for one, other in zip(heard, tokens, strict=True):
            assert np.array_equal(one.numbers, other.numbers)
            assert np.array_equal(one.states, other.states)
    assert np.array_equal(kept.encode(twice), vectors)


def test_a_queue_on_new_texts_reads_each_of_them_once_and_one_on_known_texts_none(tmp_path, model) -> None:
    class Counting:
        name, sha256, languages, limits = model.name, model.sha256, model.languages, ""
        texts = 0

        def encode(self, texts):
            self.texts += len(texts)
            return model.encode(texts)

        def tokens(self, texts):
            self.texts += len(texts)
            return model.tokens(texts)

        def read(self, texts):
            self.texts += len(texts)
            return model.read(texts)

    counting = Counting()
    kept, frame = CachedEmbedder(counting, tmp_path), submissions(TEXTS[:5])

    queues = [ReviewQueue(frame, kept)]
    read_first = counting.texts
    queues.append(ReviewQueue(frame, kept))

    assert (read_first, counting.texts) == (5, 5)
    assert queues[0].next() == queues[1].next()
