"""The form for those who want to hear the outcome or to come to the workshop; nothing joins it to an answer."""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.responses import Response

from consensus.protocol import Protocol
from consensus.steps import taking_part
from consensus.steps.interest import express_interest
from consensus.store import Store
from consensus.survey.faults import Fault
from consensus.survey.filling import Form
from consensus.web.course import pressed
from consensus.web.forms import Arrival
from consensus.web.pages import WISHED, render, spoken, unknown

__all__ = ["handlers"]

_EMAIL = re.compile(r"[^\s@,;<>\"]{1,64}@[^\s@,;<>\"]+\.[^\s@,;<>\"]{2,}")


def handlers(db: Store) -> tuple[Callable[[Arrival], Response], Callable[[Arrival, Form], Response]]:
    """Return what shows the form and what takes it."""

    def see(arrival: Arrival) -> Response:
        protocol = taking_part.protocol_of(db, arrival.path["partnership"])
        if protocol is None:
            return unknown()
        done = arrival.query.get("done")
        return _page(protocol, arrival, "interest_done.html.j2" if done else "interest.html.j2", {}, [])

    def take(arrival: Arrival, form: Form) -> Response:
        protocol = taking_part.protocol_of(db, arrival.path["partnership"])
        if protocol is None:
            return unknown()
        said = {name: (form.get(name) or [""])[0].strip() for name in ("email", "outcome", "workshop")}
        if pressed(form).startswith("lang:"):  # what is typed is shown again and kept nowhere
            return _page(protocol, arrival, "interest.html.j2", said, [])
        faults = _faults(said)
        if faults:
            return _page(protocol, arrival, "interest.html.j2", said, faults)
        wants = {name: bool(said[name]) for name in ("outcome", "workshop")}
        language = arrival.form_language
        express_interest(db, protocol.id, said["email"], **wants, language=language)
        return Response(status_code=303, headers={"Location": f"/i/{protocol.id}?done=1&lang={language}"})

    return see, take


def _faults(said: dict[str, str]) -> list[Fault]:
    found = [] if _EMAIL.fullmatch(said["email"]) and len(said["email"]) <= 254 else [Fault("email", "bad_email")]
    return found if said["outcome"] or said["workshop"] else [*found, Fault("outcome", "missing_interest")]


def _page(protocol: Protocol, arrival: Arrival, template: str, said: dict[str, str], faults: list[Fault]) -> Response:
    language = spoken(protocol, arrival.query.get("lang"), arrival.form_language, WISHED.get())
    context = {"said_here": said, "faults": faults, "path": arrival.here, "own": "", "there": None}
    context |= {"asked": "done=1&"} if template == "interest_done.html.j2" else {}
    return render(template, protocol, language, status=422 if faults else 200, **context)
