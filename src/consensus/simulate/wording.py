"""What somebody has in mind to the words they write: openers, stories, other words for the same, slips of the pen."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from consensus.simulate.drawing import Deck, Draw
from consensus.simulate.specification import EXPERT, PLAIN_OF_OTHERS, LatentQuestion, Specification

__all__ = ["Writer"]

CLAUSE = "~"
USES_OF_A_PHRASING = 2
LEAST_LETTERS_FOR_A_SLIP = 5
TELLS_OF_SELF, TELLS_OF_OTHERS = ("lived_experience",), ("family_carers", "public")
FIRST_PERSON = re.compile(r"\b(I|I'm|me|my|we|us|our)\b", re.IGNORECASE)


@dataclass
class Writer:
    """The pen of a simulated partnership: remembers what was said, so that nobody says it in the same way again."""

    specification: Specification
    seed: int
    _decks: dict[str, Deck] = field(default_factory=dict)
    _said: Counter[str] = field(default_factory=Counter)

    def has_words_for(self, question: LatentQuestion, register: str) -> bool:
        """Return whether a way of asking the question in that register is left."""
        return self._phrasings(question, register).left > 0

    def times_asked(self, question: LatentQuestion) -> int:
        """Return how often the question was asked so far."""
        return sum(self._said[phrasing] for phrasing in (*question.plain, *question.expert))

    def remarks_left(self) -> bool:
        """Return whether a remark out of scope is left."""
        return self._deck("remarks", self.specification.out_of_scope.remarks).left > 0

    def remark(self) -> str:
        """Return a remark that is no question for research."""
        return self._deck("remarks", self.specification.out_of_scope.remarks).deal()[0]

    def ask(self, question: LatentQuestion, register: str, group: str, first: bool, draw: Draw) -> str:
        """Return one person's words for a question: whatever leads up to it, the question, whatever follows."""
        phrasing, _ = self._phrasings(question, register).deal()
        used = self._said[phrasing]
        self._said[phrasing] += 1
        text = self._complete(phrasing, draw)
        if used or draw.chance(self.specification.chances.other_words):
            text = self._in_other_words(text, at_least=1 + used, draw=draw)
        if used:
            text = self._told_anew(text, draw)
        sentences = [text]
        chances = self.specification.chances
        stories = self._stories(question, group)
        if stories is not None and stories.left and draw.chance(chances.story):
            sentences.insert(0 if draw.chance(750) else 1, stories.deal()[0])
        elif first and draw.chance(chances.opener):
            sentences.insert(0, draw.pick(self.specification.openers[group]))
        if draw.chance(chances.closer):
            sentences.append(draw.pick(self.specification.closers.of(register)))
        return self._by_hand(" ".join(sentences), draw)

    def identifier(self, draw: Draw) -> str:
        """Return a sentence with a made-up e-mail address or phone number that is set aside for fiction."""
        told = self.specification.identifiers
        phone = f"07700 900{draw.below(1000):03d}"
        email = f"{draw.pick(told.names)}@example.org"
        return draw.pick(told.sentences).format(phone=phone, email=email)

    def _deck(self, name: str, options: tuple[str, ...], rounds: int = 1) -> Deck:
        if name not in self._decks:
            self._decks[name] = Deck(options, Draw(self.seed, f"deck {name}"), rounds)
        return self._decks[name]

    def _phrasings(self, question: LatentQuestion, register: str) -> Deck:
        name = f"{question.id} {register}"
        if name not in self._decks:
            options = question.expert if register == EXPERT else question.plain
            if register == PLAIN_OF_OTHERS:
                options = tuple(text for text in options if not FIRST_PERSON.search(text))
            self._deck(name, options, USES_OF_A_PHRASING)
        return self._decks[name]

    def _stories(self, question: LatentQuestion, group: str) -> Deck | None:
        if group in TELLS_OF_SELF:
            return self._deck(f"{question.id} me", question.me)
        if group in TELLS_OF_OTHERS:
            return self._deck(f"{question.id} them", question.them)
        return None

    def _complete(self, phrasing: str, draw: Draw) -> str:
        """Return a phrasing as sentences: a clause gets a lead-in."""
        if not phrasing.startswith(CLAUSE):
            return phrasing
        return self._deck("lead-ins", self.specification.lead_ins, rounds=20).deal()[0].format(phrasing[1:])

    def _in_other_words(self, text: str, at_least: int, draw: Draw) -> str:
        """Return the text with some of its words swapped for others that mean the same."""
        changed = 0
        for line in draw.shuffled(self.specification.variants.lines):
            said = next((words for words in line if _swapped(text, words, "") != text), None)
            if said is None or (changed >= at_least and draw.chance(700)):
                continue
            other = draw.pick([words for words in line if words != said])
            text = _swapped(text, said, other)
            changed += 1
        return text

    def _told_anew(self, text: str, draw: Draw) -> str:
        """Return a text that was said before without the tale that only one person can tell, or with an aside."""
        asked = [sentence for sentence in re.split(r"(?<=[.?!]) (?=[A-Z])", text) if sentence.endswith("?")]
        if asked and len(asked[-1]) < len(text):
            return asked[-1]
        variants = self.specification.variants
        if draw.chance(500):
            return self._deck("before", variants.before, rounds=20).deal()[0] + text
        return text + self._deck("after", variants.after, rounds=20).deal()[0]

    def _by_hand(self, text: str, draw: Draw) -> str:
        """Return the text as typed: in small letters, without its question mark, with slips."""
        chances = self.specification.chances
        if draw.chance(chances.no_question_mark):
            text = text.removesuffix("?")
        if draw.chance(chances.lower_case):
            text = text.lower()
        if draw.chance(chances.typos):
            for _ in range(1 + draw.below(3)):
                text = self._slip(text, draw)
        return text

    def _slip(self, text: str, draw: Draw) -> str:
        words = text.split(" ")
        known = [place for place, word in enumerate(words) if word in self.specification.typos.spellings]
        if known and draw.chance(600):
            place = draw.pick(known)
            words[place] = self.specification.typos.spellings[words[place]]
            return " ".join(words)
        long = [place for place, word in enumerate(words) if len(word) >= LEAST_LETTERS_FOR_A_SLIP and word.isalpha()]
        if not long:
            return text
        place = draw.pick(long)
        words[place] = _mistyped(words[place], draw)
        return " ".join(words)


def _swapped(text: str, words: str, others: str) -> str:
    """Return the text with `others` wherever it says `words`."""

    def said_otherwise(found: re.Match[str]) -> str:
        return _cased(others, found.group())

    return re.sub(rf"\b{words}\b", said_otherwise, text, flags=re.IGNORECASE)


def _cased(word: str, like: str) -> str:
    return word[:1].upper() + word[1:] if like[0].isupper() else word


def _mistyped(word: str, draw: Draw) -> str:
    """Return a word with two letters swapped, one missing or one doubled; its first letter stays."""
    place = 1 + draw.below(len(word) - 2)
    kind = draw.below(3)
    if kind == 0:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == 1:
        return word[:place] + word[place + 1 :]
    return word[:place] + word[place] + word[place:]
