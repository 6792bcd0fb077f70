"""Vectors kept by the digests of model and text, so that what was read once is never read again."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from consensus.embedding.encoding import Embedder, Vectors

__all__ = ["CachedEmbedder"]

_MOST_ASKED = 500
_WAIT = 60.0  # seconds for another process to finish writing


@dataclass(frozen=True)
class CachedEmbedder:
    """An embedder that keeps what it computed in a file of its own: derived, and can be deleted at any time.

    It holds digests of texts and their vectors, never a text. A file that cannot be read is set aside and begun again.

    Parameters
    ----------
    embedder
        The one that computes what is not there yet.
    folder
        Where the file is; it is called by the digest of the model, so that two models never mix.
    """

    embedder: Embedder
    folder: Path

    @property
    def name(self) -> str:
        """Return the name of the embedder within."""
        return self.embedder.name

    @property
    def sha256(self) -> str:
        """Return the digest of the embedder within."""
        return self.embedder.sha256

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages of the embedder within."""
        return self.embedder.languages

    @property
    def limits(self) -> str:
        """Return what the embedder within cannot do, or nothing where it does not say."""
        return str(getattr(self.embedder, "limits", ""))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 [S, d], each different text computed once in the life of the file."""
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        first = dict(zip(reversed(keys), reversed(range(len(texts))), strict=True))
        with closing(self._open()) as file:
            known = _load(file, sorted(first))
            missing = [key for key in dict.fromkeys(keys) if key not in known]
            if missing:
                rows = self.embedder.encode([texts[first[key]] for key in missing])
                with file:
                    told = zip(missing, (row.tobytes() for row in rows.astype("<f4")), strict=True)
                    file.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", told)
                known.update(zip(missing, rows, strict=True))
        if not keys:
            return self.embedder.encode([])
        return np.vstack([known[key] for key in keys]).astype(np.float32, copy=False)

    def _open(self) -> sqlite3.Connection:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{self.sha256[:16]}.vectors"
        try:
            return _connect(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            path.rename(path.with_suffix(".unreadable"))
            return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    file = sqlite3.connect(path, timeout=_WAIT)
    try:
        with file:
            file.execute("CREATE TABLE IF NOT EXISTS vectors (text BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
    except sqlite3.Error:
        file.close()
        raise
    return file


def _load(file: sqlite3.Connection, keys: list[bytes]) -> dict[bytes, np.ndarray]:
    known: dict[bytes, np.ndarray] = {}
    for start in range(0, len(keys), _MOST_ASKED):
        asked = keys[start : start + _MOST_ASKED]
        marks = ",".join("?" * len(asked))
        for key, vector in file.execute(f"SELECT text, vector FROM vectors WHERE text IN ({marks})", asked):
            known[key] = np.frombuffer(vector, "<f4")
    return known
