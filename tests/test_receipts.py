"""A receipt says that what I sent is there, and nothing about what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.receipts import ALPHABET, chain, commit, new_nonce, receipt_code, response_content, root

NONCES = st.binary(min_size=32, max_size=32).map(bytes.hex)
COMMITMENTS = st.lists(NONCES, unique=True, max_size=12)


def content(**changes):
    said = {"round_id": "sleep-interim-1", "response_id": "r1", "version": 1, "group": "carer", "replies": {}}
    return response_content(**{**said, **changes})


def test_the_same_ballot_under_two_nonces_gives_two_commitments():
    commitments = {commit(new_nonce(), content(choices=[{"question_id": "q1", "rank": 1}])) for _ in range(100)}

    assert len(commitments) == 100


def test_whatever_a_response_says_is_in_its_commitment():
    nonce = new_nonce()
    said = content(choices=[{"question_id": "q1", "rank": 1}], answers={"a1": "Why?"}, replies={"age": "40-49"})
    others = [
        {**said, key: value}
        for key, value in (
            ("round", "sleep-interim-2"),
            ("response", "r2"),
            ("version", 2),
            ("group", "public"),
            ("replies", {"age": "50-59"}),
            ("answers", {"a1": "Why not?"}),
            ("choices", [{"question_id": "q1", "rank": 2}]),
        )
    ]

    assert len({commit(nonce, one) for one in [said, *others]}) == 8


def test_the_order_in_which_choices_are_kept_is_not_in_the_commitment():
    nonce, choices = new_nonce(), [{"question_id": "q1", "rank": 1}, {"question_id": "q2", "rank": 2}]

    assert commit(nonce, content(choices=choices)) == commit(nonce, content(choices=choices[::-1]))


def test_a_nonce_that_could_be_guessed_is_refused():
    with pytest.raises(ValueError, match="128 random bits"):
        commit("00" * 15, content())


def test_a_receipt_code_holds_no_letter_that_is_heard_or_read_wrong():
    assert set("IL1OAEU") & set(ALPHABET) == set()
    assert len(ALPHABET) == len(set(ALPHABET)) == 29


def sum_of(code: str) -> int:
    return sum(place * ALPHABET.index(one) for place, one in enumerate(code.replace("-", ""), start=1)) % 29


@given(NONCES, st.integers(0, 15), st.sampled_from(ALPHABET))
def test_one_character_heard_wrong_is_noticed(commitment, place, heard):
    code = receipt_code(commitment).replace("-", "")
    changed = code[:place] + heard + code[place + 1 :]

    assert sum_of(code) == 0
    assert (sum_of(changed) == 0) == (changed == code)


@given(NONCES, st.integers(0, 15), st.integers(0, 15))
def test_two_characters_that_changed_places_are_noticed(commitment, one, other):
    code = list(receipt_code(commitment).replace("-", ""))
    swapped = [*code]
    swapped[one], swapped[other] = code[other], code[one]

    assert (sum_of("".join(swapped)) == 0) == (swapped == code)


@given(COMMITMENTS, st.randoms(use_true_random=False))
def test_the_chain_does_not_know_in_which_order_people_came(commitments, draw):
    shuffled = draw.sample(commitments, len(commitments))

    assert chain("sleep-interim-1", commitments) == chain("sleep-interim-1", shuffled)


@given(COMMITMENTS, NONCES)
def test_one_commitment_more_gives_another_root(commitments, more):
    one, other = chain("r", commitments), chain("r", {*commitments, more})

    assert (root("r", one) == root("r", other)) == (more in commitments)


def test_the_same_commitments_in_another_round_give_another_root():
    commitments = ["ab" * 32]

    assert root("r1", chain("r1", commitments)) != root("r2", chain("r2", commitments))


def test_a_commitment_that_comes_twice_is_refused():
    with pytest.raises(ValueError, match="comes twice"):
        chain("r", ["ab" * 32, "ab" * 32])
