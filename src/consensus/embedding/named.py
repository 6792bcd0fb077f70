"""Models that a person names: a folder on this machine, or the public name of one that was fetched before."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from consensus.embedding.encoding import Vectors, cores, unit_rows
from consensus.embedding.exported import ExportedModel, exported_file
from consensus.errors import ModelError

__all__ = ["NamedModel", "check_digest", "load_named"]

_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
_QUIET = {"HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}


@dataclass(frozen=True)
class NamedModel:
    """A model of another package behind the same promise, its languages as its own card declares them."""

    model: Any
    name: str
    sha256: str
    languages: tuple[str, ...]
    limits: str = "is a model that you named: how well it finds duplicates was not measured here"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 [S, d], rows of length 1, one text at a time so that none depends on the others."""
        if not len(texts):
            return self._one("").reshape(1, -1)[:0]
        said = np.array([bool(text.strip()) for text in texts])
        if isinstance(self.model, ExportedModel):
            return unit_rows(self.model.encode(texts)) * said[:, None]
        return unit_rows(np.vstack([self._one(text) for text in texts])) * said[:, None]

    def _one(self, text: str) -> Vectors:
        return np.asarray(self.model.encode([text]), np.float32)[0]


def load_named(where: Path | str, *, fetch: bool, sha256: str = "") -> NamedModel:
    """Return the model in a folder, or of a public name; nothing is fetched unless `fetch` is said.

    Weights in ONNX are read by what is installed already, and so before others that the folder may hold.

    Raises
    ------
    ModelError
        It is not on this machine, its digest is not `sha256`, or the package that reads it is not installed.
    """
    folder = where if isinstance(where, Path) else _fetched(where, fetch)
    digest = _digest(folder)
    check_digest(str(where), digest, sha256)
    reader = _reader(folder)
    if not find_spec(reader):
        package = reader.replace("_", "-")
        raise ModelError(f"The model '{where}' is read by {package}, which is not installed; install it first.")
    with _told({**_QUIET, **dict.fromkeys(_OFFLINE, "1")}):
        try:
            model = _READERS[reader](folder)
        except ModelError:
            raise
        except Exception as error:  # whatever another package raises on files that it cannot read
            raise ModelError(f"The model '{where}' cannot be read by {reader} ({type(error).__name__}).") from error
    return NamedModel(model, str(where), digest, _languages(folder))


def check_digest(name: str, found: str, expected: str) -> None:
    """Refuse a model whose digest is not the one expected; "" expects none."""
    if expected and expected != found:
        raise ModelError(
            f"What decides the vectors of '{name}' has the SHA-256 {found}, and {expected} is expected: its files are "
            "damaged or other ones, and the model was not used. Put back the files that were meant, or name their "
            "digest."
        )


def _fetched(name: str, fetch: bool) -> Path:
    """Return the folder of a model that was fetched before, or that may be fetched now."""
    if not find_spec("huggingface_hub"):
        raise ModelError(f"'{name}' is no folder on this machine, and huggingface-hub, which knows names, is missing.")
    with _told(_QUIET):
        from huggingface_hub import snapshot_download

        try:
            return Path(snapshot_download(name, local_files_only=not fetch))
        except Exception as error:  # that package's errors differ from version to version
            allowed = "could not be fetched" if fetch else "is not on this machine, and fetching it was not asked for"
            raise ModelError(f"The model '{name}' {allowed} ({type(error).__name__}).") from None


def _reader(folder: Path) -> str:
    """Return the package that reads a folder: model2vec where it holds a table of token vectors and no more."""
    if exported_file(folder):
        return "onnxruntime"
    modules = folder / "modules.json"
    listed = modules.read_text("utf-8", "replace") if modules.is_file() else "StaticEmbedding"
    static = "StaticEmbedding" in listed and (folder / "tokenizer.json").is_file()
    return "model2vec" if static else "sentence_transformers"


def _read_exported(folder: Path) -> Any:
    return ExportedModel.load(folder, exported_file(folder) or folder, cores())


def _read_sentence_transformer(folder: Path) -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def _read_static(folder: Path) -> Any:
    from model2vec import StaticModel

    return StaticModel.from_pretrained(str(folder))


_READERS: dict[str, Callable[[Path], Any]] = {
    "onnxruntime": _read_exported,
    "sentence_transformers": _read_sentence_transformer,
    "model2vec": _read_static,
}


_READ_AS = b"2"
"""How files are read: another number where the same files come to mean other vectors."""

_CARDS = {".md", ".png", ".jpg", ".svg", ".pdf"}
"""Endings of files that tell people of a model; by all others it may compute."""


def _digest(folder: Path) -> str:
    """Return the digest of all files by which the model may compute, weights beside an ONNX file among them."""
    found = hashlib.sha256(_READ_AS)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and path.suffix not in _CARDS and not any(part.startswith(".") for part in name.parts):
            found.update(name.as_posix().encode())
            with path.open("rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()


def _languages(folder: Path) -> tuple[str, ...]:
    """Return the languages that a model's card declares; English where it declares none."""
    import yaml

    card = folder / "README.md"
    head = card.read_text("utf-8", "replace").split("\n---", 1)[0] if card.exists() else ""
    try:
        declared = (yaml.safe_load(head.removeprefix("---")) or {}).get("language", "en")
    except (yaml.YAMLError, AttributeError):
        declared = "en"
    listed = declared if isinstance(declared, list) and declared else [declared]
    return tuple(code for code in listed if isinstance(code, str) and code) or ("en",)


@contextmanager
def _told(settings: dict[str, str]) -> Any:
    """Set environment variables for what runs within."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
