"""Whether words may tell of a risk to somebody: by lists that anybody can read, never a judgement, never an exclusion.

A list of phrases for each language, each under the kind of risk that it may tell of, with the version of the list. The
lists are wide on purpose: a person reads what they find, and most of what they find is no cause to act.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

__all__ = ["KINDS", "VERSION", "risks_in"]

_FOLDER = files("consensus.risk")
KINDS: Mapping[str, str] = {
    "suicide": "ending one's life",
    "self_harm": "harming oneself",
    "abuse": "abuse or violence",
}
"""Each kind of risk, and what it may be about."""


@lru_cache
def _lists() -> tuple[int, Mapping[str, re.Pattern[str]]]:
    """Return the version of the lists, and for each kind what finds any of its phrases in any language."""
    read = [
        tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted(_FOLDER.iterdir(), key=lambda path: path.name)
        if path.name.endswith(".toml")
    ]
    found = {}
    for kind in KINDS:
        phrases = sorted({_folded(phrase) for one in read for phrase in one[kind]}, key=len, reverse=True)
        found[kind] = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, phrases)) + r")(?!\w)")
    return max(int(one["version"]) for one in read), found


def _folded(text: str) -> str:
    """Return a text without marks, capitals and the difference between apostrophes and spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(re.sub(r"['’`]", "", plain).split())


def risks_in(text: str) -> tuple[str, ...]:
    """Return the kinds of risk that words may tell of, in whatever language of the lists they are.

    Examples
    --------
    >>> risks_in("Some nights I don't want to  LIVE any more."), risks_in("Does sleep help?")
    (('suicide',), ())
    """
    words = _folded(text)
    return tuple(kind for kind, phrases in _lists()[1].items() if phrases.search(words))


VERSION = _lists()[0]
"""The version of the lists; it counts up with every change of a phrase."""
