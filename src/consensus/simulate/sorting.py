"""What a scripted reviewer makes of all it has read: which submissions it takes to ask the same, screen by screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from consensus.duplicates import ReviewQueue
from consensus.embedding import Embedder

__all__ = ["answer_all", "groups_of", "meaning", "sorted_into"]

DECIMALS = 6
ROUNDS = 8
WHY = "Reads alike, or not, by the glossary and by meaning, among all that was submitted."


def meaning(texts: Sequence[str], embedder: Embedder) -> np.ndarray:
    """Return how near each two texts are in meaning, S x S in [0, 1], what all have in common left out."""
    vectors = np.asarray(embedder.encode(list(texts)), dtype=float)
    own = vectors - vectors.mean(axis=0)
    own /= np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-12)
    return (own @ own.T).round(DECIMALS).clip(0, 1)


def sorted_into(table: np.ndarray, count: int) -> list[list[int]]:
    """Return the places of a table of likeness as about `count` groups.

    Groups in which even the two least alike are as alike as can be; then each place goes to the group that it is most
    like on average, a few times over. One that was left alone goes to whatever it is like at all, and stays alone where
    it is like nothing.

    Examples
    --------
    >>> table = np.array([[1, 0.9, 0.1, 0.2], [0.9, 1, 0.2, 0.1], [0.1, 0.2, 1, 0.8], [0.2, 0.1, 0.8, 1]])
    >>> sorted(sorted_into(table, 2))
    [[0, 1], [2, 3]]
    """
    if len(table) <= count:
        return [[place] for place in range(len(table))]
    from sklearn.cluster import AgglomerativeClustering  # half a second, which whoever sorts nothing need not wait for

    complete = AgglomerativeClustering(n_clusters=count, metric="precomputed", linkage="complete")
    labels = complete.fit_predict(1 - table)
    for _ in range(ROUNDS):
        member = np.eye(count)[labels]
        others = member.sum(axis=0) - member
        mean = (table @ member - member * table.diagonal()[:, None]) / np.maximum(others, 1)
        mean = mean.round(DECIMALS)
        stays = mean[np.arange(len(labels)), labels] >= mean.max(axis=1)
        nearer = np.where(stays, labels, mean.argmax(axis=1))
        if (nearer == labels).all():
            break
        labels = nearer
    return [np.flatnonzero(labels == label).tolist() for label in np.unique(labels)]


def answer_all(queue: ReviewQueue, idea: Mapping[str, int], *, by: str, at: datetime) -> None:
    """Answer screens until nothing is worth asking any more, by the number of the group that each is taken to be in."""
    while (screen := queue.next(by)) is not None:
        mine = idea[screen.anchor[0]]
        same = [number for number, shown in enumerate(screen.candidates) if idea[shown[0]] == mine]
        queue.answer(screen, same, by=by, at=at, why=WHY)


def groups_of(queue: ReviewQueue, submissions: Sequence[str]) -> list[list[int]]:
    """Return the queue's groups as places in `submissions`."""
    place = pd.Series(range(len(submissions)), index=list(submissions))
    groups = queue.groups()
    return [sorted(place[list(members)]) for _, members in groups.groupby("group")["submission_id"]]
