"""Whether everything that people read is there in every language of the partnership."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from consensus.interface import LANGUAGES
from consensus.protocol.model import Protocol
from consensus.protocol.words import Words

__all__ = ["first_language", "untranslated"]


def first_language(content: Mapping[str, Any]) -> str:
    """Return the language in which a text without a table is written: the first that the partnership lists."""
    partnership = content.get("partnership")
    languages = partnership.get("languages") if isinstance(partnership, Mapping) else None
    return str(languages[0]) if isinstance(languages, list) and languages else "en"


def untranslated(protocol: Protocol) -> list[str]:
    """Return a sentence for each text that a language of the partnership lacks, and for each language unknown here."""
    wanted = protocol.partnership.languages
    faults = [] if wanted else ["protocol.toml: partnership.languages is empty; list at least one, such as 'en'."]
    faults += [
        f"protocol.toml: partnership.languages names {language!r}, in which the survey pages have no words; "
        f"they have {', '.join(LANGUAGES)}."
        for language in wanted
        if language not in LANGUAGES
    ]
    for path, words in _texts(protocol, ()):
        file, *keys = path if path[0] in ("gather", "interim") else ("protocol", *path)
        where = f"{file}.toml: {'.'.join(keys)}"
        faults += [
            f"{where} has no text in {language!r}; add {keys[-1]}.{language}."
            for language in wanted
            if language not in words.languages
        ]
        faults += [
            f"{where} has a text in {language!r}, which partnership.languages does not list; add it there."
            for language in words.languages
            if language not in wanted
        ]
    return faults


def _texts(part: BaseModel, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Words]]:
    """Yield every text that people may read, with the keys that lead to it; entries of a list count from 1."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, Words):
            yield (*path, name), value
        elif isinstance(value, BaseModel):
            yield from _texts(value, (*path, name))
        elif isinstance(value, tuple):
            for number, each in enumerate(value, start=1):
                if isinstance(each, BaseModel):
                    yield from _texts(each, (*path, name, str(number)))
