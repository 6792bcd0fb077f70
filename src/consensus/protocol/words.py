"""Words that people read, in one language or in several."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import PydanticCustomError, core_schema

__all__ = ["Words"]


class Words(str):
    """A text in the partnership's first language that knows what it reads in the others.

    In a file it is a string, or a table by language: `label.en = "Age"`, `label.cy = "Oed"`.

    Examples
    --------
    >>> age = Words.of({"en": "Age", "cy": "Oed"}, first="en")
    >>> age, age.said("cy"), age.language("ar"), age.said("ar")
    ('Age', 'Oed', 'en', 'Age')
    """

    languages: Mapping[str, str] = MappingProxyType({})
    first: str = ""

    @classmethod
    def of(cls, text: str | Mapping[str, str], *, first: str = "en") -> Words:
        """Return words from a text in the first language, or from texts by language."""
        languages = {first: text} if isinstance(text, str) else dict(text)
        words = cls(languages.get(first) or next(iter(languages.values()), ""))
        words.first = first if first in languages else next(iter(languages), first)
        words.languages = languages
        return words

    def said(self, language: str) -> str:
        """Return the text in a language, or in the first where there is none."""
        return self.languages.get(language) or str(self)

    def language(self, wanted: str) -> str:
        """Return in which language `said` answers, for a page to mark it."""
        return wanted if self.languages.get(wanted) else self.first

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(
            cls._read,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda words: dict(words.languages)),
        )

    @classmethod
    def _read(cls, value: Any, info: ValidationInfo) -> Words:
        if isinstance(value, cls):
            return value
        texts = value if isinstance(value, Mapping) else {"": value}
        if not texts or not all(isinstance(text, str) for text in texts.values()):
            raise PydanticCustomError("words", "write a text, or a table from language to text")
        if not all(text.strip() for text in texts.values()):
            raise PydanticCustomError("words", "string should have at least 1 character")
        return cls.of(value, first=(info.context or {}).get("first", "en"))
