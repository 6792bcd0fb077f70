"""A survey on paper: the numbers by which its questions go there, and what was keyed in from a sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from consensus.protocol import Survey, SurveyItem
from consensus.survey.choosing import ListedQuestion
from consensus.survey.faults import Fault
from consensus.survey.filling import Form

__all__ = ["PLACES", "NumberedQuestion", "numbered", "place_field", "places", "ranked_on_paper", "version_mark"]

PLACES = 10
"""Numbered boxes for a ranking that declares no maximum."""


@dataclass(frozen=True)
class NumberedQuestion:
    """A question with its number on paper, which counts from 1."""

    number: int
    id: str
    wording: str
    theme: str = ""


def numbered(questions: Iterable[ListedQuestion], themes: Sequence[str] = ()) -> list[NumberedQuestion]:
    """Return the questions as they stand on paper: theme by theme in the order of `themes`, then by id, numbered.

    The numbers do not depend on the order of `questions`: every print of a round has the same.

    Examples
    --------
    >>> asked = [ListedQuestion("q2", "How?", "home"), ListedQuestion("q1", "Why?", "work")]
    >>> [(question.number, question.id) for question in numbered(asked, ["work", "home"])]
    [(1, 'q1'), (2, 'q2')]
    """
    order = {theme: place for place, theme in enumerate(themes)}
    sorted_ = sorted(questions, key=lambda one: (order.get(one.theme, len(order)), one.theme, one.id))
    return [NumberedQuestion(number, one.id, one.wording, one.theme) for number, one in enumerate(sorted_, start=1)]


def version_mark(asked: Survey) -> str:
    """Return what a sheet is known by as printed with these words: the version, and the first digits of the hash.

    Examples
    --------
    >>> asked = Survey.model_validate({"title": "Sleep", "items": [{"id": "q", "type": "text", "label": "What?"}]})
    >>> version_mark(asked) == f"1-{asked.hash[:4]}"
    True
    """
    return f"{asked.version}-{asked.hash[:4]}"


def places(item: SurveyItem, count: int) -> range:
    """Return the numbers of the boxes into which a ranking of some of `count` questions is written."""
    return range(1, min(item.maximum or PLACES, count) + 1)


def place_field(item: SurveyItem, place: int) -> str:
    """Return the name of the field for the question number in one of a sheet's numbered boxes."""
    return f"n.{item.id}.{place}"


def ranked_on_paper(item: SurveyItem, form: Form, asked: Sequence[NumberedQuestion]) -> tuple[list[str], list[Fault]]:
    """Return the ids of the questions whose numbers stand in a sheet's boxes, the first box first, and what is amiss.

    A box left empty between others is closed up. A number that stands twice or is no question's is a fault.

    Examples
    --------
    >>> item = SurveyItem(id="choices", type="rank", label="Rank", choices_from="questions", maximum=3)
    >>> asked = numbered([ListedQuestion("q1", "Why?"), ListedQuestion("q2", "How?")])
    >>> ranked_on_paper(item, {"n.choices.1": ["2"], "n.choices.2": [" 1 "]}, asked)
    (['q2', 'q1'], [])
    >>> [fault.key for fault in ranked_on_paper(item, {"n.choices.1": ["2"], "n.choices.2": ["2"]}, asked)[1]]
    ['number_twice']
    """
    ids = {str(question.number): question.id for question in asked}
    chosen: list[str] = []
    faults: list[Fault] = []
    for place in places(item, len(asked)):
        number = (form.get(place_field(item, place)) or [""])[0].strip().lstrip("0")
        if not number:
            continue
        if number not in ids:
            faults.append(Fault(item.id, "unknown_number", {"place": place, "most": len(asked)}))
        elif ids[number] in chosen:
            faults.append(Fault(item.id, "number_twice", {"number": number, "place": place}))
        else:
            chosen.append(ids[number])
    return chosen, faults
