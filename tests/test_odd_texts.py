"""Answers of one word, very long, of emoji, in right-to-left script or empty: what becomes of each is declared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from consensus import ReviewQueue, propose_groups, steps
from consensus.duplicates import propose_keywords, propose_screening, propose_wordings
from consensus.embedding import Embedder, LexicalEmbedder, default_embedder
from consensus.errors import DataError
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
    "zero byte": "sle\0ep\0",
    "half a pair": "sleep \ud83d well",
    "half alone": "\ud83d",
    "no letter": "?!",
    "combining": "e\u0301" * 300,
    "unbroken": "x" * 100_000,
}
ANSWERED = {name: text for name, text in ODD.items() if text.strip()}
KEPT = ("one word", "long", "emoji", "right to left", "empty", "blank")  # what a file can hold and a store can keep
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


@pytest.mark.parametrize("name", ODD)
def test_for_a_text_of_any_kind_words_are_proposed_and_its_scope_is_ranked(name, embedder) -> None:
    frame = submissions([*ASKED, ODD[name]])
    proposals = propose_groups(frame, embedder)

    screening = propose_screening(frame, {"s0": True, "s1": False}, embedder)

    assert set(propose_keywords(frame, proposals)) == set(propose_wordings(frame, proposals).index)
    assert screening["submission_id"].tolist() == ["s2"]


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
    odd = {name: ODD[name] for name in KEPT}
    rows = [[f"r{n}", when, "carer", "yes", text] for n, text in enumerate([*ASKED, *odd.values()])]
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
    answered = {name: text for name, text in odd.items() if text.strip()}
    assert set(answered.values()) <= {text for text in received if text.strip()}
    assert all(received[cut.answer_id][cut.start : cut.end] == cut.text for cut in cuts.itertuples())
    assert set(answered) == {name for name, text in answered.items() if (received[cuts["answer_id"]] == text).any()}
    assert sorted(proposals["submission_id"]) == sorted(cuts["submission_id"])


KINDS = {
    "categories": lambda frame: frame.astype({"text": "category", "submission_id": "category"}),
    "the string type": lambda frame: frame.astype("string"),
    "numpy strings": lambda frame: frame.map(np.str_),
    "numbered": lambda frame: frame.assign(submission_id=range(len(frame))),
    "any index": lambda frame: frame.set_axis([7] * len(frame)),
    "no status said": lambda frame: frame.assign(status=[None, float("nan"), ""][: len(frame)]),
}


@pytest.mark.parametrize("name", KINDS)
def test_frames_of_other_kinds_are_taken_as_what_they_say(name) -> None:
    frame = KINDS[name](submissions(["Does sleep help?", "does sleep help", "Is ECT safe?"]))

    proposals = propose_groups(frame, LexicalEmbedder())
    queue = ReviewQueue(frame, LexicalEmbedder())
    queue.move(frame["submission_id"].tolist()[2], queue.groups()["group"].iloc[0], by="Ada")
    queue.add(frame)

    assert proposals["submission_id"].tolist() == [str(each) for each in frame["submission_id"]]
    assert proposals["group"].nunique() == 2
    assert queue.groups()["group"].nunique() == 1
    assert ReviewQueue(frame, LexicalEmbedder(), queue.log).groups().equals(queue.groups())


@pytest.mark.parametrize("count", [0, 1])
def test_of_no_text_or_one_there_is_nothing_to_ask(count, embedder) -> None:
    frame = submissions(ASKED[:count])

    assert len(propose_groups(frame, embedder)) == count
    queue = ReviewQueue(frame, embedder)
    assert queue.next() is None
    assert len(queue.groups()) == count
    assert queue.progress().recall == pytest.approx(1, abs=0.05)
    queue.add(submissions([*ASKED, "Does sleep help people?"]).iloc[count:])
    assert len(queue.groups()) == 3


BAD = {
    "no text": ({"text": ["Sleep?", None]}, "'s1' has no text"),
    "not a number": ({"text": ["Sleep?", float("nan")]}, "'s1' has no text"),
    "a number": ({"text": ["Sleep?", 7]}, "'s1' has a value of the type int where its text belongs"),
    "bytes": ({"text": ["Sleep?", b"Rest?"]}, "'s1' has a value of the type bytes"),
    "an id twice": ({"submission_id": ["s0", "s0"]}, "'s0' is there twice"),
    "an id twice in two kinds": ({"submission_id": ["1", 1]}, "'1' is there twice"),
    "no id": ({"submission_id": ["s0", None]}, "The submission at place 1 has no id"),
    "empty id": ({"submission_id": ["s0", ""]}, "The submission at place 1 has no id"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_submission_is_told_in_a_sentence_and_nothing_is_taken(name) -> None:
    changed, sentence = BAD[name]
    frame = submissions(ASKED).assign(**{column: pd.Series(rows, dtype=object) for column, rows in changed.items()})
    queue = ReviewQueue(submissions(["Is there more?"]).assign(submission_id="s9"), LexicalEmbedder())

    for take in (propose_groups, ReviewQueue, queue.add):
        with pytest.raises(DataError, match=sentence):
            take(frame)
    assert queue.groups()["submission_id"].tolist() == ["s9"]


def test_a_frame_without_a_column_is_told_which() -> None:
    for take in (propose_groups, ReviewQueue):
        with pytest.raises(DataError, match="2 faults in the submissions"):
            take(pd.DataFrame())
