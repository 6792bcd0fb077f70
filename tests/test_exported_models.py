"""Folders of models in ONNX: what they ask for is done as they ask, or told in a sentence; nothing is passed over."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from consensus.embedding import open_embedder
from consensus.errors import ModelError
from tests.onnx_files import INT32, states_of

WORDS = {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "sleep": 3, "rest": 4, "query": 9, "Sleep": 20}
TEXT = "sleep rest rest"
STATES = np.array([[1, 0], [3, 1], [4, 2], [4, 3], [2, 4]], float)  # token and place of: [CLS] sleep rest rest [SEP]
POOLED = {
    "cls_token": STATES[0],
    "max_tokens": [4, 4],
    "mean_tokens": STATES.mean(axis=0),
    "mean_sqrt_len_tokens": STATES.mean(axis=0),  # of length 1 they are the same
    "weightedmean_tokens": (STATES * np.arange(1, 6)[:, None]).sum(axis=0),
    "lasttoken": STATES[-1],
}


class Folder:
    """The folder of a model whose states are the numbers and places of a text's tokens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        tokenizer = Tokenizer(models.WordLevel(WORDS, "[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
        )
        tokenizer.save(str(path / "tokenizer.json"))
        self.weights(states_of("input_ids", "position_ids"))

    def weights(self, content: bytes) -> None:
        (self.path / "model.onnx").write_bytes(content)

    def modules(self, *kinds: str) -> None:
        listed = [
            {"type": f"sentence_transformers.models.{kind}", "path": f"{n}_{kind}"} for n, kind in enumerate(kinds)
        ]
        (self.path / "modules.json").write_text(json.dumps(listed))

    def say(self, name: str, **told: object) -> None:
        (self.path / name).parent.mkdir(exist_ok=True)
        (self.path / name).write_text(json.dumps(told))

    def dense(self, function: str, matrix: object, offset: object) -> None:
        numpy = pytest.importorskip("safetensors.numpy")
        self.modules("Transformer", "Pooling", "Normalize", "Dense", "Normalize")
        self.say("3_Dense/config.json", bias=True, activation_function=f"torch.nn.modules.activation.{function}")
        rows = {"linear.weight": np.array(matrix, np.float32), "linear.bias": np.array(offset, np.float32)}
        numpy.save_file(rows, self.path / "3_Dense" / "model.safetensors")

    def read(self, text: str = TEXT) -> np.ndarray:
        return open_embedder(str(self.path)).encode([text])[0]

    def refused(self) -> str:
        with pytest.raises(ModelError) as caught:
            self.read()
        return str(caught.value)


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder(tmp_path)


def unit(row: object) -> object:
    return pytest.approx(np.asarray(row, float) / np.linalg.norm(np.asarray(row, float)), abs=1e-6)


def test_without_a_word_on_pooling_the_mean_over_all_tokens_is_taken(folder) -> None:
    assert folder.read() == unit(STATES.mean(axis=0))


@pytest.mark.parametrize("name", POOLED)
def test_tokens_are_pooled_as_the_folder_says(folder, name) -> None:
    folder.say("1_Pooling/config.json", **{f"pooling_mode_{each}": each == name for each in POOLED})

    assert folder.read() == unit(POOLED[name])


def test_several_poolings_stand_one_behind_the_other_and_newer_settings_name_them(folder) -> None:
    folder.modules("Transformer", "Pooling", "Normalize")
    folder.say("1_Pooling/config.json", pooling_mode=["mean", "cls"])

    assert folder.read() == unit([*STATES[0], *STATES.mean(axis=0)])


def test_the_prompt_that_a_model_was_trained_with_is_read_before_each_text(folder) -> None:
    folder.say("config_sentence_transformers.json", prompts={"q": "query ", "d": ""}, default_prompt_name="q")
    folder.say("1_Pooling/config.json", pooling_mode_mean_tokens=True)
    told = np.array([[1, 0], [9, 1], [3, 2], [4, 3], [4, 4], [2, 5]], float)

    with_prompt = folder.read()
    folder.say("1_Pooling/config.json", pooling_mode_mean_tokens=True, include_prompt=False)

    assert with_prompt == unit(told.mean(axis=0))
    assert folder.read() == unit(told[2:].mean(axis=0))


