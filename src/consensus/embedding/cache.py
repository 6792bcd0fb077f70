"""Vectors kept by the digests of model and text, so that what was read once is never read again."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from consensus.embedding.encoding import Embedder, Tokens, Vectors, read_by, tokens_of

__all__ = ["CachedEmbedder"]

_MOST_ASKED = 500
_TABLES = 20
_WAIT = 60.0  # seconds for another process to finish writing


@dataclass(frozen=True)
class CachedEmbedder:
    """An embedder that keeps what it computed in a file of its own: derived, and can be deleted at any time.

    It holds digests of texts, their vectors and tables of likeness, never a text or its tokens. A file that cannot be
    read is set aside and begun again.

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
        keys = _keys(texts)
        first = dict(zip(reversed(keys), reversed(range(len(texts))), strict=True))
        with closing(self._open()) as file:
            known = _load(file, sorted(first))
            missing = [key for key in dict.fromkeys(keys) if key not in known]
            if missing:
                rows = self.embedder.encode([texts[first[key]] for key in missing])
                _write(file, missing, rows)
                known.update(zip(missing, rows, strict=True))
        if not keys:
            return self.embedder.encode([])
        return np.vstack([known[key] for key in keys]).astype(np.float32, copy=False)

    def read(self, texts: Sequence[str]) -> tuple[Vectors, list[Tokens] | None]:
        """Return vectors and tokens from one reading of each different text; vectors are kept, tokens are not."""
        if tokens_of(self.embedder, []) is None:
            return self.encode(texts), None
        keys = _keys(texts)
        place = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        rows, tokens = read_by(self.embedder, list(dict(zip(keys, texts, strict=True)).values()))
        with closing(self._open()) as file:
            _write(file, list(place), rows)
        order = [place[key] for key in keys]
        return rows[order], [tokens[number] for number in order] if tokens is not None else None

    def tokens(self, texts: Sequence[str]) -> list[Tokens] | None:
        """Return the tokens of texts as the embedder within tells them; None where it does not. They are not kept."""
        return tokens_of(self.embedder, texts)

    def kept(self, name: str, texts: Sequence[str], make: Callable[[], NDArray[np.int16]]) -> NDArray[np.int16]:
        """Return a table on a collection of texts, made once for these texts in this order; the last 20 are kept.

        Parameters
        ----------
        name
            What the table tells, in which version: another name, another table.
        """
        digest = _digest(name, texts)
        with closing(self._open()) as file:
            found = file.execute("SELECT columns, told FROM tables WHERE digest = ?", [digest]).fetchone()
        if found:
            return np.frombuffer(found[1], "<i2").reshape(len(texts), found[0])
        table = make()
        with closing(self._open()) as file, file:
            told = (digest, table.shape[1], table.astype("<i2").tobytes())
            file.execute("INSERT OR IGNORE INTO tables VALUES (?, ?, ?)", told)
            file.execute("DELETE FROM tables WHERE rowid <= (SELECT MAX(rowid) FROM tables) - ?", [_TABLES])
        return table

    def has_kept(self, name: str, texts: Sequence[str]) -> bool:
        """Return whether a table on a collection of texts is there already."""
        with closing(self._open()) as file:
            return file.execute("SELECT 1 FROM tables WHERE digest = ?", [_digest(name, texts)]).fetchone() is not None

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
            file.execute("CREATE TABLE IF NOT EXISTS tables (digest BLOB UNIQUE, columns INTEGER, told BLOB)")
    except sqlite3.Error:
        file.close()
        raise
    return file


def _keys(texts: Sequence[str]) -> list[bytes]:
    return [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]


def _digest(name: str, texts: Sequence[str]) -> bytes:
    return hashlib.sha256(b"".join([name.encode(), *_keys(texts)])).digest()


def _write(file: sqlite3.Connection, keys: list[bytes], rows: Vectors) -> None:
    with file:
        told = zip(keys, (row.tobytes() for row in rows.astype("<f4")), strict=True)
        file.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", told)


def _load(file: sqlite3.Connection, keys: list[bytes]) -> dict[bytes, np.ndarray]:
    known: dict[bytes, np.ndarray] = {}
    for start in range(0, len(keys), _MOST_ASKED):
        asked = keys[start : start + _MOST_ASKED]
        marks = ",".join("?" * len(asked))
        for key, vector in file.execute(f"SELECT text, vector FROM vectors WHERE text IN ({marks})", asked):
            known[key] = np.frombuffer(vector, "<f4")
    return known
