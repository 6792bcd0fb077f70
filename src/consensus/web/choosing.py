"""The pages on which questions are found, ticked and put in order: from form fields to the pure rules and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from consensus import survey
from consensus.steps.taking_part import Visit
from consensus.survey.filling import Form, field
from consensus.survey.ordering import places_taken_twice

__all__ = ["listed", "order_step", "ordered", "put_in_order", "step", "ticked", "twice"]


def listed(there: Visit, page: survey.Page, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page that finds and ticks questions shows."""
    words, theme, number = query.get("find", ""), query.get("theme", ""), query.get("page", "1")
    shown = survey.find_questions(
        there.questions, words=words, theme=theme, page=int(number) if number.isdecimal() else 1
    )
    themes = [each for each in there.protocol.categories if any(q.theme == each.id for q in there.questions)]
    return {
        "shown": shown,
        "themes": themes,
        "find": words,
        "theme": theme,
        "item": page.item,
        "chosen": survey.chosen_of(there.said.get(page.item.id, ()), there.questions),
        "name": field(page.item),
    }


def ticked(there: Visit, page: survey.Page, form: Form) -> dict[str, Any]:
    """Return what was said after a page of ticks came back."""
    item = page.item
    ticks = [each for each in form.get(field(item), ()) if each]
    chosen = survey.with_ticks(there.said.get(item.id, ()), set(form.get("shown", ())), ticks)
    go = _go(form)
    if go.startswith("out:"):
        chosen = [each for each in chosen if each != go.removeprefix("out:")]
    return {**there.said, item.id: chosen}


def step(page: survey.Page, form: Form) -> str:
    """Return where the button of a page of ticks leads: `next`, `order`, `later`, or a query of the same page."""
    go = _go(form)
    if go in ("later", "order", "next"):
        return "next" if go == "order" and page.item.type != "rank" else go
    found = {name: (form.get(name) or [""])[0] for name in ("find", "theme")}
    number = go.removeprefix("page:") if go.startswith("page:") else (form.get("page") or ["1"])[0]
    if go == "find":
        number = "1"
    return "?" + urlencode({**{name: value for name, value in found.items() if value}, "page": number})


def _go(form: Form) -> str:
    return (form.get("go") or ["next"])[0]


def ordered(there: Visit, page: survey.Page, query: Mapping[str, str], form: Form | None) -> dict[str, Any]:
    """Return what the page that orders the chosen questions shows; `form` holds positions that cannot be meant."""
    chosen = survey.chosen_of(there.said.get(page.item.id, ()), there.questions)
    return {
        "item": page.item,
        "chosen": chosen,
        "positions": _positions(form) if form else {},
        "twice": twice(there, page, form) if form else [],
        "moved": query.get("moved", ""),
        "by": query.get("by", ""),
        "out": next((question for question in there.questions if question.id == query.get("out")), None),
        "saved": bool(query.get("saved")),
    }


def twice(there: Visit, page: survey.Page, form: Form) -> list[int]:
    """Return the positions that a form gives to several questions, where its button saves positions."""
    if _go(form).partition(":")[0] in ("out", "later"):
        return []
    return places_taken_twice(there.said.get(page.item.id, ()), _positions(form))


def put_in_order(there: Visit, page: survey.Page, form: Form) -> dict[str, Any]:
    """Return what was said after the order page's form: its positions first, then its button."""
    chosen = list(there.said.get(page.item.id, ()))
    if not twice(there, page, form) and not places_taken_twice(chosen, _positions(form)):
        chosen = survey.placed(chosen, _positions(form))
    act, _, question = _go(form).partition(":")
    if act in ("up", "down"):
        chosen = survey.moved(chosen, question, -1 if act == "up" else 1)
    elif act == "out":
        chosen = [each for each in chosen if each != question]
    return {**there.said, page.item.id: chosen}


def order_step(form: Form) -> str:
    """Return where the order page's button leads: `next`, `more`, `later`, or a query of the same page."""
    act, _, question = _go(form).partition(":")
    if act in ("up", "down"):
        return "?" + urlencode({"moved": question, "by": act})
    if act == "out":
        return "?" + urlencode({"out": question})
    return "?saved=1" if act == "save" else act


def _positions(form: Form) -> dict[str, int]:
    return {
        name.removeprefix("place."): int(values[0])
        for name, values in form.items()
        if name.startswith("place.") and values[0].isdecimal() and len(values[0]) < 5
    }
