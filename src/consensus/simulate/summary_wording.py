"""Members of a summary question to its wording: the member that best reads as a question for research, cleaned."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from consensus.simulate.reading import Glossary, asked, sentences

__all__ = ["Wordsmith"]

OPEN_WORDS = frozenset("what which how why who".split())
QUESTION_WORDS = OPEN_WORDS.union("does do is are can could should where would when has have".split())
FIRST_PERSON = re.compile(
    r"\b(i|i'm|i'd|i've|me|my|mine|we|we'd|us|our|he|she|him|her|you|your|they'll)\b", re.IGNORECASE
)
LEAD = re.compile(r"^(?:and|also|plus|so|but|or|then)\b,?\s+", re.IGNORECASE)
WORD = re.compile(r"[a-z']+")
FEWEST_WORDS, SHORT, MOST_WORDS = 6, 9, 28
LEAST_LETTERS = 5
FAR_MORE = 2
# "How GPs could have longer" is a clause whose beginning was cut off; "Has anyone studied" leads in to one.
CLAUSE = re.compile(
    r"(?:how|why) (?!(?:can|could|should|do|does|did|is|are|was|were|will|would|has|have|long|much|many|often|effective"
    r"|important|far|well|common|safe|soon|come|not)\b)|what (?:the|people)\b"
    r"|(?:could|can|has|do) (?:somebody|someone|anybody|anyone|we|science|research)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Wordsmith:
    """Chooses wordings; knows from all texts which words are slips of the pen.

    A word is taken for a slip if far more texts have one that differs by a single letter missing, doubled, changed or
    swapped with its neighbour.
    """

    glossary: Glossary
    slips: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str], glossary: Glossary) -> Wordsmith:
        """Return a wordsmith that has read the texts."""
        seen = Counter(word for text in texts for word in set(WORD.findall(text.casefold())))
        slips = (word for word, count in seen.items() if _is_slip(word, count, seen))
        return cls(glossary, frozenset(slips))

    def wording(self, texts: Sequence[str], centrality: Sequence[float]) -> str:
        """Return a wording for texts that ask the same, given how central each is; more is more central.

        The best is a clean question of a good length that speaks of nobody in particular, in words that are not
        informal; among those, the most central; then the shortest, then the first in the alphabet.
        """
        options = [
            (self._faults(question), -nearness, len(question), question)
            for text, nearness in zip(texts, centrality, strict=True)
            for question in self._questions(text)
        ]
        return min(options)[3]

    def _questions(self, text: str) -> list[str]:
        asked_here = [sentence for sentence in sentences(text) if sentence.endswith("?")]
        return [_clean(sentence) for sentence in asked_here] or [_clean(asked(text))]

    def _faults(self, question: str) -> int:
        """Return what speaks against a wording; 0 for one that reads as a question for research."""
        words = WORD.findall(question.casefold())
        return (
            8 * (not QUESTION_WORDS.issuperset(words[:1]))
            + 8 * bool(CLAUSE.match(question))
            + 8 * bool(self.slips.intersection(words))
            + 4 * bool(FIRST_PERSON.search(question))
            + 4 * (not FEWEST_WORDS <= len(words) <= MOST_WORDS)
            + 2 * self.glossary.is_informal(question)
            + (not OPEN_WORDS.issuperset(words[:1]))
            + 6 * (bool(self.glossary.terms) and not self.glossary.terms_in(question))
            + (len(words) < SHORT)
        )


def _clean(sentence: str) -> str:
    """Return a sentence with a capital and one question mark."""
    text = LEAD.sub("", " ".join(sentence.split())).rstrip("?!. ") + "?"
    return text[:1].upper() + text[1:]


def _is_slip(word: str, count: int, seen: Counter[str]) -> bool:
    """Return whether one slip turns a word that is far more usual into this one."""
    return len(word) >= LEAST_LETTERS and any(seen[other] >= FAR_MORE * count for other in _mended(word))


def _mended(word: str) -> Iterable[str]:
    """Yield the words that one slip would turn into this one."""
    letters = "abcdefghijklmnopqrstuvwxyz'"
    for place in range(len(word)):
        if place + 1 < len(word):
            if word[place] == word[place + 1]:
                yield word[:place] + word[place + 1 :]
            yield word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        for letter in letters:
            yield word[:place] + letter + word[place:]
            yield word[:place] + letter + word[place + 1 :]
