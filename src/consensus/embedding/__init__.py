"""Texts to vectors, on this machine alone: nothing is fetched and no text leaves it."""

from consensus.embedding.cache import CachedEmbedder
from consensus.embedding.choosing import default_embedder, open_embedder
from consensus.embedding.encoding import Embedder, Tokens, about
from consensus.embedding.lexical import LexicalEmbedder
from consensus.embedding.minilm import MiniLM

__all__ = [
    "CachedEmbedder",
    "Embedder",
    "LexicalEmbedder",
    "MiniLM",
    "Tokens",
    "about",
    "default_embedder",
    "open_embedder",
]
