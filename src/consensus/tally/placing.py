"""Many lists of totals to places at once; the last axis is the questions, 1 is most favoured, no tie is broken."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

__all__ = ["doubled_positions", "lowest_places"]

IntArray = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

SHARED: dict[str, Callable[[IntArray, IntArray], IntArray]] = {
    "mean": lambda first, size: 2 * first + size + 1,
    "min": lambda first, size: 2 * first + 2,
}
"""How a tie shares its positions, twice each: from how many stand above it and how many are in it."""


def lowest_places(scores: npt.NDArray) -> IntArray:
    """Return places by score, highest first, those level sharing the lowest place of their tie; shape as given.

    Examples
    --------
    >>> lowest_places(np.array([[7, 3, 3, 1], [0, 0, 0, 9]])).tolist()
    [[1, 2, 2, 4], [2, 2, 2, 1]]
    """
    order, fresh = _ordered(scores)
    return _back(order, _spread(fresh, lambda first, size: first + 1))


def doubled_positions(scores: npt.NDArray, ties: str = "mean") -> IntArray:
    """Return twice each position: ties share their "mean", "min" or "dense" position; 2 is most favoured.

    Examples
    --------
    >>> [doubled_positions(np.array([9, 4, 4, 1]), ties).tolist() for ties in ("mean", "min", "dense")]
    [[2, 5, 5, 8], [2, 4, 4, 8], [2, 4, 4, 6]]
    """
    order, fresh = _ordered(scores)
    if ties == "dense":
        return _back(order, 2 * np.cumsum(fresh, axis=-1))
    return _back(order, _spread(fresh, SHARED[ties]))


def _ordered(scores: npt.NDArray) -> tuple[IntArray, Mask]:
    """Return the questions from the highest score down, and whether each scores less than the one before."""
    size = scores.shape[-1]
    bits = max(1, int(size - 1).bit_length())
    fresh = np.ones(scores.shape, dtype=bool)
    most = int(np.abs(scores).max(initial=0)) if scores.dtype.kind == "i" else 2**62
    if most < 1 << (62 - bits):
        # Score and question packed together and sorted: a third of the time of sorting places by score, or less.
        narrow: type = np.int32 if most < 1 << (30 - bits) else np.int64
        packed = -scores.astype(narrow) << narrow(bits) | np.arange(size, dtype=narrow)
        packed.sort(axis=-1)
        ordered, order = packed >> narrow(bits), packed & narrow((1 << bits) - 1)
    else:
        order = np.argsort(scores, axis=-1, kind="stable")[..., ::-1]
        ordered = np.take_along_axis(scores, order, axis=-1)
    np.not_equal(ordered[..., 1:], ordered[..., :-1], out=fresh[..., 1:])
    return order, fresh


def _spread(fresh: Mask, shared: Callable[[IntArray, IntArray], IntArray]) -> IntArray:
    """Return what each tie shares, written at every place that belongs to it; a tie begins where `fresh` is true."""
    narrow: type = np.int32 if fresh.size < 2**30 else np.int64
    begins: IntArray = np.flatnonzero(fresh).astype(narrow)
    q = narrow(fresh.shape[-1])
    size = np.empty_like(begins)
    size[:-1], size[-1:] = begins[1:] - begins[:-1], fresh.size - begins[-1:]
    return np.repeat(shared(begins - begins // q * q, size), size).reshape(fresh.shape)


def _back(order: IntArray, place: IntArray) -> IntArray:
    """Return what stands at each place in the order of the questions: packed behind the question and sorted again."""
    bits = 2 + int(order.shape[-1]).bit_length()
    narrow: type = np.int32 if 2 * bits < 31 else np.int64
    packed = order.astype(narrow) << narrow(bits) | place.astype(narrow)
    packed.sort(axis=-1)
    return (packed & narrow((1 << bits) - 1)).astype(np.int64)
