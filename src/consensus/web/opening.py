"""The first page: what somebody reads and agrees to before they begin, by an open link or by one of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import Response

from consensus import survey, tokens
from consensus.steps import taking_part
from consensus.steps.taking_part import Door, Visit
from consensus.steps.visits import AGREED
from consensus.store import Store
from consensus.survey.filling import Form
from consensus.web.course import first_page, go_on, to
from consensus.web.forms import Arrival
from consensus.web.pages import WISHED, made_once, render, spoken, unknown

__all__ = ["Opening", "opening_page"]

ONCE = tokens.open_token()
"""What stands in the page that is kept for what each showing of it is known by."""


@dataclass(frozen=True)
class Opening:
    """The first page over one store, with the clock it goes by."""

    db: Store
    clock: Callable[[], datetime]

    def see_door(self, arrival: Arrival) -> Response:
        """Show what an open link leads to."""
        door = self._door(arrival)
        if door is None:
            return unknown()
        return opening_page(door, arrival)

    def begin(self, arrival: Arrival, form: Form) -> Response:
        """Let somebody begin by an open link, and send them on to the link that is now their own."""
        door = self._door(arrival)
        if door is None:
            return unknown()
        said, faults = _consented(door, form)
        read = _read(door, form)
        if door.stand != "open" or faults or read != survey.opening_hash(door.survey):
            return opening_page(door, arrival, faults, read)
        said |= {AGREED: read} | ({"_flags": sorted(arrival.flags)} if arrival.flags else {})
        language = spoken(door.protocol, arrival.form_language)
        once = (form.get("once") or [""])[0]
        token = taking_part.begin(
            self.db, door.protocol.id, door.kind, door.partner, said, once=once, language=language, now=self.clock()
        )
        return to(f"/t/{token}/{first_page(door)}")

    def _door(self, arrival: Arrival) -> Door | None:
        path = arrival.path
        return taking_part.open_door(
            self.db, path["partnership"], path["kind"], path.get("partner", ""), now=self.clock()
        )

    def see_agree(self, arrival: Arrival) -> Response:
        """Show the first page again to somebody who agreed to other words."""
        there = taking_part.visit(self.db, arrival.token, now=self.clock())
        if there is None:
            return unknown()
        return opening_page(there, arrival) if there.asked_anew else to(arrival.own)

    def begin_invited(self, arrival: Arrival, form: Form) -> Response:
        """Let somebody begin who was invited, or agree anew."""
        there = taking_part.visit(self.db, arrival.token, now=self.clock())
        if there is None:
            return unknown()
        said, faults = _consented(there, form)
        if there.state != "invited" and not there.asked_anew:
            return to(arrival.own)
        read = _read(there, form)
        if there.stand not in _takes(there) or faults or read != survey.opening_hash(there.survey):
            return opening_page(there, arrival, faults, read)
        language = spoken(there.protocol, arrival.form_language)
        said |= {AGREED: read}
        taking_part.begin_invited(self.db, arrival.token, said, language=language, now=self.clock())
        return to(f"{arrival.own}/{go_on(there) if there.asked_anew else first_page(there)}")


def opening_page(
    there: Door, arrival: Arrival, faults: list[survey.Fault] | None = None, read: str | None = None
) -> Response:
    """Return the first page, or the page that says that nobody can begin now, and when.

    `read` is the hash of the first page that somebody agreed to just now, where they did.
    """
    words = survey.opening_hash(there.survey)
    reworded = there.asked_anew or read not in (None, words)
    chosen = (arrival.query.get("lang"), arrival.form_language, getattr(there, "language", ""))
    language = spoken(there.protocol, *chosen, WISHED.get())
    context: dict[str, Any] = {"there": there, "path": arrival.here, "own": "", "faults": faults or []}
    if getattr(there, "state", "") == "withdrawn":
        return render("withdrawn.html.j2", there.protocol, language, **context)
    if there.stand not in _takes(there):
        return render("state.html.j2", there.protocol, language, **context)
    context |= {"items": survey.opening(there.survey), "status": 200 if read is None else 422}
    once = tokens.open_token()
    context |= {"words": words, "reworded": reworded, "once": once}
    if read is not None or isinstance(there, Visit):
        return render("opening.html.j2", there.protocol, language, **context)
    told = (there.protocol.hash, there.kind, there.closes_at, there.joined_until, language, arrival.here)
    context["once"] = ONCE
    return made_once(told, lambda: render("opening.html.j2", there.protocol, language, **context), but=(ONCE, once))


def _read(there: Door, form: Form) -> str:
    """Return the hash of the first page that a form was sent from; the one in force where the form does not say."""
    return (form.get("words") or [survey.opening_hash(there.survey)])[0]


def _takes(there: Door) -> tuple[str, ...]:
    """Return in which states of a round somebody may agree to its first page; who had begun may until the end."""
    return ("open", "grace", "late") if there.asked_anew else ("open",)


def _consented(there: Door, form: Form) -> tuple[dict[str, object], list[survey.Fault]]:
    first = survey.Page("opening", "form", survey.opening(there.survey))
    said = survey.fill_page(first, form, {})
    return said, survey.page_faults(first, said, there.protocol)
