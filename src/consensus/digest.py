"""Digests: the same content gives the same few characters, whatever the order of rows or keys."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pandas as pd

__all__ = ["digest", "short_id"]


def digest(*parts: Any) -> str:
    """Return the SHA-256 of values, mappings and frames; a frame's row order does not matter, its columns do.

    Examples
    --------
    >>> a = pd.DataFrame({"question": ["q1", "q2"], "place": [1, 2]})
    >>> digest(a) == digest(a.iloc[::-1])
    True
    >>> digest(a) == digest(a.rename(columns={"place": "rank"}))
    False
    """
    return hashlib.sha256(json.dumps([_plain(part) for part in parts], sort_keys=True).encode()).hexdigest()


def short_id(prefix: str, *parts: str) -> str:
    """Return `prefix` and twelve hexadecimal digits of the parts' SHA-256.

    Examples
    --------
    >>> short_id("a", "polis", "17", "statement")
    'a94950b845ce9'
    """
    return prefix + hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _plain(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        columns = sorted(str(column) for column in value.columns)
        rows = value.rename(columns=str)[columns].to_dict("records")
        return [columns, sorted(json.dumps({k: _plain(v) for k, v in row.items()}, sort_keys=True) for row in rows)]
    if isinstance(value, pd.Series):
        return _plain(value.rename("value").reset_index())
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    if hasattr(value, "item"):
        return _plain(value.item())
    if isinstance(value, float) and value != value:
        return None
    return value if isinstance(value, str | int | float | bool | type(None)) else str(value)
