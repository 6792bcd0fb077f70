"""The pages on which the best and the worst of small sets of questions are picked, one set after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from consensus import survey
from consensus.steps.taking_part import Visit
from consensus.survey.filling import Form
from consensus.web.course import part_step

__all__ = ["picked", "shown_set", "step"]


def shown_set(there: Visit, page: survey.Page, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page of one set shows: the set asked for, else the first that is not picked yet."""
    sets, said = _sets(there, page), there.said.get(page.item.id) or {}
    asked = query.get("set", "")
    open_sets = [number for number in range(1, len(sets) + 1) if not survey.picked_all(said.get(str(number), {}))]
    number = int(asked) if asked.isdecimal() and 0 < int(asked) <= len(sets) else (open_sets or [1])[0]
    listed = {question.id: question for question in there.questions}
    faults = _faults(there, page, number) if query.get("check") else []
    return {
        "item": page.item,
        "set_number": number,
        "set_count": len(sets),
        "shown": [listed[each] for each in sets[number - 1]] if sets else [],
        "picks": said.get(str(number), {}),
        "faults": faults,
    }


def picked(there: Visit, page: survey.Page, form: Form) -> dict[str, Any]:
    """Return what was said after the page of one set came back."""
    sets, number = _sets(there, page), _number(form)
    if not 0 < number <= len(sets):
        return dict(there.said)
    before = {key: value for key, value in (there.said.get(page.item.id) or {}).items() if key != str(number)}
    read = survey.read_set(page.item, number, sets[number - 1], form)
    return {**there.said, page.item.id: {**before, **({str(number): read} if read else {})}}


def step(there: Visit, page: survey.Page, form: Form) -> str:
    """Return where the button of a set's page leads: a step of the survey's course, or a query of the same page."""
    number = _number(form)
    return part_step(form, "set", number, len(_sets(there, page)), amiss=bool(_faults(there, page, number)))


def _faults(there: Visit, page: survey.Page, number: int) -> list[survey.Fault]:
    faults = survey.page_faults(page, there.said, there.protocol, there.question_ids)
    return [fault for fault in faults if fault.item != page.item.id or fault.number == number]


def _sets(there: Visit, page: survey.Page) -> list[tuple[str, ...]]:
    count = len(there.question_ids)
    size, sets = survey.set_size(page.item, count), survey.set_count(page.item, count)
    return survey.sets_of(there.question_ids, there.seed, size=size, count=sets)


def _number(form: Form) -> int:
    number = (form.get("set") or ["0"])[0]
    return int(number) if number.isdecimal() and len(number) < 5 else 0
