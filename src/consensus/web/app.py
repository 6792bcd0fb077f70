"""The web app: the survey pages for those who take part, and a start page with the next thing to do."""

from __future__ import annotations

import gc
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from anyio import to_thread
from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from consensus import interface, steps
from consensus.settings import Settings
from consensus.steps import taking_part
from consensus.store import Store
from consensus.version import __version__
from consensus.web.forms import Doorway
from consensus.web.headers import PROTECTING, encoded
from consensus.web.keying import add_keying
from consensus.web.letters import add_letters
from consensus.web.pace import Pace
from consensus.web.pages import WISHED, prepare, wished, wrong
from consensus.web.printing import add_printing
from consensus.web.risks import add_risks
from consensus.web.survey import add_survey

__all__ = ["create_app"]

ICON = Path(__file__).parent / "static" / "icon.svg"

_SENT = encoded(PROTECTING)

AT_ONCE = 8
"""How many requests are worked on at once; others wait, and shorter than if all fought for the time."""

BROKEN = "Something broke here; it is not your fault. What was saved is kept: go back and try again in a few minutes.\n"


def create_app(settings: Settings | None = None, clock: Callable[[], datetime] | None = None) -> FastAPI:
    """Return the web app over the store that the settings name; `clock` is what it takes for now."""
    clock = clock or (lambda: datetime.now(UTC))
    settings = settings or Settings.from_environment()
    db = Store.open(settings.database_url)
    pages = Environment(loader=PackageLoader("consensus.web"), autoescape=True, undefined=StrictUndefined)
    app = FastAPI(
        title="Consensus", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, lifespan=_prepared
    )
    app.mount("/static", Files(directory=Path(__file__).parent / "static"), name="static")

    doorway = Doorway(Pace(a_minute=settings.begins_a_minute, at_once=settings.begins_a_minute))
    add_survey(app, db, doorway, clock, settings.outputs)
    add_letters(app, db, settings, pages, clock)
    add_risks(app, db, doorway, settings, clock)
    add_printing(app, db, doorway)
    add_keying(app, db, clock, settings.outputs)
    app.add_middleware(Protected)
    app.add_exception_handler(Exception, _broken(db, clock))

    @app.get("/", response_class=HTMLResponse)
    def start() -> str:
        now = clock()
        partnerships = [steps.status(db, name, now=now) for name, _ in steps.list_partnerships(db)]
        found = {view.partnership: taking_part.protocol_of(db, view.partnership) for view in partnerships}
        return pages.get_template("start.html.j2").render(
            partnerships=partnerships,
            partners={name: protocol.partners if protocol else () for name, protocol in found.items()},
            site=settings.links_url,
            prefect_url=settings.prefect_url,
            version=__version__,
        )

    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> FileResponse:
        return FileResponse(ICON, media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})

    @app.exception_handler(HTTPException)
    def refused(_request: Request, error: HTTPException) -> Response:
        response = wrong("method" if error.status_code == 405 else "unknown", error.status_code)
        response.headers.update(error.headers or {})
        return response

    @app.get("/health", response_class=PlainTextResponse)
    def health() -> str:
        steps.list_partnerships(db)
        return "ok"

    return app


class Files(StaticFiles):
    """Files that are the same for everybody: a browser keeps them, and asks whether they have changed."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        """Return a file, or that it is as it was."""
        response = super().file_response(*args, **options)
        response.headers["Cache-Control"] = "no-cache"
        return response


@asynccontextmanager
async def _prepared(_app: FastAPI) -> AsyncIterator[None]:
    """Do before anybody comes what the first one would wait for.

    What was loaded by then stays to the end; looking through it for garbage again and again holds everybody up.
    """
    prepare()
    _hold_many()
    to_thread.current_default_thread_limiter().total_tokens = AT_ONCE
    gc.collect()
    gc.freeze()
    yield


def _hold_many() -> None:
    """Let this process hold as many connections at once as the machine allows it, instead of the usual thousand."""
    if sys.platform == "win32":
        return
    import resource

    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _broken(db: Store, clock: Callable[[], datetime]) -> Callable[[Request, Exception], Response]:
    """Return what tells people that something broke, in the language that they read; should that break too, in ours."""

    def tell(request: Request, _error: Exception) -> Response:
        try:
            return wrong("broken", 500, language=_language_of(db, request.url.path, clock()))
        except Exception:
            return PlainTextResponse(BROKEN, 500, PROTECTING)

    return tell


def _language_of(db: Store, path: str, now: datetime) -> str:
    """Return the language in which whoever has a personal link reads, or nothing where it cannot be found out."""
    _, what, token, *_ = [*path.split("/"), "", ""]
    try:
        there = taking_part.visit(db, token, now=now) if what == "t" else None
    except Exception:  # what broke may be the database itself
        there = None
    return there.language if there and there.language in interface.LANGUAGES else ""


class Protected:
    """Puts the headers that protect a reader on every response that does not bring its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on in the language that it wishes for, and put the headers on what comes back."""
        if scope["type"] == "http":
            query = scope.get("query_string", b"")
            asked = parse_qs(query.decode("ascii", "replace")).get("lang", [""])[0] if query else ""
            accepted = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
            WISHED.set(wished(accepted.decode("latin-1"), asked))

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                brought = {name for name, _ in message["headers"]}
                missing = [each for each in _SENT if each[0] not in brought]
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        await self.app(scope, receive, protected)
