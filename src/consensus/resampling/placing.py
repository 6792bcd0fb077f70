"""Many lists of totals to places at once; the last axis is the questions, 1 is most favoured, no tie is broken."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["doubled_positions", "lowest_places"]

IntArray = npt.NDArray[np.int64]


def lowest_places(scores: npt.NDArray) -> IntArray:
    """Return places by score, highest first, those level sharing the lowest place of their tie; shape as given.

    Examples
    --------
    >>> lowest_places(np.array([[7, 3, 3, 1], [0, 0, 0, 9]])).tolist()
    [[1, 2, 2, 4], [2, 2, 2, 1]]
    """
    return _ends(scores)[0]


def doubled_positions(scores: npt.NDArray, ties: str = "mean") -> IntArray:
    """Return twice each position: ties share their "mean", "min" or "dense" position; 2 is most favoured.

    Examples
    --------
    >>> [doubled_positions(np.array([9, 4, 4, 1]), ties).tolist() for ties in ("mean", "min", "dense")]
    [[2, 5, 5, 8], [2, 4, 4, 8], [2, 4, 4, 6]]
    """
    lowest, highest, dense = _ends(scores)
    return {"mean": lowest + highest, "min": 2 * lowest, "dense": 2 * dense}[ties]


def _ends(scores: npt.NDArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return the lowest, the highest and the dense place of each score's tie."""
    order = np.argsort(scores, axis=-1)[..., ::-1]
    ordered = np.take_along_axis(scores, order, axis=-1)
    size = scores.shape[-1]
    fresh = np.ones(scores.shape, dtype=bool)
    fresh[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    at = np.arange(size)
    first = np.maximum.accumulate(np.where(fresh, at, 0), axis=-1)
    last = np.ones(scores.shape, dtype=bool)
    last[..., :-1] = fresh[..., 1:]
    end = np.minimum.accumulate(np.where(last, at, size)[..., ::-1], axis=-1)[..., ::-1]
    placed = []
    for place in (first + 1, end + 1, np.cumsum(fresh, axis=-1)):
        back = np.empty(scores.shape, dtype=np.int64)
        np.put_along_axis(back, order, place, axis=-1)
        placed.append(back)
    return placed[0], placed[1], placed[2]
