"""Texts to their likeness, as a scripted reviewer reads them: words, pieces of words, and a glossary of the field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

__all__ = ["Glossary", "Review", "asked", "likeness", "merged", "sentences"]

WHOLE_WORD = 4  # a term of at most so many letters is no start of a word
WORDS, PIECES, TERMS, TERMS_AROUND = 0.7, 0.7, 1.6, 1.0
DECIMALS = 12
SENTENCE_END = re.compile(r"(?<=[.?!])\s+|\s*\n\s*")
LIST_MARK = re.compile(r"^\s*(?:[-*•]|\(?\d{1,2}[.)])\s+", re.MULTILINE)
ASIDE = re.compile(r"^[^:?]{0,45}:\s+")


@dataclass(frozen=True)
class Glossary:
    """Lay and clinical words that speak of the same thing, by term; words a wording avoids, and everyday words' stead.

    Examples
    --------
    >>> Glossary({"sleep": ("sleep", "insomnia")}).terms_in("Insomnia at night")
    ['sleep']
    """

    terms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    informal: tuple[str, ...] = ()
    plainer: dict[str, str] = field(default_factory=dict)

    def terms_in(self, text: str) -> list[str]:
        """Return the terms that a text speaks of, in the order of the glossary."""
        said = text.casefold()
        return [term for term, words in self._entries.items() if any(w in said and p.search(said) for w, p in words)]

    def is_informal(self, text: str) -> bool:
        """Return whether a text has a word that a summary question avoids."""
        return bool(self.informal and self._informal.search(text))

    def in_plain_words(self, text: str) -> str:
        """Return a text with its everyday words replaced.

        Examples
        --------
        >>> Glossary(plainer={"kids": "children"}).in_plain_words("Kids and their kids' sleep")
        "Children and their children's sleep"
        """
        for word, other in self.plainer.items():

            def stead(found: re.Match[str], other: str = other) -> str:
                return other[0].upper() + other[1:] if found.group()[0].isupper() else other

            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", stead, text, flags=re.IGNORECASE)
        return text.replace("children' ", "children's ")

    @cached_property
    def _informal(self) -> re.Pattern[str]:
        return re.compile(rf"\b(?:{'|'.join(map(re.escape, self.informal))})\b", re.IGNORECASE)

    @cached_property
    def _entries(self) -> dict[str, list[tuple[str, re.Pattern[str]]]]:
        return {
            term: [(word.casefold(), re.compile(_entry(word.casefold()))) for word in words]
            for term, words in self.terms.items()
        }


def _entry(word: str) -> str:
    return rf"(?<!\w){re.escape(word)}" + (r"s?(?!\w)" if len(word) <= WHOLE_WORD else "")


@dataclass(frozen=True)
class Review:
    """A systematic review, and for what it settles: one of the words of every line."""

    citation: str
    words: tuple[tuple[str, ...], ...]

    def settles(self, wording: str) -> bool:
        """Return whether a summary question says one of the words of every line."""
        said = wording.casefold()
        return all(any(word.casefold() in said for word in line) for line in self.words)


def sentences(text: str) -> list[str]:
    """Return a text's sentences without list marks and asides before a colon.

    Examples
    --------
    >>> sentences("1. One question: Does diet help? I hope so.")
    ['Does diet help?', 'I hope so.']
    """
    parts = SENTENCE_END.split(LIST_MARK.sub("", text))
    return [ASIDE.sub("", sentence).strip() for sentence in parts if sentence.strip()]


def asked(text: str) -> str:
    """Return the questions of a text, or all of a text that asks none.

    Examples
    --------
    >>> asked("I am a carer. Who helps us?"), asked("More help for carers.")
    ('Who helps us?', 'More help for carers.')
    """
    said = sentences(text)
    return " ".join([sentence for sentence in said if sentence.endswith("?")] or said)


def likeness(texts: Sequence[str], glossary: Glossary) -> np.ndarray:
    """Return how alike each two texts read, S x S in [0, 1].

    By the words and the glossary's terms in what is asked, and by the terms in all that is told.
    """
    questions = [asked(text) for text in texts]
    parts: list[tuple[float, Sequence[str], dict[str, Any]]] = [
        (WORDS, questions, {"stop_words": "english", "sublinear_tf": True}),
        (PIECES, questions, {"analyzer": "char_wb", "ngram_range": (4, 5), "sublinear_tf": True}),
        (TERMS, questions, {"analyzer": glossary.terms_in}),
        (TERMS_AROUND, texts, {"analyzer": glossary.terms_in}),
    ]
    columns = [weight * counted for weight, of, how in parts if (counted := _tf_idf(of, how)) is not None]
    if not columns:
        return np.eye(len(texts))
    from sklearn.preprocessing import normalize  # half a second, which whoever reads nothing need not wait for

    rows = normalize(sparse.hstack(columns).tocsr())
    table = (rows @ rows.T).toarray().round(DECIMALS).clip(0, 1)
    np.fill_diagonal(table, 1.0)
    return table


def _tf_idf(texts: Sequence[str], how: dict[str, Any]) -> sparse.csr_matrix | None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    try:
        return TfidfVectorizer(**how).fit_transform(texts)
    except ValueError:  # no known word at all
        return None


def merged(table: np.ndarray, groups: list[list[int]], least: float) -> list[list[int]]:
    """Return the groups after joining the two most alike, on average, again and again while they reach `least`.

    Parameters
    ----------
    table
        How alike each two texts are, S x S.
    groups
        Places in the table; each place once. Of equally alike pairs the first in the list is joined.
    least
        The mean likeness below which two groups stay apart.

    Examples
    --------
    >>> table = np.array([[1, 0.9, 0.1], [0.9, 1, 0.2], [0.1, 0.2, 1]])
    >>> merged(table, [[0], [1], [2]], least=0.5)
    [[0, 1], [2]]
    """
    groups = [list(group) for group in groups]
    member = np.zeros((len(groups), len(table)))
    for row, group in enumerate(groups):
        member[row, group] = 1
    total, size = member @ table @ member.T, member.sum(axis=1)
    while len(groups) > 1:
        mean = (total / np.outer(size, size)).round(DECIMALS)
        np.fill_diagonal(mean, -1)
        first, second = sorted(int(place) for place in np.unravel_index(mean.argmax(), mean.shape))
        if mean[first, second] < least:
            break
        groups[first] += groups.pop(second)
        total[first] += total[second]
        total[:, first] += total[:, second]
        size[first] += size[second]
        total, size = np.delete(np.delete(total, second, 0), second, 1), np.delete(size, second)
    return groups
