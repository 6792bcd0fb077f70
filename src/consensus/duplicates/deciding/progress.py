"""How far a review is, by what the machine still expects and by how well it expected so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy import stats

from consensus.duplicates.deciding.choosing import Chooser
from consensus.duplicates.deciding.standing import Standing

__all__ = ["Progress", "progress"]

RECENT = 20
"""Screens from which is judged how well the machine expects."""

LEVEL = 0.9
WORTH_ASKING = 0.02
"""Gain for a text read or its like under which a screen hardly pays."""


@dataclass(frozen=True)
class Progress:
    """Where a review stands.

    Parameters
    ----------
    decisions
        Screens answered that stand.
    texts
        Texts that they showed; one that was shown twice counts twice.
    left
        About how many screens are still worth asking.
    recall
        Of what belongs beside a submission, the part that is in its group, as a mean over submissions: an estimate.
    low, high
        The interval in which it lies nine times of ten, by how well was expected what the last answers found.
    error
        How often an answer on one candidate is taken to be wrong, from what was asked more than once.
    contradictions, open_contests
        How often answers contradicted each other, and how many of these wait for a screen that settles them.
    """

    decisions: int
    texts: int
    left: int
    recall: float
    low: float
    high: float
    error: float
    contradictions: int
    open_contests: int


def progress(
    answers: Sequence[Mapping[str, Any]], wordings: Mapping[str, str], chooser: Chooser, standing: Standing
) -> Progress:
    """Return the progress that answers made, and what is left by the chooser's chances."""
    size, complete = chooser.look_over(standing.apart)
    missing = (1 - complete) / complete

    def recall(times: float) -> float:
        return float((size / (1 + missing * times)).sum() / size.sum()) if size.sum() else 1.0

    found, expected = _found(answers[-RECENT:])
    low, high = stats.gamma.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2], found + 1, scale=1 / (expected + 1))
    texts = sum(_texts(value, wordings) for value in answers)
    left = int((chooser.worth > WORTH_ASKING).sum())
    open_contests = len(standing.open_contests())
    shares = sorted([recall(high), recall(1.0), recall(low)])
    return Progress(
        len(answers),
        texts,
        left,
        shares[1],
        shares[0],
        shares[2],
        standing.error(),
        standing.contradictions,
        open_contests,
    )


def _found(answers: Sequence[Mapping[str, Any]]) -> tuple[int, float]:
    asked = [value for value in answers if value.get("chances")]
    return sum(len(value["same"]) for value in asked), float(sum(sum(value["chances"]) for value in asked))


def _texts(value: Mapping[str, Any], wordings: Mapping[str, str]) -> int:
    """Return how many texts a screen showed: those of one wording are read once."""
    shown = [value["anchor"], *value["same"], *value["different"]]
    return sum(len({wordings.get(each, each) for each in ids}) for ids in shown)
