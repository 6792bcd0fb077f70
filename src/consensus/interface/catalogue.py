"""Reading the catalogues, and saying one of their sentences."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime

__all__ = ["LANGUAGES", "catalogue", "direction", "instant_in", "missing_words", "say", "zone_told"]

_FOLDER = files("consensus.interface")

LANGUAGES = tuple(sorted(path.name.removesuffix(".toml") for path in _FOLDER.iterdir() if path.name.endswith(".toml")))
"""The languages in which the survey pages have words."""


FIRST_STRONG, END = "\u2068", "\u2069"
"""Around words that may be in another direction than the sentence they stand in."""


@lru_cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return the sentences of a language by key; English where the language is not known.

    Examples
    --------
    >>> catalogue("cy").keys() == catalogue("ar").keys() == catalogue("en").keys()
    True
    """
    known = language if language in LANGUAGES else "en"
    return tomllib.loads((_FOLDER / f"{known}.toml").read_text(encoding="utf-8"))


def missing_words(whole: Mapping[str, Any], said: Mapping[str, Any], within: str = "") -> list[str]:
    """Return the keys, with dots between, that `whole` has a sentence for and `said` has none.

    Examples
    --------
    >>> missing_words({"a": "One", "b": {"c": "Two", "d": "Three"}}, {"a": "Un", "b": {"d": " "}})
    ['b.c', 'b.d']
    """
    found = []
    for key, text in whole.items():
        there = said.get(key)
        if isinstance(text, Mapping):
            found += missing_words(text, there if isinstance(there, Mapping) else {}, f"{within}{key}.")
        elif not (there.strip() if isinstance(there, str) else there):
            found.append(f"{within}{key}")
    return found


def say(language: str, key: str, **named: object) -> str:
    """Return one sentence in a language, with what it names put in.

    Examples
    --------
    >>> say("en", "chosen_of", chosen=3, most=10)
    '3 of 10 chosen'
    """
    return catalogue(language)[key].format(**named)


@lru_cache
def direction(language: str) -> str:
    """Return `rtl` for a language that is written from right to left, else `ltr`.

    Examples
    --------
    >>> direction("ar"), direction("cy")
    ('rtl', 'ltr')
    """
    return "rtl" if Locale(language).character_order == "right-to-left" else "ltr"


@lru_cache(maxsize=1024)
def instant_in(language: str, instant: datetime, zone: ZoneInfo) -> str:
    """Return an instant as people of a time zone read it in a language.

    Examples
    --------
    >>> from datetime import UTC
    >>> instant_in("en", datetime(2026, 4, 20, 16, tzinfo=UTC), ZoneInfo("Europe/London"))
    'Monday 20 April 2026 at 17:00 (Europe/London)'
    """
    shape = catalogue(language)["instant_shape"]
    told = format_datetime(instant, shape, tzinfo=zone, locale=language if language in LANGUAGES else "en")
    name = zone_told(instant, zone)
    return f"{told} ({f'{FIRST_STRONG}{name}{END}' if direction(language) == 'rtl' else name})"


def zone_told(instant: datetime, zone: ZoneInfo) -> str:
    """Return the name of a time zone, with the offset where clocks go back and the hour comes twice.

    Examples
    --------
    >>> from datetime import UTC
    >>> zone_told(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), ZoneInfo("Europe/London"))
    'Europe/London, UTC+01:00'
    >>> zone_told(datetime(2026, 10, 25, 2, 30, tzinfo=UTC), ZoneInfo("Europe/London"))
    'Europe/London'
    """
    there = instant.astimezone(zone)
    twice = there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset()
    return f"{zone.key}, UTC{there.isoformat()[-6:]}" if twice else zone.key
