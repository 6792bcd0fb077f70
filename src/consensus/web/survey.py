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
from starlette.responses import RedirectResponse, Response

from consensus import interface, survey
from consensus.errors import StageError
from consensus.protocol import Protocol
from consensus.steps import taking_part, withdraw
from consensus.steps.taking_part import Door, Visit
from consensus.steps.visits import AGREED
from consensus.store import Store
from consensus.survey.filling import Form
from consensus.web import choosing, interest, picking
from consensus.web.forms import Arrival, Doorway
from consensus.web.pages import made_once, render, wrong

__all__ = ["TakingPart", "add_survey"]


def add_survey(
    app: FastAPI, db: Store, doorway: Doorway, clock: Callable[[], datetime], outputs: Callable[[str], Path]
) -> None:
    """Add the pages of those who take part to the web app; `outputs` is where a partnership's exports lie."""
    part = TakingPart(db, clock, outputs)
    for path in ("/s/{partnership}/{kind}", "/s/{partnership}/{kind}/{partner}"):
        doorway.add(app, path, part.see_door, part.begin)
    doorway.add(app, "/t/{token}", part.see_own, part.begin_invited)
    doorway.add(app, "/t/{token}/agree", part.see_agree, part.begin_invited)
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

    # -- at an open link

    def see_door(self, arrival: Arrival) -> Response:
        """Show what an open link leads to."""
        door = self._door(arrival)
        if door is None:
            return unknown()
        return _opening(door, arrival)

    def begin(self, arrival: Arrival, form: Form) -> Response:
        """Let somebody begin by an open link, and send them on to the link that is now their own."""
        door = self._door(arrival)
        if door is None:
            return unknown()
        said, faults = _consented(door, form)
        read = _read(door, form)
        if door.stand != "open" or faults or read != survey.opening_hash(door.survey):
            return _opening(door, arrival, faults, read)
        said |= {AGREED: read} | ({"_flags": sorted(arrival.flags)} if arrival.flags else {})
        language = _language(door.protocol, arrival.form_language)
        token = taking_part.begin(
            self.db, door.protocol.id, door.kind, door.partner, said, language=language, now=self.clock()
        )
        return _to(f"/t/{token}/{_first(door)}")

    def _door(self, arrival: Arrival) -> Door | None:
        path = arrival.path
        return taking_part.open_door(
            self.db, path["partnership"], path["kind"], path.get("partner", ""), now=self.clock()
        )

    # -- at a link of one's own

    def see_own(self, arrival: Arrival) -> Response:
        """Show what a personal link leads to: the beginning, where one stopped, or the receipt."""
        there = self._visit(arrival)
        if there is None:
            return unknown()
        if there.state == "invited":
            return _opening(there, arrival)
        if there.sent and there.state == "sent":
            return self._page(arrival, there, "receipt.html.j2", changed=there.unsent)
        return self._if_open(arrival, there) or self._page(arrival, there, "welcome.html.j2", go_on=_go_on(there))

    def see_agree(self, arrival: Arrival) -> Response:
        """Show the first page again to somebody who agreed to other words."""
        there = self._visit(arrival)
        if there is None:
            return unknown()
        return _opening(there, arrival) if there.asked_anew else _to(arrival.own)

    def begin_invited(self, arrival: Arrival, form: Form) -> Response:
        """Let somebody begin who was invited, or agree anew."""
        there = self._visit(arrival)
        if there is None:
            return unknown()
        said, faults = _consented(there, form)
        if there.state != "invited" and not there.asked_anew:
            return _to(arrival.own)
        read = _read(there, form)
        if there.stand not in _takes(there) or faults or read != survey.opening_hash(there.survey):
            return _opening(there, arrival, faults, read)
        language = _language(there.protocol, arrival.form_language)
        said |= {AGREED: read}
        taking_part.begin_invited(self.db, arrival.token, said, language=language, now=self.clock())
        return _to(f"{arrival.own}/{_go_on(there) if there.asked_anew else _first(there)}")

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
        return self._page(arrival, there, "page.html.j2", **context)

    def fill_page(self, arrival: Arrival, form: Form) -> Response:
        """Keep what a page's form says, whatever is amiss in it, and go on, stay or stop as its button says."""
        there = self._change(arrival, lambda before: _filled(before, arrival, form))
        page = _page_of(there, arrival)
        if there is None or page is None:
            return unknown()
        step = _step(there, page, form)
        here = f"{arrival.own}/p/{page.id}"
        if there.stand in ("closed", "paused", "full", "early") or there.asked_anew:
            return _to(_own(arrival, there))
        if step == "later":
            return _to(f"{arrival.own}/saved")
        if step.startswith(survey.ADD):
            return _to(f"{here}?add={step.removeprefix(survey.ADD)}")
        if step.startswith("?"):
            return _to(here + step)
        if survey.page_faults(page, there.said, there.protocol, there.question_ids):
            return _to(f"{here}?check=1")
        return _to(f"{here}/order" if step == "order" else f"{arrival.own}/{_next(there, page)}")

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
        if there.stand in ("closed", "paused", "full", "early") or there.asked_anew:
            return _to(_own(arrival, there))
        step = choosing.order_step(form)
        here = f"{arrival.own}/p/{page.id}"
        known = {"later": f"{arrival.own}/saved", "more": here, "next": f"{arrival.own}/{_next(there, page)}"}
        return _to(known.get(step) or f"{here}/order{step}")

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
            return _to(f"{arrival.own}/check")  # which says what is amiss
        return _to(f"{arrival.own}/receipt" if there.sent else arrival.own)

    def see_receipt(self, arrival: Arrival) -> Response:
        """Show the receipt of what was sent."""
        there = self._visit(arrival)
        if there is None:
            return unknown()
        if there.state != "sent" or not there.sent:
            return _to(arrival.own)
        return self._page(arrival, there, "receipt.html.j2", changed=there.unsent)

    def go_on(self, arrival: Arrival, form: Form) -> Response:
        """Lead somebody into the round that follows, by a link that is theirs there."""
        token = taking_part.go_on(self.db, arrival.token, now=self.clock())
        return _to(f"/t/{token}" if token else arrival.own)

    def see_saved(self, arrival: Arrival) -> Response:
        """Say that it is saved, and with which link to come back."""
        there = self._visit(arrival)
        if there is None:
            return unknown()
        return self._if_open(arrival, there) or self._page(arrival, there, "saved.html.j2", go_on=_go_on(there))

    def see_withdraw(self, arrival: Arrival) -> Response:
        """Ask whether somebody is sure."""
        there = self._visit(arrival)
        if there is None:
            return unknown()
        if there.state not in ("begun", "sent"):
            return _to(arrival.own)
        return self._page(arrival, there, "withdraw.html.j2")

    def withdraw(self, arrival: Arrival, form: Form) -> Response:
        """Take out what somebody filled in and sent, with every trace of it."""
        there = self._visit(arrival)
        if there is None:
            return unknown()
        if there.state in ("begun", "sent"):
            with suppress(StageError):  # unlinked: their own page says that it is over
                withdraw(self.db, arrival.token, folder=self.outputs(there.protocol.id), now=self.clock())
        return _to(arrival.own)

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
            return _to(arrival.own)
        if there.stand in ("early", "paused", "full", "closed"):
            return self._page(arrival, there, "state.html.j2")
        return _to(_own(arrival, there)) if there.asked_anew else None

    def _page(self, arrival: Arrival, there: Visit, template: str, **context: Any) -> Response:
        language = _language(there.protocol, arrival.query.get("lang"), there.language)
        own_url = f"{arrival.site}{arrival.own}"
        context |= {"there": there, "path": arrival.here, "own": arrival.own, "own_url": own_url}
        return render(template, there.protocol, language, **context)


