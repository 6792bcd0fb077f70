"""Models are kept apart, and none is fetched that nobody asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from consensus.embedding import CachedEmbedder, LexicalEmbedder, open_embedder
from consensus.errors import ModelError


class Turned(LexicalEmbedder):
    """Another model, whose vectors are the other's turned round."""

    def encode(self, texts):
        """Return other vectors."""
        return -super().encode(texts)


OTHER = Turned(sha256="0" * 64)


def test_what_one_model_read_is_never_taken_for_another_models(tmp_path: Path) -> None:
    texts = ["Does diet help?", "Does sleep help?"]
    first, second = CachedEmbedder(LexicalEmbedder(), tmp_path), CachedEmbedder(OTHER, tmp_path)

    rows, others = first.encode(texts), second.encode(texts)

    np.testing.assert_array_equal(others, -rows)
    np.testing.assert_array_equal(first.encode(texts), rows)
    assert (first.sha256, second.sha256) == (LexicalEmbedder().sha256, "0" * 64)


HUB = """
from pathlib import Path

def snapshot_download(name, local_files_only):
    with (Path(__file__).parent / "asked.txt").open("a") as told:
        print(name, local_files_only, file=told)
    raise OSError("not here")
"""


def test_a_model_of_a_public_name_is_fetched_only_where_that_is_asked_for(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "huggingface_hub.py").write_text(HUB)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "huggingface_hub", sys)  # so that what is imported now is gone afterwards
    monkeypatch.delitem(sys.modules, "huggingface_hub")

    with pytest.raises(ModelError, match="is not on this machine, and fetching it was not asked for"):
        open_embedder("somebody/a-model")
    with pytest.raises(ModelError, match="could not be fetched"):
        open_embedder("somebody/a-model", fetch=True)

    assert (tmp_path / "asked.txt").read_text().splitlines() == ["somebody/a-model True", "somebody/a-model False"]
