"""The course of a review: how much was together by estimate after so many decisions, read again from the log."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from consensus import store
from consensus.duplicates import ReviewQueue
from consensus.embedding import CachedEmbedder, default_embedder
from consensus.store import Store

__all__ = ["review_course"]

POINTS = 6
"""Moments at which the review is looked at; each weighs every group anew."""


def review_course(db: Store, partnership: str, *, cache: Path) -> pd.DataFrame:
    """Return how far the review was at its beginning, on the way and now; empty where nobody answered a screen.

    Returns
    -------
    DataFrame
        `decisions`, `texts`, `left`, `recall`, `low`, `high` and the rest of a queue's progress, in order.
    """
    with db.reading() as session:
        submissions = store.load_frame(session, "submissions", partnership)
        log = store.load_decisions(session, partnership)
    rows = np.flatnonzero(log["kind"] == "compared") + 1
    if not len(rows):
        return pd.DataFrame()
    ends = [0, *sorted({int(rows[round(part)]) for part in np.linspace(0, len(rows) - 1, POINTS)[1:]})]
    ends[-1] = len(log)
    queue, told = ReviewQueue(submissions, CachedEmbedder(default_embedder(), cache)), []
    for begin, end in zip([0, *ends], ends, strict=False):
        queue.read(log.iloc[begin:end])
        told.append(asdict(queue.progress()))
    return pd.DataFrame(told)
