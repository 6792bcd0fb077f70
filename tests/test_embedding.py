"""Texts to vectors: on this machine alone, by hash, the same for everybody, and plain about what cannot be done."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import numpy as np
import pytest

import consensus
from consensus.duplicates.aligning import aligned
from consensus.embedding import (
    CachedEmbedder,
    LexicalEmbedder,
    MiniLM,
    about,
    choosing,
    default_embedder,
    named,
    open_embedder,
)
from consensus.embedding.minilm import minilm_files
from consensus.errors import ModelError

TEXTS = [
    "Does poor sleep cause depression?",
    "Can sleeping badly make you depressed?",
    "Which support helps people keep a job?",
    "Sleep?",
    "word " * 900,
    "هل يسبب قلة النوم الاكتئاب؟",
]
NEAR = np.array([[1, 2], [0, 2], [0, 1], [0, 1], [0, 5], [4, -1]])


@pytest.fixture(scope="module")
def model() -> MiniLM:
    embedder = default_embedder()
    assert isinstance(embedder, MiniLM), "models.lock is not installed"
    return embedder


def test_the_language_model_is_installed_with_everything_else_and_sees_meaning_behind_other_words(model) -> None:
    rows = model.encode(TEXTS)

    assert isinstance(model, consensus.Embedder)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-6)
    assert rows[0] @ rows[1] > 0.7 > rows[0] @ rows[2]


def test_a_text_has_the_same_digits_beside_any_others_and_for_any_number_of_threads(model) -> None:
    many = [*TEXTS, *(f"Does treatment {n} help people in group {n % 7}?" for n in range(70))]
    threaded = MiniLM(model.session, model.tokenizer, threads=3)

    together = threaded.encode(many)

    np.testing.assert_array_equal(together, MiniLM(model.session, model.tokenizer, threads=1).encode(many))
    for number in (0, 4, 5, 40):
        np.testing.assert_array_equal(together[number], model.encode([many[number]])[0])


def test_the_tokens_of_a_text_are_the_same_beside_any_others_and_for_any_number_of_threads(model) -> None:
    many = [*TEXTS, "", *(f"Does treatment {n} help people in group {n % 7}?" for n in range(70))]

    together = MiniLM(model.session, model.tokenizer, threads=3).tokens(many)

    alone = [model.tokens([text])[0] for text in many]
    assert all(map(np.array_equal, *([part for told in each for part in told] for each in (together, alone))))
    assert [len(tokens.numbers) for tokens in together[3:7:3]] == [2, 0], "a word with its mark, and nothing"
    assert max(len(tokens.numbers) for tokens in together) == 126, "of a long text the first window"
    lengths = np.linalg.norm(together[0].states.astype(float), axis=1)
    assert lengths == pytest.approx(127, abs=4)


def test_a_table_on_texts_is_made_once_and_holds_none_of_their_words(tmp_path, model) -> None:
    cached, made = CachedEmbedder(model, tmp_path), []

    def make() -> np.ndarray:
        made.append(aligned(model, TEXTS, NEAR))
        return np.rint(made[-1] * 1000).astype(np.int16)

    first = [cached.kept("likeness", TEXTS, make) for _ in range(2)]

    assert len(made) == 1
    np.testing.assert_array_equal(*first)
    assert cached.kept("another", TEXTS, make).shape == NEAR.shape
    assert len(made) == 2, "another name is another table"
    for number in range(25):
        cached.kept("likeness", [*TEXTS[:5], str(number)], make)
    assert len(made) == 27
    told = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"sleep" not in told
    assert len(told) < 25 * 4096, "the last twenty are kept"


@pytest.mark.parametrize("embedder", [LexicalEmbedder(), None], ids=["lexical", "model"])
def test_texts_without_words_have_zeros_and_long_ones_are_read_in_part(embedder, model) -> None:
    embedder = embedder or model
    rows = embedder.encode(["", " \n", "😀😀", "\ud83d", "sleep", "x y z " * 20_000, "word " * 20_000])

    assert not rows[:2].any()
    assert rows[2].any() == (embedder == LexicalEmbedder()), "the model has learned no emoji"
    assert np.linalg.norm(rows[4:], axis=1) == pytest.approx(1, abs=1e-6)
    assert embedder.encode([]).shape == (0, rows.shape[1])
    np.testing.assert_array_equal(rows[6], embedder.encode(["word " * 30_000])[0])


def test_a_text_of_several_windows_is_read_beyond_the_first(model) -> None:
    story = "We walked to the sea and the weather was fine. " * 20

    told, asked = model.encode([story, story + "Does medication cause weight gain? " * 20])
    (question,) = model.encode(["Does medication cause weight gain?"])

    assert asked @ question > told @ question + 0.2


def test_a_model_file_whose_hash_differs_is_refused_with_a_sentence() -> None:
    weights, tokenizer = minilm_files() or (b"", b"")

    with pytest.raises(ModelError, match=r"weights .* was not used. Install the packages of models.lock again"):
        MiniLM.load(weights[:-1] + b"\0", tokenizer)
    with pytest.raises(ModelError, match="tokenizer of the language model have the SHA-256"):
        MiniLM.load(weights, tokenizer + b" ")


def test_without_a_model_the_weaker_one_runs_and_says_what_it_cannot_do(monkeypatch, caplog) -> None:
    monkeypatch.setattr(choosing, "minilm_files", lambda: None)

    with caplog.at_level(logging.INFO):
        embedder = default_embedder.__wrapped__()

    assert embedder == LexicalEmbedder()
    assert "does not see that other words mean the same" in caplog.text
    assert "models.lock" in caplog.text


def test_the_first_use_tells_which_model_runs_and_its_limits(caplog) -> None:
    with caplog.at_level(logging.INFO):
        embedder = default_embedder.__wrapped__()

    assert about(embedder) in caplog.text
    assert "all-MiniLM-L6-v2" in about(embedder)
    assert "one language (en)" in about(embedder)


def test_no_connection_is_opened_to_read_texts(monkeypatch, model) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    assert default_embedder.__wrapped__().encode(TEXTS[:1]).any()
    with pytest.raises(ModelError):
        open_embedder("sentence-transformers/all-MiniLM-L6-v2")


def test_a_model_that_is_not_here_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"not installed|missing"):
        open_embedder(str(tmp_path))
    assert open_embedder("lexical") == LexicalEmbedder()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return the folder of a real model: the installed one, laid out as sentence-transformers exports it."""
    weights, tokenizer = minilm_files() or (b"", b"")
    made = tmp_path_factory.mktemp("minilm")
    (made / "onnx").mkdir()
    (made / "onnx" / "model.onnx").write_bytes(weights)
    (made / "tokenizer.json").write_bytes(tokenizer)
    (made / "modules.json").write_text("[]")
    (made / "sentence_bert_config.json").write_text('{"max_seq_length": 128}')
    (made / "README.md").write_text("---\nlanguage: en\n---\nA card.")
    return made


