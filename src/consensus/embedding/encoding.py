"""What every embedder promises, and the sentence that says which one runs and what it cannot do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LONGEST",
    "Embedder",
    "Tokens",
    "Vectors",
    "about",
    "cores",
    "read_by",
    "readable",
    "tokens_of",
    "unit_rows",
]

Vectors = NDArray[np.float32]

LONGEST = 40_000
"""The characters of a text that are read; what follows stays in the submission and decides no vector."""


@runtime_checkable
class Embedder(Protocol):
    """Whatever turns texts into vectors that lie near each other when the texts mean alike.

    `name` and `sha256` stand in the lineage of every proposal, and vectors are kept under them. `languages` are the ISO
    639-1 codes of those it has learned; empty, it compares spelling and has learned none. Between texts of a language
    that is not among them, or of two languages unless both are and it is said to match across, nothing is claimed.
    """

    @property
    def name(self) -> str:
        """Return the name by which people know it."""

    @property
    def sha256(self) -> str:
        """Return the digest of what decides its vectors: weights and tokenizer, or the definition."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the codes of the languages it has learned."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 [S, d], rows of length 1; a text it can read nothing of has a row of zeros.

        The row of a text follows from that text alone: the same beside any others, and for any number of threads.
        """


class Tokens(NamedTuple):
    """The tokens of a text as it is read: their numbers, int32 [t], and what each means there, int8 [t, d].

    An embedder that can tell them has a method `tokens(texts)`, a list of these, besides those of `Embedder`; they
    follow from their text alone, as vectors do. A text can be read out of them: they are never kept.
    """

    numbers: NDArray[np.int32]
    states: NDArray[np.int8]


def tokens_of(embedder: Embedder, texts: Sequence[str]) -> list[Tokens] | None:
    """Return the tokens of texts, None where an embedder does not tell them.

    Examples
    --------
    >>> from consensus.embedding import LexicalEmbedder
    >>> tokens_of(LexicalEmbedder(), ["Does diet help?"])
    """
    tell = getattr(embedder, "tokens", None)
    told: list[Tokens] | None = tell(texts) if tell else None
    return told


def read_by(embedder: Embedder, texts: Sequence[str]) -> tuple[Vectors, list[Tokens] | None]:
    """Return vectors and tokens of texts, read once where the embedder has a method `read(texts)` that tells both.

    Examples
    --------
    >>> from consensus.embedding import LexicalEmbedder
    >>> vectors, tokens = read_by(LexicalEmbedder(), ["Does diet help?"])
    >>> len(vectors), tokens
    (1, None)
    """
    read = getattr(embedder, "read", None)
    vectors, tokens = read(texts) if read else (embedder.encode(texts), tokens_of(embedder, texts))
    return vectors, tokens


def about(embedder: Embedder) -> str:
    """Return a sentence on which embedder runs and what it cannot do, for a person.

    Examples
    --------
    >>> from consensus.embedding import LexicalEmbedder
    >>> about(LexicalEmbedder())
    'Compared by lexical: it compares spelling alone and does not see that other words mean the same.'
    """
    limits = getattr(embedder, "limits", "") or _limits(embedder.languages)
    return f"Compared by {embedder.name}: it {limits}."


def _limits(languages: tuple[str, ...]) -> str:
    if not languages:
        return "compares spelling alone and does not see that other words mean the same"
    if len(languages) == 1:
        return f"has learned one language ({languages[0]}) and claims no likeness of texts in others"
    return f"has learned {len(languages)} languages ({', '.join(languages[:5])}{' …' if len(languages) > 5 else ''})"


def unit_rows(rows: Vectors) -> Vectors:
    """Return the rows at length 1; a row of zeros stays one."""
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))[:, None]
    return np.divide(rows, lengths, out=np.zeros(rows.shape, np.float32), where=lengths > 0, casting="same_kind")


def readable(text: str) -> str:
    """Return what of a text is read; half of a pair of surrogates, which no encoding can hold, becomes a mark."""
    return text[:LONGEST].encode("utf-8", "replace").decode()


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
