"""The desk: keying in what came on paper, by telephone or with help, twice, and settling where the two differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import FastAPI
from starlette.responses import RedirectResponse, Response

from consensus import interface, survey
from consensus.errors import StageError
from consensus.steps import keying, withdraw_sheet
from consensus.steps.keying import MODES, Entry
from consensus.steps.paper import PaperSurvey
from consensus.store import Store
from consensus.survey.filling import Form, fill_page
from consensus.survey.paper import place_field, places, ranked_on_paper
from consensus.survey.sets import BOTH, DESIGNS, design_seed
from consensus.web.desk import LoopbackOnly
from consensus.web.forms import Arrival, Doorway
from consensus.web.pace import Pace
from consensus.web.pages import render

__all__ = ["add_keying"]

LANGUAGE = "en"
"""The desk speaks English; a sheet's own words stay as they are."""

FIELDS = ("sheet", "mode", "by", "language", "version", "older", "day", "time", "vouched")
BOXES = 3


def add_keying(app: FastAPI, db: Store, clock: Callable[[], datetime], outputs: Callable[[str], Path]) -> None:
    """Add the desk's pages for keying in to the web app, and the guard of everything under `/desk`.

    `outputs` is where a partnership's exports lie.
    """
    desk, doorway = Desk(db, clock, outputs), Doorway(Pace(a_minute=600, at_once=600))
    app.add_middleware(LoopbackOnly)
    doorway.add(app, "/desk/key/{round}", desk.see, desk.take)
    doorway.add(app, "/desk/key/{round}/discard/{sheet}", desk.see_discard, desk.discard)
    doorway.add(app, "/desk/key/{round}/settle/{sheet}", desk.see_differences, desk.settle)
    doorway.add(app, "/desk/key/{round}/withdraw", desk.find_sheet)
    doorway.add(app, "/desk/key/{round}/withdraw/{sheet}", desk.see_withdraw, desk.withdraw)


