"""The pages on which every question is rated, so many at a time, for a long page is lost as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from consensus import survey
from consensus.steps.taking_part import Visit
from consensus.survey.filling import Form
from consensus.web.course import part_step

__all__ = ["rated", "shown_rates", "step"]


def shown_rates(there: Visit, page: survey.Page, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what a page of ratings shows: the page asked for, else the first on which one is missing."""
    asked = query.get("page", "")
    shown = _shown(there, asked if asked else str(_first_open(there, page)))
    return {"rated": shown, "faults": _faults(there, page, shown) if query.get("check") else []}


def rated(there: Visit, page: survey.Page, form: Form) -> dict[str, Any]:
    """Return what was said after a page of ratings came back."""
    item, shown = page.item, _ids(_shown(there, _number(form)))
    read = survey.fill_page(page, form, there.said, questions=shown)
    others = {each: given for each, given in there.said.get(item.id, {}).items() if each not in shown}
    return read | {item.id: others | read.get(item.id, {})}


def step(there: Visit, page: survey.Page, form: Form) -> str:
    """Return where the button of a page of ratings leads: a step of the survey's course, or another of its pages."""
    shown = _shown(there, _number(form))
    return part_step(form, "page", shown.number, shown.count, amiss=bool(_faults(there, page, shown)))


def _shown(there: Visit, number: str) -> survey.QuestionPage:
    return survey.find_questions(there.questions, page=int(number) if number.isdecimal() and len(number) < 5 else 1)


def _ids(shown: survey.QuestionPage) -> list[str]:
    return [question.id for question in shown.questions]


def _first_open(there: Visit, page: survey.Page) -> int:
    pages = range(1, _shown(there, "1").count + 1)
    given = there.said.get(page.item.id, {})
    return next((n for n in pages if any(each not in given for each in _ids(_shown(there, str(n))))), 1)


def _faults(there: Visit, page: survey.Page, shown: survey.QuestionPage) -> list[survey.Fault]:
    return survey.page_faults(page, there.said, there.protocol, _ids(shown))


def _number(form: Form) -> str:
    return (form.get("page") or ["1"])[0]
