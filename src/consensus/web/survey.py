"""What people who take part see: routes from a link to a step and from what came of it to a page.

Opening a page changes nothing; every form is answered with a redirect, so that reloading sends nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.responses import Response

from consensus import survey
from consensus.errors import StageError
from consensus.steps import taking_part, withdraw
from consensus.steps.taking_part import Visit
from consensus.store import Store
from consensus.survey.filling import Form
from consensus.web import choosing, course, interest, picking, rating
from consensus.web.course import SHUT, again, go_on, leads, own_page, to
from consensus.web.forms import Arrival, Doorway
from consensus.web.opening import Opening, opening_page
from consensus.web.pages import render, spoken, unknown

__all__ = ["TakingPart", "add_survey"]


def add_survey(
    app: FastAPI, db: Store, doorway: Doorway, clock: Callable[[], datetime], outputs: Callable[[str], Path]
) -> None:
    """Add the pages of those who take part to the web app; `outputs` is where a partnership's exports lie."""
    part, first = TakingPart(db, clock, outputs), Opening(db, clock)
    for path in ("/s/{partnership}/{kind}", "/s/{partnership}/{kind}/{partner}"):
        doorway.add(app, path, first.see_door, first.begin)
    doorway.add(app, "/t/{token}", part.see_own, first.begin_invited)
    doorway.add(app, "/t/{token}/agree", first.see_agree, first.begin_invited)
    doorway.add(app, "/t/{token}/p/{page}", part.see_page, part.fill_page)
    doorway.add(app, "/t/{token}/p/{page}/order", part.see_order, part.put_in_order)
    doorway.add(app, "/t/{token}/check", part.see_check, part.send)
    doorway.add(app, "/t/{token}/receipt", part.see_receipt)
    doorway.add(app, "/t/{token}/saved", part.see_saved)
    doorway.add(app, "/t/{token}/on", part.see_receipt, part.go_on)
    doorway.add(app, "/t/{token}/withdraw", part.see_withdraw, part.withdraw, long=True)
    doorway.add(app, "/i/{partnership}", *interest.handlers(db))


