"""Receipts: a commitment to what one person sent, the short code they keep, and the hash chain of a closed round.

A commitment is a SHA-256 over the content and a random nonce, so that nobody can guess the content from it. The chain
runs over the commitments in the order of their own digits: neither who came first nor when can be read from it.
`consensus.verify` checks a published chain without importing anything from here.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = [
    "FORMAT",
    "blind_commitments",
    "chain",
    "commit",
    "new_nonce",
    "published_chain",
    "receipt_code",
    "response_content",
    "root",
]

FORMAT = "consensus-chain-1"
"""The form of a published chain; it is the first thing that is hashed, so that no other form gives the same root."""

ALPHABET = "023456789BCDFGHJKMNPQRSTVWXYZ"
"""29 characters without I, L, 1 and without vowels, so that no code spells a word; a prime number of them."""

LENGTH, GROUP = 15, 4
NONCE_BITS = 256


def new_nonce() -> str:
    """Return a fresh nonce of 256 random bits as hexadecimal digits; each version of each response has its own."""
    return secrets.token_hex(NONCE_BITS // 8)


def blind_commitments(threshold: int) -> list[str]:
    """Return commitments that stand for nobody: from `threshold` to five times as many, how many is left to chance.

    The length of a published chain then tells how many people took part only to within four times the threshold, too
    little to work out the number in a group that is withheld because it is smaller than the threshold.

    Examples
    --------
    >>> blind_commitments(0), 10 <= len(blind_commitments(10)) <= 50
    ([], True)
    """
    count = threshold + secrets.randbelow(4 * threshold + 1)
    return [secrets.token_hex(hashlib.sha256().digest_size) for _ in range(count)]


def response_content(
    *,
    round_id: str,
    response_id: str,
    version: int,
    group: str,
    replies: Mapping[str, object],
    answers: Mapping[str, str] | None = None,
    choices: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, object]:
    """Return what a receipt stands for: all that one version of one response says, and nothing about when.

    Parameters
    ----------
    replies
        What was said about the person, from item id to reply.
    answers
        From answer id to the words; answers without words are left out.
    choices
        The choices of a ballot as they are stored; their order does not matter.

    Examples
    --------
    >>> content = response_content(round_id="sleep-gather-1", response_id="r7", version=1, group="carer", replies={},
    ...                            answers={"a1": "What helps?", "a2": ""})
    >>> content["answers"]
    {'a1': 'What helps?'}
    """
    return {
        "round": round_id,
        "response": response_id,
        "version": version,
        "group": group,
        "replies": dict(replies),
        "answers": {key: words for key, words in (answers or {}).items() if words},
        "choices": sorted((dict(choice) for choice in choices or ()), key=_canonical),
    }


def commit(nonce: str, content: Mapping[str, object]) -> str:
    """Return the commitment to a content: 64 hexadecimal digits of a SHA-256 over it and its nonce.

    Raises
    ------
    ValueError
        The nonce has fewer than 128 bits; the content could be guessed and tried.

    Examples
    --------
    >>> one, other = "0" * 64, "1" * 64
    >>> commit(one, {"a": 1, "b": 2}) == commit(one, {"b": 2, "a": 1})
    True
    >>> commit(one, {"a": 1}) == commit(other, {"a": 1})
    False
    """
    if len(bytes.fromhex(nonce)) < 16:
        raise ValueError("A nonce needs at least 128 random bits; take one from new_nonce().")
    return _sha256(_canonical({"content": dict(content), "nonce": nonce}))


def receipt_code(commitment: str) -> str:
    """Return the code that a person keeps: 15 characters of the commitment and one that checks them, in fours.

    The 73 bits make it hopeless to look for another ballot with the same code. The last character is chosen so that the
    sum of every character's number times its place is divisible by 29: one wrong character, or two that changed places,
    never give a code that holds.

    Examples
    --------
    >>> receipt_code("00" * 31 + "ff")
    '0000-0000-0000-09TV'
    """
    number, digits = int(commitment, 16), []
    for _ in range(LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(digit)
    digits.reverse()
    digits.append(_check_digit(digits))
    code = "".join(ALPHABET[digit] for digit in digits)
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def _check_digit(digits: list[int]) -> int:
    total = sum(place * digit for place, digit in enumerate(digits, start=1))
    place = len(digits) + 1
    return -total * pow(place, -1, len(ALPHABET)) % len(ALPHABET)


def chain(round_id: str, commitments: Iterable[str]) -> list[tuple[str, str]]:
    """Return the links of a round's chain: each commitment, sorted by its digits, with the hash up to it.

    Raises
    ------
    ValueError
        A commitment comes twice: two people would hold the same receipt.

    Examples
    --------
    >>> links = chain("sleep-interim-1", ["b" * 64, "a" * 64])
    >>> [commitment[0] for commitment, _ in links]
    ['a', 'b']
    >>> links == chain("sleep-interim-1", ["a" * 64, "b" * 64])
    True
    """
    ordered = sorted(commitments)
    if len(set(ordered)) < len(ordered):
        raise ValueError(f"A commitment comes twice in the round '{round_id}'; each receipt must be of one response.")
    links, last = [], _start(round_id)
    for commitment in ordered:
        last = _sha256(f"{last}\n{commitment}")
        links.append((commitment, last))
    return links


def root(round_id: str, links: Sequence[tuple[str, str]]) -> str:
    """Return the last hash of a chain, which stands for all of it; that of an empty chain stands for the round alone.

    Examples
    --------
    >>> root("sleep-interim-1", []) == root("sleep-gather-1", [])
    False
    """
    return links[-1][1] if links else _start(round_id)


def published_chain(rounds: Iterable[tuple[str, str, Sequence[str]]]) -> str:
    """Return the text of `chain.json` for rounds given as id, root and commitments; nothing else stands in it."""
    listed = [{"round": round_id, "root": top, "commitments": sorted(rows)} for round_id, top, rows in rounds]
    return json.dumps({"format": FORMAT, "rounds": listed}, indent=1) + "\n"


def _start(round_id: str) -> str:
    return _sha256(f"{FORMAT}\n{round_id}")


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
