"""Mistakes of reviewers: how often they are made is learned from what is asked twice; the likeliest are asked again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus import ReviewQueue
from consensus.duplicates.deciding.erring import Asked, error_rate, wrong
from consensus.embedding import LexicalEmbedder
from tests.test_review_queue import NOON, QUESTIONS, partition, queue_of, replayed, submissions, told


def drawn(error: float, count: int, seed: int) -> list[Asked]:
    """Return answers that looked wrong and were asked again, by a reviewer who errs so often both times."""
    draws = np.random.default_rng(seed)
    found = []
    while len(found) < count:
        chance = draws.uniform(0.3, 0.98)  # of the opposite, by the texts alone
        is_opposite = draws.random() < chance
        first_wrong, second_wrong = draws.random(2) < error
        if is_opposite == first_wrong:  # only those answers are looked at that spoke against the opposite
            found.append(Asked(chance, 1, turned=bool(second_wrong != is_opposite)))
    return found


@pytest.mark.parametrize("error", [0.01, 0.05, 0.1])
def test_how_often_reviewers_err_is_learned_from_answers_that_looked_wrong_as_from_those_at_random(error) -> None:
    aimed = np.mean([error_rate(0, 0, drawn(error, 150, seed)) for seed in range(10)])

    assert aimed == pytest.approx(error, rel=0.25, abs=0.004)


@given(st.floats(0.01, 0.99), st.floats(0.005, 0.2), st.integers(-2, 4))
def test_each_time_an_answer_is_given_again_it_is_likelier_right(chance, error, times) -> None:
    before, after = wrong(chance, error, np.array([times, times + 1]))

    assert after < before


def test_what_was_said_once_each_way_is_as_likely_as_the_texts_make_it() -> None:
    assert wrong(0.3, 0.05, 0) == pytest.approx(0.3)


def test_several_answers_that_tell_two_groups_apart_count_together() -> None:
    empty = queue_of(QUESTIONS)
    same = told(empty, "s000", "s001", same=True)
    rows = [told(empty, "s000", "s002", same=False), told(empty, "s001", "s002", same=False, by="Bo")]
    queue = replayed(empty, QUESTIONS, rows[0], rows[1], same)

    home, other = (queue.groups().set_index("submission_id").loc[each, "group"] for each in ("s000", "s002"))

    assert queue._standing.partings(home)[other].times == 2
    assert queue._standing.partings(other)[home].times == 2


def test_an_answer_that_is_turned_round_remembers_what_was_said_before() -> None:
    empty = queue_of(QUESTIONS)
    queue = replayed(empty, QUESTIONS, told(empty, "s000", "s004", same=True))
    again = told(empty, "s000", "s004", same=False, by="Bo")
    again["value"] = {**again["value"], "again": [["s000", "s004"]], "chances": [0.1]}

    turned = replayed(queue, QUESTIONS, again)

    assert not any({"s000", "s004"} <= group for group in partition(turned))
    home, other = (turned.groups().set_index("submission_id").loc[each, "group"] for each in ("s000", "s004"))
    assert turned._standing.partings(home)[other].times == 0
    assert turned._standing.asked == [Asked(0.9, 1, turned=True)]


def test_what_looks_wrong_is_shown_beside_what_is_new_and_only_that_replaces_what_was_said() -> None:
    texts = ["Does sleep help?", "Does sleep help us?", "Is ECT safe?", "Does a long sleep help?"]
    empty = queue_of(texts)
    value = {"anchor": ["s000"], "same": [["s001"]], "different": [["s002"], ["s003"]]}
    mixed = {"kind": "compared", "subject": "s000", "by": "Bo", "at": NOON, "why": "", "decision_id": "mixed"}
    row = {**mixed, "value": {**value, "again": [["s000", "s002"]], "chances": [0.9, 0.02, 0.5]}}

    queue = ReviewQueue(submissions(texts), LexicalEmbedder(), [told(empty, "s000", "s002", same=True), row])

    assert partition(queue) == {frozenset({"s000", "s001"}), frozenset({"s002"}), frozenset({"s003"})}
    assert (queue.progress().contradictions, queue.progress().open_contests) == (1, 0)
