"""Without any model: words and pieces of words, hashed into a fixed number of columns; the weaker one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from consensus.embedding.encoding import Vectors, readable, unit_rows

__all__ = ["LexicalEmbedder"]

_WIDTH = 1024
_BLOCK = 4_096
_DEFINITION = f"words and pieces of 3 to 5 characters, hashed to {_WIDTH}; common English words left out; version 1"


@dataclass(frozen=True)
class LexicalEmbedder:
    """Spelling as a vector: what runs where no language model is installed, and for languages that a model lacks.

    Half of a vector is whole words without the commonest English ones, half is pieces of words, which survive endings
    and typing errors. How rare a word is in a collection it cannot know, since a vector follows from its text alone.

    Examples
    --------
    >>> rows = LexicalEmbedder().encode(["Does diet help anxiety?", "diet helps the anxious", "Is ECT safe?", ""])
    >>> bool(rows[0] @ rows[1] > 0.3 > rows[0] @ rows[2]), rows[3].any().item()
    (True, False)
    """

    name: str = "lexical"
    sha256: str = hashlib.sha256(_DEFINITION.encode()).hexdigest()
    languages: tuple[str, ...] = ()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 [S, 1024], rows of length 1; zeros for a text of white space alone."""
        rows = np.zeros((len(texts), _WIDTH), np.float32)
        for start in range(0, len(texts), _BLOCK):
            block = [readable(text) for text in texts[start : start + _BLOCK]]
            rows[start : start + _BLOCK] = sum(_part(block, **options) for options in _PARTS)
        return unit_rows(rows)


_PARTS: tuple[dict[str, object], ...] = (
    {"analyzer": "word", "token_pattern": r"(?u)\b\w+\b", "stop_words": "english"},
    {"analyzer": "char_wb", "ngram_range": (3, 5)},
)


def _part(texts: Sequence[str], **options: object) -> np.ndarray:
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.preprocessing import normalize

    counts = HashingVectorizer(n_features=_WIDTH, norm=None, dtype=np.float64, **options).transform(texts)
    counts.data = np.sign(counts.data) * (1 + np.log(np.abs(counts.data).clip(1)))
    dense: np.ndarray = normalize(counts).toarray()
    return dense
