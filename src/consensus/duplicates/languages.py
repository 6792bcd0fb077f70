"""Which language a text is written in, where it is long enough to tell."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

import py3langid

__all__ = ["UNKNOWN", "language"]

UNKNOWN = "unknown"
_FEWEST = 20  # letters below which spelling tells too little
_SURE = 0.9  # of 4,939 English questions this takes none for another language
_LONGEST = 2_000  # characters that are looked at


def language(text: str) -> str:
    """Return the ISO 639-1 code of a text's language, or `unknown` where it is short or could be several.

    A text in letters other than Latin ones is told by them from five letters on.

    Examples
    --------
    >>> language("Quels sont les effets secondaires des antidépresseurs ?"), language("Sleep?"), language("")
    ('fr', 'unknown', 'unknown')
    >>> language("هل يسبب قلة النوم الاكتئاب؟")
    'ar'
    """
    letters = [sign for sign in text[:_LONGEST] if sign.isalpha()]
    if not letters:
        return UNKNOWN
    latin = sum("LATIN" in unicodedata.name(sign, "") for sign in letters)
    other_script = len(letters) >= 5 and latin < len(letters) / 2
    if len(letters) < _FEWEST and not other_script:
        return UNKNOWN
    code, sure = _identifier().classify(text[:_LONGEST])
    return str(code) if sure >= _SURE or other_script else UNKNOWN


@lru_cache(maxsize=1)
def _identifier() -> Any:
    folder = Path(py3langid.__file__).parent
    return py3langid.langid.LanguageIdentifier.from_modelpath(folder / py3langid.langid.MODEL_FILE, norm_probs=True)
