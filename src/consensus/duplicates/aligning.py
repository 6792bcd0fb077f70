"""How much of what one text says another says too: each token beside the one in the other text that is nearest to it.

One vector a text blurs what sets two questions apart, "can dogs get it" and "can cats get it". So tokens are compared
one by one, those that are rare in the collection counting more, both ways. Sources: Khattab and Zaharia 2020 (ColBERT,
late interaction), Zhang et al. 2020 (BERTScore, tokens weighted by rarity).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from consensus.duplicates.neighbours import GRID_LENGTH, on_grid
from consensus.embedding import Embedder, Tokens
from consensus.embedding.encoding import tokens_of, unit_rows

__all__ = ["Aligned", "aligned", "reads_tokens"]

Floats = NDArray[np.float64]

_VERSION = "aligned 1"
_PARTS = 10_000  # likeness is told in so manieth parts, so that a table that was kept holds the same digits
_DIRECTIONS = 64
_LEAST = 0.05  # the rarity of a token that nearly every text holds
_OWN = 0.3  # which part of what the tokens of its text share is taken from each
_TEXTS = 1_000  # texts turned at once


@dataclass(frozen=True)
class Aligned:
    """The tokens of S texts: T vectors on a grid of whole numbers, where each text's begin, and how rare each is.

    Vectors are taken without the mean of all and less of the mean of their text, in the 64 directions in which the
    tokens of the collection differ most.

    Examples
    --------
    >>> states = np.eye(4, dtype=np.int8) * 127
    >>> tokens = [Tokens(np.array(told, np.int32), states[told]) for told in ([0, 1, 3], [0, 1], [0, 2])]
    >>> Aligned.of(tokens).beside(np.array([[1, 2]])).round(2).tolist()
    [[0.64, -0.08]]
    """

    grid: NDArray[np.int16]
    starts: NDArray[np.int64]
    rarity: Floats

    @classmethod
    def of(cls, tokens: Sequence[Tokens]) -> Aligned:
        """Return the tokens of texts ready to be compared; a text without any is near to nothing."""
        width = max((text.states.shape[1] for text in tokens), default=1)
        none = Tokens(np.full(1, -1, np.int32), np.zeros((1, width), np.int8))
        texts = [text if len(text.numbers) else none for text in tokens]
        held = Counter(number for text in texts for number in set(text.numbers.tolist()))
        rarity = {number: np.log((len(texts) + 1) / (count + 0.5)) for number, count in held.items()}
        told = [rarity[number] for text in texts for number in text.numbers.tolist()]
        counts = np.array([len(text.numbers) for text in texts], np.int64)
        starts, rare = np.r_[0, np.cumsum(counts)], np.array(told).clip(_LEAST)
        if not texts:
            return cls(np.zeros((0, 1), np.int16), starts, rare)
        return cls(_turned(np.concatenate([text.states for text in texts]), starts, rare), starts, rare)

    def beside(self, near: NDArray[np.integer]) -> Floats:
        """Return [S, k] how much each text and those near to it say of each other, from -1 to 1; 0 where there is none.

        The mean of both ways: which part of the one's rarity the other says, and of the other's the one. `near` holds
        the numbers of texts, or -1.
        """
        told = np.zeros(near.shape)
        for row, mates in enumerate(near):
            there = mates >= 0
            if there.any():
                told[row, there] = self._beside(row, mates[there])
        return told

    def roughly(self, directions: int) -> Aligned:
        """Return the same texts in fewer directions, every token counting the same.

        The fewer, the more two tokens are alike that are on one subject; the more, the finer they are told apart.
        """
        grid = on_grid(self.grid[:, :directions].astype(np.float32)).astype(np.int16)
        return Aligned(grid, self.starts, np.ones(len(self.rarity)))

    def between(self, pairs: NDArray[np.int64]) -> Floats:
        """Return [P, 2] of each pair of row numbers how much either says of the other, the lower first.

        Examples
        --------
        >>> states = np.eye(4, dtype=np.int8) * 127
        >>> tokens = [Tokens(np.array(told, np.int32), states[told]) for told in ([0, 1, 3], [0, 1], [0, 2])]
        >>> Aligned.of(tokens).between(np.array([[0, 1], [1, 0]])).round(2).tolist()
        [[0.28, 0.99], [0.28, 0.99]]
        """
        told = np.zeros((len(pairs), 2))
        for number, (one, other) in enumerate(pairs.tolist()):
            mine, theirs = (slice(self.starts[row], self.starts[row + 1]) for row in (one, other))
            table = self.grid[mine].astype(np.float32) @ self.grid[theirs].astype(np.float32).T
            said = (self.rarity[mine] * table.max(axis=1)).sum() / self.rarity[mine].sum()
            heard = (self.rarity[theirs] * table.max(axis=0)).sum() / self.rarity[theirs].sum()
            told[number] = sorted((said, heard))
        return told / GRID_LENGTH**2

    def _beside(self, row: int, mates: NDArray[np.integer]) -> Floats:
        parts = [slice(self.starts[mate], self.starts[mate + 1]) for mate in mates]
        begin = np.cumsum([0, *(part.stop - part.start for part in parts[:-1])])
        own = slice(self.starts[row], self.starts[row + 1])
        theirs = np.concatenate([self.grid[part] for part in parts]).astype(np.float32)
        mine, rarity = self.rarity[own], np.concatenate([self.rarity[part] for part in parts])
        table = self.grid[own].astype(np.float32) @ theirs.T  # of whole numbers: exact in any order
        said = (mine[:, None] * np.maximum.reduceat(table, begin, axis=1)).sum(axis=0) / mine.sum()
        heard = np.add.reduceat(rarity * table.max(axis=0), begin) / np.add.reduceat(rarity, begin)
        return np.asarray((said + heard) / (2 * GRID_LENGTH**2), float)


def aligned(
    embedder: Embedder, texts: Sequence[str], near: NDArray[np.integer], tokens: Sequence[Tokens] | None = None
) -> Floats | None:
    """Return `Aligned.beside` of texts and those near to them; None where the embedder tells no tokens.

    An embedder that keeps tables keeps this one: it says nothing of words, and tokens are not read again.

    Parameters
    ----------
    tokens
        Those of the texts, where they were read already.
    """
    if tokens_of(embedder, []) is None:
        return None

    def make() -> NDArray[np.int16]:
        told = tokens_of(embedder, texts) if tokens is None else tokens
        return np.rint(Aligned.of(told or []).beside(near) * _PARTS).astype(np.int16)

    keep = getattr(embedder, "kept", None)
    return np.asarray((keep(_VERSION, texts, make) if keep else make()) / _PARTS, float)


def reads_tokens(embedder: Embedder, texts: Sequence[str]) -> bool:
    """Return whether `aligned` needs the tokens of texts: the embedder tells them, and kept no table on these texts."""
    has_kept = getattr(embedder, "has_kept", None)
    return tokens_of(embedder, []) is not None and not (has_kept and has_kept(_VERSION, texts))


def _turned(states: NDArray[np.int8], starts: NDArray[np.int64], rarity: Floats) -> NDArray[np.int16]:
    """Return vectors on the grid: without what all texts share and part of what their own does, in fewer directions."""
    blocks = [starts[begin : begin + _TEXTS + 1] for begin in range(0, len(starts) - 1, _TEXTS)]
    parts = [slice(block[0], block[-1]) for block in blocks]
    common = sum((rarity[part, None] * states[part]).sum(axis=0) for part in parts) / rarity.sum()
    width = states.shape[1]
    spread, turned = np.zeros((width, width)), np.zeros((len(states), min(_DIRECTIONS, width)), np.int16)
    with threadpool_limits(1):
        for part, block in zip(parts, blocks, strict=True):
            rows = _moved(states[part], block[:-1] - block[0], common).astype(np.float64)
            spread += rows.T @ rows  # of whole numbers below 2 ** 53: exact in any order
        directions = np.linalg.eigh(spread)[1][:, ::-1][:, :_DIRECTIONS]
        for part, block in zip(parts, blocks, strict=True):
            turned[part] = on_grid(
                np.asarray(_moved(states[part], block[:-1] - block[0], common) @ directions, np.float32)
            )
    return turned


def _moved(states: NDArray[np.int8], begin: NDArray[np.int64], common: Floats) -> NDArray[np.float32]:
    """Return the states of the tokens of some texts on the grid, a row of zeros staying one."""
    known = states.any(axis=1)
    rows = unit_rows((states - common).astype(np.float32))
    rows[~known] = 0
    counts = np.diff(np.r_[begin, len(states)])
    own = np.add.reduceat(rows, begin, axis=0) / counts[:, None].astype(np.float32)
    rows -= np.float32(_OWN) * np.repeat(own, counts, axis=0)
    return on_grid(rows)
