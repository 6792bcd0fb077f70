"""Screens mixed into the review at a declared rate, from which its own progress is judged.

Whoever would know how much is still apart must also ask what the machine would not: one submission in all, taken at
random, beside groups that have hardly a chance. On the same screen stand earlier answers once more, unannounced:
how often two answers on the same disagree tells how often one is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CHECK_EVERY", "HARDLY", "Checked", "drawn", "is_due", "sampled"]

CHECK_EVERY = 20
"""One screen of so many is a check."""

HARDLY = 0.03
"""The chance to ask the same under which nothing but checks tells how many do."""

ASKED_ANEW = 5
REPEATED = 4
_SEED = 20_261


@dataclass(frozen=True)
class Checked:
    """What is drawn for one check: a submission and the earlier answers on its wording that are shown again."""

    submission: str
    repeated: tuple[tuple[str, str], ...]


def is_due(answers: int) -> bool:
    """Return whether the next screen is a check."""
    return answers % CHECK_EVERY == CHECK_EVERY - 1


def generator(answers: int) -> np.random.Generator:
    """Return the draws of the check after so many answers: the same in every process."""
    return np.random.default_rng([_SEED, answers])


def drawn(
    submissions: Sequence[str], wordings: Mapping[str, str], answers: Sequence[Mapping[str, Any]]
) -> Checked | None:
    """Return the draw of the check that follows some answers.

    In turn a submission, of which each has the same chance, and an answer to be repeated, of which each has.
    """
    if not submissions:
        return None
    draws = generator(len(answers))
    chosen, known = submissions[int(draws.integers(len(submissions)))], _pairs(answers)
    if len(answers) // CHECK_EVERY % 2 and known:
        chosen = known[int(draws.integers(len(known)))][int(draws.integers(2))]
    mine = {}
    for pair in known:
        for one, other in (pair, pair[::-1]):
            if wordings.get(one, "") == wordings.get(chosen) != wordings.get(other, ""):
                mine[wordings.get(other, "")] = (one, other)
    beside = [mine[wording] for wording in sorted(mine) if wording]
    order = draws.permutation(len(beside))[:REPEATED]
    return Checked(chosen, tuple(beside[place] for place in sorted(order.tolist())))


def _pairs(answers: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return the pairs of submissions that were answered on, in the order of the answers."""
    return [(value["anchor"][0], other[0]) for value in answers for other in (*value["same"], *value["different"])]


def sampled(chances: NDArray[np.float64], sizes: NDArray[np.float64], answers: int) -> NDArray[np.int64]:
    """Return which of some groups are asked about anew: drawn by chance and size among those with hardly a chance."""
    weight = np.where(chances < HARDLY, chances * sizes, 0.0)
    count = min(ASKED_ANEW, int((weight > 0).sum()))
    if not count:
        return np.zeros(0, np.int64)
    draws = generator(answers + 1_000_003)
    keys = np.where(weight > 0, draws.random(len(weight)) ** (1 / weight.clip(1e-12)), -1.0)
    return np.sort(np.argsort(-keys, kind="stable")[:count])