@dataclass(frozen=True)
class Desk:
    """The pages over one store, with the clock they go by and the folder of each partnership's exports."""

    db: Store
    clock: Callable[[], datetime]
    outputs: Callable[[str], Path]

    def see(self, arrival: Arrival) -> Response:
        """Show the form for a sheet, the sheets that wait, and what came of the last one."""
        paper = keying.paper_to_key(self.db, arrival.path["round"])
        return _unknown() if paper is None else self._form(arrival, paper, {}, ())

    def take(self, arrival: Arrival, form: Form) -> Response:
        """Keep what was keyed in, or show it again with everything that is amiss."""
        paper = keying.paper_to_key(self.db, arrival.path["round"])
        if paper is None:
            return _unknown()
        if (form.get("go") or [""])[0] == "more":
            return self._form(arrival, paper, form, ())
        entry, amiss = _entry(paper, form)
        try:
            came = keying.key_in(self.db, paper.round_id, entry, now=self.clock(), amiss=amiss)
        except StageError as error:
            return self._form(arrival, paper, form, (str(error),))
        if came.faults:
            return self._form(arrival, paper, form, came.faults)
        return _done(paper, entry.sheet, came, entry.by, (form.get("design") or [""])[0])

    def see_differences(self, arrival: Arrival) -> Response:
        """Show field by field where the two entries of a sheet differ."""
        return self._differences(arrival, {}, ())

    def settle(self, arrival: Arrival, form: Form) -> Response:
        """Send the sheet with what was chosen."""
        paper = keying.paper_to_key(self.db, arrival.path["round"])
        if paper is None:
            return _unknown()
        sheet, by = arrival.path["sheet"], (form.get("by") or [""])[0].strip()
        waiting = keying.to_settle(self.db, paper.round_id, sheet)
        chosen = _chosen(paper, waiting[2], form) if waiting else {}
        try:
            came = keying.settle(self.db, paper.round_id, sheet, chosen, by=by, now=self.clock())
        except StageError as error:
            return self._differences(arrival, form, (str(error),))
        if came.faults:
            return self._differences(arrival, form, came.faults)
        return _done(paper, sheet, came, by)

    def see_discard(self, arrival: Arrival) -> Response:
        """Ask whether the entries of a sheet are to go."""
        paper, sheet = keying.paper_to_key(self.db, arrival.path["round"]), arrival.path["sheet"]
        listed = keying.listed_sheets(self.db, paper.round_id) if paper else []
        if paper is None or not any(one.sheet == sheet and one.stand != "kept" for one in listed):
            return _unknown()
        return _page("keying_discard.html.j2", arrival, paper, {}, (), sheet=sheet)

    def discard(self, arrival: Arrival, form: Form) -> Response:
        """Take out the entries of a sheet that is not kept yet."""
        sheet, by = arrival.path["sheet"], (form.get("by") or [""])[0]
        paper = keying.paper_to_key(self.db, arrival.path["round"])
        if paper is None:
            return _unknown()
        if not keying.discard(self.db, paper.round_id, sheet, by=by, now=self.clock()):
            amiss = ("Write who discards the entries; a sheet that is kept already cannot be discarded.",)
            return _page("keying_discard.html.j2", arrival, paper, form, amiss, sheet=sheet)
        return _told(paper, "gone", sheet)

    def find_sheet(self, arrival: Arrival) -> Response:
        """Lead to the page that withdraws the sheet with a number or a receipt code."""
        paper = keying.paper_to_key(self.db, arrival.path["round"])
        if paper is None:
            return _unknown()
        sheet = keying.find_kept(self.db, paper.round_id, arrival.query.get("find", ""))
        if sheet is None:
            return _told(paper, "none", "")
        return RedirectResponse(f"/desk/key/{paper.round_id}/withdraw/{quote(sheet, safe='')}", 303)

    def see_withdraw(self, arrival: Arrival) -> Response:
        """Ask whether what was keyed in from a sheet is to go."""
        return self._withdraw(arrival, {}, ())

    def withdraw(self, arrival: Arrival, form: Form) -> Response:
        """Take out what was keyed in from a sheet, with every trace of it."""
        sheet, by = arrival.path["sheet"], (form.get("by") or [""])[0].strip()
        paper = keying.paper_to_key(self.db, arrival.path["round"])
        if paper is None:
            return _unknown()
        if not by:
            return self._withdraw(arrival, form, ("Write who withdraws it.",))
        folder = self.outputs(paper.protocol.id)
        try:
            gone = withdraw_sheet(self.db, paper.round_id, sheet, by=by, folder=folder, now=self.clock())
        except StageError as error:
            return self._withdraw(arrival, form, (str(error),))
        return _unknown() if gone is None else _told(paper, "withdrawn", sheet)

    def _withdraw(self, arrival: Arrival, form: Form, faults: tuple[str, ...]) -> Response:
        paper, sheet = keying.paper_to_key(self.db, arrival.path["round"]), arrival.path["sheet"]
        if paper is None or keying.find_kept(self.db, paper.round_id, sheet) != sheet:
            return _unknown()
        return _page("keying_withdraw.html.j2", arrival, paper, form, faults, sheet=sheet)

    def _form(self, arrival: Arrival, paper: PaperSurvey, form: Form, faults: tuple[str, ...]) -> Response:
        query = arrival.query
        code = query.get("code", "")
        context = {
            "head": {name: (form.get(name) or [query.get("by", "") if name == "by" else ""])[0] for name in FIELDS},
            "done": query.get("done", ""),
            "sheet": query.get("sheet", ""),
            "code": code if code and keying.is_receipt(self.db, paper.round_id, code) else "",
            "sheets": keying.listed_sheets(self.db, paper.round_id),
            "modes": MODES,
            "boxes": BOXES,
            "more": BOXES if (form.get("go") or [""])[0] == "more" else 0,
            "places": places,
            "design": _design(form) if form else design_seed(query.get("design")),
            "designs": DESIGNS,
            "place_field": place_field,
            "closed": self.clock() > paper.closes_at,
        }
        return _page("keying.html.j2", arrival, paper, form, faults, **context)

    def _differences(self, arrival: Arrival, form: Form, faults: tuple[str, ...]) -> Response:
        paper = keying.paper_to_key(self.db, arrival.path["round"])
        found = keying.to_settle(self.db, paper.round_id, arrival.path["sheet"]) if paper else None
        if paper is None or found is None:
            return _unknown()
        first, second, differences = found
        rows = [
            {
                "field": one.field,
                "label": _label(paper, one.field),
                "entries": [_shown(paper, one.field, each) for each in (one.first, one.second)],
                "words": (item := paper.survey.item(one.field)) is not None and item.type == "text",
            }
            for one in differences
        ]
        context = {"sheet": first.sheet, "names": (first.by, second.by), "rows": rows}
        return _page("keying_settle.html.j2", arrival, paper, form, faults, **context)


def _page(
    template: str, arrival: Arrival, paper: PaperSurvey, form: Form, faults: tuple[str, ...], **context: Any
) -> Response:
    status = 422 if faults else 200
    context |= {"paper": paper, "form": form, "faults": faults, "path": quote(arrival.here)}
    return render(template, paper.protocol, LANGUAGE, status=status, **context)


