"""How well proposed groups agree with groups that people made: B-cubed and pairs.

B-cubed alone flatters a method that chains (everything in one group keeps its recall), and leaving everything alone has
a B-cubed well above zero: print the pairwise figures and those of doing nothing beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["Quality", "b_cubed", "pairwise"]


@dataclass(frozen=True)
class Quality:
    """Precision, recall and their harmonic mean, each from 0 to 1; more is better."""

    precision: float
    recall: float
    f1: float

    @classmethod
    def of(cls, precision: float, recall: float) -> Quality:
        """Return the three figures from the first two; F1 is 0 where both are."""
        total = precision + recall
        return cls(precision, recall, 2 * precision * recall / total if total else 0.0)


def b_cubed(groups: Sequence[object], truth: Sequence[object]) -> Quality:
    """Return B-cubed figures of S submissions' groups against their true ones, both in the same order.

    The precision of one submission is the part of its group that truly belongs with it, the recall is the part of what
    truly belongs with it that is in its group; both are averaged over submissions. Source: Bagga and Baldwin 1998.

    Examples
    --------
    >>> b_cubed(["a", "a", "b", "b"], [1, 1, 1, 1])
    Quality(precision=1.0, recall=0.5, f1=0.6666666666666666)
    """
    both, grouped, true = _counts(groups, truth)
    total = len(groups)
    if not total:
        return Quality(0.0, 0.0, 0.0)
    return Quality.of(float((both**2 / grouped).sum() / total), float((both**2 / true).sum() / total))


def pairwise(groups: Sequence[object], truth: Sequence[object]) -> Quality:
    """Return the figures over pairs: a pair is right when it is together in both.

    Examples
    --------
    >>> pairwise(["a", "a", "b"], [1, 1, 1])
    Quality(precision=1.0, recall=0.3333333333333333, f1=0.5)
    """
    pairs = _pairs(_counts(groups, truth)[0])
    proposed, true = (_pairs(pd.Series(list(labels)).value_counts().to_numpy(float)) for labels in (groups, truth))
    return Quality.of(pairs / proposed if proposed else 0.0, pairs / true if true else 0.0)


def _counts(groups: Sequence[object], truth: Sequence[object]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each pair of a group and a true group that meet: how many meet, and the size of each."""
    frame = pd.DataFrame({"group": list(groups), "true": list(truth)})
    met = frame.value_counts(["group", "true"]).rename("both").reset_index()
    grouped, true = (met[name].map(frame[name].value_counts()).to_numpy(float) for name in ("group", "true"))
    return met["both"].to_numpy(float), grouped, true


def _pairs(sizes: np.ndarray) -> float:
    return float((sizes * (sizes - 1) / 2).sum())
