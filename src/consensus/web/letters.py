"""The page behind the unsubscribe link of a letter: opening it changes nothing, one click of its button is enough.

The same address takes the POST with which a mail program unsubscribes by itself (RFC 8058). It comes without a cookie
and without a word of ours; the token in the address is all that says who asks.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from consensus import steps, tokens
from consensus.interface import direction
from consensus.mail.words import spoken, words
from consensus.settings import Settings
from consensus.steps import Subscription
from consensus.store import Store
from consensus.web.pages import WISHED

__all__ = ["add_letters"]


def add_letters(app: FastAPI, db: Store, settings: Settings, pages: Environment, clock: Callable[[], datetime]) -> None:
    """Add the page on which people say that they want no more letters."""

    def page(found: Subscription | None) -> HTMLResponse:
        language = spoken(found.language if found else WISHED.get())
        text = pages.get_template("unsubscribe.html.j2").render(
            title=found.protocol.partnership.title.said(language) if found else "",
            found=found,
            said=words(language)["unsubscribing"],
            language=language,
            direction=direction(language),
        )
        return HTMLResponse(text, status_code=200 if found else 404)

    @app.get("/u/{token}", response_class=HTMLResponse)
    def see(token: str) -> HTMLResponse:
        return page(steps.subscription(db, tokens.load_secret(settings.home), token))

    @app.post("/u/{token}", response_class=HTMLResponse)
    def take(token: str) -> HTMLResponse:
        return page(steps.unsubscribe(db, tokens.load_secret(settings.home), token, now=clock()))
