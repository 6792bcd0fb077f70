"""The pages on which questions are found, ticked and put in order: from form fields to the pure rules and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from consensus import survey
from consensus.steps.taking_part import Visit
from consensus.survey.filling import Form, field
from consensus.survey.ordering import places_taken_twice
from consensus.web.course import pressed

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
        "out": there.listed.get(query.get("out", "")),
        "name": field(page.item),
    }


def ticked(there: Visit, page: survey.Page, form: Form) -> dict[str, Any]:
    """Return what was said after a page of ticks came back."""
    item = page.item
    ticks = [each for each in form.get(field(item), ()) if each]
    chosen = survey.with_ticks(there.said.get(item.id, ()), set(form.get("shown", ())), ticks)
    act, _, question = pressed(form).partition(":")
    if act == "out":
        chosen = [each for each in chosen if each != question]
    return {**there.said, item.id: chosen}


def step(page: survey.Page, form: Form) -> str:
    """Return where the button of a page of ticks leads: a step of the survey's course, or a query of the same page."""
    act, _, what = pressed(form).partition(":")
    if act in ("next", "order", "back", "later", "keep"):
        return "next" if act == "order" and page.item.type != "rank" else act
    number = {"page": what, "find": "1"}.get(act) or (form.get("page") or ["1"])[0]
    asked = {name: (form.get(name) or [""])[0] for name in ("find", "theme")} | {"page": number}
    if act == "out":
        asked["out"] = what
    return "?" + urlencode({name: value for name, value in asked.items() if value}) + _TO_SEE.get(act, "")


_TO_SEE = {"find": "#list", "page": "#list"}
"""Which part of the page somebody wants to see who pressed a button."""


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
        "out": there.listed.get(query.get("out", "")),
        "saved": bool(query.get("saved")),
    }


def twice(there: Visit, page: survey.Page, form: Form) -> list[int]:
    """Return the positions that a form gives to several questions, where its button saves positions."""
    if pressed(form).partition(":")[0] in ("out", "later"):
        return []
    return places_taken_twice(there.said.get(page.item.id, ()), _positions(form))


def put_in_order(there: Visit, page: survey.Page, form: Form) -> dict[str, Any]:
    """Return what was said after the order page's form: its positions first, then its button."""
    chosen = list(there.said.get(page.item.id, ()))
    if not twice(there, page, form) and not places_taken_twice(chosen, _positions(form)):
        chosen = survey.placed(chosen, _positions(form))
    act, _, question = pressed(form).partition(":")
    if act in ("up", "down"):
        chosen = survey.moved(chosen, question, -1 if act == "up" else 1)
    elif act == "out":
        chosen = [each for each in chosen if each != question]
    return {**there.said, page.item.id: chosen}


def order_step(form: Form) -> str:
    """Return where the order page's button leads: `next`, `more`, `later`, or a query of the same page."""
    act, _, question = pressed(form).partition(":")
    if act in ("up", "down"):
        return "?" + urlencode({"moved": question, "by": act})
    return {"out": "?" + urlencode({"out": question}), "save": "?saved=1", "lang": "?"}.get(act, act)


def _positions(form: Form) -> dict[str, int]:
    return {
        name.removeprefix("place."): int(values[0])
        for name, values in form.items()
        if name.startswith("place.") and values[0].isdecimal() and len(values[0]) < 5
    }
