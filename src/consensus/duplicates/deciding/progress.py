"""How far a review is: what was decided and read, how much is together, and how far the reviewers can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.special import betaincinv

from consensus.duplicates.deciding.choosing import Chooser
from consensus.duplicates.deciding.hoping import LEVEL, RECENT, recall
from consensus.duplicates.deciding.standing import Standing

__all__ = ["Progress", "progress"]

_UNLIKE, _LIKE = 0.5, 15.0  # disagreements and agreements believed in before anything was repeated


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
        About how many screens find what is still apart, at the pace of the last ones; more, since finds grow rarer.
    recall
        Of what belongs beside a submission, the part that is in its group, as a mean over submissions: an estimate.
    low, high
        The interval that holds it nine times of ten.
    error
        How often an answer on one candidate is wrong, from earlier answers asked for once more, unannounced.
    error_low, error_high
        The interval that holds it nine times of ten.
    repeats
        How many answers were repeated so far.
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
    error_low: float
    error_high: float
    repeats: int
    contradictions: int
    open_contests: int

    def reached(self, share: float) -> bool:
        """Return whether even the low end of the estimate reaches a share: an honest moment to stop.

        Examples
        --------
        >>> Progress(10, 90, 5, 0.93, 0.88, 0.96, 0.01, 0.0, 0.03, 6, 0, 0).reached(0.9)
        False
        """
        return self.low >= share


def progress(
    answers: Sequence[Mapping[str, Any]], wordings: Mapping[str, str], chooser: Chooser, standing: Standing
) -> Progress:
    """Return the progress that answers made, and what is left by the chooser's chances."""
    size, hoped = chooser.look_over(standing.apart)
    told = recall(size, hoped, answers)
    part = size.sum() / max(chooser.size.sum(), 1)
    apart = hoped[:, 0].sum() / 2 / max(part, 1e-9)
    unlike, like = standing.disagreements + _UNLIKE, standing.repeats - standing.disagreements + _LIKE
    low, mid, high = betaincinv(unlike, like, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])  # quantiles of a beta variate
    return Progress(
        decisions=len(answers),
        texts=sum(_texts(value, wordings) for value in answers),
        left=round(apart / _pace(answers)),
        recall=told.estimate,
        low=told.low,
        high=told.high,
        error=_error(mid),
        error_low=_error(low) if standing.disagreements else 0.0,
        error_high=_error(high),
        repeats=standing.repeats,
        contradictions=standing.contradictions,
        open_contests=len(standing.open_contests()),
    )


def _error(unlike: float) -> float:
    """Return how often one answer is wrong when two on the same disagree so often: one of them is."""
    return float((1 - (1 - 2 * min(unlike, 0.5)) ** 0.5) / 2)


def _pace(answers: Sequence[Mapping[str, Any]]) -> float:
    """Return how many groups a screen finds that belong to another, lately; before any screen two."""
    asked = [value for value in answers if any(value.get("evidence", ()))][-RECENT:]
    found = [len(value["same"]) + sum(len(pile) - 1 for pile in value.get("also", ())) for value in asked]
    return max((sum(found) + 2) / (len(asked) + 1), 0.1)


def _texts(value: Mapping[str, Any], wordings: Mapping[str, str]) -> int:
    """Return how many texts a screen showed: those of one wording are read once."""
    shown = [value["anchor"], *value["same"], *value["different"]]
    return sum(len({wordings.get(each, each) for each in ids}) for ids in shown)
