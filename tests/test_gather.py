"""Answers to submissions: nothing is lost, and every submission knows where it was cut from."""

from __future__ import annotations

import time
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.errors import DataError
from consensus.gather import EMPTY, answer_id, cut, flag_identifiers, split_answers
from consensus.vocabulary import COLUMNS
from tests.profiles import examples


def answers_of(*texts: str, status: str = "", version: int = 1) -> pd.DataFrame:
    """Return an answers frame with one person a text."""
    rows = [
        (answer_id("table", str(n), "q1"), version, "table", str(n), "q1", "carer", "", "", text, status, None)
        for n, text in enumerate(texts)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS["answers"])).astype(object)


def parts(text: str) -> list[str]:
    """Return the texts into which an answer is cut."""
    return [text[start:end] for start, end in cut(text)]


SENTENCES = st.sampled_from(
    [
        "Does diet help?",
        "what about sleep",
        "My son is ill.",
        "1. Work",
        "- rest",
        "e.g. lithium?",
        "Why?",
        "😀",
        "؟",
        "。",
    ]
)
ANSWERS = st.one_of(st.text(max_size=80), st.lists(st.one_of(SENTENCES, st.text(max_size=9)), max_size=8).map(" ".join))


@examples
@given(ANSWERS)
def test_no_character_that_somebody_wrote_is_lost_or_taken_twice(text: str) -> None:
    cuts = cut(text)

    assert "".join("".join(text[start:end].split()) for start, end in cuts) == "".join(text.split())
    assert all(before[1] <= after[0] for before, after in pairwise(cuts))
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in cuts)


@examples
@given(st.lists(ANSWERS, max_size=4))
def test_every_submission_is_its_answer_from_start_to_end(texts: list[str]) -> None:
    answers = answers_of(*texts)

    submissions = split_answers(answers)
    whole = submissions.merge(answers[["answer_id", "text"]], on="answer_id", suffixes=("", "_whole"))

    assert set(submissions["answer_id"]) == set(answers["answer_id"])
    assert submissions["submission_id"].is_unique
    assert all(row.text_whole[row.start : row.end] == row.text for row in whole.itertuples())


def test_several_questions_in_one_answer_become_several_submissions() -> None:
    text = "Does diet help anxiety? Can exercise prevent relapse? what support do carers need after discharge"

    assert parts(text) == [
        "Does diet help anxiety?",
        "Can exercise prevent relapse?",
        "what support do carers need after discharge",
    ]


def test_a_story_that_leads_up_to_one_question_stays_with_it() -> None:
    story = (
        "My mum asked the ward for help. Nobody came. She was sent home on a Friday. Why is there no plan at discharge?"
    )

    assert parts(story) == [story]


def test_a_story_without_a_question_stays_whole_and_is_kept() -> None:
    story = "I was ill for years. Nobody believed me. In the end a nurse listened."

    assert parts(story) == [story]


def test_what_leads_up_to_the_second_question_goes_with_the_second() -> None:
    text = "Does ECT harm memory? My father had it in May. Can families refuse it?"

    assert parts(text) == ["Does ECT harm memory?", "My father had it in May. Can families refuse it?"]


def test_a_question_that_leans_on_the_one_before_stays_with_it() -> None:
    assert len(parts("Does lithium harm the kidneys? If so, when? And for how long?")) == 1
    assert len(parts("Why me? What causes schizophrenia?")) == 1


def test_marks_inside_words_addresses_and_quotations_do_not_cut() -> None:
    assert len(parts('He asked "why?" and left. Dr. Shah, e.g., said 2.5 mg. Is it safe?')) == 1
    assert len(parts("See https://example.org/find?id=3 and tell me: is it right?")) == 1


def test_a_list_with_marks_is_cut_at_its_lines() -> None:
    assert parts("My worries:\n1. Weight gain\n2. Housing\n3. Will I work again?") == [
        "My worries:\n1. Weight gain",
        "2. Housing",
        "3. Will I work again?",
    ]


def test_a_line_that_was_only_wrapped_does_not_cut() -> None:
    assert len(parts("Does talking about it at school\nhelp children whose parent is ill?")) == 1


def test_other_scripts_are_cut_at_their_own_marks() -> None:
    assert len(parts("هل يساعد النظام الغذائي؟ ماذا عن النوم والراحة؟")) == 2
    assert len(parts("饮食对焦虑有帮助吗？运动可以预防复发吗？")) == 2


