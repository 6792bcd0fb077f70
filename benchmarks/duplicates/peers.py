"""Other ways to ask people, for comparison: pair by pair, and lists of ten by expected gain with one measure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.duplicates.reviewing import Case, State, piles_of

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


def top_ten_lists(case: Case, *, piles: bool = False) -> Iterator[State]:
    """Ask which of the ten likeliest groups ask the same as an anchor, the anchor with the most expected gain first.

    With `piles` it is also said which of the others ask the same as one another.

    How likely two groups are the same follows from the cosine of their centres, what all texts share taken away, by a
    logistic model fitted again every 40 answers.
    """
    desk = _Lists(case)
    cosines, same, screens, texts = [], [], 0, 0
    while True:
        anchor, shown = desk.likeliest()
        if not shown:
            return
        cosines += desk.table[anchor, shown].tolist()
        same += (case.truth[anchor] == case.truth[shown]).tolist()
        right = same[-len(shown) :]
        desk.answer(anchor, shown, [o for o, yes in zip(shown, right, strict=True) if yes])
        said = [n for n, yes in enumerate(right) if yes]
        for pile in piles_of([int(case.truth[o]) for o in shown], said) if piles else ():
            desk.answer(shown[pile[0]], rest := [shown[n] for n in pile[1:]], rest)
        screens, texts = screens + 1, texts + 1 + len(shown)
        if screens % REFIT == 0 and 0 < sum(same) < len(same):
            fitted = LogisticRegression(C=10).fit(np.array(cosines)[:, None], same)
            desk.learn(float(fitted.intercept_[0]), float(fitted.coef_[0, 0]))
        yield screens, texts, desk.labels, None


class _Lists:
    """The groups of a case, and what asking about any two would gain, kept up where an answer changes it."""

    def __init__(self, case: Case) -> None:
        count = len(case.ids)
        self.labels, self.size = np.arange(count), np.ones(count)
        self.sums = case.vectors - case.vectors.mean(axis=0, dtype=float)
        self.allowed = ~np.eye(count, dtype=bool)
        centres = self.sums / np.linalg.norm(self.sums, axis=1, keepdims=True)
        self.centres, self.table = centres, centres @ centres.T
        self.learn(-5.0, 9.0)

    def learn(self, level: float, slope: float) -> None:
        """Take another model, and weigh all anew."""
        self.model = (level, slope)
        self.gain = np.empty_like(self.table)
        for start in range(0, len(self.size), 500):
            self._weigh(np.arange(start, min(start + 500, len(self.size))))

    def _weigh(self, rows: np.ndarray) -> None:
        chance = 1 / (1 + np.exp(-(self.model[0] + self.model[1] * self.table[rows])))
        one = self.size[rows, None]
        self.gain[rows] = np.where(self.allowed[rows], 2 * chance * one * self.size / (one + self.size), 0)
        self.gain[:, rows] = self.gain[rows].T

    def likeliest(self) -> tuple[int, list[int]]:
        """Return the anchor with the most to be gained, and the groups to be asked about beside it."""
        there = np.flatnonzero(self.allowed.any(axis=1))
        if not len(there):
            return 0, []
        best = np.argpartition(-self.gain[there], LIST, axis=1)[:, :LIST]
        place = int(np.take_along_axis(self.gain[there], best, axis=1).sum(axis=1).argmax())
        anchor, others = int(there[place]), best[place]
        order = others[np.argsort(-self.gain[anchor, others])]
        return anchor, [int(other) for other in order if self.allowed[anchor, other]]

    def answer(self, anchor: int, shown: list[int], same: list[int]) -> None:
        """Join what was said to be the same; nothing that was shown is asked again."""
        self.allowed[anchor, shown] = self.allowed[shown, anchor] = False
        for other in same:
            self.labels[self.labels == self.labels[other]] = self.labels[anchor]
            self.sums[anchor] += self.sums[other]
            self.size[anchor] += self.size[other]
            self.allowed[anchor] &= self.allowed[other]
            self.allowed[:, anchor] = self.allowed[anchor]
            self.allowed[other] = self.allowed[:, other] = False
        centre = self.sums[anchor] / np.linalg.norm(self.sums[anchor])
        self.centres[anchor] = centre
        self.table[anchor] = self.table[:, anchor] = self.centres @ centre
        self._weigh(np.array([anchor, *shown]))
