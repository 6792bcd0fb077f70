"""Finding questions in a long list and choosing some: an order of each person's own, themes, search, pages."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

__all__ = [
    "PER_PAGE",
    "ListedQuestion",
    "QuestionPage",
    "chosen_of",
    "find_questions",
    "in_own_order",
    "shuffled",
    "with_ticks",
]

PER_PAGE = 12
"""Questions on one page of a long list."""


@dataclass(frozen=True)
class ListedQuestion:
    """A question on the ballot with its theme's id."""

    id: str
    wording: str
    theme: str = ""


@dataclass(frozen=True)
class QuestionPage:
    """One page of what was found: `number` of `count` counts from 1, `total` questions were found."""

    questions: tuple[ListedQuestion, ...]
    number: int
    count: int
    total: int


def shuffled(questions: Iterable[ListedQuestion], seed: int | None) -> list[ListedQuestion]:
    """Return questions in the order in which the person with this seed sees them: themes together, both shuffled.

    The order does not depend on that of `questions`.

    Examples
    --------
    >>> asked = [ListedQuestion(f"q{n}", "", "home" if n % 2 else "work") for n in range(6)]
    >>> [question.id for question in shuffled(asked, 3)] == [question.id for question in shuffled(asked[::-1], 3)]
    True
    >>> [question.theme for question in shuffled(asked, 3)]
    ['work', 'work', 'work', 'home', 'home', 'home']
    """
    ordered = sorted(questions, key=lambda question: question.id)
    chance = random.Random(seed or 0)
    themes = sorted({question.theme for question in ordered})
    chance.shuffle(themes)
    chance.shuffle(ordered)
    return sorted(ordered, key=lambda question: themes.index(question.theme))


@lru_cache(maxsize=2048)
def in_own_order(asked: tuple[tuple[str, str, str], ...], seed: int | None) -> tuple[ListedQuestion, ...]:
    """Return what stands on a ballot - id, wording and theme of each - as the person with this seed sees it."""
    return tuple(shuffled((ListedQuestion(*each) for each in asked), seed))


def find_questions(
    questions: Sequence[ListedQuestion], *, words: str = "", theme: str = "", page: int = 1, per_page: int = PER_PAGE
) -> QuestionPage:
    """Return a page of the questions of a theme that hold every one of the words, whatever their case or accents.

    Examples
    --------
    >>> asked = [ListedQuestion("q1", "Does sleep help?"), ListedQuestion("q2", "Do cafés help?")]
    >>> [question.id for question in find_questions(asked, words="CAFES help").questions]
    ['q2']
    """
    wanted = _folded(words).split()
    found = [
        question
        for question in questions
        if (not theme or question.theme == theme) and all(word in _folded(question.wording) for word in wanted)
    ]
    count = max(1, -(-len(found) // per_page))
    number = min(max(page, 1), count)
    shown = tuple(found[(number - 1) * per_page : number * per_page])
    return QuestionPage(shown, number, count, len(found))


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def with_ticks(chosen: Sequence[str], shown: Collection[str], ticked: Sequence[str]) -> list[str]:
    """Return the chosen questions after a page showed some of them and came back with some ticked.

    Those chosen before keep their order; new ones come last.

    Examples
    --------
    >>> with_ticks(["q1", "q9"], shown=["q1", "q2", "q3"], ticked=["q3", "q2"])
    ['q9', 'q3', 'q2']
    """
    kept = [each for each in chosen if each not in shown or each in ticked]
    return kept + [each for each in dict.fromkeys(ticked) if each in shown and each not in kept]


def chosen_of(chosen: Iterable[str], questions: Iterable[ListedQuestion]) -> list[ListedQuestion]:
    """Return the chosen questions in their order, without those that are not on the ballot."""
    listed = {question.id: question for question in questions}
    return [listed[each] for each in chosen if each in listed]
