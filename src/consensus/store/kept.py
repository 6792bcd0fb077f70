"""A ranking's tables as text and back: every digit, type, index and note of how a table was made."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pandas as pd

__all__ = ["pack_tables", "unpack_tables"]


def pack_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Return frames as plain values that JSON holds exactly: floats are written so that they read back as they were."""
    return {name: _pack(frame) for name, frame in tables.items()}


def _pack(frame: pd.DataFrame) -> dict[str, Any]:
    flat = frame.reset_index()
    return {
        "index": [str(level or "index") for level in frame.index.names],
        "columns": {str(name): [str(flat[name].dtype), [_plain(v) for v in flat[name]]] for name in flat},
        "attrs": dict(frame.attrs),
    }


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or value != value:
        return None
    return value.item() if hasattr(value, "item") else value


def unpack_tables(packed: Mapping[str, Any], index: Mapping[str, list[str]] | None = None) -> dict[str, pd.DataFrame]:
    """Return the frames that `pack_tables` was given.

    Rankings stored before tables were kept exactly are pandas' own text, with the names of their `index` apart.

    Examples
    --------
    >>> frame = pd.DataFrame({"rank": [1, 2], "score": [0.1 + 0.2, None]}, index=pd.Index(["a", "b"], name="question"))
    >>> frame.attrs["seed"] = 7
    >>> back = unpack_tables(pack_tables({"ranking": frame}))["ranking"]
    >>> back.equals(frame), back.attrs
    (True, {'seed': 7})
    """
    if index is not None:
        texts = {name: pd.read_json(io.StringIO(text), orient="table") for name, text in packed.items()}
        return {name: frame.set_index(index[name]) for name, frame in texts.items()}
    return {name: _unpack(told) for name, told in packed.items()}


def _unpack(told: Mapping[str, Any]) -> pd.DataFrame:
    columns = {name: pd.Series(values, dtype=dtype) for name, (dtype, values) in told["columns"].items()}
    frame = pd.DataFrame(columns).set_index(told["index"])
    frame.attrs = dict(told["attrs"])
    return frame
