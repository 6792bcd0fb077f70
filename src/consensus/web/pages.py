"""Templates to pages, in the language and direction of whoever reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from consensus import interface
from consensus.protocol import Protocol, Words
from consensus.web.headers import OF_PAGES, encoded

__all__ = [
    "ENVIRONMENT",
    "WISHED",
    "made_once",
    "paragraphs",
    "prepare",
    "render",
    "spoken",
    "unknown",
    "wished",
    "wrong",
]

WISHED: ContextVar[str] = ContextVar("wished", default="")
"""The language that whoever asks now would like best, of those that the pages speak; empty where they name none."""

_SENT = encoded(OF_PAGES)


class Page(HTMLResponse):
    """A page with the headers that every page has."""

    def init_headers(self, _headers: Mapping[str, str] | None = None) -> None:
        """Put the headers on."""
        self.raw_headers = [*_SENT, (b"content-length", str(len(self.body)).encode())]


def _in_one_line(text: str) -> str:
    """Return declared words without line ends, with numbers such as `116 123` in one piece.

    Between Arabic words the halves of a telephone number would else be shown the other way round.
    """
    return re.sub(r"(?<=\d) (?=\d)", "\u00a0", " ".join(text.split()))


@lru_cache(maxsize=1024)
def paragraphs(text: str) -> Markup:
    """Return a text with its blank lines as paragraphs."""
    parts = [_in_one_line(part) for part in text.split("\n\n")]
    return Markup("").join(Markup("<p>{}</p>").format(part) for part in parts if part)


def _wording(words: str, language: str) -> Markup:
    """Return words in a language, marked where they are in another one than the page."""
    if not isinstance(words, Words):
        return escape(words)
    return _marked(tuple(words.languages.items()) or (("", str(words)),), words.first, language)


@lru_cache(maxsize=4096)
def _marked(texts: tuple[tuple[str, str], ...], first: str, language: str) -> Markup:
    words = Words.of(dict(texts), first=first)
    spoken, text = words.language(language), _in_one_line(words.said(language))
    if spoken == language:
        return escape(text)
    return Markup('<span lang="{}" dir="{}">{}</span>').format(spoken, interface.direction(spoken), text)


@lru_cache(maxsize=1024)
def _numbers(most: int, selected: object) -> Markup:
    """Return the numbers from 1 as the options of a select, with one of them selected."""
    options = [f"<option{' selected' if n == selected else ''}>{n}</option>" for n in range(1, most + 1)]
    return Markup("".join(options))


ENVIRONMENT = Environment(
    loader=PackageLoader("consensus.web"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters["paragraphs"] = paragraphs
ENVIRONMENT.globals["numbers"] = _numbers


def prepare() -> None:
    """Compile every page and read the words of every language, so that nobody who comes first waits for it."""
    for name in ENVIRONMENT.list_templates():
        ENVIRONMENT.get_template(name)
    for language in interface.LANGUAGES:
        interface.instant_in(language, datetime(2000, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))


def _apart(named: Mapping[str, Any]) -> dict[str, Any]:
    """Keep a question's wording apart from the direction of the sentence it is named in."""
    return {name: f"\u2068{value}\u2069" if name == "wording" else value for name, value in named.items()}


@lru_cache(maxsize=4096)
def _plain(language: str, key: str) -> Markup:
    return escape(interface.say(language, key))


@lru_cache
def _speaking(language: str) -> Mapping[str, Callable[..., Any]]:
    return {
        "t": lambda key, **named: interface.say(language, key, **_apart(named)) if named else _plain(language, key),
        "w": lambda words: _wording(words, language),
        "said": lambda words: words.said(language) if isinstance(words, Words) else words,
    }


@lru_cache(maxsize=1024)
def wished(accepted: str, chosen: str = "") -> str:
    """Return the language of ours that somebody likes best: the chosen, else the first of `Accept-Language`, if any.

    Examples
    --------
    >>> wished("de, cy-GB;q=0.9, en;q=0.5"), wished("", "ar"), wished("tlh")
    ('cy', 'ar', '')
    """
    liked = []
    for place, part in enumerate(accepted.split(",")):
        name, _, weight = part.strip().partition(";q=")
        try:
            liked.append((-float(weight or 1), place, name.partition("-")[0].lower()))
        except ValueError:
            continue
    named = [chosen, *(name for _, _, name in sorted(liked))]
    return next((name for name in named if name in interface.LANGUAGES), "")


MOST_MADE = 256
_MADE: dict[tuple[object, ...], Any] = {}


def _once(told: tuple[object, ...], make: Callable[[], Any]) -> Any:
    """Return what was made of this before, or make it now; `told` is all that it depends on."""
    made = _MADE.get(told)
    if made is None:
        if len(_MADE) >= MOST_MADE:
            _MADE.clear()
        made = _MADE[told] = make()
    return made


def made_once(
    told: tuple[object, ...], make: Callable[[], HTMLResponse], *, but: tuple[str, str] | None = None
) -> HTMLResponse:
    """Return a page that is the same for everybody to whom the same is told; `told` is all that it depends on.

    `but` is what is not the same: what stands for it in the page that is kept, and what this reader gets in its place.
    """
    body: bytes = _once(("page", *told), lambda: make().body)
    return Page(body.replace(but[0].encode(), but[1].encode()) if but else body)


def spoken(protocol: Protocol, *wishes: str | None) -> str:
    """Return the first wish that a partnership's survey speaks, else its first language."""
    languages = [each for each in protocol.partnership.languages if each in interface.LANGUAGES]
    return next((wish for wish in wishes if wish in languages), languages[0] if languages else "en")


def unknown() -> HTMLResponse:
    """Return the page for a link that leads nowhere."""
    return wrong("unknown", 404)


def wrong(what: str, status: int, *, language: str = "") -> HTMLResponse:
    """Return the page that says what is wrong and what to do, in the language of whoever asks."""
    return render("wrong.html.j2", None, language or WISHED.get() or "en", status=status, wrong=what)


def _footer(protocol: Protocol, language: str) -> Markup:
    """Return the foot of a partnership's pages, the same on all of them: who gives support, and whom to ask."""

    def make() -> Markup:
        template = ENVIRONMENT.get_template("footer.html.j2")
        return Markup(template.render(protocol=protocol, **_speaking(language)))

    return _once(("footer", protocol.hash, language), make) if protocol.hash else make()


def render(
    template: str, protocol: Protocol | None, language: str, *, status: int = 200, **context: Any
) -> HTMLResponse:
    """Return a page of a partnership (None: of no partnership) in a language."""
    languages = protocol.partnership.languages if protocol else ()
    zone = protocol.zone if protocol else ZoneInfo("UTC")
    html = ENVIRONMENT.get_template(template).render(
        language=language,
        direction=interface.direction(language),
        languages=[(each, interface.say(each, "language_name")) for each in languages if each in interface.LANGUAGES],
        protocol=protocol,
        footer=_footer(protocol, language) if protocol else "",
        say=interface.say,
        at=lambda instant: interface.instant_in(language, instant, zone),
        **_speaking(language),
        **context,
    )
    return Page(html, status)
