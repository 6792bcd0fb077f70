"""Each text seen with those nearest to it: the vectors by which texts are grouped, and their average linkage.

What two texts mean is told better by the company that each keeps than by either alone. So every vector is moved towards
those of its nearest texts, the nearer the more, before groups are joined: query expansion weighted by cosine, as
Radenovic, Tolias and Chum 2018 (arXiv:1711.02512, section 4.1) use it to find images. Which are the nearest, and how
near, is told better still where texts are also compared token by token.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from consensus.duplicates.evidence import spelled, without_common
from consensus.duplicates.linking import NEAREST, Linkage, link
from consensus.duplicates.neighbours import Neighbours, cosines_between, neighbours, on_grid
from consensus.duplicates.wording import normalise
from consensus.embedding.encoding import unit_rows

__all__ = ["likeness", "linked", "spelled_likeness", "with_nearest"]

Floats = NDArray[np.float64]

_DIRECTIONS, _KEPT = 2, 0.6
_LENDING, _LENT, _POWER = 6, 0.9, 2  # how many texts lend to one, how much, and the power of the cosine they lend by
_SAID, _SAID_LENT, _SAID_POWER = 0.75, 1.0, 3  # the part of likeness that tokens tell, and how those then lend
_WIDTH = 256
_DECIMALS = 9
_LONGEST = 4_000  # characters of a text whose spelling is compared


def likeness(vectors: NDArray[np.float32], *, common_directions: bool = True) -> NDArray[np.float32]:
    """Return the vectors of texts without their mean, and with less of the two directions in which they differ most.

    With `common_directions` False those directions are left as they are.
    """
    return without_common(vectors, _DIRECTIONS if common_directions else 0, kept=_KEPT)


def linked(
    vectors: NDArray[np.float32], least: float, near: Neighbours | None = None, said: Floats | None = None
) -> tuple[NDArray[np.float32], Linkage]:
    """Return the vectors of texts seen with those nearest to them, and their joins down to a mean cosine of `least`.

    Parameters
    ----------
    vectors
        float32 [S, d], as `likeness` gives them.
    least
        The least mean cosine of two groups that are joined.
    near
        The texts nearest to each, at least 20 where there are as many; by default those nearest by `vectors`.
    said
        [S, k] how much each text and those of `near` say of each other, token by token; by default it is not known.

    Examples
    --------
    >>> seen, linkage = linked(np.array([[1, 0], [1, 0.1], [0, 1]], np.float32), 0.5)
    >>> linkage.cut(0.9).tolist()
    [0, 0, 2]
    """
    if near is None or said is None:
        found = neighbours(vectors, min(NEAREST, max(len(vectors) - 1, 0)))
        seen = with_nearest(vectors, found)
    else:
        found = Neighbours(near.index[:, :NEAREST], near.cosine[:, :NEAREST])
        told = _weighed(on_grid(vectors), found, said[:, :NEAREST])
        seen = with_nearest(vectors, told, lent=_SAID_LENT, power=_SAID_POWER)
    return seen, link(seen, least, pairs=found.pairs())


def _weighed(grid: NDArray[np.float32], found: Neighbours, said: Floats) -> Neighbours:
    """Return the nearest of each text, the nearest first by what vectors and tokens together tell of them."""
    rows = np.repeat(np.arange(len(grid)), found.index.shape[1])
    cosines = cosines_between(grid, np.column_stack([rows, found.index.ravel()])).reshape(found.index.shape)
    alike = np.where(found.index >= 0, (1 - _SAID) * cosines + _SAID * said, 0).clip(0, 1).round(_DECIMALS)
    order = np.argsort(-alike, axis=1, kind="stable")
    index, told = (np.take_along_axis(table, order, axis=1) for table in (found.index, alike))
    return Neighbours(index, told.astype(np.float32))


def with_nearest(
    vectors: NDArray[np.float32], found: Neighbours, *, lent: float = _LENT, power: int = _POWER
) -> NDArray[np.float32]:
    """Return each vector moved towards those of its six nearest, each by a power of its cosine, at length 1.

    Examples
    --------
    >>> rows = unit_rows(np.array([[1, 0.4], [1, 0], [0, 1]], np.float32))
    >>> seen = with_nearest(rows, neighbours(rows, 1))
    >>> bool(seen[0] @ seen[1] > rows[0] @ rows[1])
    True
    """
    rows = unit_rows(np.asarray(vectors, np.float32))
    seen = rows.copy()
    for column in range(min(_LENDING, found.index.shape[1])):
        seen += np.float32(lent) * (found.cosine[:, [column]] ** power) * rows[found.index[:, column].clip(0)]
    return unit_rows(seen)


def spelled_likeness(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return [S, at most 256] what spelling says of texts among each other, to be grouped by.

    Pieces of words, the rare ones counting more, without what all texts share. Other than the vectors of an embedder
    these follow from the whole collection: how rare a piece is in it, and which pieces go together.
    """
    from sklearn.decomposition import TruncatedSVD

    compared = [normalise(text[:_LONGEST]) for text in texts]
    rows = spelled(compared, analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    if min(rows.shape) <= _WIDTH:
        return without_common(np.asarray(rows.toarray(), np.float32))
    with threadpool_limits(1):
        pieces = TruncatedSVD(_WIDTH, n_iter=2, random_state=0).fit_transform(rows)
    return without_common(pieces.astype(np.float32))
