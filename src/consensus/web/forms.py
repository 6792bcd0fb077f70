"""Requests of people who take part: forms read within bounds, only from our own pages, and at a human pace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from consensus import interface, tokens
from consensus.survey.filling import Form
from consensus.web.pace import Pace
from consensus.web.pages import WISHED, wrong

__all__ = ["MOST_BYTES", "Arrival", "Doorway", "ForeignForm", "TooBig", "language_of", "read_form"]

MOST_BYTES = 512 * 1024
MOST_FIELDS = 2000

_LONG = CapacityLimiter(4)
"""Those who wait long for what they asked for wait beside the others, not in their places."""


class TooBig(Exception):
    """The form is larger than any page of ours can send."""


class ForeignForm(Exception):
    """The form was sent from a page of another site."""


async def read_form(request: Request) -> dict[str, list[str]]:
    """Return the fields of a posted form.

    Browsers say where a form comes from in `Origin` and `Sec-Fetch-Site`; a program that says neither has no cookies or
    sessions of anybody to misuse, for there are none: what may be changed follows from the token in the path alone.

    Raises
    ------
    ForeignForm
        It came from another site.
    TooBig
        It holds more than any page of ours sends.
    """
    _refuse_foreign(request)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise TooBig
    try:
        return parse_qs(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise TooBig from None


def _refuse_foreign(request: Request) -> None:
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise ForeignForm
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ForeignForm


@dataclass(frozen=True)
class Arrival:
    """What a handler needs to know of a request: its path, its query, and what was noticed about its sender."""

    site: str
    here: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    form_language: str = ""
    """The language of the page that a form was sent from, or the one that its button asks for."""
    from_check: bool = False
    """Whether somebody came to this page from checking their answers, to change one of them."""
    flags: frozenset[str] = frozenset()

    @property
    def token(self) -> str:
        """Return the token of a personal link."""
        return self.path["token"]

    @property
    def own(self) -> str:
        """Return the path of a personal link."""
        return f"/t/{self.token}"


@dataclass
class Doorway:
    """Adds routes whose forms are checked before a handler sees them: size, origin and pace."""

    from_one_address: Pace
    by_one_token: Pace = field(default_factory=lambda: Pace(a_minute=120, at_once=60))

    def add(
        self,
        app: FastAPI,
        path: str,
        see: Callable[[Arrival], Response],
        take: Callable[[Arrival, Form], Response] | None = None,
        *,
        long: bool = False,
    ) -> None:
        """Add a route that shows a page and, if `take` is given, takes its form; `long` where that may need seconds."""

        async def get(request: Request) -> Response:
            return await run_in_threadpool(see, _arrival(request))

        async def post(request: Request) -> Response:
            assert take is not None
            try:
                form = await read_form(request)
            except TooBig:
                return wrong("too_big", 413)
            except ForeignForm:
                return wrong("foreign", 403)
            except ClientDisconnect:
                return Response(status_code=400)  # which nobody is there to read
            if language := language_of(form):
                WISHED.set(language)  # whatever goes wrong is said in the language of the page
            wait = self._wait(request)
            if wait is None:
                response = wrong("wait", 429)
                response.headers["Retry-After"] = "30"
                return response
            await asyncio.sleep(wait)
            flags = frozenset({"burst"} if wait else ())
            return await to_thread.run_sync(take, _arrival(request, form, flags), form, limiter=_LONG if long else None)

        app.add_route(path, get, methods=["GET"])
        if take is not None:
            app.add_route(path, post, methods=["POST"])

    def _wait(self, request: Request) -> float | None:
        token = request.path_params.get("token")
        if token:
            return self.by_one_token.wait(tokens.token_hash(token), now=time.monotonic())
        return self.from_one_address.wait(request.client.host if request.client else "", now=time.monotonic())


@lru_cache(maxsize=256)
def _site(scheme: str, host: str) -> str:
    return f"{scheme}://{urlsplit(f'{scheme}://{host}').netloc}"


def _arrival(request: Request, form: Form | None = None, flags: frozenset[str] = frozenset()) -> Arrival:
    scope, sent = request.scope, form or {}
    query = request.query_params if scope["query_string"] else {}
    return Arrival(
        site=_site(scope["scheme"], request.headers.get("host") or request.url.netloc),
        here=scope["path"],
        path=request.path_params,
        query=query,
        form_language=language_of(sent),
        from_check="check" in (query.get("from"), *sent.get("from", ())),
        flags=flags,
    )


def language_of(form: Form) -> str:
    """Return the language that a form's button asks for, else that of the page it was sent from, if it is one of ours.

    Examples
    --------
    >>> language_of({"lang": ["en"], "go": ["lang:cy"]}), language_of({"lang": ["en"], "go": ["next"]}), language_of({})
    ('cy', 'en', '')
    """
    act, _, wanted = (form.get("go") or [""])[0].partition(":")
    language = wanted if act == "lang" else (form.get("lang") or [""])[0]
    return language if language in interface.LANGUAGES else ""
