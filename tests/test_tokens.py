"""Tokens in links: repeatable by whoever holds the secret, and by nobody else."""

from concurrent.futures import ProcessPoolExecutor

import pytest

from consensus.errors import DataError
from consensus.tokens import (
    invitation_token,
    load_secret,
    open_token,
    same_token,
    token_hash,
    unsubscribe_token,
    unsubscribing,
)


def test_the_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path):
    home = tmp_path / "home"

    first = load_secret(home)

    assert len(first) == 32
    assert load_secret(home) == first
    assert (home / "secret.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.iterdir()] == ["secret.key"]


def test_processes_that_come_first_at_once_agree_on_the_secret(tmp_path):
    with ProcessPoolExecutor(4) as pool:
        made = set(pool.map(load_secret, [tmp_path] * 12))

    assert len(made) == 1


def test_a_secret_that_others_can_read_is_refused(tmp_path):
    load_secret(tmp_path)
    (tmp_path / "secret.key").chmod(0o644)

    with pytest.raises(DataError, match="chmod 600"):
        load_secret(tmp_path)


@pytest.mark.parametrize("content", [b"", b"abc", b"00" * 31, b"\xff" * 64])
def test_a_damaged_secret_is_told_and_not_replaced(tmp_path, content):
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(DataError, match="damaged"):
        load_secret(tmp_path)

    assert path.read_bytes() == content


def test_a_reminder_repeats_the_link_and_every_person_and_round_has_another(tmp_path):
    secret = load_secret(tmp_path)
    pairs = [(f"round-{r}", f"p{p}") for r in range(20) for p in range(50)]

    tokens = [invitation_token(secret, *pair) for pair in pairs]

    assert tokens == [invitation_token(secret, *pair) for pair in pairs]
    assert len(set(tokens)) == len(pairs)
    assert all(token.isalnum() and token.islower() and len(token) == 32 for token in tokens)
    assert invitation_token(bytes(32), *pairs[0]) != tokens[0]


def test_round_and_person_cannot_be_cut_at_another_place():
    assert invitation_token(bytes(32), "a-1", "1") != invitation_token(bytes(32), "a-", "11")


def test_an_unsubscribe_token_names_its_person_and_no_other():
    token = unsubscribe_token(bytes(32), "p1")
    signature = token.partition(".")[2]

    assert unsubscribing(bytes(32), token) == ("p1", "")
    assert unsubscribing(bytes(32), f"p2.{signature}") is None
    assert unsubscribing(b"1" * 32, token) is None
    assert unsubscribing(bytes(32), "") is None
    assert unsubscribing(bytes(32), "p1.ü") is None


def test_an_invitation_does_not_unsubscribe():
    assert unsubscribing(bytes(32), f"p1.{invitation_token(bytes(32), 'p1', '')}") is None


def test_random_tokens_differ_and_are_known_by_their_hash_alone():
    tokens = {open_token() for _ in range(1000)}

    assert len(tokens) == 1000
    assert all(len(token_hash(token)) == 64 for token in tokens)
    assert not same_token(*list(tokens)[:2])
