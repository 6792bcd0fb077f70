"""What a person chose, ranked or rated, as a ballot's choices are stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from consensus.protocol import Survey, SurveyItem
from consensus.survey.filling import DONT_KNOW, Said
from consensus.survey.sets import picked_all

__all__ = ["sent_choices"]


def sent_choices(survey: Survey, said: Said) -> list[dict[str, Any]]:
    """Return what was said of questions on the ballot, one mapping a question, as ballots are stored.

    Examples
    --------
    >>> survey = Survey.model_validate({"title": "Sleep", "items": [
    ...     {"id": "choices", "type": "rank", "label": "Rank", "choices_from": "questions"}]})
    >>> sent_choices(survey, {"choices": ["q7", "q2"]})
    [{'question_id': 'choices', 'item_id': 'q7', 'rank': 1}, {'question_id': 'choices', 'item_id': 'q2', 'rank': 2}]
    """
    sent = []
    for item in survey.items:
        if item.choices_from == "questions" and said.get(item.id):
            sent += [{"question_id": item.id, **choice} for choice in _CHOICES[item.type](said[item.id])]
    return sent


def _ranked(given: list[str]) -> list[dict[str, Any]]:
    return [{"item_id": question, "rank": place} for place, question in enumerate(given, start=1)]


def _chosen(given: list[str]) -> list[dict[str, Any]]:
    return [{"item_id": question, "chosen": 1} for question in given]


def _rated(given: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"item_id": question, **({} if value == DONT_KNOW else {"rank": int(value)})}
        for question, value in sorted(given.items())
    ]


def _picked(given: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each question of each set with 1 where it is the best, -1 where the worst, else 0."""
    sign = {"best": 1, "worst": -1}
    return [
        {
            "item_id": question,
            "set": f"{int(number):03d}",
            "value": sum(sign[each] for each in sign if picked.get(each) == question),
        }
        for number, picked in sorted(given.items(), key=lambda each: int(each[0]))
        for question in picked["shown"]
        if picked_all(picked)
    ]


_CHOICES: dict[str, Callable[[Any], list[dict[str, Any]]]] = {
    "rank": _ranked,
    "select_multiple": _chosen,
    "rate": _rated,
    "best_worst": _picked,
}


def takes_ballots(survey: Survey) -> SurveyItem | None:
    """Return the item of a survey that is about the questions on the ballot, if there is one."""
    return next((item for item in survey.items if item.choices_from == "questions"), None)
