"""The page of the role that the protocol names: what may tell of a risk, and what was done about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import FastAPI
from starlette.responses import RedirectResponse, Response

from consensus import tokens
from consensus.settings import Settings
from consensus.steps import risks
from consensus.store import Store
from consensus.survey.filling import Form
from consensus.web.forms import Arrival, Doorway
from consensus.web.pages import render, wrong

__all__ = ["add_risks"]


def add_risks(app: FastAPI, db: Store, doorway: Doorway, settings: Settings, clock: Callable[[], datetime]) -> None:
    """Add the page behind the link that the role was sent; nobody else can make that link."""

    def see(arrival: Arrival) -> Response:
        protocol = risks.risk_partnership(db, tokens.load_secret(settings.home), arrival.token)
        if protocol is None:
            return wrong("unknown", 404)
        amiss = bool(arrival.query.get("amiss"))
        listed = risks.flagged(db, protocol.id)
        context = {"flags": listed, "amiss": amiss, "path": arrival.here, "there": None}
        return render("risks.html.j2", protocol, "en", status=422 if amiss else 200, **context)

    def take(arrival: Arrival, form: Form) -> Response:
        protocol = risks.risk_partnership(db, tokens.load_secret(settings.home), arrival.token)
        if protocol is None:
            return wrong("unknown", 404)
        flag, done, by = ((form.get(name) or [""])[0] for name in ("flag", "done", "by"))
        kept = risks.record_risk(db, protocol.id, flag, done=done, by=by, now=clock())
        return RedirectResponse(arrival.here + ("" if kept else "?amiss=1"), 303)

    doorway.add(app, "/r/{token}", see, take)
