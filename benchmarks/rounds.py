"""Made-up rounds to measure on: coded ballots, the long frame of them, ratings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from consensus.tally import CodedBallots

__all__ = [
    "DEPTH",
    "GROUPS",
    "NEAR_RANDOM",
    "QUESTIONS",
    "long_frame",
    "made_up_ratings",
    "made_up_round",
    "near_random",
]

QUESTIONS, DEPTH, GROUPS = 80, 10, ("carer", "clinician", "lived", "nurse", "public")
AT_ONCE = 20_000


def made_up_round(ballots: int, seed: int = 0) -> CodedBallots:
    """Return coded ballots of a round in which the questions differ in favour, as in a survey."""
    rng = np.random.default_rng(seed)
    question = np.empty((ballots, DEPTH), np.int32)
    for begin in range(0, ballots, AT_ONCE):
        size = min(AT_ONCE, ballots - begin)
        taste = np.linspace(3, 0, QUESTIONS) + rng.gumbel(size=(size, QUESTIONS))
        question[begin : begin + size] = np.argsort(-taste, axis=1)[:, :DEPTH]
    group = np.sort(rng.integers(len(GROUPS), size=ballots))
    start = np.arange(0, ballots * DEPTH + 1, DEPTH)
    value = np.tile(np.arange(1, DEPTH + 1, dtype=np.int32), ballots)
    labels = tuple(f"q{q:02}" for q in range(QUESTIONS))
    one, none = np.ones(ballots, np.int64), np.broadcast_to(np.int64(0), len(value))
    return CodedBallots("ranked", GROUPS, labels, group, one, start, question.ravel(), value, none)


def long_frame(coded: CodedBallots) -> pd.DataFrame:
    """Return coded ballots as the long frame, one row a ballot and question."""
    group = pd.Categorical.from_codes(coded.group[coded.owner], list(coded.groups))
    question = pd.Categorical.from_codes(coded.question, list(coded.questions))
    return pd.DataFrame({"ballot": coded.owner, "group": group, "question": question, "value": coded.value})


def made_up_ratings(ballots: int, seed: int = 0) -> npt.NDArray[np.int8]:
    """Return ratings from 1 to 9, (ballots, Q)."""
    return np.random.default_rng(seed).integers(1, 10, (ballots, QUESTIONS), dtype=np.int8)


NEAR_RANDOM = {
    "10,000 ballots, ten of 80 at random": (10_000, 0.0, DEPTH),
    "10,000 ballots, ten of 80, weak favour": (10_000, 0.1, DEPTH),
    "101 whole lists of 80, weak favour": (101, 0.5, QUESTIONS),
}
"""Rounds in which hardly anything is agreed: ballots, how far the favour of the first and last question is apart (in
Plackett and Luce's model; people's own tastes spread by 1.3), questions ranked."""


def near_random(ballots: int, favour: float, ranked: int, seed: int) -> npt.NDArray[np.int64]:
    """Return the pairwise table (Q, Q) of ballots drawn nearly at random: the hard case of Kemeny."""
    rng = np.random.default_rng(seed)
    above = np.zeros((QUESTIONS, QUESTIONS), np.int64)
    for begin in range(0, ballots, 500):
        taste = np.linspace(favour, 0, QUESTIONS) + rng.gumbel(size=(min(500, ballots - begin), QUESTIONS))
        place = np.minimum(np.argsort(np.argsort(-taste, axis=1), axis=1), ranked)
        above += (place[:, :, None] < place[:, None, :]).sum(axis=0)
    return above
