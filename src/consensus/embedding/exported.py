"""Models exported to ONNX, as sentence-transformers writes them: folders that are read without it and without torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from consensus.embedding.encoding import Vectors, readable

__all__ = ["ExportedModel", "exported_file"]

_FILES = ("model.onnx", "onnx/model.onnx", "onnx/model_quantized.onnx", "model_quantized.onnx")
_LONGEST = 512  # tokens read where a folder does not say
_POOLING = "1_Pooling/config.json"


def exported_file(folder: Path) -> Path | None:
    """Return the file of weights in a folder that also holds their tokenizer; None where there is none."""
    if not (folder / "tokenizer.json").is_file():
        return None
    return next((folder / name for name in _FILES if (folder / name).is_file()), None)


@dataclass(frozen=True)
class ExportedModel:
    """A model in ONNX Runtime, one text a run and one thread a run, so that no text's vector depends on another."""

    session: Any
    tokenizer: Any
    first_token: bool
    threads: int

    @classmethod
    def load(cls, folder: Path, weights: Path, threads: int) -> ExportedModel:
        """Return the model of a folder; how tokens are pooled and how many are read is what the folder says."""
        import onnxruntime
        from tokenizers import Tokenizer

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        words = Tokenizer.from_file(str(folder / "tokenizer.json"))
        words.no_padding()
        words.enable_truncation(int(_json(folder / "sentence_bert_config.json").get("max_seq_length") or _LONGEST))
        session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
        first_token = bool(_json(folder / _POOLING).get("pooling_mode_cls_token"))
        return cls(session, words, first_token, threads)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 [S, d], not yet of length 1."""
        with ThreadPoolExecutor(self.threads) as pool:
            return np.vstack(list(pool.map(self._one, texts)))

    def _one(self, text: str) -> Vectors:
        ids = np.array([self.tokenizer.encode(readable(text)).ids], np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        asked = {wanted.name: given[wanted.name] for wanted in self.session.get_inputs()}
        names = [found.name for found in self.session.get_outputs()]
        if "sentence_embedding" in names:
            return np.asarray(self.session.run(["sentence_embedding"], asked)[0][0], np.float32)
        states = np.asarray(self.session.run(names[:1], asked)[0][0], np.float32)
        if states.ndim == 1:  # pooled already
            return states
        return np.asarray(states[0] if self.first_token else states.mean(axis=0), np.float32)


def _json(path: Path) -> dict[str, Any]:
    """Return what a file of settings says; nothing where there is none."""
    told = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return told if isinstance(told, dict) else {}
