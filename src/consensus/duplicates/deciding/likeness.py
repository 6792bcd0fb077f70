"""How likely two groups ask the same: evidence of their wordings, weighed by a model that learns from answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from consensus.duplicates.combiner import Prior
from consensus.duplicates.deciding.landscape import Landscape

__all__ = ["BY_TOKENS", "EVIDENCE", "PRIOR", "evidence", "evidence_inside", "prior"]

EVIDENCE = ("mean", "best", "ahead", "pieces", "words", "around", "aligned")
"""What is known of a pair of groups, in the order of the columns.

`mean` and `best` cosine of their wordings; `ahead`: the best cosine less the candidate's best to any third group;
`pieces`: mean likeness in pieces of words, and `words`: the best in words, of wordings that are near; `around`: mean
cosine of their wordings with the nearest of each mixed in; `aligned`: how much two wordings that are near say of each
other at best, token by token.
"""


def _start(*weight: float, level: float) -> Prior:
    """Return what answers start from, held firmly."""
    count = len(EVIDENCE)
    return Prior((0.0,) * count, (0.17,) * count, weight, level, hold=150.0, hold_level=2.0)


BY_TOKENS = _start(0.0, 0.25, 0.0, 0.0, 0.05, 0.55, 1.33, level=-7.67)
"""What answers on parts of BANKING77's training split taught: `python -m benchmarks.duplicates start`."""

PRIOR = _start(0.0, 1.36, 0.13, 0.32, 0.11, 0.29, 0.0, level=-6.11)
"""The same where an embedder tells no tokens."""


def prior(land: Landscape) -> Prior:
    """Return what answers on a landscape start from."""
    return BY_TOKENS if land.tokens else PRIOR


_ROWS = 64  # wordings of one group that are compared with others
_NO_RIVAL = 0.0
_DECIMALS = 9  # beyond them sums differ by the order in which they were taken
_KEPT = 200_000  # pairs of groups of which is remembered how like they are


def evidence(
    land: Landscape, group_of: NDArray[np.int64], rows: NDArray[np.int64], others: list[NDArray[np.int64]]
) -> NDArray[np.float64]:
    """Return [G, E] the evidence on one group's wordings and those of each of G others, in the columns of `EVIDENCE`.

    Parameters
    ----------
    group_of
        The group of each wording, by which third groups are told; -1 for one in no group.
    """
    if not others:
        return np.zeros((0, len(EVIDENCE)))
    one, parts = rows[:_ROWS], [part[:_ROWS] for part in others]
    rivals = _rivals(land, group_of, np.concatenate(parts), own=group_of[one[0]])
    return _with_rivals(_reckoned(land, one, parts), np.maximum.reduceat(rivals, _starts(parts)))


def evidence_inside(
    land: Landscape,
    group_of: NDArray[np.int64],
    rows: NDArray[np.int64],
    halves: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> NDArray[np.float64]:
    """Return [H, E] the evidence on one group's wordings taken apart in H ways, each into two halves of `rows`."""
    if not halves:
        return np.zeros((0, len(EVIDENCE)))
    best = _rivals(land, group_of, rows, own=group_of[rows[0]])
    told = [_reckoned(land, one[:_ROWS], [other[:_ROWS]]) for one, other in halves]
    return _with_rivals(
        np.concatenate(told), np.array([best[np.searchsorted(rows, other[:_ROWS])].max() for _, other in halves])
    )


def _with_rivals(told: NDArray[np.float64], rivals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what lies in the wordings alone with how far ahead of all others the best cosine is."""
    return np.insert(told, EVIDENCE.index("ahead"), told[:, EVIDENCE.index("best")] - rivals, axis=1)


def _reckoned(land: Landscape, one: NDArray[np.int64], parts: list[NDArray[np.int64]]) -> NDArray[np.float64]:
    """Return [G, E - 1] the evidence that lies in the wordings alone; of two groups as they were before it is known."""
    if len(land.reckoned) > _KEPT:
        land.reckoned.clear()
    keys = [(one.tobytes(), part.tobytes()) for part in parts]
    fresh = [number for number, key in enumerate(keys) if key not in land.reckoned]
    if fresh:
        wanted = [parts[number] for number in fresh]
        repeats = len(np.unique(np.concatenate(wanted))) < sum(map(len, wanted))  # one wording in two groups
        batches = [[part] for part in wanted] if repeats else [wanted]
        rows = np.concatenate([_beside(land, one, batch) for batch in batches]).round(_DECIMALS)
        land.reckoned.update(zip([keys[number] for number in fresh], rows, strict=True))
    return np.array([land.reckoned[key] for key in keys])


def _beside(land: Landscape, one: NDArray[np.int64], parts: list[NDArray[np.int64]]) -> NDArray[np.float64]:
    """Return [G, E - 1] the evidence but how far ahead the best cosine is, on one group and G others."""
    starts, theirs = _starts(parts), np.concatenate(parts)
    counts, table = np.array([len(part) for part in parts]), land.between(one, theirs)
    pieces, words, aligned = land.alike(one, theirs, np.repeat(np.arange(len(parts)), counts), len(parts))
    columns = [
        np.add.reduceat(table.sum(axis=0), starts) / (counts * len(one)),
        np.maximum.reduceat(table.max(axis=0), starts),
        pieces,
        words,
        np.add.reduceat(land.around(one, theirs), starts) / counts,
        aligned,
    ]
    return np.stack(columns, axis=1)


def _starts(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.cumsum([0, *(len(part) for part in parts[:-1])])


def _rivals(
    land: Landscape, group_of: NDArray[np.int64], rows: NDArray[np.int64], *, own: np.int64
) -> NDArray[np.float64]:
    """Return for each of some wordings its best cosine to a wording that is neither in its group nor in `own`."""
    around = group_of[land.near[rows]]
    third = (land.near[rows] >= 0) & (around >= 0) & (around != own) & (around != group_of[rows][:, None])
    return np.where(third, land.cosines[rows], _NO_RIVAL).max(axis=1, initial=_NO_RIVAL)