@dataclass(frozen=True)
class TakingPart:
    """The pages over one store, with the clock they go by and the folder of each partnership's exports."""

    db: Store
    clock: Callable[[], datetime]
    outputs: Callable[[str], Path]

    # -- at a link of one's own

    def see_own(self, arrival: Arrival) -> Response:
        """Show what a personal link leads to: the beginning, where one stopped, or the receipt."""
        there = self._visit(arrival)
        if there is None:
            return unknown()
        if there.state == "invited":
            return opening_page(there, arrival)
        if there.sent and there.state == "sent":
            return self._page(arrival, there, "receipt.html.j2", changed=there.unsent)
        return self._if_open(arrival, there) or self._page(arrival, there, "welcome.html.j2", go_on=go_on(there))

    def see_page(self, arrival: Arrival) -> Response:
        """Show one page of the survey, filled in as far as the person has got."""
        there = self._visit(arrival)
        page = _page_of(there, arrival)
        if there is None or page is None:
            return unknown()
        if state := self._if_open(arrival, there):
            return state
        questions = there.question_ids
        faults = survey.page_faults(page, there.said, there.protocol, questions) if arrival.query.get("check") else []
        context = {
            "page": page,
            "faults": faults,
            "number": there.pages.index(page) + 1,
            "add": arrival.query.get("add"),
        }
        if page.kind == "choose":
            return self._page(
                arrival, there, "choose.html.j2", **context, **choosing.listed(there, page, arrival.query)
            )
        if page.kind == "sets":
            return self._page(arrival, there, "sets.html.j2", **context | picking.shown_set(there, page, arrival.query))
        if page.kind == "rate":
            context |= rating.shown_rates(there, page, arrival.query)
        return self._page(arrival, there, "page.html.j2", **context)

    def fill_page(self, arrival: Arrival, form: Form) -> Response:
        """Keep what a page's form says, whatever is amiss in it, and go on, stay or stop as its button says."""
        there = self._change(arrival, lambda before: _filled(before, arrival, form))
        page = _page_of(there, arrival)
        if there is None or page is None:
            return unknown()
        here, step = f"{arrival.own}/p/{page.id}", _step(there, page, form)
        if step == "keep":  # a script keeps what is filled in so far, and stays on its page
            return Response(status_code=409 if there.stand == "closed" or there.state == "withdrawn" else 204)
        if there.stand in SHUT or there.asked_anew:
            return to(own_page(arrival, there))
        if step.startswith("?"):
            return to(again(here, step, arrival))
        amiss = survey.page_faults(page, there.said, there.protocol, there.question_ids)
        if amiss and step not in ("later", "back"):
            return to(again(here, "check=1", arrival))
        return to(leads(arrival, there, page, step))

    def see_order(self, arrival: Arrival) -> Response:
        """Show the chosen questions in their order, with the ways to change it."""
        there = self._visit(arrival)
        page = _page_of(there, arrival)
        if there is None or page is None or page.kind != "choose":
            return unknown()
        return self._if_open(arrival, there) or self._order(arrival, there, page)

    def _order(self, arrival: Arrival, there: Visit, page: survey.Page, form: Form | None = None) -> Response:
        context = choosing.ordered(there, page, arrival.query, form)
        return self._page(arrival, there, "order.html.j2", page=page, number=there.pages.index(page) + 1, **context)

    def put_in_order(self, arrival: Arrival, form: Form) -> Response:
        """Move, take out or place chosen questions."""
        unclear: list[int] = []

        def act(before: Visit) -> dict[str, Any] | None:
            page = _page_of(before, arrival)
            if page is None or page.kind != "choose":
                return None
            unclear.extend(choosing.twice(before, page, form))
            return None if unclear else choosing.put_in_order(before, page, form)

        there = self._change(arrival, act)
        page = _page_of(there, arrival)
        if there is None or page is None or page.kind != "choose":
            return unknown()
        if unclear:
            return self._order(arrival, there, page, form)
        if there.stand in SHUT or there.asked_anew:
            return to(own_page(arrival, there))
        step = choosing.order_step(form)
        if step.startswith("?"):
            return to(again(f"{arrival.own}/p/{page.id}/order", step, arrival))
        return to(leads(arrival, there, page, step))

    def see_check(self, arrival: Arrival) -> Response:
        """Show everything that was filled in, before it is sent."""
        there = self._visit(arrival)
        if there is None:
            return unknown()
        return self._if_open(arrival, there) or self._page(arrival, there, "check.html.j2", faults=there.faults)

    def send(self, arrival: Arrival, form: Form) -> Response:
        """Send what was filled in."""
        flags = {*arrival.flags, *(["honeypot"] if any(form.get("website", ())) else [])}
        read = (form.get("words") or [""])[0]
        there = taking_part.send(self.db, arrival.token, flags=flags, read=read, now=self.clock())
        if there is None:
            return unknown()
        amiss = there.state == "begun" or read not in ("", there.survey.hash)
        if amiss and there.stand in ("open", "grace", "late"):
            return to(f"{arrival.own}/check")  # which says what is amiss
        return to(f"{arrival.own}/receipt" if there.sent else arrival.own)

    def see_receipt(self, arrival: Arrival) -> Response:
        """Show the receipt of what was sent."""
        there = self._visit(arrival)
        if there is None:
            return unknown()
        if there.state != "sent" or not there.sent:
            return to(arrival.own)
        return self._page(arrival, there, "receipt.html.j2", changed=there.unsent)

    def go_on(self, arrival: Arrival, form: Form) -> Response:
        """Lead somebody into the round that follows, by a link that is theirs there."""
        token = taking_part.go_on(self.db, arrival.token, now=self.clock())
        return to(f"/t/{token}" if token else arrival.own)

    def see_saved(self, arrival: Arrival) -> Response:
        """Say that it is saved, and with which link to come back."""
        there = self._visit(arrival)
        if there is None:
            return unknown()
        return self._if_open(arrival, there) or self._page(arrival, there, "saved.html.j2", go_on=go_on(there))

    def see_withdraw(self, arrival: Arrival) -> Response:
        """Ask whether somebody is sure."""
        there = self._visit(arrival)
        if there is None:
            return unknown()
        if there.state not in ("begun", "sent"):
            return to(arrival.own)
        return self._page(arrival, there, "withdraw.html.j2")

    def withdraw(self, arrival: Arrival, form: Form) -> Response:
        """Take out what somebody filled in and sent, with every trace of it."""
        there = self._visit(arrival)
        if there is None:
            return unknown()
        if there.state in ("begun", "sent"):
            with suppress(StageError):  # unlinked: their own page says that it is over
                withdraw(self.db, arrival.token, folder=self.outputs(there.protocol.id), now=self.clock())
        return to(arrival.own)

    # -- what these have in common

    def _visit(self, arrival: Arrival) -> Visit | None:
        return taking_part.visit(self.db, arrival.token, now=self.clock())

    def _change(self, arrival: Arrival, act: Callable[[Visit], dict[str, object] | None]) -> Visit | None:
        return taking_part.change(self.db, arrival.token, act, language=arrival.form_language, now=self.clock())

    def _if_open(self, arrival: Arrival, there: Visit) -> Response | None:
        """Return the page that says why nothing can be filled in now, or None where it can."""
        if there.state == "withdrawn":
            return self._page(arrival, there, "withdrawn.html.j2")
        if there.state == "invited":
            return to(arrival.own)
        if there.stand in SHUT:
            return self._page(arrival, there, "state.html.j2")
        return to(own_page(arrival, there)) if there.asked_anew else None

    def _page(self, arrival: Arrival, there: Visit, template: str, **context: Any) -> Response:
        language = spoken(there.protocol, arrival.query.get("lang"), arrival.form_language, there.language)
        own_url = f"{arrival.site}{arrival.own}"
        context |= {"there": there, "path": arrival.here, "own": arrival.own, "own_url": own_url}
        context |= {"from_check": arrival.from_check}
        return render(template, there.protocol, language, **context)


def _page_of(there: Visit | None, arrival: Arrival) -> survey.Page | None:
    return next((page for page in there.pages if page.id == arrival.path["page"]), None) if there else None


def _filled(before: Visit, arrival: Arrival, form: Form) -> dict[str, Any] | None:
    """Return what was said after a page's form, or None where there is no such page."""
    page = _page_of(before, arrival)
    if page is None:
        return None
    if page.kind == "choose":
        return choosing.ticked(before, page, form)
    if page.kind == "sets":
        return picking.picked(before, page, form)
    if page.kind == "rate":
        return rating.rated(before, page, form)
    return survey.fill_page(page, form, before.said, questions=before.question_ids)


def _step(there: Visit, page: survey.Page, form: Form) -> str:
    """Return where the button of a page leads."""
    if page.kind == "choose":
        return choosing.step(page, form)
    if page.kind == "sets":
        return picking.step(there, page, form)
    if page.kind == "rate":
        return rating.step(there, page, form)
    return course.step(form)
