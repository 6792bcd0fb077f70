"""The threshold of a collection, from groups in it that people have settled: thresholds do not carry over."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from consensus.duplicates.arriving import by_wording, received
from consensus.duplicates.grouping import SPELLING_THRESHOLD, THRESHOLD, readable_parts
from consensus.duplicates.quality import b_cubed, pairwise
from consensus.embedding import Embedder, default_embedder

__all__ = ["FEWEST_SETTLED", "calibrated_threshold", "steady_threshold"]

_LOWEST, _STEP = 0.3, 0.01
_BESIDE = 4  # thresholds on either side that count too, the nearer the more
_DECIMALS = 9
FEWEST_SETTLED = 20
"""Settled submissions below which the default threshold is better than one that is found."""


def calibrated_threshold(
    submissions: pd.DataFrame,
    settled: Mapping[str, str],
    embedder: Embedder | None = None,
    *,
    spelling: bool = False,
    common_directions: bool = True,
) -> float:
    """Return the threshold at which proposals agree best with the groups that people have settled.

    A settled group is whole: every other submission counts as different from it. What is compared is the sum of B-cubed
    F1 and pairwise F1 over the settled submissions, at thresholds nearby too. With fewer than 20 settled submissions it
    is the default.

    Parameters
    ----------
    submissions
        Columns `submission_id` and `text`, settled or not.
    settled
        From submission to its group, for those that are settled.
    spelling
        Whether it is sought for texts that the embedder does not read, of which the language with the most tells it:
        cosines of meaning and of spelling have thresholds of their own.
    common_directions
        As proposals are to be made.

    Examples
    --------
    >>> frame = pd.DataFrame({"submission_id": ["s1", "s2"], "text": ["Does diet help?", "Is ECT safe?"]})
    >>> calibrated_threshold(frame, {"s1": "g1"})
    0.78
    """
    reader = embedder or default_embedder()
    default = SPELLING_THRESHOLD if spelling or not reader.languages else THRESHOLD
    texts, members = by_wording(received(submissions))
    parts = [part for part in readable_parts(texts, reader) if (part.embedder is reader) != spelling] if settled else []
    if not parts:
        return default
    largest = max(parts, key=lambda part: len(part.numbers))
    chosen = [each for number in largest.numbers for each in members[number]]
    known = [submission in settled for submission in chosen]
    if sum(known) < FEWEST_SETTLED:
        return default
    truth = [settled.get(submission, f"alone {submission}") for submission in chosen]
    _, linkage = largest.linked(_LOWEST, common_directions=common_directions)
    counts = [len(members[number]) for number in largest.numbers]
    thresholds = np.arange(_LOWEST, 1, _STEP).round(2)
    scores = []
    for threshold in thresholds:
        groups = np.repeat(linkage.cut(threshold), counts).tolist()
        scores.append(b_cubed(groups, truth, known).f1 + pairwise(groups, truth, known).f1)
    return steady_threshold(thresholds, np.array(scores))


def steady_threshold(thresholds: NDArray[np.float64], scores: NDArray[np.float64]) -> float:
    """Return the threshold around which scores are best, of equals the higher one, which joins less.

    The best score alone is a matter of luck where few submissions are settled. So each counts with the four on either
    side of it, the nearer the more.

    Parameters
    ----------
    thresholds
        In equal steps, the lowest first.
    scores
        What is reached at each; more is better.

    Examples
    --------
    >>> scores = np.r_[np.zeros(9), 1, np.zeros(9), 0.7, 0.8, 0.9, 0.8, 0.7, np.zeros(7)]
    >>> steady_threshold(np.arange(len(scores)) / 100, scores)
    0.21
    """
    weights = np.r_[1 : _BESIDE + 2, _BESIDE:0:-1] / (_BESIDE + 1) ** 2
    around = np.convolve(np.pad(scores, _BESIDE, mode="edge"), weights, mode="valid").round(_DECIMALS)
    return float(thresholds[len(around) - 1 - int(np.argmax(around[::-1]))])
