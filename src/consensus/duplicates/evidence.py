"""What speaks for and against two submissions asking the same: meaning, spelling, and words that set them apart.

Meaning is told in several ways: by one vector a text in all directions or in those in which the collection differs most
- what is left are details of wording more than of sense -, and token by token, roughly and finely.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from scipy import sparse
from threadpoolctl import threadpool_limits

from consensus.duplicates.aligning import Aligned
from consensus.duplicates.cues import ASKING, NEGATIONS, PEOPLE, TREATMENT_ENDINGS, cue, numbers
from consensus.duplicates.neighbours import cosines_between, neighbours, on_grid
from consensus.duplicates.resembling import Resembling
from consensus.duplicates.wording import normalise
from consensus.embedding import Tokens
from consensus.embedding.encoding import unit_rows

__all__ = ["FEATURES", "Evidence", "in_main_directions", "spelled", "without_common"]

Floats = NDArray[np.float64]
Pairs = NDArray[np.int64]

FEATURES = (
    "meaning",
    "meaning_main",
    "meaning_nearness",
    "meaning_said_4_less",
    "meaning_said_4_more",
    "meaning_said_16_less",
    "meaning_said_16_more",
    "meaning_said_64_less",
    "meaning_said_64_more",
    "words",
    "pieces",
    "token_set",
    "token_sort",
    "shared_rare",
    "resembled_less",
    "resembled_more",
    "unlike_less",
    "unlike_more",
    "length",
    "negation",
    "numbers",
    "people",
    "asking",
    "medicine",
)
"""The columns of `Evidence.between`: those up to `resembled_more` grow with likeness, the others with what sets apart.

`said` is told token by token, in so many directions: how much the text that says less of the other says of it, and the
one that says more. `resembled` tells the same of words and their spelling, `unlike` the rarest word of either that the
other has nothing like.
"""

_MAIN = 64
_WHOLE = 127.0  # the length of a vector that stands for a token, in whole numbers
_ROUGHLY = (4, 16)
_FEW = 50
_LOCAL = 10
_LONGEST = 1_000  # characters of a text that are compared by spelling
_BLOCK = 100_000
_ROWS = 2_048  # rows held at once in twice the width
_DECIMALS = 9
_MATTERS = 3.0  # how many times rarer than the commonest word, as a logarithm, a word is that sets texts apart


def without_common(vectors: NDArray[np.float32], directions: int = 0, *, kept: float = 0.0) -> NDArray[np.float32]:
    """Return vectors without what all of them share: their mean, and the directions in which they differ most.

    In a collection on one subject every text is near to every other; what is left tells them apart. Of few texts little
    is taken away, since their mean says little of the subject. Source: Mu and Viswanath 2018, "All-but-the-top".

    Parameters
    ----------
    vectors
        float32 [S, d]; a row of zeros stays one.
    directions
        How many directions are taken away besides the mean.
    kept
        Which part of them is left, from 0 to 1.

    Examples
    --------
    >>> alike = np.array([[1, 0.2], [1, -0.2]], np.float32)
    >>> bool(alike[0] @ alike[1] > without_common(np.tile(alike, (200, 1)))[:2].prod(axis=0).sum())
    True
    """
    return _centred(vectors, directions, lambda rows, top, part: _damped(rows, top, part * (1 - kept)))


def in_main_directions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors without their mean, in the 64 directions in which they differ most.

    What lies outside them is more of a text's wording than of its sense, and left out the more, the more texts there
    are. Source: Raunak, Gupta and Metze 2019, "Effective dimensionality reduction for word embeddings".

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(300, 80)).astype(np.float32)
    >>> bool(np.linalg.norm(rows - in_main_directions(rows)) > 0)
    True
    """
    with threadpool_limits(1):
        return _centred(vectors, _MAIN, lambda rows, top, part: (1 - part) * rows + part * (rows @ top.T) @ top)


def _damped(rows: Floats, top: Floats, part: float) -> Floats:
    for direction in top:
        rows -= part * (rows * direction).sum(axis=1, keepdims=True) * direction
    return rows


