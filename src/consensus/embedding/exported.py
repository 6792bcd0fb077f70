"""Models exported to ONNX, as sentence-transformers writes them: folders that are read without it and without torch."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consensus.embedding.encoding import Vectors, readable
from consensus.embedding.modules import Modules, settings
from consensus.errors import ModelError

__all__ = ["ExportedModel", "exported_file"]

_FILES = ("model.onnx", "onnx/model.onnx", "onnx/model_quantized.onnx", "model_quantized.onnx")
_LONGEST = 512  # tokens read where a folder does not say
_GIVEN = ("input_ids", "attention_mask", "token_type_ids", "position_ids")
_WHOLE, _STATES = "sentence_embedding", "token_embeddings"
_SHORT = "tensor(int32)"


def exported_file(folder: Path) -> Path | None:
    """Return the file of weights in a folder that also holds their tokenizer; None where there is none."""
    if not (folder / "tokenizer.json").is_file():
        return None
    return next((folder / name for name in _FILES if (folder / name).is_file()), None)


@dataclass(frozen=True)
class ExportedModel:
    """A model in ONNX Runtime, one text a run and one thread a run, so that no text's vector depends on another.

    Parameters
    ----------
    modules
        What follows the transformer, where the exported file does not hold it.
    prompt
        What the model was trained to read before each text.
    lower
        Whether texts are read in small letters.
    """

    session: Any
    tokenizer: Any
    threads: int
    modules: Modules = field(default_factory=Modules)
    prompt: str = ""
    lower: bool = False

    @classmethod
    def load(cls, folder: Path, weights: Path, threads: int) -> ExportedModel:
        """Return the model of a folder; prompt, pooling, what follows it and how much is read are what the folder says.

        Raises
        ------
        ModelError
            The model asks for what is not known here.
        """
        import onnxruntime
        from tokenizers import Tokenizer

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        told = settings(folder / "sentence_bert_config.json")
        words = Tokenizer.from_file(str(folder / "tokenizer.json"))
        words.no_padding()
        words.enable_truncation(int(told.get("max_seq_length") or _LONGEST))
        session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
        _check_inputs(folder, session)
        lower = bool(told.get("do_lower_case"))
        return cls(session, words, threads, Modules.of(folder), _prompt(folder), lower)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 [S, d], not yet of length 1."""
        with ThreadPoolExecutor(self.threads) as pool:
            return np.vstack(list(pool.map(self._one, texts)))

    def _one(self, text: str) -> Vectors:
        told = self._tokens(self.prompt + readable(text).strip())
        names = [found.name for found in self.session.get_outputs()]
        wanted = next((name for name in (_WHOLE, _STATES) if name in names), names[0])
        (rows,) = self.session.run([wanted], self._asked(told.ids))
        states = np.asarray(rows[0], np.float32)
        if wanted == _WHOLE:
            return states
        if states.ndim > 1:
            return self.modules(states, self._pooled(told))
        if self.modules.steps:
            raise ModelError("The model pools by itself and lists what follows; which of it is done cannot be told.")
        return states

    def _tokens(self, text: str) -> Any:
        return self.tokenizer.encode(text.lower() if self.lower else text)

    def _asked(self, tokens: Sequence[int]) -> dict[str, NDArray[np.int64]]:
        """Return what the model asks for on a text's tokens."""
        ids = np.array([tokens], np.int64)
        given = (ids, np.ones_like(ids), np.zeros_like(ids), np.arange(len(tokens))[None])
        told = dict(zip(_GIVEN, given, strict=True))
        wanted = {each.name: np.int32 if each.type == _SHORT else np.int64 for each in self.session.get_inputs()}
        return {name: told[name].astype(kind) for name, kind in wanted.items()}

    def _pooled(self, told: Any) -> NDArray[np.bool_]:
        """Return of which tokens a text's vector is made: all, or those behind the prompt."""
        pooled = np.ones(len(told.ids), bool)
        if self.prompt and not self.modules.with_prompt:
            mine = self._tokens(self.prompt)
            pooled[: len(mine.ids) - mine.special_tokens_mask[-1]] = False
        return pooled if pooled.any() else ~pooled


def _check_inputs(folder: Path, session: Any) -> None:
    unknown = [each.name for each in session.get_inputs() if each.name not in _GIVEN]
    if unknown:
        raise ModelError(
            f"The model '{folder}' asks for {', '.join(unknown[:3])}{' …' if len(unknown) > 3 else ''}, and of a text "
            "there are its tokens alone; export it to ONNX as one that gives features of texts."
        )


def _prompt(folder: Path) -> str:
    """Return what is read before each text unless something else is said."""
    told = settings(folder / "config_sentence_transformers.json")
    name, prompts = told.get("default_prompt_name"), told.get("prompts") or {}
    if name and name not in prompts:
        raise ModelError(f"The model '{folder}' reads each text behind the prompt '{name}', which it does not hold.")
    return str(prompts[name]) if name else ""
