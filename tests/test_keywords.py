"""Words that set a proposed group apart, and where a person who words its question finds them."""

from __future__ import annotations

from io import BytesIO

import pandas as pd
import pytest
from openpyxl import load_workbook

from consensus.duplicates import propose_keywords
from consensus.importers.review import review_workbook
from consensus.questions import apply_decisions
from consensus.vocabulary import COLUMNS, empty
from tests.builders import small_protocol


def keywords_of(groups: dict[str, list[str]], flagged: dict[str, str] | None = None, **options: int) -> dict[str, str]:
    """Return the keywords of groups of texts, in which words are flagged by the text that holds them."""
    told = [(group, text) for group, texts in groups.items() for text in texts]
    ids = [f"s{n}" for n in range(len(told))]
    submissions = pd.DataFrame({"submission_id": ids, "text": [text for _, text in told]})
    proposals = pd.DataFrame({"submission_id": ids, "group": [group for group, _ in told]})
    marked = [
        (each, text.index(word), text.index(word) + len(word), "email")
        for each, (_, text) in zip(ids, told, strict=True)
        for held, word in (flagged or {}).items()
        if held == text
    ]
    return propose_keywords(submissions, proposals, pd.DataFrame(marked, columns=COLUMNS["identifiers"]), **options)


def test_a_word_that_most_groups_say_sets_none_apart() -> None:
    groups = {"a": ["Does sleep help anxiety"], "b": ["Does diet help anxiety"], "c": ["Does light help anxiety"]}

    assert keywords_of(groups) == {"a": "sleep", "b": "diet", "c": "light"}


def test_the_word_that_a_group_says_most_comes_first_and_ties_go_by_the_alphabet() -> None:
    groups = {"a": ["lithium and kidneys", "lithium tremor"], "b": ["housing"], "c": ["benefits"]}

    assert keywords_of(groups, count=3)["a"] == "lithium, and, kidneys"


def test_one_wording_sent_a_hundred_times_weighs_no_more_than_once() -> None:
    others = {"b": ["housing"], "c": ["benefits"]}

    often = keywords_of({"a": ["Zopiclone?"] * 100 + ["lithium, why", "lithium, how"], **others}, count=1)

    assert often["a"] == "lithium"


def test_what_was_flagged_as_naming_somebody_is_no_keyword() -> None:
    text = "Write to jane@example.org about lithium"

    shown = keywords_of({"a": [text], "b": ["housing"]}, {text: "jane@example.org"}, count=50)

    assert "lithium" in shown["a"]
    assert "jane" not in shown["a"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("", ""), ("😀", ""), ("12 34", ""), ("x" * 100_000, ""), ("النوم؟", "النوم"), ("sleep", "sleep")],
)
def test_a_text_of_any_kind_has_keywords_or_none(text: str, words: str) -> None:
    assert keywords_of({"a": [text], "b": ["housing"]})["a"] == words


def test_no_group_has_no_keywords() -> None:
    assert keywords_of({}) == {}


def test_the_workbook_shows_keywords_once_a_group_beside_the_wording() -> None:
    texts = {"s1": "Is lithium safe?", "s2": "Is lithium bad for kidneys?", "s3": "Who pays for housing?"}
    submissions = pd.DataFrame(
        [(each, f"a{each}", f"r{each}", "carer", 0, len(text), text, "") for each, text in texts.items()],
        columns=list(COLUMNS["submissions"]),
    )
    rows = [("s1", "g1", 0.6, "near"), ("s2", "g1", 0.5, "near"), ("s3", "g2", 0.0, "")]
    proposals = pd.DataFrame(rows, columns=list(COLUMNS["proposals"]))
    questions = apply_decisions(submissions, proposals, empty("decisions"))

    content = review_workbook(submissions, proposals, questions, small_protocol(), empty("identifiers"))

    head, *shown = load_workbook(BytesIO(content))["Review"].iter_rows(values_only=True)
    column = head.index("words that set it apart")
    assert head[column - 1] == "wording"
    assert [row[column] or "" for row in shown] == ["lithium, bad, kidneys, safe", "", "housing, pays, who"]
