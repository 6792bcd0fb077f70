"""Small sets of questions of which a person picks the best and the worst: which sets, and what was picked.

What a person has said is kept by the number of the set, with the questions that the set showed:
`{"1": {"shown": [...], "best": "q7", "worst": "q2"}}`.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from consensus.protocol import SurveyItem
from consensus.survey.filling import Form, field

__all__ = ["BOTH", "DESIGNS", "design_seed", "picked_all", "read_set", "read_sets", "set_count", "set_size", "sets_of"]

SIZE = 4
"""Questions in a set where the survey declares no number."""
TIMES = 3
"""How often a person meets each question where the survey declares no number of sets, up to `MOST` sets."""
MOST = 12
BOTH = ("best", "worst")
DESIGNS = 12
"""How many designs of its sets a survey has on paper; which one a sheet has stands on it."""


def design_seed(number: str | None) -> int:
    """Return the seed of the design on paper that has a number from 1; the first where it is none.

    Examples
    --------
    >>> design_seed("1"), design_seed("12"), design_seed("13"), design_seed("x"), design_seed(None)
    (0, 11, 0, 0, 0)
    """
    return int(number) - 1 if number in {str(each) for each in range(1, DESIGNS + 1)} else 0


def set_size(item: SurveyItem, count: int) -> int:
    """Return how many of `count` questions one set shows."""
    return min(item.maximum or SIZE, count)


def set_count(item: SurveyItem, count: int) -> int:
    """Return how many sets of `count` questions one person meets.

    Examples
    --------
    >>> item = SurveyItem(id="b", type="best_worst", label="Pick", choices_from="questions")
    >>> set_count(item, 8), set_count(item, 60)
    (6, 12)
    """
    size = set_size(item, count)
    return (item.sets or min(MOST, -(-TIMES * count // size))) if size > 1 else 0


def sets_of(questions: Iterable[str], seed: int | None, *, size: int, count: int) -> list[tuple[str, ...]]:
    """Return the sets of one person, a balanced incomplete design that follows from the seed.

    No question stands in a set twice, and of two questions neither is met two times more often than the other; among
    those met least, the ones that were together least come together, and chance decides the rest.

    Parameters
    ----------
    questions
        Ids; their order does not matter.
    seed
        The person's own, or that of a design on paper.

    Examples
    --------
    >>> sets = sets_of(["q1", "q2", "q3", "q4", "q5", "q6"], 7, size=3, count=4)
    >>> [len(set(shown)) for shown in sets], sorted(q for shown in sets for q in shown).count("q1")
    ([3, 3, 3, 3], 2)
    """
    chance = random.Random(seed or 0)
    ids = sorted(questions)
    met = dict.fromkeys(ids, 0)
    together: dict[frozenset[str], int] = {}
    sets = []
    for _ in range(count):
        shown: list[str] = []
        while len(shown) < size:
            left = [each for each in ids if each not in shown]
            cost = {
                each: (met[each], sum(together.get(frozenset((each, other)), 0) for other in shown)) for each in left
            }
            least = min(cost.values())
            shown.append(chance.choice([each for each in left if cost[each] == least]))
        for place, each in enumerate(shown):
            met[each] += 1
            for other in shown[:place]:
                pair = frozenset((each, other))
                together[pair] = together.get(pair, 0) + 1
        chance.shuffle(shown)
        sets.append(tuple(shown))
    return sets


def read_set(item: SurveyItem, number: int, shown: Collection[str], form: Form) -> dict[str, Any]:
    """Return what a form picks of one set; nothing where it picks neither.

    Examples
    --------
    >>> item = SurveyItem(id="b", type="best_worst", label="Pick", choices_from="questions")
    >>> read_set(item, 1, ["q1", "q2"], {"a.b.1.best": ["q2"], "a.b.1.worst": ["q9"]})
    {'shown': ['q1', 'q2'], 'best': 'q2'}
    """
    given = {each: (form.get(field(item, f"{number}.{each}")) or [""])[0] for each in BOTH}
    picked = {each: question for each, question in given.items() if question in shown}
    return {"shown": list(shown), **picked} if picked else {}


def read_sets(item: SurveyItem, questions: Collection[str], seed: int | None, form: Form) -> dict[str, dict[str, Any]]:
    """Return what a form picks of every set, as it is keyed in from a sheet."""
    size, count = set_size(item, len(questions)), set_count(item, len(questions))
    read = {
        str(number): read_set(item, number, shown, form)
        for number, shown in enumerate(sets_of(questions, seed, size=size, count=count), start=1)
    }
    return {number: picked for number, picked in read.items() if picked}


def picked_all(picked: Mapping[str, Any]) -> bool:
    """Tell whether of one set a best and another worst are picked."""
    return all(picked.get(each) for each in BOTH) and picked["best"] != picked["worst"]