def _centred(
    vectors: NDArray[np.float32], directions: int, turned: Callable[[Floats, Floats, float], Floats]
) -> NDArray[np.float32]:
    """Return vectors without their mean, turned by the directions in which they differ most, of length 1.

    `turned` gets rows, the directions and the part of either that is taken away: the less, the fewer texts there are.
    """
    grid = on_grid(vectors)
    known = np.asarray(grid.any(axis=1))
    count = max(int(known.sum()), 1)
    part = count / (count + _FEW)
    sums = grid.sum(axis=0, dtype=np.float64)
    top = _directions(grid, sums, count)[:directions] if directions else np.empty((0, grid.shape[1]))
    moved = np.empty(grid.shape, np.float32)
    for start in range(0, len(grid), _ROWS):
        rows, here = grid[start : start + _ROWS].astype(np.float64), known[start : start + _ROWS]
        rows[here] -= part * sums / count
        rows = turned(rows, top, part)
        moved[start : start + _ROWS] = rows / np.sqrt((rows**2).sum(axis=1, keepdims=True)).clip(1e-9)
    return moved


def _directions(grid: NDArray[np.float32], sums: Floats, count: int) -> Floats:
    """Return the directions in which rows on the grid differ, the one in which they differ most first."""
    products = np.zeros((grid.shape[1], grid.shape[1]))
    for start in range(0, len(grid), _ROWS):
        rows = grid[start : start + _ROWS].astype(np.float64)
        products += rows.T @ rows  # sums of whole numbers below 2 ** 53: exact in any order
    spread = products - np.outer(sums, sums) / count
    with threadpool_limits(1):
        return np.asarray(np.linalg.eigh(spread)[1].T[::-1])


@dataclass(frozen=True)
class Evidence:
    """A collection of S texts, ready to tell what speaks for any two of them asking the same.

    Examples
    --------
    >>> from consensus.embedding import LexicalEmbedder
    >>> texts = ["Is ECT safe for children?", "Is ECT safe for the elderly?", "Does diet help?"]
    >>> evidence = Evidence.of(texts, LexicalEmbedder().encode(texts))
    >>> rows = evidence.between(np.array([[0, 1], [0, 2]]))
    >>> rows.shape == (2, len(FEATURES)), rows[:, FEATURES.index("people")].tolist()
    (True, [1.0, 0.5])
    """

    texts: tuple[str, ...]
    grids: tuple[NDArray[np.float32], ...]
    crowd: Floats
    said: tuple[Aligned, ...]
    words: sparse.csr_matrix
    pieces: sparse.csr_matrix
    resembling: Resembling
    rare: sparse.csr_matrix
    lengths: Floats
    cues: dict[str, sparse.csr_matrix]

    @classmethod
    def of(cls, texts: Sequence[str], vectors: NDArray[np.float32], tokens: Sequence[Tokens] | None = None) -> Evidence:
        """Return the evidence of texts with their vectors and tokens, all in the same order.

        Where no tokens are told, the vector of a text stands for its only one.
        """
        compared = tuple(normalise(text[: 4 * _LONGEST])[:_LONGEST] for text in texts)
        centred = without_common(vectors)
        words = spelled(compared, analyzer="word", token_pattern=r"(?u)\b\w+\b", sublinear_tf=True)
        said = Aligned.of(_as_tokens(vectors) if tokens is None else tokens)
        bags = [frozenset(text.split()) for text in compared]
        return cls(
            compared,
            (on_grid(centred), on_grid(in_main_directions(vectors))),
            neighbours(centred, _LOCAL).cosine.mean(axis=1, dtype=np.float64) if len(compared) else np.zeros(0),
            (*(said.roughly(directions) for directions in _ROUGHLY), said),
            words,
            spelled(compared, analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True),
            Resembling.of(compared),
            _rarities(compared),
            np.array([len(text.split()) for text in compared], float),
            {name: _marks(find(bag, text) for bag, text in zip(bags, compared, strict=True)) for name, find in _CUES},
        )

    def between(self, pairs: Pairs) -> Floats:
        """Return [P, F] the evidence of P pairs of row numbers, one column for each of `FEATURES`."""
        pairs = np.asarray(pairs, np.int64).reshape(-1, 2)
        parts = [self._between(pairs[at : at + _BLOCK]) for at in range(0, len(pairs), _BLOCK)]
        return np.vstack(parts) if parts else np.zeros((0, len(FEATURES)))

    def _between(self, pairs: Pairs) -> Floats:
        left, right = pairs.T
        meaning, main = (cosines_between(grid, pairs) for grid in self.grids)
        lengths = np.log(self.lengths.clip(1))
        columns = [
            meaning,
            main,
            meaning - (self.crowd[left] + self.crowd[right]) / 2,
            *(said.between(pairs) for said in self.said),
            _product(self.words, left, right),
            _product(self.pieces, left, right),
            _spelling(fuzz.token_set_ratio, self.texts, left, right),
            _spelling(fuzz.token_sort_ratio, self.texts, left, right),
            _shared(self.rare, left, right),
            self.resembling.between(pairs),
            np.abs(lengths[left] - lengths[right]),
            *(_different(marks, left, right) for marks in self.cues.values()),
        ]
        return np.column_stack(columns).round(_DECIMALS)


