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
from consensus.interface import direction, say
from consensus.mail.words import spoken, words
from consensus.settings import Settings
from consensus.steps import Subscription
from consensus.store import Store
from consensus.web.pages import WISHED

__all__ = ["add_letters"]


def add_letters(app: FastAPI, db: Store, settings: Settings, pages: Environment, clock: Callable[[], datetime]) -> None:
    """Add the page on which people say that they want no more letters."""

    def page(found: Subscription | None, asked: str) -> HTMLResponse:
        language = _language(found, asked)
        text = pages.get_template("unsubscribe.html.j2").render(
            title=found.protocol.partnership.title.said(language) if found else "",
            found=found,
            said=words(language)["unsubscribing"],
            language=language,
            direction=direction(language),
            languages=[(each, say(each, "language_name")) for each in _languages(found)],
            others=say(language, "languages"),
        )
        return HTMLResponse(text, status_code=200 if found else 404)

    @app.get("/u/{token}", response_class=HTMLResponse)
    def see(token: str, lang: str = "") -> HTMLResponse:
        return page(steps.subscription(db, tokens.load_secret(settings.home), token), lang)

    @app.post("/u/{token}", response_class=HTMLResponse)
    def take(token: str, lang: str = "") -> HTMLResponse:
        return page(steps.unsubscribe(db, tokens.load_secret(settings.home), token, now=clock()), lang)


def _languages(found: Subscription | None) -> list[str]:
    """Return the languages of a partnership in which letters have words."""
    return [each for each in found.protocol.partnership.languages if spoken(each) == each] if found else []


def _language(found: Subscription | None, asked: str) -> str:
    """Return the language that the page was asked for in, else the one in which the letter was written."""
    if found is None:
        return spoken(WISHED.get())
    languages = _languages(found)
    wishes = (asked, found.language, *languages)
    return next((each for each in wishes if each in languages), "en")