def test_no_prompt_is_read_where_none_is_the_default_and_one_that_is_missing_is_told(folder) -> None:
    folder.say("config_sentence_transformers.json", prompts={"q": "query "}, default_prompt_name=None)
    plain = folder.read()
    folder.say("config_sentence_transformers.json", prompts={}, default_prompt_name="q")

    assert plain == unit(STATES.mean(axis=0))
    assert "behind the prompt 'q', which it does not hold" in folder.refused()


def test_texts_are_read_in_small_letters_where_the_folder_says_so(folder) -> None:
    before = folder.read("Sleep rest rest")
    folder.say("sentence_bert_config.json", do_lower_case=True)

    assert before != unit(STATES.mean(axis=0))
    assert folder.read("Sleep rest rest") == unit(STATES.mean(axis=0))


@pytest.mark.parametrize(
    ("function", "done"), [("Identity", lambda x: x), ("Tanh", np.tanh), ("ReLU", lambda x: x.clip(0))]
)
def test_a_matrix_behind_the_pooling_is_taken(folder, function, done) -> None:
    matrix, offset = np.array([[1, 0], [0, -2], [1, 1]]), np.array([0, 0.1, 0.2])
    folder.dense(function, matrix, offset)

    mean = STATES.mean(axis=0) / np.linalg.norm(STATES.mean(axis=0))
    assert folder.read() == unit(done(matrix @ mean + offset))


@pytest.mark.parametrize(
    ("modules", "said", "sentence"),
    [
        (["Transformer", "Pooling", "LSTM"], {}, "a part of the kind LSTM, which only sentence-transformers reads"),
        (["Transformer", "Pooling", "Dense"], {"activation_function": "torch.nn.SiLU"}, "a matrix with SiLU"),
        (
            ["Transformer", "Pooling", "Dense"],
            {"activation_function": "torch.nn.Tanh"},
            "not kept as model.safetensors",
        ),
    ],
)
def test_a_part_that_is_not_known_is_refused_and_not_left_out(folder, modules, said, sentence) -> None:
    folder.modules(*modules)
    folder.say("2_Dense/config.json", **said)

    assert sentence in folder.refused()


def test_a_pooling_that_is_not_known_is_refused(folder) -> None:
    folder.say("1_Pooling/config.json", pooling_mode_mean_tokens=True, pooling_mode_median=True)

    assert "pools by pooling_mode_median" in folder.refused()


def test_a_model_that_pools_by_itself_is_taken_at_its_word_unless_more_follows(folder) -> None:
    folder.weights(states_of("input_ids", "position_ids", output="embeddings", pooled=True))
    taken = folder.read()
    folder.dense("Tanh", [[1, 0], [0, 1]], [0, 0])

    assert taken == unit([1, 0])
    assert "pools by itself" in folder.refused()


def test_a_sentence_embedding_holds_all_that_the_folder_lists(folder) -> None:
    folder.weights(states_of("input_ids", "position_ids", output="sentence_embedding", pooled=True))
    folder.dense("Tanh", [[0, 0], [0, 1]], [0, 0])

    assert folder.read() == unit([1, 0])


@pytest.mark.parametrize("kind", [INT32, 7])
def test_all_that_can_be_told_of_a_text_is_given_in_the_kind_asked_for(folder, kind) -> None:
    folder.weights(states_of("attention_mask", "token_type_ids", "position_ids", kind=kind))

    assert folder.read() == unit([1, 0, 2])


def test_a_model_that_asks_for_more_than_a_texts_tokens_is_refused_with_a_sentence(folder) -> None:
    folder.weights(states_of("input_ids", "past_key_values"))

    assert "asks for past_key_values" in folder.refused()


def test_weights_beside_the_file_and_settings_belong_to_the_digest_and_the_card_does_not(folder) -> None:
    def digest() -> str:
        return open_embedder(str(folder.path)).sha256

    bare = digest()
    (folder.path / "README.md").write_text("---\nlanguage: en\n---\nA card.")
    carded = digest()
    (folder.path / "model.onnx_data").write_bytes(b"weights")
    (folder.path / ".cache").mkdir()
    (folder.path / ".cache" / "fetched").write_text("yesterday")
    first = digest()
    (folder.path / "model.onnx_data").write_bytes(b"others!")

    assert bare == carded
    assert len({bare, first, digest()}) == 3