def _unknown() -> Response:
    return render("wrong.html.j2", None, LANGUAGE, status=404, wrong="unknown")


def _told(paper: PaperSurvey, done: str, sheet: str) -> Response:
    return RedirectResponse(f"/desk/key/{paper.round_id}?{urlencode({'done': done, 'sheet': sheet})}", 303)


def _done(paper: PaperSurvey, sheet: str, came: keying.KeyedIn, by: str, design: str = "") -> Response:
    if came.state == "differs":
        return RedirectResponse(f"/desk/key/{paper.round_id}/settle/{quote(sheet, safe='')}", 303)
    told = {"done": came.state, "sheet": sheet, "code": came.code, "by": by}
    told |= {"design": design} if paper.has_sets else {}
    return RedirectResponse(f"/desk/key/{paper.round_id}?{urlencode(told)}", 303)


def _entry(paper: PaperSurvey, form: Form) -> tuple[Entry, tuple[str, ...]]:
    """Return what a form keys in, and sentences about fields that cannot be read."""
    head = {name: " ".join((form.get(name) or [""])[0].split()) for name in FIELDS}
    head["sheet"] = head["sheet"].replace("/", "-")
    said: dict[str, Any] = {}
    amiss: list[str] = []
    ids = [question.id for question in paper.questions]
    for item in paper.survey.items:
        if item.type == "rank":
            said[item.id], faults = ranked_on_paper(item, form, paper.questions)
            amiss += [f"{item.label}: {interface.say(LANGUAGE, one.key, **one.named)}" for one in faults]
        elif item.type == "best_worst":
            said[item.id] = survey.read_sets(item, ids, _design(form), form)
        else:
            said |= fill_page(survey.Page(item.id, "form", (item,)), form, {}, questions=ids)
    return Entry(**head, said={name: value for name, value in said.items() if value}), tuple(amiss)


def _chosen(paper: PaperSurvey, differences: list[keying.Difference], form: Form) -> dict[str, Any]:
    """Return what a person chose for each field: the first entry, the second, or words of their own reading."""
    chosen: dict[str, Any] = {}
    for one in differences:
        picked = (form.get(f"pick.{one.field}") or [""])[0]
        item = paper.survey.item(one.field)
        if picked in ("first", "second"):
            chosen[one.field] = getattr(one, picked)
        elif picked == "own" and item is not None and item.type == "text":
            words = (form.get(f"own.{one.field}") or [""])[0].replace("\r\n", "\n").replace("\0", "\ufffd")
            parts = [part.strip("\n") for part in words.split("\n\n") if part.strip()]
            chosen[one.field] = parts if item.repeat else words
    return chosen


def _design(form: Form) -> int:
    return design_seed((form.get("design") or [""])[0])


def _label(paper: PaperSurvey, name: str) -> str:
    item = paper.survey.item(name)
    names = {"mode": "How the person answered", "language": "Language", "day": "Day", "time": "Time"}
    names["version"] = "Version on the sheet"
    return str(item.label) if item else names[name]


def _shown(paper: PaperSurvey, name: str, value: Any) -> list[str]:
    """Return one entry's value as lines that a person can compare with the sheet."""
    item = paper.survey.item(name)
    if not value:
        return ["(blank)"]
    if item is None or item.type == "text":
        return [str(each) for each in (value if isinstance(value, list) else [value])]
    numbers = {question.id: f"{question.number}: {question.wording}" for question in paper.questions}
    listed: dict[str, Any] = {
        "groups": {group.id: group.name for group in paper.protocol.groups},
        "partners": {partner.id: partner.name for partner in paper.protocol.partners},
        "questions": numbers,
    }
    labels = listed.get(item.choices_from) or {choice.id: choice.label for choice in item.choices}
    if isinstance(value, dict) and item.type == "best_worst":
        most, least = ({n: labels.get(picks.get(each), "(blank)") for n, picks in value.items()} for each in BOTH)
        return [f"Set {number}: most {most[number]}; least {least[number]}" for number in value]
    if isinstance(value, dict):
        return [f"{labels.get(each, each)}: {rating}" for each, rating in value.items()]
    lines = [str(labels.get(each, each)) for each in (value if isinstance(value, list) else [value])]
    ranked = item.type == "rank"
    return [f"Box {place}: number {line}" for place, line in enumerate(lines, start=1)] if ranked else lines