def unknown() -> Response:
    """Return the page for a link that leads nowhere."""
    return wrong("unknown", 404)


def _opening(
    there: Door, arrival: Arrival, faults: list[survey.Fault] | None = None, read: str | None = None
) -> Response:
    """Return the first page, or the page that says that nobody can begin now, and when.

    `read` is the hash of the first page that somebody agreed to just now, where they did.
    """
    words = survey.opening_hash(there.survey)
    reworded = there.asked_anew or read not in (None, words)
    language = _language(
        there.protocol, arrival.query.get("lang") or arrival.form_language, getattr(there, "language", "")
    )
    context: dict[str, Any] = {"there": there, "path": arrival.here, "own": "", "faults": faults or []}
    if getattr(there, "state", "") == "withdrawn":
        return render("withdrawn.html.j2", there.protocol, language, **context)
    if there.stand not in _takes(there):
        return render("state.html.j2", there.protocol, language, **context)
    context |= {"items": survey.opening(there.survey), "status": 200 if read is None else 422}
    context |= {"words": words, "reworded": reworded}
    if read is not None or isinstance(there, Visit):
        return render("opening.html.j2", there.protocol, language, **context)
    told = (there.protocol.hash, there.kind, there.closes_at, there.joined_until, language, arrival.here)
    return made_once(told, lambda: render("opening.html.j2", there.protocol, language, **context))


def _read(there: Door, form: Form) -> str:
    """Return the hash of the first page that a form was sent from; the one in force where the form does not say."""
    return (form.get("words") or [survey.opening_hash(there.survey)])[0]


def _takes(there: Door) -> tuple[str, ...]:
    """Return in which states of a round somebody may agree to its first page; who had begun may until the end."""
    return ("open", "grace", "late") if there.asked_anew else ("open",)


def _own(arrival: Arrival, there: Visit) -> str:
    """Return somebody's own page: what they sent or where they stopped, or the first page where its words changed."""
    return f"{arrival.own}/agree" if there.asked_anew else arrival.own


def _consented(there: Door, form: Form) -> tuple[dict[str, object], list[survey.Fault]]:
    first = survey.Page("opening", "form", survey.opening(there.survey))
    said = survey.fill_page(first, form, {})
    return said, survey.page_faults(first, said, there.protocol)


def _language(protocol: Protocol, *wishes: str | None) -> str:
    """Return the first wish that the survey speaks, else its first language."""
    spoken = [each for each in protocol.partnership.languages if each in interface.LANGUAGES]
    return next((wish for wish in wishes if wish in spoken), spoken[0] if spoken else "en")


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
    return survey.fill_page(page, form, before.said, questions=before.question_ids)


def _step(there: Visit, page: survey.Page, form: Form) -> str:
    """Return where the button of a page leads."""
    if page.kind == "choose":
        return choosing.step(page, form)
    if page.kind == "sets":
        return picking.step(there, page, form)
    return (form.get("go") or ["next"])[0]


def _first(there: Door) -> str:
    pages = survey.pages(there.survey)
    return f"p/{pages[0].id}" if pages else "check"


def _next(there: Visit, page: survey.Page) -> str:
    later = there.pages[there.pages.index(page) + 1 :]
    return f"p/{later[0].id}" if later else "check"


def _go_on(there: Visit) -> str:
    """Return where somebody goes on: the first page with something amiss or nothing said, else the check."""
    amiss = {fault.page for fault in there.faults}
    for page in there.pages:
        if page.id in amiss or not any(item.id in there.said for item in page.items if item.type != "note"):
            return f"p/{page.id}"
    return "check"


def _to(path: str) -> Response:
    return RedirectResponse(path, 303)