@pytest.mark.parametrize("text", ["Sleep", "😀", "?", "دواء", "a" * 150_000, "Why? " * 20_001])
def test_one_word_an_emoji_a_mark_or_a_very_long_text_has_an_outcome(text: str) -> None:
    submissions = split_answers(answers_of(text))

    assert len(submissions) >= 1
    assert (submissions["status"] == "").all()


@pytest.mark.parametrize("text", ["", "   ", "\n\t\u00a0"])
def test_an_empty_answer_gives_one_submission_that_says_so(text: str) -> None:
    (row,) = split_answers(answers_of(text)).to_dict("records")

    assert (row["start"], row["end"], row["text"], row["status"]) == (0, 0, "", EMPTY)


def test_the_reason_with_which_an_answer_came_goes_to_its_submissions() -> None:
    submissions = split_answers(answers_of("Is it safe? Does it last?", status="rejected by the moderators"))

    assert submissions["status"].tolist() == ["rejected by the moderators"] * 2


def test_only_the_last_version_of_an_answer_is_cut() -> None:
    both = pd.concat([answers_of("Old?", version=1), answers_of("New words?", version=2)])

    assert split_answers(both)["text"].tolist() == ["New words?"]


def test_the_order_of_the_answers_changes_nothing() -> None:
    answers = answers_of("Is it safe? Does it last?", "Why do people relapse?", "")

    pd.testing.assert_frame_equal(split_answers(answers), split_answers(answers.iloc[::-1]))


def test_an_answers_frame_without_its_columns_is_refused_with_all_of_them() -> None:
    with pytest.raises(DataError) as refused:
        split_answers(pd.DataFrame({"text": ["Why?"]}))

    assert len(refused.value.faults) == len(COLUMNS["answers"]) - 1


@pytest.mark.parametrize("unit", ["a", "?", " ", "\n", "a? ", "1. ", ". ", "?a", "1.\n", "a.b@", "0-", "www."])
def test_the_work_grows_with_the_length_of_a_text_and_no_faster(unit: str) -> None:
    def seconds(size: int) -> float:
        submissions = pd.DataFrame({"submission_id": ["s1"], "text": [unit * (size // len(unit))]})
        started = time.process_time()
        cut(submissions["text"].iloc[0])
        flag_identifiers(submissions)
        return time.process_time() - started

    assert seconds(100_000) < 40 * max(seconds(10_000), 0.005)


def kinds(text: str) -> list[tuple[str, str]]:
    """Return what is flagged in a text: the words and the kind."""
    found = flag_identifiers(pd.DataFrame({"submission_id": ["s1"], "text": [text]}))
    return [(text[row.start : row.end], row.kind) for row in found.itertuples()]


def test_what_may_name_somebody_is_flagged_with_its_place() -> None:
    text = (
        "Write to jo.b@example.org or www.example.org, ring 020 7946 0958 or +44 7700 900123. "
        "Born 3 March 1980, SW1A 1AA."
    )

    assert kinds(text) == [
        ("jo.b@example.org", "email"),
        ("www.example.org", "url"),
        ("020 7946 0958", "phone"),
        ("+44 7700 900123", "phone"),
        ("3 March 1980", "date_of_birth"),
        ("SW1A 1AA", "postcode"),
    ]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *(
            (text, "date_of_birth")
            for text in ("1980-03-03", "3/3/80", "03 03 1980", "3.3.1980", "3rd of March 1980", "Mar 3, 1980")
        ),
        *((text, "postcode") for text in ("sw1a 1aa", "SW1A1AA", "M1 1AE")),
        *((text, "nhs_number") for text in ("9434765919", "943-476-5919", "943 476 5870")),
    ],
)
def test_identifiers_are_flagged_however_they_are_written(text: str, kind: str) -> None:
    assert kinds(f"I am {text} you see") == [(text, kind)]


def test_ten_digits_are_an_nhs_number_only_with_the_right_check_digit() -> None:
    assert kinds("My number is 943 476 5919") == [("943 476 5919", "nhs_number")]
    assert kinds("My number is 943 476 5918") == []
    assert ("111 111 1111", "nhs_number") not in kinds("It is 111 111 1111")


def test_doses_years_and_plain_words_name_nobody() -> None:
    assert kinds("I took 100 mg for 20 years since 1998, on ward 3B, 24/7, and 5 of 10 days.") == []
