"""Hostile words of the project's own, and a partnership whose every free text holds one."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

__all__ = ["ATTACKS", "FORMULAS", "HELD", "LINES", "free_texts", "hostile_folder"]

ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "</title></textarea><svg onload=alert(3)>",
    "' onfocus=alert(4) autofocus='",
    "[click](javascript:alert(5)) ![](https://tracker.example.org/x.png)",
    "{{ 7 * 7 }} {% raw %} ${7*7} {title}",
)
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", '=HYPERLINK("//x","y")')
LINES = ("two\r\nBcc: everybody@example.org", "one\nBEGIN:VALARM", "a\rb")

HELD = frozenset(
    [
        "id",
        "type",
        "on",
        "opens",
        "closes",
        "reminders",
        "time_zone",
        "languages",
        "choices_from",
        "form",
        "rule",
        "ties",
        "also",
        "options",
        "empty_group",
        "gaps",
        "consensus",
        "method",
        "subgroup",
        "follows",
        "told_in",
        "groups",
        "group",
        "item",
        "levels",
        "page",
        "link",
        "email",
    ]
)
"""Keys whose values are ids, instants, addresses or names out of a list, which `consensus check` holds to a shape."""


def free_texts(part: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every free text of a declaration, with the keys that lead to it."""
    if isinstance(part, str) and not HELD & {key for key in keys if not key.isdigit()}:
        yield keys, part
    for key, value in part.items() if isinstance(part, Mapping) else enumerate(part) if isinstance(part, list) else ():
        yield from free_texts(value, (*keys, str(key)))


def hostile_folder(source: Path, path: Path, words: tuple[str, ...]) -> tuple[Path, list[str]]:
    """Write a partnership's folder with hostile words before every free text; return it and the texts as they are."""
    path.mkdir(parents=True)
    written: list[str] = []
    for file in sorted(source.glob("*.toml")):
        if file.name not in ("protocol.toml", "gather.toml", "interim.toml"):
            continue
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        for keys, text in list(free_texts(content)):
            place: Any = content
            for key in keys[:-1]:
                place = place[int(key) if isinstance(place, list) else key]
            hostile = f"{words[len(written) % len(words)]} {text}"
            place[int(keys[-1]) if isinstance(place, list) else keys[-1]] = hostile
            written.append(hostile)
        lines = [f"{key} = {_toml(value)}" for key, value in content.items()]
        (path / file.name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path, written


def _toml(value: Any) -> str:
    """Return a value as TOML writes it, tables within a line."""
    match value:
        case bool() | int() | float():
            return json.dumps(value)
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return "{" + ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case _:
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
