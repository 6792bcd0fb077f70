"""Answers of one word, very long, of emoji, in right-to-left script or empty: what becomes of each is declared."""

from __future__ import annotations

import pandas as pd
import pytest

from consensus import ReviewQueue, propose_groups, steps
from consensus.embedding import Embedder, LexicalEmbedder, default_embedder
from consensus.store import Store, load_answers, load_frame
from tests import walk

LONG = "sleep " * 16_666 + "help"
ASKED = ["Does sleep help?", "Is ECT safe?"]
ODD = {
    "one word": "sleep",
    "long": LONG,
    "emoji": "😀😀",
    "right to left": "هل يساعد النوم على الراحة؟",
    "empty": "",
    "blank": " \n ",
}
ANSWERED = {name: text for name, text in ODD.items() if text.strip()}
EMBEDDERS = {"spelling": LexicalEmbedder, "model": default_embedder}


def submissions(texts: list[str]) -> pd.DataFrame:
    """Return submissions with these texts, s0, s1 ..."""
    return pd.DataFrame({"submission_id": [f"s{n}" for n in range(len(texts))], "text": texts}, dtype=object)


@pytest.fixture(params=EMBEDDERS, scope="module")
def embedder(request) -> Embedder:
    return EMBEDDERS[request.param]()


def test_the_long_text_has_a_hundred_thousand_characters() -> None:
    assert len(LONG) == 100_000


@pytest.mark.parametrize("name", ODD)
def test_a_text_of_any_kind_is_in_exactly_one_proposed_group(name, embedder) -> None:
    proposals = propose_groups(submissions([*ASKED, ODD[name]]), embedder)

    assert sorted(proposals["submission_id"]) == ["s0", "s1", "s2"]
    assert (proposals["group"] != "").all()
    assert proposals["similarity"].between(0, 1).all()
    assert not any(word in " ".join(proposals["why"]) for word in ("sleep", "ECT", "😀", "النوم"))


@pytest.mark.parametrize("name", ["emoji", "empty", "blank"])
def test_what_says_nothing_in_words_is_proposed_on_its_own(name, embedder) -> None:
    proposals = propose_groups(submissions([*ASKED, ODD[name]]), embedder).set_index("submission_id")

    assert (proposals["group"] == proposals.loc["s2", "group"]).sum() == 1
    assert proposals.loc["s2", "similarity"] == 0


@pytest.mark.parametrize("name", ANSWERED)
def test_the_same_odd_text_sent_twice_is_proposed_as_one(name, embedder) -> None:
    proposals = propose_groups(submissions([ASKED[1], ODD[name], ODD[name]]), embedder).set_index("submission_id")

    assert proposals.loc["s1", "group"] == proposals.loc["s2", "group"]


@pytest.mark.parametrize("name", ODD)
def test_the_queue_with_a_text_of_any_kind_ends_and_holds_every_submission_once(name, embedder) -> None:
    queue = ReviewQueue(submissions([*ASKED, ODD[name], ODD[name]]), embedder)

    while screen := queue.next("Ada"):
        queue.answer(screen, [], by="Ada")

    assert queue.groups()["submission_id"].tolist() == ["s0", "s1", "s2", "s3"]
    again = ReviewQueue(submissions([*ASKED, ODD[name], ODD[name]]), embedder, queue.log)
    assert again.groups().equals(queue.groups())


def test_the_line_keeps_odd_answers_and_reviews_what_they_say(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path / "home"))
    db = Store.open(f"sqlite:///{tmp_path / 'consensus.db'}")
    walk.run_stage("register", db, tmp_path)
    when = walk.ANSWERED.isoformat()
    rows = [[f"r{n}", when, "carer", "yes", text] for n, text in enumerate([*ASKED, *ODD.values()])]
    path = walk.write_csv(tmp_path / "odd.csv", ["response_id", "submitted_at", "group", "consent", "question"], rows)
    mapping = walk.answers_mapping(tmp_path)

    steps.import_answers(db, "small", path, mapping=mapping, by="tester", now=walk.ANSWERED)
    steps.gather(db, "small", now=walk.ANSWERED)
    steps.propose_duplicates(db, "small", now=walk.REVIEWED)
    steps.export_review(db, "small", tmp_path / "review.xlsx", now=walk.REVIEWED)

    with db.reading() as session:
        answers = load_answers(session, "small")
        cuts, proposals = (load_frame(session, name, "small") for name in ("submissions", "proposals"))
    db.close()
    received = answers.set_index("answer_id")["text"]
    assert set(ANSWERED.values()) <= {text for text in received if text.strip()}
    assert all(received[cut.answer_id][cut.start : cut.end] == cut.text for cut in cuts.itertuples())
    assert set(ANSWERED) == {name for name, text in ANSWERED.items() if (received[cuts["answer_id"]] == text).any()}
    assert sorted(proposals["submission_id"]) == sorted(cuts["submission_id"])
