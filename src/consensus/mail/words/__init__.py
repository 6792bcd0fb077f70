"""The words of letters, in every language that they speak; a file of TOML for each."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

__all__ = ["LANGUAGES", "direction", "words"]

_FOLDER = files("consensus.mail.words")
_RIGHT_TO_LEFT = frozenset({"ar", "he", "fa", "ur", "yi", "ps"})

LANGUAGES = tuple(sorted(path.name.removesuffix(".toml") for path in _FOLDER.iterdir() if path.name.endswith(".toml")))
"""The languages in which letters have words."""


@lru_cache
def words(language: str) -> Mapping[str, Any]:
    """Return the words of a language by key; English where the language is not known.

    Examples
    --------
    >>> words("en")["contact"].format(contact="us@example.org")
    'Questions? Write to us@example.org.'
    """
    known = language if language in LANGUAGES else "en"
    return tomllib.loads((_FOLDER / f"{known}.toml").read_text(encoding="utf-8"))


def direction(language: str) -> str:
    """Return `rtl` for a language that is written from right to left, else `ltr`."""
    return "rtl" if language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"
