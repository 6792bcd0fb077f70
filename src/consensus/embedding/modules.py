"""What a sentence-transformers folder does with the states of a text's tokens: pooling, and what it lists after it.

Whatever a folder asks for is done as sentence-transformers does it, or the model is refused: a step left out would give
vectors that look like the model's and are not.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consensus.embedding.encoding import Vectors, unit_rows
from consensus.errors import ModelError

__all__ = ["Modules", "settings"]

Pooled = NDArray[np.bool_]
Step = Callable[[Vectors], Vectors]


def settings(path: Path) -> dict[str, Any]:
    """Return what a file of settings says; nothing where there is none."""
    told = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return told if isinstance(told, dict) else {}


def _weighted_mean(states: Vectors, pooled: Pooled) -> Vectors:
    weights = pooled * np.arange(1, len(states) + 1, dtype=np.float32)
    return np.asarray((weights[:, None] * states).sum(axis=0) / weights.sum(), np.float32)


_POOLINGS: dict[str, Callable[[Vectors, Pooled], Vectors]] = {
    "cls": lambda states, _: states[0],
    "max": lambda states, pooled: states[pooled].max(axis=0),
    "mean": lambda states, pooled: states[pooled].mean(axis=0),
    "mean_sqrt_len_tokens": lambda states, pooled: states[pooled].sum(axis=0) / np.sqrt(pooled.sum(), dtype=np.float32),
    "weightedmean": _weighted_mean,
    "lasttoken": lambda states, _: states[-1],
}
"""From a text's states [tokens, d], and which of its tokens are pooled, to its vector; in the order of several."""


@dataclass(frozen=True)
class Modules:
    """The steps from the states of a text's tokens to its vector, in the order in which a folder lists them.

    Examples
    --------
    >>> Modules(("max", "mean"))(np.array([[0, 2], [1, 0]], np.float32), np.array([True, True])).tolist()
    [1.0, 2.0, 0.5, 1.0]
    """

    poolings: tuple[str, ...] = ("mean",)
    with_prompt: bool = True
    steps: tuple[Step, ...] = ()

    @classmethod
    def of(cls, folder: Path) -> Modules:
        """Return the steps of a folder; the mean over all tokens where it lists none.

        Raises
        ------
        ModelError
            It lists a step that is not known here.
        """
        path = folder / "modules.json"
        listed = json.loads(path.read_text("utf-8")) if path.is_file() else []
        pooling, steps = folder / "1_Pooling", []
        for module in listed:
            kind, where = str(module["type"]).rsplit(".", 1)[-1], folder / str(module["path"])
            if kind == "Pooling":
                pooling = where
            elif kind in _STEPS:
                steps.append(_STEPS[kind](where))
            elif kind != "Transformer":
                raise ModelError(f"The model '{folder}' has a part of the kind {kind}, which only {_SOFTWARE}.")
        if steps and steps[-1] is _at_length_one:  # whatever comes out is brought to length 1
            steps.pop()
        told = settings(pooling / "config.json")
        return cls(_poolings(folder, told), bool(told.get("include_prompt", True)), tuple(steps))

    def __call__(self, states: Vectors, pooled: Pooled) -> Vectors:
        """Return the vector of one text from its states [tokens, d]; `pooled` says of which tokens it is made."""
        row = np.concatenate([_POOLINGS[name](states, pooled) for name in self.poolings]).astype(np.float32)
        for step in self.steps:
            row = step(row)
        return row


_SOFTWARE = "sentence-transformers reads; take its files in ONNX away to have it read them, or name another model"


def _poolings(folder: Path, told: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the poolings that a folder's settings ask for, in the order of several."""
    given = told.get("pooling_mode") or [
        _ASKED.get(key, key) for key, asked in told.items() if key.startswith("pooling_mode_") and asked
    ]
    asked = {given} if isinstance(given, str) else set(given or ["mean"])
    if unknown := sorted(asked - set(_POOLINGS)):
        raise ModelError(f"The model '{folder}' pools by {', '.join(unknown)}, which only {_SOFTWARE}.")
    return tuple(name for name in _POOLINGS if name in asked)


_ASKED = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
"""How settings call the poolings, each with a yes or no."""


def _at_length_one(row: Vectors) -> Vectors:
    return unit_rows(row[None])[0]


def _dense(folder: Path) -> Step:
    """Return the product with a matrix, and the function after it."""
    told = settings(folder / "config.json")
    named = str(told.get("activation_function", "Tanh")).rsplit(".", 1)[-1]
    places = {told.get(key) or "sentence_embedding" for key in ("module_input_name", "module_output_name")}
    if named not in _ACTIVATIONS or places != {"sentence_embedding"}:
        raise ModelError(f"The model has a matrix with {named} in '{folder}', which only {_SOFTWARE}.")
    weights = _weights(folder)
    matrix, offset, function = weights["linear.weight"], weights.get("linear.bias", 0), _ACTIVATIONS[named]
    return lambda row: np.asarray(function((matrix * row).sum(axis=1) + offset), np.float32)


def _weights(folder: Path) -> dict[str, Vectors]:
    path = folder / "model.safetensors"
    if not path.is_file():
        raise ModelError(f"The matrix in '{folder}' is not kept as model.safetensors; save the model so.")
    if not find_spec("safetensors"):
        raise ModelError(f"The matrix in '{folder}' is read by safetensors, which is not installed; install it first.")
    from safetensors.numpy import load_file

    return {name: np.asarray(rows, np.float32) for name, rows in load_file(path).items()}


_ACTIVATIONS: dict[str, Callable[[Vectors], NDArray[np.floating]]] = {
    "Identity": lambda row: row,
    "ReLU": lambda row: np.maximum(row, 0),
    "Sigmoid": lambda row: 1 / (1 + np.exp(-row)),
    "Tanh": np.tanh,
}
_STEPS: dict[str, Callable[[Path], Step]] = {"Dense": _dense, "Normalize": lambda _: _at_length_one}
