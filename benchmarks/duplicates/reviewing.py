"""Simulated reviewers and what their decisions reach: screens, texts shown, and how right the groups are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import pandas as pd

from consensus import Embedder, ReviewQueue, default_embedder
from consensus.duplicates import Screen, b_cubed, pairwise
from consensus.embedding import Tokens
from consensus.embedding.encoding import tokens_of

__all__ = ["Case", "Point", "curve", "labels_of", "piles_of", "queue_states", "reached"]

EVERY = 5


@dataclass(frozen=True)
class Case:
    """Texts with the groups that people gave them, and their vectors."""

    name: str
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    truth: np.ndarray
    vectors: np.ndarray
    reader: Embedder = field(default_factory=default_embedder)

    def submissions(self) -> pd.DataFrame:
        """Return the texts as a queue takes them."""
        return pd.DataFrame({"submission_id": self.ids, "text": self.texts}, dtype=object)

    def part(self, rows: np.ndarray) -> Case:
        """Return some of the texts as a case of their own."""
        ids, texts = (tuple(np.array(told, dtype=object)[rows]) for told in (self.ids, self.texts))
        return Case(self.name, ids, texts, self.truth[rows], self.vectors[rows], self.reader)

    def encode(self, texts: list[str]) -> np.ndarray:
        """Return the vectors of texts of this case, which were computed once."""
        known = dict(zip(self.texts, self.vectors, strict=True))
        return np.stack([known[text] for text in texts])

    def tokens(self, texts: list[str]) -> list[Tokens] | None:
        """Return the tokens of texts, as the model of this case tells them."""
        return tokens_of(self.reader, texts)


@dataclass(frozen=True)
class Point:
    """Where a review is after so many screens."""

    screens: int
    texts: int
    b_cubed: float
    pairs: float
    contests: int = 0
    piles: int = 0


State = tuple[int, int, "np.ndarray | pd.Series", object]


def queue_states(
    case: Case, *, errors: float = 0.0, seed: int = 0, first: Iterable[Screen] = (), piles: bool = False
) -> Iterator[State]:
    """Yield screens, texts, the groups and the queue after every screen, decided by the truth but for `errors`.

    What the queue asks comes after the screens of `first`. With `piles` it is also said which of the other candidates
    ask the same as one another; where errors are made, so many of them are taken for what some candidate asks.
    """
    rng = np.random.default_rng(seed)
    truth = dict(zip(case.ids, case.truth, strict=True))
    queue = ReviewQueue(case.submissions(), case)  # type: ignore[arg-type]
    screens = texts = 0
    for screen in chain(first, iter(queue.next, None)):
        asked = truth[screen.anchor[0]]
        right = [truth[candidate[0]] == asked for candidate in screen.candidates]
        said = [n for n, same in enumerate(right) if same != (rng.random() < errors)]
        seen = [truth[shown[0]] for shown in screen.candidates]
        if piles and errors:
            seen = [group if rng.random() >= errors else int(rng.choice(seen)) for group in seen]
        also = piles_of(seen, said) if piles else []
        queue.answer(screen, said, by="simulated", also=also)
        screens, texts = screens + 1, texts + 1 + len(screen.candidates)
        yield screens, texts, queue, queue


def piles_of(groups: list[int], same: list[int]) -> list[list[int]]:
    """Return the places of candidates that are in one group, of those that are not the same as the anchor.

    Examples
    --------
    >>> piles_of([7, 3, 5, 3, 5, 5, 9], same=[0])
    [[1, 3], [2, 4, 5]]
    """
    piles: dict[int, list[int]] = {}
    for place, group in enumerate(groups):
        if place not in same:
            piles.setdefault(group, []).append(place)
    return [pile for pile in piles.values() if len(pile) > 1]


def curve(case: Case, states: Iterator[State], *, target: float, most: int) -> list[Point]:
    """Return the points of a review, one every few screens, until the target or the most screens are reached."""
    points = [_point(case, 0, 0, np.arange(len(case.ids)), None)]
    for screens, texts, groups, queue in states:
        if screens % EVERY == 0 or screens >= most:
            points.append(_point(case, screens, texts, labels_of(case, groups), queue))
            if points[-1].b_cubed >= target or screens >= most:
                break
    return points


def labels_of(case: Case, groups: object) -> np.ndarray:
    """Return the groups as numbers, in the order of the case."""
    if isinstance(groups, ReviewQueue):
        frame = groups.groups().set_index("submission_id")["group"]
        return pd.factorize(frame.reindex(list(case.ids)))[0]
    return np.asarray(groups)


def _point(case: Case, screens: int, texts: int, labels: np.ndarray, queue: object) -> Point:
    found, pairs = b_cubed(labels, case.truth), pairwise(labels, case.truth)
    if not isinstance(queue, ReviewQueue):
        return Point(screens, texts, found.f1, pairs.f1)
    values = list(queue.log["value"])
    contests, piles = sum("settles" in value for value in values), sum(len(value.get("also", ())) for value in values)
    return Point(screens, texts, found.f1, pairs.f1, contests, piles)


def reached(points: list[Point], target: float) -> Point | None:
    """Return the first point at which the target is reached; None when it never is."""
    return next((point for point in points if point.b_cubed >= target), None)