def _as_tokens(vectors: NDArray[np.float32]) -> list[Tokens]:
    """Return each vector as the only token of its text."""
    states = np.rint(unit_rows(np.asarray(vectors, np.float32)) * _WHOLE).astype(np.int8)
    return [Tokens(np.zeros(1, np.int32), state[None]) for state in states]


def _negation(bag: frozenset[str], _: str) -> frozenset[str]:
    return frozenset({"not"}) if bag & NEGATIONS else frozenset()


_CUES: tuple[tuple[str, Callable[[frozenset[str], str], frozenset[str]]], ...] = (
    ("negation", _negation),
    ("numbers", lambda _, text: numbers(text)),
    ("people", lambda bag, _: cue(bag, PEOPLE)),
    ("asking", lambda bag, _: cue(bag, ASKING)),
    ("medicine", lambda bag, _: frozenset(word for word in bag if TREATMENT_ENDINGS.match(word))),
)


def spelled(texts: Sequence[str], **options: object) -> sparse.csr_matrix:
    """Return TF-IDF rows of texts; of texts without a single word one empty column.

    scikit-learn is imported where it is used: it takes more memory than all that a proposal by meaning computes.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    try:
        return sparse.csr_matrix(TfidfVectorizer(**options).fit_transform(texts))
    except ValueError:  # not a single word, or no text
        return sparse.csr_matrix((len(texts), 1))


def _rarities(texts: Sequence[str]) -> sparse.csr_matrix:
    """Return for each text its words, each with how rare it is."""
    return spelled(texts, analyzer="word", token_pattern=r"(?u)\b\w+\b", binary=True, norm=None)


def _marks(found: Iterable[frozenset[str]]) -> sparse.csr_matrix:
    """Return one row a text with a 1 for each of the things found in it."""
    rows = list(found)
    names = {name: number for number, name in enumerate(sorted(frozenset().union(*rows)))} if rows else {}
    starts = np.cumsum([0, *(len(row) for row in rows)])
    columns = [names[name] for row in rows for name in sorted(row)]
    return sparse.csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(rows), max(len(names), 1)))


def _product(rows: sparse.csr_matrix, left: NDArray[np.int64], right: NDArray[np.int64]) -> Floats:
    return np.asarray(rows[left].multiply(rows[right]).sum(axis=1), float).ravel()


def _shared(rarities: sparse.csr_matrix, left: NDArray[np.int64], right: NDArray[np.int64]) -> Floats:
    """Return which part of the rarity of the text that has less of it the other text shares."""
    shared = np.asarray(rarities[left].minimum(rarities[right]).sum(axis=1)).ravel()
    whole = np.asarray(rarities.sum(axis=1)).ravel()
    return np.divide(shared, np.minimum(whole[left], whole[right]).clip(1e-9))


def _different(marks: sparse.csr_matrix, left: NDArray[np.int64], right: NDArray[np.int64]) -> Floats:
    """Return 1 where both texts name something and nothing in common, 0.5 where one alone does, else 0 to 0.5."""
    both = _product(marks, left, right)
    counts = np.asarray(marks.sum(axis=1)).ravel()
    least, most = np.minimum(counts[left], counts[right]), np.maximum(counts[left], counts[right])
    shared = np.divide(both, most, out=np.ones(len(left)), where=most > 0)
    return np.where(least > 0, np.where(both > 0, (1 - shared) / 2, 1.0), np.where(most > 0, 0.5, 0.0))


def _spelling(
    measure: Callable[..., float], texts: Sequence[str], left: NDArray[np.int64], right: NDArray[np.int64]
) -> Floats:
    ratios = process.cpdist([texts[row] for row in left], [texts[row] for row in right], scorer=measure, workers=1)
    return np.asarray(ratios, float) / 100
