"""The words of letters, in every language that they speak; a file of TOML for each."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

__all__ = ["LANGUAGES", "spoken", "words"]

_FOLDER = files("consensus.mail.words")

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
    return tomllib.loads((_FOLDER / f"{spoken(language)}.toml").read_text(encoding="utf-8"))


def spoken(language: str) -> str:
    """Return a language in which letters have words: the one that is asked for, else English."""
    return language if language in LANGUAGES else "en"
