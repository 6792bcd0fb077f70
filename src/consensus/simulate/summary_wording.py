"""Members of a summary question to its wording: the member that best reads as a question for research, cleaned."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from consensus.simulate.reading import Glossary, asked, sentences

__all__ = ["Wordsmith"]

OPEN_WORDS = frozenset(["what", "which", "how", "why", "who"])
CLOSED_WORDS = ["does", "do", "is", "are", "can", "could", "should", "where", "would", "when", "has", "have"]
HYPOTHETICAL = (["would"], ["should"])
QUESTION_WORDS = OPEN_WORDS.union(CLOSED_WORDS)
FIRST_PERSON = re.compile(r"\b(i|i'm|i'd|i've|me|my|mine|we|we'd|us|our|he|she|him|her)\b", re.IGNORECASE)
SECOND_PERSON = re.compile(r"\b(?:you|your)\b", re.IGNORECASE)
LEAD = re.compile(r"^(?:and|also|plus|so|but|or|then)\b,?\s+", re.IGNORECASE)
WORD = re.compile(r"[a-z']+")
FEWEST_WORDS, SHORT, MOST_WORDS = 6, 10, 28
STEM = 6
LEAST_LETTERS = 5
FAR_MORE, VERY_FAR_MORE = 4, 10
SELDOM = 15
# "How GPs could have longer" is a clause whose beginning was cut off; "Has anyone studied" leads in to one.
CLAUSE = re.compile(
    r"(?:how|why) (?!(?:can|could|should|do|does|did|is|are|was|were|will|would|has|have|long|much|many|often|effective"
    r"|important|far|well|common|safe|soon|come|not)\b)|what (?:the|people)\b|\w+ \w+ they\b"
    r"|(?:could|can|has|do) (?:somebody|someone|anybody|anyone|we|science|research)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Wordsmith:
    """Chooses wordings; knows from all texts how usual each word is and which are slips of the pen.

    A word is taken for a slip if far more texts have one that differs by a single letter missing, doubled, changed or
    swapped with its neighbour.

    Examples
    --------
    >>> texts = ["I care for my son. WHat helps carers?", "Nobody asks carers", "what helps family carers keep well?"]
    >>> Wordsmith.of(texts, Glossary()).wording(texts)
    'What helps family carers keep well?'
    """

    glossary: Glossary
    texts: int
    seen: Counter[str]
    stems: Counter[str]
    slips: frozenset[str]

    @classmethod
    def of(cls, texts: Sequence[str], glossary: Glossary) -> Wordsmith:
        """Return a wordsmith that has read the texts."""
        seen = Counter(word for text in texts for word in set(WORD.findall(text.casefold())))
        stems = Counter(stem for text in texts for stem in _stems(text))
        slips = frozenset(word for word in seen if _is_slip(word, seen, stems))
        return cls(glossary, len(texts), seen, stems, slips)

    def wording(self, texts: Sequence[str]) -> str:
        """Return a wording for texts that ask the same.

        The best is a clean question of a good length that speaks of nobody in particular, in words that are not
        informal; among those, the one that says most of what the others say (cosine of its words to theirs, rare words
        counting more); then the shorter, then by the alphabet.
        """
        said = Counter(stem for text in texts for stem in _stems(asked(text)))
        options = sorted({question for text in texts for question in self._questions(text)})
        return min((self._faults(each), -self._centrality(each, said), len(each), each) for each in options)[3]

    def _centrality(self, question: str, said: Counter[str]) -> float:
        weight = {stem: math.log((1 + self.texts) / (1 + self.stems[stem])) for stem in _stems(question)}
        length = math.sqrt(sum(value**2 for value in weight.values()))
        return (
            round(sum(value**2 * said[stem] for stem, value in sorted(weight.items())) / length, 9) if length else 0.0
        )

    def _questions(self, text: str) -> list[str]:
        asked_here = [sentence for sentence in sentences(text) if sentence.endswith("?")]
        return [self._clean(sentence) for sentence in asked_here or [asked(text)]]

    def _clean(self, sentence: str) -> str:
        """Return a sentence in plain words, with a capital; a question ends with one question mark, no other does."""
        text = self.glossary.in_plain_words(LEAD.sub("", " ".join(sentence.split())).rstrip("?!. "))
        is_question = sentence.rstrip().endswith("?") or QUESTION_WORDS.issuperset(WORD.findall(text.casefold())[:1])
        return text[:1].upper() + text[1:] + ("?" if is_question else ".")

    def _faults(self, question: str) -> int:
        """Return what speaks against a wording; 0 for one that reads as a question for research."""
        words = WORD.findall(question.casefold())
        return (
            8 * (not QUESTION_WORDS.issuperset(words[:1]))
            + 8 * bool(CLAUSE.match(question))
            + 8 * bool(self.slips.intersection(words))
            + 6 * (bool(self.glossary.terms) and not self.glossary.terms_in(question))
            + 2 * any(self.stems[stem] <= 1 for stem in _stems(question))
            + 4 * bool(FIRST_PERSON.search(question))
            + 2 * bool(SECOND_PERSON.search(question))
            + 4 * (not FEWEST_WORDS <= len(words) <= MOST_WORDS)
            + 2 * self.glossary.is_informal(question)
            + (not OPEN_WORDS.issuperset(words[:1]))
            + (words[:1] in HYPOTHETICAL)
            + (len(words) < SHORT)
        )


@lru_cache
def _empty_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # half a second, only where wordings are made

    return frozenset(ENGLISH_STOP_WORDS)


def _stems(text: str) -> frozenset[str]:
    """Return the beginnings of the words that carry meaning."""
    return frozenset(word[:STEM] for word in WORD.findall(text.casefold()) if word not in _empty_words())


def _is_slip(word: str, seen: Counter[str], stems: Counter[str]) -> bool:
    """Return whether one slip turns a far more usual word into this one; another form of a word is no slip."""
    plural_of_usual = word.endswith("s") and seen[word[:-1]] > seen[word]
    if len(word) < LEAST_LETTERS or seen[word] > SELDOM or word in _empty_words() or plural_of_usual:
        return False
    forms = (word[:STEM], word[:-1])
    others = [other for other in _mended(word) if not other.startswith(forms) and not word.startswith(other)]
    more = FAR_MORE if seen[word] == 1 else VERY_FAR_MORE
    if any(seen[other] >= more * seen[word] for other in others):
        return True
    return stems[word[:STEM]] <= 1 and any(stems[other[:STEM]] > FAR_MORE for other in others)


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
