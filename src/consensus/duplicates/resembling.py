"""How much of what one text says is spelled alike in another: each word beside the one that resembles it most.

It needs no model, and sees through endings and typing errors, which whole words do not. The rare words of a collection
count more, and the rarest one that nothing resembles is told apart: it may be what the other text does not ask. Source:
Zhang et al. 2020 (BERTScore) with the likeness of Winkler 1990 between words, as Cohen, Ravikumar and Fienberg 2003
compare names (SoftTFIDF).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

__all__ = ["Resembling"]

Floats = NDArray[np.float64]

_LEAST = 0.8  # likeness of two words below which they are two
_POWER = 2
_LEAST_RARITY = 0.05  # of a word that nearly every text holds


@dataclass(frozen=True)
class Resembling:
    """The words of S texts, and how rare each word is among them.

    Examples
    --------
    >>> told = Resembling.of(["does diet help", "do diets help", "is ect safe"])
    >>> told.between(np.array([[0, 1], [0, 2]])).round(2).tolist()
    [[0.87, 0.87, 0.12, 0.12], [0.0, 0.0, 0.47, 0.47]]
    """

    words: tuple[tuple[str, ...], ...]
    rarity: tuple[Floats, ...]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Resembling:
        """Return the words of texts that were normalised."""
        words = tuple(tuple(text.split()) for text in texts)
        held = Counter(word for text in words for word in set(text))
        rare = {word: max(np.log((len(words) + 1) / (count + 0.5)), _LEAST_RARITY) for word, count in held.items()}
        return cls(words, tuple(np.array([rare[word] for word in text], float) for text in words))

    def between(self, pairs: NDArray[np.int64]) -> Floats:
        """Return [P, 4] of each pair: which part of either text's rarity is resembled, and the rarest left in either.

        The lower of two comes first, so that a pair is told the same from either side. The rarest is in parts of the
        highest that a word of the collection can have. Of a text without a word nothing is resembled and nothing left.
        """
        most = np.log((len(self.words) + 1) / 0.5)
        told = np.zeros((len(pairs), 4))
        for number, (one, other) in enumerate(pairs.tolist()):
            if self.words[one] and self.words[other]:
                table = process.cdist(self.words[one], self.words[other], scorer=JaroWinkler.similarity, workers=1)
                alike = np.where(table >= _LEAST, table.astype(float) ** _POWER, 0)
                ways = ((self.rarity[one], alike.max(axis=1)), (self.rarity[other], alike.max(axis=0)))
                told[number, :2] = sorted(float((rare * best).sum() / rare.sum()) for rare, best in ways)
                told[number, 2:] = sorted(float((rare * (1 - best)).max() / most) for rare, best in ways)
        return told
