"""Answers that arrive while a review is open, and decisions taken back one after the other."""

from __future__ import annotations

import pandas as pd

from consensus.duplicates import ReviewQueue
from consensus.embedding import LexicalEmbedder


def submissions(**texts: str) -> pd.DataFrame:
    """Return submissions with these ids and texts."""
    return pd.DataFrame({"submission_id": list(texts), "text": list(texts.values())})


def together(queue: ReviewQueue) -> list[list[str]]:
    """Return the groups as lists of submissions."""
    return sorted(sorted(ids) for ids in queue.groups().groupby("group")["submission_id"].agg(list))


def compare(queue: ReviewQueue, one: str, other: str, *, same: bool) -> None:
    """Record that somebody, elsewhere, said of two submissions whether they ask the same."""
    value = {"anchor": [one], "same": [[other]] if same else [], "different": [] if same else [[other]]}
    row = {"decision_id": f"d{one}{other}", "kind": "compared", "subject": one, "value": value}
    queue.read([{**row, "by": "Ada", "at": None, "why": ""}])


def test_what_arrives_in_words_that_were_decided_on_joins_those_decided_first_before_or_after() -> None:
    early = submissions(s1="Money", s2="Money", s3="Does debt advice help?", s4="Are benefits enough?")
    late = submissions(s5="money!")
    queue = ReviewQueue(early, LexicalEmbedder())
    compare(queue, "s1", "s3", same=True)
    queue.move("s2", queue.groups().set_index("submission_id").loc["s4", "group"], by="Ada")

    queue.add(late)

    there = ReviewQueue(pd.concat([early, late]), LexicalEmbedder(), queue.log)
    assert together(queue) == together(there) == [["s1", "s3", "s5"], ["s2", "s4"]]


def test_taking_back_twice_takes_back_the_last_two_and_leaves_the_one_before() -> None:
    queue = ReviewQueue(submissions(s1="Sleep?", s2="Rest?", s3="Work?"), LexicalEmbedder())
    for each in ("s1", "s2", "s3"):
        queue.set_aside([each], "asked elsewhere", by="Ada")

    queue.undo(by="Ada")
    queue.undo(by="Ben")

    assert queue.aside()["submission_id"].tolist() == ["s1"]


def test_what_was_split_off_is_not_asked_about_beside_those_that_it_left() -> None:
    queue = ReviewQueue(submissions(s1="Does sleep help?", s2="Does sleep help me?", s3="Work?"), LexicalEmbedder())
    compare(queue, "s1", "s2", same=True)

    queue.split(queue.groups().set_index("submission_id").loc["s1", "group"], ["s2"], by="Ada")

    shown = []
    while screen := queue.next():
        shown += [{*screen.anchor, *candidate} for candidate in screen.candidates if not screen.again]
        queue.answer(screen, [], by="Ada")
    assert {"s1", "s2"} not in shown


def test_who_contradicts_what_was_said_is_counted_once_and_settled_once() -> None:
    queue = ReviewQueue(submissions(s1="Does sleep help?", s2="Will rest do good?"), LexicalEmbedder())
    compare(queue, "s1", "s2", same=True)
    queue.read(queue.log.assign(decision_id="d9", value=[{"anchor": ["s1"], "same": [], "different": [["s2"]]}]))
    told = queue.progress()

    queue.answer(queue.next(), [], by="Cy")

    assert (told.contradictions, told.open_contests) == (1, 1)
    assert (queue.progress().contradictions, queue.progress().open_contests) == (1, 0)


def test_what_arrives_in_the_wording_of_a_group_that_was_split_joins_those_who_stayed() -> None:
    queue = ReviewQueue(submissions(s1="Money", s2="Money", s3="Money"), LexicalEmbedder())
    queue.split(queue.groups()["group"].iloc[0], ["s2"], by="Ada")

    queue.add(submissions(s4="money!"))

    assert together(queue) == [["s1", "s3", "s4"], ["s2"]]
    everything = submissions(s1="Money", s2="Money", s3="Money", s4="money!")
    assert together(ReviewQueue(everything, LexicalEmbedder(), queue.log)) == together(queue)


def test_a_decision_that_stands_again_is_the_first_to_be_taken_back() -> None:
    frame = submissions(s1="Sleep?", s2="Rest?", s3="Work?")
    queue = ReviewQueue(frame, LexicalEmbedder())
    for each in ("s1", "s2"):
        queue.set_aside([each], "asked elsewhere", by="Ada")
    queue.undo(by="Ada")
    undoing = queue.log["decision_id"].iloc[-1]
    redo = {"decision_id": "d9", "kind": "undo", "subject": undoing, "value": {}, "by": "Ada", "at": None, "why": ""}
    queue.read([redo])
    assert queue.aside()["submission_id"].tolist() == ["s1", "s2"]

    queue.undo(by="Ben")

    assert queue.aside()["submission_id"].tolist() == ["s1"]
