"""Instants in the words of a survey: `{closes}` and `{unlinked}`, put in from the round as it is in force.

A date that is written out goes stale when the round is extended; what stands for it does not, and is the same wording.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from consensus.interface import LANGUAGES, instant_in
from consensus.protocol import Survey, SurveyItem, Words

__all__ = ["MOMENTS", "dated", "unknown_moments", "with_moments"]

MOMENTS = ("closes", "unlinked")
"""When the round closes, and when what people sent is parted from them; both in the partnership's time zone."""

_NAMED = re.compile(r"\{([a-z_]+)\}")
_SHAPES = ("d MMMM", "MMMM d", "y-MM-dd")
_KEPT: dict[tuple[object, ...], Survey] = {}
MOST_KEPT = 64


def with_moments(asked: Survey, zone: ZoneInfo, *, closes: datetime, unlinked: datetime) -> Survey:
    """Return a survey with the instants put into its words; it keeps the hash, for its wording is the same.

    Examples
    --------
    >>> from datetime import UTC
    >>> item = {"id": "about", "type": "note", "label": "Open until {closes}."}
    >>> asked, noon = Survey.model_validate({"title": "Sleep", "items": [item]}), datetime(2026, 4, 20, 12, tzinfo=UTC)
    >>> told = with_moments(asked, ZoneInfo("Europe/London"), closes=noon, unlinked=noon)
    >>> str(told.items[0].label), told.hash == asked.hash, told.items[0].hash == asked.items[0].hash
    ('Open until Monday 20 April 2026 at 13:00 (Europe/London).', True, True)
    """
    key = (asked.hash, zone.key, closes, unlinked)
    told = _KEPT.get(key)  # another thread may empty the table in between
    if told is None:
        named = any(name in MOMENTS for _, words in _texts(asked) for name in _names(words))
        told = _filled(asked, zone, {"closes": closes, "unlinked": unlinked}) if named else asked
        if len(_KEPT) >= MOST_KEPT:
            _KEPT.clear()
        _KEPT[key] = told
    return told


def _filled(asked: Survey, zone: ZoneInfo, at: Mapping[str, datetime]) -> Survey:
    def said(words: Words | str) -> Words | str:
        if not isinstance(words, Words):
            return words
        texts = {
            language: _NAMED.sub(lambda m: instant_in(language, at[m[1]], zone) if m[1] in at else m[0], text)  # noqa: B023
            for language, text in words.languages.items()
        }
        return Words.of(texts, first=words.first)

    def item_said(item: SurveyItem) -> SurveyItem:
        choices = tuple(choice.model_copy(update={"label": said(choice.label)}) for choice in item.choices)
        told = item.model_copy(update={"label": said(item.label), "hint": said(item.hint), "choices": choices})
        told.__dict__["hash"] = item.hash
        return told

    told = asked.model_copy(update={"title": said(asked.title), "items": tuple(map(item_said, asked.items))})
    told.__dict__["hash"] = asked.hash
    return told


def dated(asked: Survey, instant: datetime, zone: ZoneInfo) -> list[tuple[str, str, str]]:
    """Return where a survey's words write out the day of an instant: key, language and the day as it stands there.

    Examples
    --------
    >>> from datetime import UTC
    >>> item = {"id": "about", "type": "note", "label": {"en": "Until 20 April.", "cy": "Tan 20 Ebrill 2026."}}
    >>> asked = Survey.model_validate({"title": "Sleep", "items": [item]})
    >>> dated(asked, datetime(2026, 4, 20, 12, tzinfo=UTC), ZoneInfo("Europe/London"))
    [('items.1.label', 'en', '20 April'), ('items.1.label', 'cy', '20 Ebrill')]
    """
    found = []
    for where, words in _texts(asked):
        for language, text in words.languages.items():
            spoken = language if language in LANGUAGES else "en"
            days = [format_datetime(instant, shape, tzinfo=zone, locale=spoken) for shape in _SHAPES]
            named = [day for day in days if re.search(rf"(?<!\d){re.escape(day)}(?!\d)", text)]
            found += [(where, language, day) for day in named[:1]]
    return found


def unknown_moments(asked: Survey) -> list[tuple[str, str]]:
    """Return where a survey's words have something in braces that no instant is known by: key, and what stands there.

    Examples
    --------
    >>> item = {"id": "about", "type": "note", "label": "Open until {close}."}
    >>> unknown_moments(Survey.model_validate({"title": "Sleep", "items": [item]}))
    [('items.1.label', 'close')]
    """
    return [(where, name) for where, words in _texts(asked) for name in _names(words) if name not in MOMENTS]


def _names(words: Words) -> list[str]:
    return list(dict.fromkeys(name for text in words.languages.values() for name in _NAMED.findall(text)))


def _texts(asked: Survey) -> Iterator[tuple[str, Words]]:
    """Yield every text of a survey with the keys that lead to it, entries counted from 1."""
    yield "title", asked.title
    for number, item in enumerate(asked.items, start=1):
        for key, words in (("label", item.label), ("hint", item.hint)):
            if isinstance(words, Words):
                yield f"items.{number}.{key}", words
        for place, choice in enumerate(item.choices, start=1):
            yield f"items.{number}.choices.{place}.label", choice.label
