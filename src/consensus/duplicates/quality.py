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


def b_cubed(groups: Sequence[object], truth: Sequence[object], among: Sequence[bool] | None = None) -> Quality:
    """Return B-cubed figures of S submissions' groups against their true ones, both in the same order.

    The precision of one submission is the part of its group that truly belongs with it, the recall is the part of what
    truly belongs with it that is in its group; both are averaged over submissions. Source: Bagga and Baldwin 1998.

    Parameters
    ----------
    groups, truth
        A label for each submission.
    among
        Of which submissions the figures are averaged; all of them stay in the groups.

    Examples
    --------
    >>> b_cubed(["a", "a", "b", "b"], [1, 1, 1, 1])
    Quality(precision=1.0, recall=0.5, f1=0.6666666666666666)
    """
    both, grouped, true = _counts(groups, truth, among)
    if not len(both):
        return Quality(0.0, 0.0, 0.0)
    return Quality.of(float((both / grouped).mean()), float((both / true).mean()))


def pairwise(groups: Sequence[object], truth: Sequence[object], among: Sequence[bool] | None = None) -> Quality:
    """Return the figures over pairs: a pair is right when it is together in both.

    With `among`, each of these submissions is paired with all others.

    Examples
    --------
    >>> pairwise(["a", "a", "b"], [1, 1, 1])
    Quality(precision=1.0, recall=0.3333333333333333, f1=0.5)
    """
    right, grouped, true = (int((counts - 1).sum()) for counts in _counts(groups, truth, among))
    return Quality.of(right / grouped if grouped else 0.0, right / true if true else 0.0)


def _counts(
    groups: Sequence[object], truth: Sequence[object], among: Sequence[bool] | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each submission how many share both its labels, its group, and its true group; itself included."""
    group, true = (pd.factorize(np.array(list(labels), dtype=object))[0] for labels in (groups, truth))
    both = group * (true.max(initial=0) + 1) + true
    kept = slice(None) if among is None else np.asarray(among, bool)
    told = (np.unique(codes, return_inverse=True, return_counts=True) for codes in (both, group, true))
    both_size, group_size, true_size = (sizes[inverse][kept] for _, inverse, sizes in told)
    return both_size, group_size, true_size
