"""Other ways to ask people, for comparison: pair by pair, and lists of ten by expected gain with one measure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.duplicates.reviewing import Case, State

__all__ = ["pair_queue", "top_ten_lists"]

LIST, REFIT, NEAR = 10, 40, 60


def pair_queue(case: Case) -> Iterator[State]:
    """Ask pair by pair, the nearest first; what follows from answers by closure is not asked."""
    table = case.vectors @ case.vectors.T
    upper = np.triu_indices(len(table), 1)
    labels, apart, asked = np.arange(len(table)), {n: set() for n in range(len(table))}, 0
    for pair in np.argsort(-table[upper], kind="stable"):
        one, other = (int(labels[side[pair]]) for side in upper)
        if one == other or other in apart[one]:
            continue
        asked += 1
        if case.truth[upper[0][pair]] == case.truth[upper[1][pair]]:
            labels[labels == other] = one
            for third in apart.pop(other):
                apart[third].discard(other)
                apart[third].add(one)
                apart[one].add(third)
        else:
            apart[one].add(other)
            apart[other].add(one)
        yield asked, 2 * asked, labels, None


def top_ten_lists(case: Case) -> Iterator[State]:
    """Ask which of the ten likeliest groups ask the same as an anchor, the anchor with the most expected gain first.

    How likely two groups are the same follows from the cosine of their centres, what all texts share taken away, by a
    logistic model fitted again every 40 answers.
    """
    count = len(case.ids)
    sums, size, labels = case.vectors - case.vectors.mean(axis=0, dtype=float), np.ones(count), np.arange(count)
    allowed = ~np.eye(count, dtype=bool)
    cosines, same, model = [], [], (-5.0, 9.0)
    centres = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    table = centres @ centres.T
    screens = texts = 0
    while True:
        chance = np.where(allowed, 1 / (1 + np.exp(-(model[0] + model[1] * table))), 0)
        gain = 2 * chance * size[:, None] * size / (size[:, None] + size)
        best = np.argpartition(-gain, LIST, axis=1)[:, :LIST]
        anchor = int(np.take_along_axis(gain, best, axis=1).sum(axis=1).argmax())
        shown = [int(n) for n in best[anchor][np.argsort(-gain[anchor, best[anchor]])] if allowed[anchor, n]]
        if not shown:
            return
        for other in shown:
            cosines.append(table[anchor, other])
            same.append(case.truth[anchor] == case.truth[other])
            allowed[anchor, other] = allowed[other, anchor] = False
        for other in [o for o, yes in zip(shown, same[-len(shown) :], strict=True) if yes]:
            labels[labels == labels[other]] = labels[anchor]
            sums[anchor] += sums[other]
            size[anchor] += size[other]
            allowed[anchor] &= allowed[other]
            allowed[:, anchor] = allowed[anchor]
            allowed[other] = allowed[:, other] = False
        centre = sums[anchor] / np.linalg.norm(sums[anchor])
        centres[anchor] = centre
        table[anchor] = table[:, anchor] = centres @ centre
        screens, texts = screens + 1, texts + 1 + len(shown)
        if screens % REFIT == 0 and 0 < sum(same) < len(same):
            fitted = LogisticRegression(C=10).fit(np.array(cosines)[:, None], same)
            model = (float(fitted.intercept_[0]), float(fitted.coef_[0, 0]))
        yield screens, texts, labels, None
