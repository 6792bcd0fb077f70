"""Where somebody goes from a page of the survey: on, back, to stop, or again to the same page."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from consensus import survey
from consensus.steps.taking_part import Door, Visit
from consensus.survey.filling import ADD, Form
from consensus.web.forms import Arrival

__all__ = ["SHUT", "again", "first_page", "go_on", "leads", "own_page", "part_step", "pressed", "step", "to"]

SHUT = ("closed", "paused", "full", "early")
"""Where a round stands when it takes nothing from somebody."""


def to(path: str) -> Response:
    """Lead on, so that reloading sends nothing twice."""
    return RedirectResponse(path, 303)


def pressed(form: Form) -> str:
    """Return which button a form was sent with; `next` where it does not say.

    Examples
    --------
    >>> pressed({"go": ["later"]}), pressed({})
    ('later', 'next')
    """
    return (form.get("go") or ["next"])[0]


def step(form: Form) -> str:
    """Return where the button of a page of fields leads: `next`, `back`, `later`, `keep`, or a query of the same page.

    Examples
    --------
    >>> step({"go": ["add:q"]}), step({"go": ["lang:cy"]}), step({"go": ["back"]})
    ('?add=q', '?', 'back')
    """
    act, _, what = pressed(form).partition(":")
    if act == "lang":
        return "?"
    return f"?add={what}" if f"{act}:" == ADD else act


def part_step(form: Form, name: str, number: int, count: int, *, amiss: bool) -> str:
    """Return where the button of one part of a page leads, where its questions stand on several parts.

    `name` is what the query calls a part; who has answered one of them amiss stays there, else the next one follows.

    Examples
    --------
    >>> [part_step({"go": [go]}, "set", 2, 3, amiss=False) for go in ("next", "set:1", "lang:cy", "later")]
    ['?set=3', '?set=1', '?set=2', 'later']
    >>> part_step({}, "set", 2, 3, amiss=True), part_step({}, "set", 3, 3, amiss=False)
    ('?set=2&check=1', 'next')
    """
    act, _, what = pressed(form).partition(":")
    if act in ("back", "later", "keep"):
        return act
    if act in (name, "lang"):
        return f"?{name}={what if act == name else number}"
    if amiss:
        return f"?{name}={number}&check=1"
    return f"?{name}={number + 1}" if number < count else "next"


def again(path: str, query: str, arrival: Arrival) -> str:
    """Return a path with a query, which says as well that somebody came from checking their answers, if they did."""
    query, _, part = query.removeprefix("?").partition("#")
    asked = "&".join(each for each in ("from=check" if arrival.from_check else "", query) if each)
    return path + (f"?{asked}" if asked else "") + (f"#{part}" if part else "")


def leads(arrival: Arrival, there: Visit, page: survey.Page, step: str) -> str:
    """Return the path to which a step leads from a page; who came from checking their answers goes back there."""
    here = f"{arrival.own}/p/{page.id}"
    same = {"order": f"{here}/order", "more": here}
    if step in same:
        return again(same[step], "", arrival)
    if step == "later":
        return f"{arrival.own}/saved"
    if arrival.from_check:
        return f"{arrival.own}/check"
    number = there.pages.index(page) + (-1 if step == "back" else 1)
    return f"{arrival.own}/p/{there.pages[max(number, 0)].id}" if number < len(there.pages) else f"{arrival.own}/check"


def first_page(there: Door) -> str:
    """Return where somebody begins who has agreed."""
    pages = survey.pages(there.survey)
    return f"p/{pages[0].id}" if pages else "check"


def go_on(there: Visit) -> str:
    """Return where somebody goes on: the first page with something amiss or nothing said, else the check."""
    amiss = {fault.page for fault in there.faults}
    for page in there.pages:
        if page.id in amiss or not any(item.id in there.said for item in page.items if item.type != "note"):
            return f"p/{page.id}"
    return "check"


def own_page(arrival: Arrival, there: Visit) -> str:
    """Return somebody's own page: what they sent or where they stopped, or the first page where its words changed."""
    return f"{arrival.own}/agree" if there.asked_anew else arrival.own
