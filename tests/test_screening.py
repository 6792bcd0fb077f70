"""What may be out of scope and under which heading a question may stand: learned from decisions, and only suggested."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from consensus.duplicates import propose_categories, propose_groups, propose_screening
from consensus.embedding import LexicalEmbedder, default_embedder
from consensus.protocol import Category

ASKED = [f"Does {what} help people with {whom}?" for what in ("sleep", "diet", "work") for whom in ("anxiety", "mania")]
THANKED = ["Thank you for asking", "Thanks for this survey!", "many thanks", "Good luck with the survey"]
SICK = Category(id="body", name="Physical health", keywords=("antidepress", "sleep"))
WORK = Category(id="work", name="Work and money", keywords=("job", "lee"))


def frame_of(texts: list[str]) -> pd.DataFrame:
    """Return submissions with the texts given."""
    return pd.DataFrame({"submission_id": [f"s{n:03d}" for n in range(len(texts))], "text": texts}, dtype=object)


@pytest.mark.parametrize("embedder", [None, LexicalEmbedder(), default_embedder()], ids=["none", "lexical", "model"])
def test_what_is_like_the_texts_that_were_set_aside_is_screened_first(embedder) -> None:
    submissions = frame_of([*ASKED, *THANKED])
    decided = {"s000": False, "s001": False, "s006": True, "s007": True}

    screened = propose_screening(submissions, decided, embedder)

    assert set(screened["submission_id"].head(2)) == {"s008", "s009"}
    assert sorted(screened["submission_id"]) == ["s002", "s003", "s004", "s005", "s008", "s009"]
    assert screened["place"].tolist() == [1, 2, 3, 4, 5, 6]
    assert screened["chance"].between(0, 1).all()


@pytest.mark.parametrize("decided", [{}, {"s000": False, "s001": False}, {"s006": True}])
def test_nothing_is_said_of_scope_before_somebody_has_decided_both_ways(decided) -> None:
    screened = propose_screening(frame_of([*ASKED, *THANKED]), decided)

    assert list(screened) == ["submission_id", "place", "chance"]
    assert screened.empty


def test_the_order_of_rows_and_decisions_and_the_threads_change_nothing_in_the_screening() -> None:
    submissions = frame_of([*ASKED, *THANKED, "", "😀", "هل يساعد النوم؟", "sleep " * 16_667])
    decided = {"s000": False, "s001": False, "s006": True, "s007": True}
    told = []
    for threads, rows, said in ((1, submissions, decided), (2, submissions[::-1], dict(reversed(decided.items())))):
        with threadpool_limits(threads):
            told.append(propose_screening(rows, said, default_embedder()))

    pd.testing.assert_frame_equal(*told)
    assert len(told[0]) == len(submissions) - len(decided)


def test_texts_of_one_wording_have_one_chance() -> None:
    submissions = frame_of([*ASKED, *THANKED, "MANY thanks!", "1. many thanks"])

    screened = propose_screening(submissions, {"s000": False, "s006": True}, default_embedder()).set_index(
        "submission_id"
    )

    assert screened.loc[["s008", "s010", "s011"], "chance"].nunique() == 1


def test_screening_a_real_conversation_finds_what_moderators_rejected_before_chance_would(shared: Path) -> None:
    path = shared / "rankings" / "polis_football-concussions_statements.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False).sort_values("comment-id", ignore_index=True)
    submissions, rejected = frame_of(rows["comment-body"].tolist()), rows["moderated"].eq("-1").to_numpy()
    known = np.random.default_rng(0).permutation(len(rows))[:100]
    decided = {submissions["submission_id"][row]: bool(rejected[row]) for row in known}

    screened = propose_screening(submissions, decided, default_embedder())
    truth = dict(zip(submissions["submission_id"], rejected, strict=True))
    found = screened["submission_id"].map(truth)

    assert found.head(50).mean() > found.mean() + 0.15


def test_a_category_is_proposed_by_the_starts_of_words_and_none_where_none_fits() -> None:
    submissions = frame_of(["Do antidepressants disturb sleep?", "Why is the sky blue?"])

    for embedder in (None, LexicalEmbedder(), default_embedder()):
        proposed = propose_categories(submissions, propose_groups(submissions), [WORK, SICK], embedder=embedder)
        assert sorted(proposed.values()) == ["", "body"]


def test_a_category_is_proposed_by_meaning_where_no_keyword_is_said() -> None:
    submissions = frame_of(["How can employers support staff who earn low wages?", *ASKED])
    proposals = submissions[["submission_id"]].assign(group=submissions["submission_id"])
    work = Category(id="work", name="Employment, wages and money")
    home = Category(id="home", name="Housing and neighbours")

    proposed = propose_categories(submissions, proposals, [home, work], embedder=default_embedder())

    assert proposed["s000"] == "work"
    assert propose_categories(submissions, proposals, [home, work])["s000"] == ""


def test_what_people_put_under_a_heading_moves_what_is_proposed_for_others() -> None:
    texts = ["Which dogs help lonely people?", "Do dogs help people who are lonely?", "Do cats calm lonely people?"]
    submissions = frame_of(texts)
    proposals = submissions[["submission_id"]].assign(group=submissions["submission_id"])
    frame = [Category(id="one", name="Miscellany"), Category(id="two", name="Housing")]
    decided = {"s000": "two", "s001": "two"}

    before = propose_categories(submissions, proposals, frame, embedder=default_embedder())
    after = propose_categories(submissions, proposals, frame, embedder=default_embedder(), decided=decided)

    assert before["s002"] != "two"
    assert after["s002"] == "two"


@pytest.mark.parametrize("texts", [[], [""], ["😀"], ["هل يساعد النوم على الراحة؟"], ["x" * 100_000]])
def test_texts_of_any_kind_have_a_category_or_none(texts: list[str]) -> None:
    submissions = frame_of(texts)
    proposals = propose_groups(submissions)

    proposed = propose_categories(submissions, proposals, [WORK, SICK], embedder=default_embedder())

    assert set(proposed) == set(proposals["group"])
    assert propose_categories(submissions, proposals, []) == dict.fromkeys(proposals["group"], "")
