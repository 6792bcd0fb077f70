"""The evidence of the review queue: reckoned fast, remembered, and the same as when it is reckoned plainly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus import ReviewQueue
from consensus.duplicates.deciding.landscape import Landscape
from consensus.duplicates.deciding.likeness import evidence, evidence_inside
from consensus.duplicates.neighbours import GRID_LENGTH
from consensus.embedding import LexicalEmbedder
from tests.test_review_queue import QUESTIONS, queue_of, submissions

TEXTS = [
    "Does sleep help?",
    "Does rest help?",
    "Is ECT safe?",
    "Is ECT safe for all?",
    "Why me?",
    "Why now?",
    "نوم",
    "😀",
]
GROUP_OF = np.array([0, 0, 1, 1, 0, 2, 3, -1])


def landscape() -> Landscape:
    """Return the landscape of some texts, of which nothing is remembered yet."""
    return Landscape.of(TEXTS, LexicalEmbedder().encode(TEXTS))


LAND = landscape()


@given(st.permutations(range(len(TEXTS))), st.integers(1, 4), st.integers(1, 3))
def test_likeness_in_spelling_is_looked_up_as_a_slow_twin_finds_it(order, first, second) -> None:
    land, one = LAND, np.array(order[:first])
    parts = [np.array(order[first : first + second]), np.array(order[first + second :])]
    mates = [{int(mate): slot for slot, mate in enumerate(land.near[row])} for row in one]

    told = land.alike(one, np.concatenate(parts), np.repeat([0, 1], [len(part) for part in parts]), 2)

    for part, piece, word, say in zip(parts, *told, strict=True):
        slots = [(row, mate[each]) for row, mate in zip(one, mates, strict=True) for each in part if each in mate]
        assert word == max((land.words[slot] for slot in slots), default=0.0)
        assert say == max((land.aligned[slot] for slot in slots), default=0.0)
        assert piece == pytest.approx(np.mean([land.pieces[slot] for slot in slots]) if slots else 0.0)


def test_what_is_asked_around_two_groups_is_the_mean_cosine_of_their_mixed_vectors() -> None:
    land, one, other = landscape(), np.array([0, 1]), np.array([2, 3, 5])

    told = land.around(one, other)

    mixed = land.mixed.astype(float) / GRID_LENGTH
    assert told == pytest.approx((mixed[other] @ mixed[one].T).mean(axis=1))


def test_evidence_that_is_remembered_is_the_evidence_reckoned_anew() -> None:
    land, rows, others = landscape(), np.array([0, 1, 4]), [np.array([2, 3]), np.array([5]), np.array([6])]
    evidence(land, GROUP_OF, rows, others[1:])

    again = evidence(land, GROUP_OF, rows, others)

    assert land.reckoned
    assert np.array_equal(again, evidence(landscape(), GROUP_OF, rows, others))


def test_evidence_on_the_halves_of_a_group_is_that_on_two_groups_of_one_name() -> None:
    rows = np.array([0, 1, 4])
    halves = [(np.array([0, 1]), np.array([4])), (np.array([1]), np.array([0, 4]))]

    told = evidence_inside(landscape(), GROUP_OF, rows, halves)

    plain = [evidence(landscape(), GROUP_OF, one, [other]) for one, other in halves]
    assert told == pytest.approx(np.concatenate(plain))
    assert not len(evidence_inside(landscape(), GROUP_OF, rows, []))


def test_a_log_read_in_parts_stands_as_one_read_whole() -> None:
    queue = queue_of(QUESTIONS)
    for _ in range(2):
        queue.answer(queue.next(), [], by="Ada")
    parts = ReviewQueue(submissions(QUESTIONS), LexicalEmbedder())

    for begin in range(len(queue.log)):
        parts.read(queue.log.iloc[begin : begin + 1])

    assert parts.groups().equals(queue.groups())
    assert parts.progress() == queue.progress()


def test_evidence_on_a_pair_is_the_same_whatever_else_is_asked_about_at_once() -> None:
    together, alone = landscape(), landscape()
    one, pair, overlapping = np.array([1]), np.array([0, 2]), np.array([0])

    first = evidence(together, GROUP_OF, one, [pair, overlapping])[0]

    assert first.tolist() == evidence(alone, GROUP_OF, one, [pair])[0].tolist()
    assert landscape().alike(one, pair, np.array([0, 0]), 1)[0] > 0  # there is likeness to be lost
