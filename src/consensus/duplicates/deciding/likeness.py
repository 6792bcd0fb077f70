"""How likely two groups ask the same: evidence of their wordings, weighed by a model that learns from answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from consensus.duplicates.combiner import Prior
from consensus.duplicates.deciding.landscape import Landscape

__all__ = ["EVIDENCE", "PRIOR", "evidence"]

EVIDENCE = ("mean", "best", "ahead", "pieces", "words")
"""What is known of a pair of groups, in the order of the columns.

`mean` and `best` cosine of their wordings; `ahead`: the best cosine less the candidate's best to any third group;
`pieces`: mean likeness in pieces of words; `words`: the best likeness in words.
"""

PRIOR = Prior(
    centre=(0.0, 0.0, 0.0, 0.0, 0.0),
    spread=(0.17, 0.17, 0.17, 0.17, 0.17),
    weight=(0.73, 0.80, 0.17, 0.13, 0.08),
    level=-5.65,
    hold=150.0,
    hold_level=2.0,
)
"""What answers start from: the mean of what answers on two collections of questions taught, held firmly."""

_ROWS = 64  # wordings of one group that are compared with others
_NO_RIVAL = 0.0


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
    counts = np.array([len(part) for part in parts])
    starts, theirs = np.concatenate([[0], np.cumsum(counts)[:-1]]), np.concatenate(parts)
    table = land.between(one, theirs)
    best = np.maximum.reduceat(table.max(axis=0), starts)
    around = group_of[land.near[theirs]]
    own, its = group_of[one[0]], np.repeat(group_of[[part[0] for part in parts]], counts)
    third = (land.near[theirs] >= 0) & (around >= 0) & (around != own) & (around != its[:, None])
    rivals = np.where(third, land.cosines[theirs], _NO_RIVAL).max(axis=1, initial=_NO_RIVAL)
    columns = [
        np.add.reduceat(table.sum(axis=0), starts) / (counts * len(one)),
        best,
        best - np.maximum.reduceat(rivals, starts),
        np.add.reduceat(land.shared_pieces(one, theirs), starts) / counts,
        np.maximum.reduceat(land.shared_words(one, theirs).max(axis=0), starts),
    ]
    return np.stack(columns, axis=1)
