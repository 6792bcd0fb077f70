"""The web app: for now a start page with partnerships, rounds and the next thing to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, PackageLoader, StrictUndefined

from consensus import steps
from consensus.settings import Settings
from consensus.store import Store
from consensus.version import __version__

__all__ = ["create_app"]

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the web app over the store that the settings name."""
    settings = settings or Settings.from_environment()
    db = Store.open(settings.database_url)
    pages = Environment(loader=PackageLoader("consensus.web"), autoescape=True, undefined=StrictUndefined)
    app = FastAPI(title="Consensus", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")

    @app.middleware("http")
    async def _protect(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.get("/", response_class=HTMLResponse)
    def start() -> str:
        now = datetime.now(UTC)
        partnerships = [steps.status(db, name, now=now) for name, _ in steps.list_partnerships(db)]
        return pages.get_template("start.html.j2").render(
            partnerships=partnerships, prefect_url=settings.prefect_url, version=__version__
        )

    @app.get("/health", response_class=PlainTextResponse)
    def health() -> str:
        steps.list_partnerships(db)
        return "ok"

    return app
