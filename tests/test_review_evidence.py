"""The evidence of the review queue: reckoned fast, remembered, and the same as when it is reckoned plainly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from consensus import ReviewQueue
from consensus.duplicates.deciding.landscape import Landscape
from consensus.duplicates.deciding.likeness import evidence, evidence_inside
from consensus.duplicates.deciding.spelling import Spelling
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


@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(0, 11), min_size=1, max_size=8, unique=True),
    st.lists(st.integers(0, 11), max_size=8, unique=True),
)
def test_a_spelling_laid_out_flat_gives_the_numbers_of_a_sparse_matrix(seed, one, other) -> None:
    rows = sparse.random(12, 9, 0.3, format="csr", random_state=seed)
    one, other = np.array(one, dtype=np.int64), np.array(other, dtype=np.int64)

    spelling = Spelling.of(rows)

    assert np.array_equal(spelling.between(one, other), (rows[one] @ rows[other].T).toarray())
    assert np.allclose(spelling.mean_between(one, other), rows[other] @ rows[one].toarray().mean(axis=0))


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