def test_a_model_in_a_folder_is_read_without_torch_and_tells_that_it_was_not_measured(folder, model, caplog) -> None:
    with caplog.at_level(logging.INFO):
        named = open_embedder(str(folder))

    rows = named.encode([*TEXTS, "", "x " * 50_000, "😀"])

    assert isinstance(named, consensus.Embedder)
    assert named.languages == ("en",)
    assert rows.dtype == np.float32
    assert (rows[:4] * model.encode(TEXTS[:4])).sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert np.linalg.norm(rows, axis=1)[6] == 0
    assert np.linalg.norm(rows, axis=1)[7] == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(named.encode(TEXTS[2:3])[0], rows[2])
    assert named.encode([]).shape == (0, 384)
    assert "was not measured here" in caplog.text


def test_a_named_model_whose_hash_differs_is_refused_with_a_sentence(folder, tmp_path: Path) -> None:
    right = open_embedder(str(folder)).sha256

    assert open_embedder(str(folder), sha256=right).sha256 == right
    for name in (str(folder), "lexical", ""):
        with pytest.raises(ModelError, match=r"and 0+ is expected: .* the model was not used"):
            open_embedder(name, sha256="0" * 64)


def test_a_damaged_model_in_a_folder_is_refused_with_a_sentence(folder, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    (tmp_path / "model.onnx").write_bytes(b"not a model")

    with pytest.raises(ModelError, match="cannot be read by onnxruntime"):
        open_embedder(str(tmp_path))


def test_the_environment_names_the_model_of_a_machine(folder, monkeypatch) -> None:
    monkeypatch.setenv("CONSENSUS_EMBEDDER", str(folder))
    assert default_embedder.__wrapped__().name == str(folder)

    monkeypatch.setenv("CONSENSUS_EMBEDDER_DIGEST", "0" * 64)
    with pytest.raises(ModelError, match="is expected"):
        default_embedder.__wrapped__()
    for name in ("lexical", ""):
        monkeypatch.setenv("CONSENSUS_EMBEDDER", name)
        with pytest.raises(ModelError, match="is expected"):
            default_embedder.__wrapped__()
    monkeypatch.setenv("CONSENSUS_EMBEDDER", "lexical")
    monkeypatch.setenv("CONSENSUS_EMBEDDER_DIGEST", LexicalEmbedder().sha256)
    assert default_embedder.__wrapped__() == LexicalEmbedder()


def test_a_static_model_in_a_folder_is_read_by_model2vec(tmp_path: Path) -> None:
    model2vec = pytest.importorskip("model2vec")
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {"[UNK]": 0, "sleep": 1, "rest": 2, "money": 3}
    tokenizer = Tokenizer(models.WordLevel(words, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    table = np.array([[0, 0, 1], [1, 0, 0], [0.9, 0.1, 0], [0, 1, 0]], np.float32)
    model2vec.StaticModel(table, tokenizer).save_pretrained(str(tmp_path))

    sleep, rest, money, nothing = open_embedder(str(tmp_path)).encode(["sleep", "rest", "money", " "])

    assert sleep @ rest > 0.9 > 0.1 > sleep @ money
    assert not nothing.any()


class Counting(LexicalEmbedder):
    """The lexical embedder, counting what it is asked."""

    asked: list[str] = []  # noqa: RUF012

    def encode(self, texts):
        self.asked.extend(texts)
        return super().encode(texts)


def test_what_was_read_once_is_not_read_again_and_no_text_is_kept(tmp_path: Path) -> None:
    Counting.asked.clear()
    texts = ["Does diet help?", "Does sleep help?", "Does diet help?"]
    first = CachedEmbedder(Counting(), tmp_path).encode(texts)

    again = CachedEmbedder(Counting(), tmp_path).encode([*texts, "Is ECT safe?"])

    assert Counting.asked == ["Does diet help?", "Does sleep help?", "Is ECT safe?"]
    np.testing.assert_array_equal(again[:3], first)
    (file,) = tmp_path.iterdir()
    assert b"diet" not in file.read_bytes()


def test_a_damaged_file_of_vectors_is_set_aside_and_made_again(tmp_path: Path) -> None:
    embedder = CachedEmbedder(LexicalEmbedder(), tmp_path)
    rows = embedder.encode(TEXTS)
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"not a database" * 100)

    np.testing.assert_array_equal(embedder.encode(TEXTS), rows)
    assert embedder.encode([]).shape == (0, rows.shape[1])


@pytest.mark.parametrize(
    ("declared", "languages"),
    [("language: cy", ("cy",)), ("language: [en, cy]", ("en", "cy")), ("language:", ("en",)), ("language: 5", ("en",)),
     ("language: []", ("en",)), ("license: mit", ("en",))],
)  # fmt: skip
def test_a_card_that_says_no_language_is_one_of_an_english_model(tmp_path, declared, languages) -> None:
    (tmp_path / "README.md").write_text(f"---\n{declared}\n---\nA card.", encoding="utf-8")

    assert named._languages(tmp_path) == languages
