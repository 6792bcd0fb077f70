"""The review queue: nothing is lost, everything can be taken back, and the log alone tells what stands."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from threadpoolctl import threadpool_limits

from consensus import ReviewQueue
from consensus.duplicates import Screen, normalise
from consensus.embedding import LexicalEmbedder
from consensus.errors import DataError, StageError
from consensus.questions import apply_decisions
from consensus.vocabulary import COLUMNS, empty
from tests.profiles import examples

TEXTS = ["Does sleep help?", "does sleep  help", "Does rest help?", "Is ECT safe?", "Is ECT safe for all?", "Why me?",
         "why me", "😀", "نوم", "sleep", "", " "]  # fmt: skip
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def submissions(texts: list[str], first: int = 0) -> pd.DataFrame:
    """Return submissions with the texts given, numbered on from `first`."""
    return pd.DataFrame(
        {"submission_id": [f"s{n + first:03d}" for n in range(len(texts))], "text": texts}, dtype=object
    )


def queue_of(texts: list[str], **options: object) -> ReviewQueue:
    """Return a queue of texts, compared without a model."""
    return ReviewQueue(submissions(texts), LexicalEmbedder(), **options)


def partition(queue: ReviewQueue) -> set[frozenset[str]]:
    """Return the groups as sets of submissions."""
    return {frozenset(ids) for ids in queue.groups().groupby("group")["submission_id"].agg(list)}


class PlainDesk:
    """What a person with slips of paper would do: one pile a question; read anew from the first act every time."""

    def __init__(self, texts: dict[str, str], acts: list[tuple]) -> None:
        self.wording = {each: normalise(text) for each, text in texts.items()}
        self.piles: list[set[str]] = []
        self.aside: set[str] = set()
        self.apart: set[frozenset[str]] = set()
        self.order: list[str] = []
        for kind, *told in acts:
            getattr(self, kind)(*told)

    def pile(self, slip: str) -> set[str]:
        """Return the pile of a slip, taking it up if it lay untouched."""
        found = next((pile for pile in self.piles if slip in pile), None)
        if found is None:
            like = [o for o in self.order if o not in self.aside and self.wording[o] == self.wording[slip]]
            found = self.pile(like[0]) if like and self.wording[slip] else set()
            if not found:
                self.piles.append(found)
            found.add(slip)
            self.order.append(slip)
        return found

    def told_apart(self, one: set[str], other: set[str]) -> bool:
        return any(frozenset((a, b)) in self.apart for a in one for b in other)

    def forget(self, slips: set[str], others: set[str]) -> None:
        self.apart -= {frozenset((a, b)) for a in slips for b in others}

    def compared(
        self, anchor: list[str], same: list[list[str]], different: list[list[str]], also: list[list[list[str]]] = ()
    ) -> None:
        for shown in (anchor, *same, *different):
            for slip in shown:
                self.pile(slip)
        self.compare(anchor, same, different)
        for pile in also:
            heads = [shown for shown in pile if any(slip not in self.aside for slip in shown)]
            self.compare(heads[0] if heads else [], heads[1:], [])

    def compare(self, anchor: list[str], same: list[list[str]], different: list[list[str]]) -> None:
        heads = [next((s for s in shown if s not in self.aside), None) for shown in (anchor, *same, *different)]
        for place, other in enumerate(heads[1:]):
            if heads[0] is None or other is None:
                continue
            one, two = self.pile(heads[0]), self.pile(other)
            if place < len(same) and one is not two and not self.told_apart(one, two):
                one |= two
                self.piles = [pile for pile in self.piles if pile is not two]
            elif place >= len(same) and one is not two:
                self.apart.add(frozenset((heads[0], other)))

    def split(self, leaving: list[str], left: list[str]) -> None:
        for slip in (*left, *leaving):
            self.pile(slip)
        leaving = [slip for slip in leaving if slip not in self.aside]
        left = [slip for slip in left if slip not in self.aside]
        if not leaving:
            return
        self.piles = [pile - set(leaving) for pile in self.piles if pile - set(leaving)] + [set(leaving)]
        self.forget(set(leaving), set(leaving))
        if left:
            self.apart.add(frozenset((leaving[0], left[0])))

    def move(self, slip: str, beside: str) -> None:
        self.pile(slip)
        self.pile(beside)
        if slip == beside or beside in self.aside:
            return
        self.aside.discard(slip)
        target = self.pile(beside)
        if slip not in target:
            self.piles = [pile if pile is target else pile - {slip} for pile in self.piles if pile - {slip}]
            self.forget({slip}, target)
            target.add(slip)

    def set_aside(self, slips: list[str]) -> None:
        for slip in slips:
            self.pile(slip)
        self.aside |= set(slips)

    def reword(self, slips: list[str]) -> None:
        """Write on a pile's label, which names those it is a question of when it becomes one."""
        for slip in slips:
            self.pile(slip)

    def partition(self) -> set[frozenset[str]]:
        """Return the piles at the end, untouched slips with those of their wording, nothing that is set aside."""
        touched = set(self.order)
        order = list(self.order)
        for slip in sorted(set(self.wording) - touched):
            self.order, before = order, self.piles
            self.pile(slip)
            self.piles = before if not before else self.piles
        return {frozenset(pile - self.aside) for pile in self.piles if pile - self.aside}


class Review(RuleBasedStateMachine):
    """Any acts in any order, beside the plain desk."""

    @initialize(texts=st.lists(st.sampled_from(TEXTS), min_size=1, max_size=8))
    def begin(self, texts: list[str]) -> None:
        self.queue = queue_of(texts)
        self.texts = dict(submissions(texts).values.tolist())
        self.acts: list[tuple] = []
        self.settled = False

    def pick(self, data: st.DataObject, frame: pd.DataFrame) -> pd.Series:
        return frame.iloc[data.draw(st.integers(0, len(frame) - 1))]

    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        screen = self.queue.next()
        if screen is None:
            return
        same = data.draw(st.sets(st.integers(0, len(screen.candidates) - 1)))
        self.settled |= bool(screen.settles or screen.again)
        left = [n for n in range(len(screen.candidates)) if n not in same]
        pile = sorted(data.draw(st.sets(st.sampled_from(left)))) if len(left) > 1 else []
        also = [pile] if len(pile) > 1 else []
        self.queue.answer(screen, same, by=data.draw(st.sampled_from(["Ada", "Bo"])), at=NOON, also=also)
        told, rest = ([list(screen.candidates[n]) for n in numbers] for numbers in (sorted(same), left))
        self.acts.append(
            ("compared", list(screen.anchor), told, rest, [[list(screen.candidates[n]) for n in each] for each in also])
        )

    @rule(data=st.data())
    def compare_any(self, data: st.DataObject) -> None:
        """Answer a screen that somebody else made some time ago."""
        ids = sorted(self.texts)
        one, two = data.draw(st.sampled_from(ids)), data.draw(st.sampled_from(ids))
        if one == two or (normalise(self.texts[one]) and normalise(self.texts[one]) == normalise(self.texts[two])):
            return
        same = data.draw(st.booleans())
        value = {"anchor": [one], "same": [[two]] if same else [], "different": [] if same else [[two]]}
        row = {"decision_id": f"x{len(self.queue.log)}", "kind": "compared", "subject": one, "value": value}
        rows = [*self.queue.log.to_dict("records"), {**row, "by": "Cy", "at": NOON, "why": ""}]
        self.queue = ReviewQueue(self.all(), LexicalEmbedder(), pd.DataFrame(rows, dtype=object))
        self.acts.append(("compared", [one], value["same"], value["different"]))

    @precondition(lambda self: len(self.queue.groups()))
    @rule(data=st.data())
    def split(self, data: st.DataObject) -> None:
        group = self.pick(data, self.queue.groups())["group"]
        frame = self.queue.groups()
        inside = frame.loc[frame["group"] == group, "submission_id"].tolist()
        leaving = data.draw(st.lists(st.sampled_from(inside), min_size=1, unique=True))
        self.queue.split(group, leaving, by="Ada", at=NOON)
        self.acts.append(("split", leaving, [each for each in inside if each not in leaving]))

    @precondition(lambda self: len(self.queue.groups()))
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        group = self.pick(data, self.queue.groups())["group"]
        slip = data.draw(st.sampled_from(sorted(self.texts)))
        self.queue.move(slip, group, by="Ada", at=NOON)
        self.acts.append(("move", slip, self.queue.log["value"].iloc[-1]["beside"]))

    @rule(data=st.data())
    def set_aside(self, data: st.DataObject) -> None:
        slips = data.draw(st.lists(st.sampled_from(sorted(self.texts)), min_size=1, max_size=3, unique=True))
        self.queue.set_aside(slips, "not a question", by="Bo", at=NOON)
        self.acts.append(("set_aside", slips))

    @precondition(lambda self: len(self.queue.groups()))
    @rule(data=st.data())
    def reword(self, data: st.DataObject) -> None:
        group = self.pick(data, self.queue.groups())["group"]
        questions = self.queue.wordings()
        mine = questions.loc[questions["group"] == group, "question_id"].tolist()
        self.queue.reword(data.draw(st.sampled_from(mine)) if mine else group, "Why?", by="Ada", at=NOON)
        last = self.queue.log.iloc[-1]
        self.acts.append(("reword", last["value"]["submissions"] if last["kind"] == "same_question" else []))

    @precondition(lambda self: self.acts)
    @rule()
    def undo(self) -> None:
        self.queue.undo(by="Ada", at=NOON)
        self.acts.pop()

    @rule(texts=st.lists(st.sampled_from(TEXTS), max_size=3))
    def arrive(self, texts: list[str]) -> None:
        before = partition(self.queue)
        new = submissions(texts, len(self.texts))
        self.queue.add(new)
        self.texts |= dict(new.values.tolist())
        old = {frozenset(group - set(new["submission_id"])) for group in partition(self.queue)}
        assert old - {frozenset()} == before

    def all(self) -> pd.DataFrame:
        return pd.DataFrame({"submission_id": list(self.texts), "text": list(self.texts.values())}, dtype=object)

    @invariant()
    def every_submission_is_in_one_place(self) -> None:
        grouped, aside = self.queue.groups()["submission_id"], self.queue.aside()["submission_id"]
        assert sorted([*grouped, *aside]) == sorted(self.texts)

    @invariant()
    def the_log_tells_it_all(self) -> None:
        again = ReviewQueue(self.all(), LexicalEmbedder(), self.queue.log)
        pd.testing.assert_frame_equal(again.groups(), self.queue.groups())
        pd.testing.assert_frame_equal(again.aside(), self.queue.aside())
        pd.testing.assert_frame_equal(again.wordings(), self.queue.wordings())
        assert again.next() == self.queue.next()

    @invariant()
    def the_plain_desk_has_the_same_piles(self) -> None:
        if not self.settled:
            assert PlainDesk(self.texts, self.acts).partition() == partition(self.queue)


Review.TestCase.settings = settings(examples, stateful_step_count=12)
TestReview = Review.TestCase


def told(queue: ReviewQueue, one: str, other: str, *, same: bool, by: str = "Ada") -> dict[str, object]:
    """Return the row of a decision on two submissions, as another person's queue would have made it."""
    value = {"anchor": [one], "same": [[other]] if same else [], "different": [] if same else [[other]]}
    said = "same" if same else "different"
    row = {"decision_id": f"{by}-{one}-{other}-{said}", "kind": "compared", "subject": one, "value": value}
    return {**row, "by": by, "at": NOON, "why": ""}


def replayed(queue: ReviewQueue, texts: list[str], *rows: dict[str, object]) -> ReviewQueue:
    """Return a new queue on the log of another and more rows."""
    return ReviewQueue(submissions(texts), LexicalEmbedder(), [*queue.log.to_dict("records"), *rows])


QUESTIONS = ["Does sleep help?", "Does rest help?", "Is ECT safe?", "Is ECT safe for all?", "Why me?"]


def test_only_the_same_wording_is_together_before_anybody_decides() -> None:
    queue = queue_of(["Does SLEEP help?", "does sleep  help", "Does sleep help us?"])

    assert partition(queue) == {frozenset({"s000", "s001"}), frozenset({"s002"})}
    assert not queue.groups()["settled"].any()


def test_an_answer_puts_together_what_asks_the_same_and_does_not_ask_again() -> None:
    queue = queue_of(["Does sleep help?", "Does a good sleep help?", "Is ECT safe?"])

    screen = queue.next()
    wanted = [n for n, ids in enumerate(screen.candidates) if {*ids, *screen.anchor} == {"s000", "s001"}]
    queue.answer(screen, wanted, by="Ada", at=NOON, why="both ask about sleep")

    assert frozenset({"s000", "s001"}) in partition(queue)
    row = queue.log.iloc[0]
    assert (row["by"], row["at"], row["why"]) == ("Ada", NOON, "both ask about sleep")
    for _ in range(9):
        screen = queue.next()
        if screen is None:
            break
        queue.answer(screen, [], by="Ada", at=NOON)
    assert queue.next() is None


def test_a_screen_shows_texts_of_one_wording_once_and_counts_them_once() -> None:
    queue = queue_of(["Does sleep help?", "does sleep help", "Does rest help?"])

    screen = queue.next()
    queue.answer(screen, [0], by="Ada", at=NOON)

    assert {screen.anchor, *screen.candidates} == {("s000", "s001"), ("s002",)}
    assert (queue.progress().decisions, queue.progress().texts) == (1, 2)


MANY = [f"Does {what} help with {why}?" for what in ("sleep", "rest", "diet") for why in ("mood", "moods", "the mood")]


def with_candidates(texts: list[str], least: int) -> tuple[ReviewQueue, Screen]:
    """Return a queue and its first screen, which shows so many candidates at least."""
    queue = queue_of(texts)
    screen = queue.next()
    assert screen is not None
    assert len(screen.candidates) >= least
    return queue, screen


def test_candidates_said_to_ask_the_same_as_one_another_are_together_apart_from_the_anchor() -> None:
    queue, screen = with_candidates(MANY, 5)
    (first,), (one,), (two,), (three,), (four,) = screen.candidates[:5]

    queue.answer(screen, [0], by="Ada", at=NOON, also=[[3, 1], [2, 4]])

    groups = partition(queue)
    assert {frozenset({screen.anchor[0], first}), frozenset({one, three}), frozenset({two, four})} <= groups
    assert queue.log["value"].iloc[0]["also"] == [[[one], [three]], [[two], [four]]]
    assert queue.progress().texts == 1 + len(screen.candidates)
    assert queue.progress().decisions == 1
    settled = queue.groups().set_index("submission_id")["settled"]
    assert settled[[one, two, three, four]].all()


def test_a_queue_made_from_a_log_with_piles_asks_the_same_next() -> None:
    queue = queue_of(MANY)
    for number in range(6):
        screen = queue.next()
        if screen is None:
            break
        rest = range(1, len(screen.candidates))
        queue.answer(screen, [0], by="Ada", at=NOON, also=[rest] if number % 2 and len(rest) > 1 else [])

    again = ReviewQueue(submissions(MANY), LexicalEmbedder(), queue.log)

    assert any("also" in value for value in queue.log["value"])
    assert partition(again) == partition(queue)
    assert again.next() == queue.next()


def test_a_pile_of_what_was_told_apart_is_a_contradiction_that_is_asked() -> None:
    queue, screen = with_candidates(MANY, 3)
    (one,), (other,) = screen.candidates[1:3]
    queue = replayed(queue, MANY, told(queue, one, other, same=False, by="Bo"))
    pile = {"anchor": list(screen.anchor), "same": [], "different": [[one], [other]], "also": [[[one], [other]]]}

    row = {**told(queue, one, other, same=True), "subject": screen.anchor[0], "value": pile}
    queue = replayed(queue, MANY, row)

    assert not any({one, other} <= group for group in partition(queue))
    assert queue.progress().open_contests == 1
    assert set(queue.next().settles) == {one, other}


def test_all_that_is_wrong_with_piles_is_told_at_once_and_nothing_recorded() -> None:
    queue, screen = with_candidates(MANY, 4)

    with pytest.raises(DataError) as refused:
        queue.answer(screen, [0], also=[[0, 1], [2, 1], [3], [98, 99]])

    told_at_once = str(refused.value)
    assert "there is no number 98, 99" in told_at_once
    assert "not both or in two: 0, 1" in told_at_once
    assert "Number 3 alone is no pile" in told_at_once
    assert queue.log.empty


@pytest.mark.parametrize("also", [[1, 2], "12", ["12"], None, [None], [[1.0, 2.0]], [[True, 2]]])
def test_piles_that_are_no_lists_of_numbers_are_refused_with_a_sentence(also) -> None:
    queue, screen = with_candidates(MANY, 3)

    with pytest.raises(DataError, match=r"also=\[\[1, 4\]\]"):
        queue.answer(screen, [0], also=also)

    assert queue.log.empty


def test_of_a_contested_chain_what_is_said_at_its_end_stands_beside_what_is_said_of_its_middle() -> None:
    texts = ["Does sleep help mood?", "Does rest help mood?", "Does diet help mood?", "Does light help mood?"]
    chain = [told(queue_of(texts), f"s00{n}", f"s00{n + 1}", same=True, by="Bo") for n in range(3)]
    queue = replayed(queue_of(texts), texts, *chain, told(queue_of(texts), "s000", "s003", same=False))
    screen = queue.next()
    middle = [n for n, shown in enumerate(screen.candidates) if shown[0] in ("s001", "s002")]
    end = screen.candidates.index(("s003",))

    queue.answer(screen, [end], by="Cy", at=NOON, also=[middle])

    assert partition(queue) == {frozenset({"s000", "s003"}), frozenset({"s001", "s002"})}
    assert queue.progress().open_contests == 0


def test_a_pile_that_is_taken_back_comes_apart() -> None:
    queue, screen = with_candidates(MANY, 3)
    before = partition(queue)
    queue.answer(screen, [], by="Ada", at=NOON, also=[[0, 1, 2]])

    queue.undo(by="Ada", at=NOON)

    assert partition(queue) == before
    assert queue.next() == screen


@pytest.mark.parametrize("founder", ["s000", "s001"])
def test_what_is_said_to_be_something_else_when_it_is_asked_once_more_leaves_the_question(founder) -> None:
    texts = ["Does sleep help?", "Does rest help?", "Is ECT safe?"]
    queue = replayed(queue_of(texts), texts, told(queue_of(texts), "s000", "s001", same=False))
    queue.reword(queue.groups().set_index("submission_id")["group"][founder], "Does it help?", by="Ada", at=NOON)
    queue = replayed(queue, texts, told(queue, "s000", "s001", same=True, by="Bo"))
    cuts = submissions(texts).assign(answer_id="", response_id="r", group="carer", start=0, end=0, status="")
    contested = apply_decisions(cuts, empty("proposals"), queue.log)

    queue.answer(queue.next(), [], by="Cy", at=NOON)

    settled = apply_decisions(cuts, empty("proposals"), queue.log)
    assert contested.lineage["submission_id"].tolist() == ["s000", "s001"]
    assert settled.lineage["submission_id"].tolist() == [founder]
    assert {frozenset({"s000"}), frozenset({"s001"})} <= partition(queue)


def test_what_is_piled_with_a_submission_of_a_question_joins_the_question() -> None:
    queue, screen = with_candidates(MANY, 3)
    asked, (one,), (other,) = screen.anchor[0], *screen.candidates[1:3]
    queue.reword(queue.groups().set_index("submission_id")["group"][one], "Does it help?", by="Ada", at=NOON)
    queue.answer(screen, [], by="Ada", at=NOON, also=[[1, 2]])

    cuts = submissions(MANY).assign(answer_id="", response_id="r", group="carer", start=0, end=0, status="")
    built = apply_decisions(cuts, empty("proposals"), queue.log)

    assert sorted(built.lineage["submission_id"]) == sorted([one, other])
    assert asked not in {one, other}


def test_an_answer_on_a_candidate_that_is_not_there_is_refused() -> None:
    queue = queue_of(QUESTIONS)

    with pytest.raises(DataError, match="there is no number 99"):
        queue.answer(queue.next(), [99])
    assert queue.log.empty


def test_there_is_nothing_to_take_back_in_an_empty_log() -> None:
    with pytest.raises(StageError, match="no decision to take back"):
        queue_of(QUESTIONS).undo()


def test_what_two_people_say_against_each_other_comes_up_as_a_screen_of_its_own() -> None:
    empty = queue_of(QUESTIONS)
    queue = replayed(
        empty, QUESTIONS, told(empty, "s000", "s001", same=True), told(empty, "s001", "s000", same=False, by="Bo")
    )

    screen = queue.next()

    assert screen.settles
    assert {*screen.anchor, *screen.candidates[0]} == {"s000", "s001"}
    assert "contradict" in screen.why
    assert frozenset({"s000", "s001"}) in partition(queue)
    queue.answer(screen, [], by="Ada", at=NOON)
    assert frozenset({"s000"}) in partition(queue)
    assert not queue.next().settles


def test_a_chain_that_a_later_answer_doubts_is_shown_link_by_link_and_cut_where_it_breaks() -> None:
    empty = queue_of(QUESTIONS)
    chain = [told(empty, "s000", "s001", same=True), told(empty, "s001", "s002", same=True)]
    queue = replayed(empty, QUESTIONS, *chain, told(empty, "s000", "s002", same=False, by="Bo"))

    screen = queue.next()
    queue.answer(screen, [screen.candidates.index(("s001",))], by="Cy", at=NOON)

    assert (screen.anchor, screen.candidates) == (("s000",), [("s001",), ("s002",)])
    assert {frozenset({"s000", "s001"}), frozenset({"s002"})} <= partition(queue)


def test_two_people_at_once_are_handed_different_screens() -> None:
    queue = queue_of(QUESTIONS)

    first, second = queue.next(by="Ada"), queue.next(by="Bo")

    assert first == queue.next(by="Ada")
    assert second is None or first.anchor != second.anchor


def test_the_decisions_of_two_people_who_worked_apart_go_together_whichever_comes_first() -> None:
    ada, bo = queue_of(QUESTIONS), queue_of(QUESTIONS)
    ada.answer(ada.next(), [0], by="Ada", at=NOON)
    bo.answer(bo.next(), [], by="Bo", at=NOON)

    for logs in ((ada.log, bo.log), (bo.log, ada.log)):
        both = ReviewQueue(submissions(QUESTIONS), LexicalEmbedder(), pd.concat(logs))
        assert len(both.log) == 2
        assert both.next().settles


def test_a_split_is_told_apart_and_a_move_brings_back_what_was_set_aside() -> None:
    queue = queue_of(["Does sleep help?", "does sleep help", "Is ECT safe?"])
    (group,) = set(queue.groups().set_index("submission_id").loc[["s000", "s001"], "group"])

    queue.split(group, ["s001"], by="Ada", at=NOON, why="another sleep")
    queue.set_aside(["s002"], "a statement", by="Ada", at=NOON)
    assert partition(queue) == {frozenset({"s000"}), frozenset({"s001"})}
    assert queue.aside()[["submission_id", "reason", "by"]].values.tolist() == [["s002", "a statement", "Ada"]]

    queue.move("s002", group, by="Ada", at=NOON)
    assert partition(queue) == {frozenset({"s000", "s002"}), frozenset({"s001"})}


def test_nothing_is_set_aside_without_a_reason_or_split_from_where_it_is_not() -> None:
    queue = queue_of(QUESTIONS)
    group = queue.groups()["group"].iloc[0]

    with pytest.raises(DataError, match="with a reason"):
        queue.set_aside(["s000"], " ")
    with pytest.raises(DataError, match="is not in the group"):
        queue.split(group, ["s004"])
    with pytest.raises(DataError, match="no submission of this queue"):
        queue.move("s999", group)
    with pytest.raises(DataError, match="There is no group"):
        queue.move("s000", "g0")


def test_answers_that_arrive_join_the_review_and_unsettle_nothing() -> None:
    queue = queue_of(["Does sleep help?", "Does rest help?", "Is ECT safe?"])
    queue.answer(queue.next(), [0], by="Ada", at=NOON)
    before = partition(queue)

    queue.add(submissions(["does SLEEP help", "Will sleep help?"], 3))

    after = {frozenset(group - {"s003", "s004"}) for group in partition(queue)} - {frozenset()}
    assert after == before
    assert any({"s000", "s003"} <= group for group in partition(queue))
    screens = []
    while screen := queue.next():
        screens.append(screen)
        queue.answer(screen, [], by="Ada", at=NOON)
    assert any(("s004",) in [screen.anchor, *screen.candidates] for screen in screens)


def test_an_id_that_comes_twice_with_another_text_is_refused() -> None:
    queue = queue_of(["Does sleep help?"])

    with pytest.raises(DataError, match="'s000' is there already with another text"):
        queue.add(submissions(["Something else"]))
    assert len(queue.groups()) == 1


@pytest.mark.parametrize("text", ["sleep", "a" * 100_000, "😀", "نوم أفضل؟", "", " \n "])
def test_a_text_of_any_kind_has_a_place_and_can_be_decided_on(text: str) -> None:
    queue = queue_of(["Does sleep help?", "Is ECT safe?", text])

    while screen := queue.next():
        queue.answer(screen, [], by="Ada", at=NOON)

    assert sorted(queue.groups()["submission_id"]) == ["s000", "s001", "s002"]
    queue.set_aside(["s002"], "says nothing", by="Ada", at=NOON)
    assert queue.aside()["submission_id"].tolist() == ["s002"]


def test_two_texts_that_say_nothing_are_never_taken_for_the_same() -> None:
    assert len(partition(queue_of(["", " ", "\n"]))) == 3


def test_the_next_screen_is_the_same_for_any_number_of_threads() -> None:
    rng = np.random.default_rng(5)
    words = ["sleep", "rest", "work", "diet", "ECT", "school", "carer", "drug", "risk", "child"]
    texts = [" ".join(rng.choice(words, 4)) for _ in range(120)]
    screens = []
    for threads in (1, 4):
        with threadpool_limits(threads):
            queue = queue_of(texts)
            for number in range(12):
                screen = queue.next()
                screens.append((threads, screen.anchor, screen.candidates, screen.chances))
                queue.answer(screen, range(0, len(screen.candidates), 2 + number % 3), by="Ada", at=NOON)

    assert [s[1:] for s in screens if s[0] == 1] == [s[1:] for s in screens if s[0] == 4]


def test_what_was_judged_against_the_evidence_is_shown_again_after_a_while() -> None:
    queue = queue_of(QUESTIONS)
    standing = told(queue, "s000", "s004", same=True)
    standing["value"] = {**standing["value"], "chances": [0.001]}

    again = replayed(queue, QUESTIONS, standing)
    shown = []
    while screen := again.next():
        shown.append(screen)
        again.answer(screen, [0] if screen.again else [], by="Ada", at=NOON)

    (repeat,) = [screen for screen in shown if ("s000", "s004") in screen.again]
    assert {("s000",), ("s004",)} <= {repeat.anchor, *repeat.candidates}
    assert any({"s000", "s004"} <= group for group in partition(again))


def test_progress_names_what_was_decided_and_an_interval_around_its_estimate() -> None:
    queue = queue_of(QUESTIONS)
    queue.answer(queue.next(), [0], by="Ada", at=NOON)

    told = queue.progress()

    assert told.decisions == 1
    assert 0 <= told.low <= told.recall <= told.high <= 1


def test_what_was_found_to_ask_the_same_joins_the_summary_question_there_is() -> None:
    rows = [("s1", "a1", "7", "carer", 0, 6, "Sleep?", ""), ("s2", "a2", "8", "carer", 0, 5, "Rest?", "")]
    frame = pd.DataFrame(rows, columns=COLUMNS["submissions"])
    accepted = ("d1", "same_question", "q1", {"submissions": ["s1"], "wording": "What helps with sleep?"})
    compared = ("d2", "compared", "s1", {"anchor": ["s1"], "same": [["s2"]], "different": []})
    split = ("d3", "split", "g1", {"submissions": ["s2"], "left": ["s1"]})
    log = [(*row, "Ada", NOON, "") for row in (accepted, compared, split)]

    together, apart = (
        apply_decisions(frame, empty("proposals"), pd.DataFrame(log[:n], columns=COLUMNS["decisions"])) for n in (2, 3)
    )

    assert together.lineage["submission_id"].tolist() == ["s1", "s2"]
    assert apart.lineage["submission_id"].tolist() == ["s1"]
    assert apart.set_aside["reason"].tolist() == ["not yet reviewed"]


@pytest.mark.parametrize("taken_back", [False, True], ids=["stands", "taken back"])
def test_a_late_submission_that_is_brought_back_is_compared_as_any_other(taken_back: bool) -> None:
    frame = submissions(["Does sleep help?", "Does rest help?", "Is ECT safe?", "Does sleeping longer help?"])
    frame["status"] = ["", "", "", "late"]
    queue = ReviewQueue(frame, LexicalEmbedder())
    group = queue.groups().set_index("submission_id").loc["s002", "group"]

    queue.move("s003", group, by="Ada")
    if taken_back:
        queue.undo(by="Ada")
    again = ReviewQueue(frame, LexicalEmbedder(), queue.log)

    assert again.next() == queue.next()
    assert again.progress() == queue.progress()
    assert again.groups().equals(queue.groups())
    assert ("s003" in queue.groups()["submission_id"].tolist()) is not taken_back


def test_a_late_submission_that_the_log_says_is_in_scope_is_asked_about() -> None:
    frame = submissions(["Does sleep help?", "Is ECT safe?", "Does sleep help people?"])
    frame["status"] = ["", "", "late"]
    log = [
        {"decision_id": "d1", "kind": "in_scope", "subject": "s002", "value": {}, "by": "Ada", "at": NOON, "why": ""}
    ]

    screen = ReviewQueue(frame, LexicalEmbedder(), log).next()

    assert screen is not None
    assert {"s000", "s002"} <= {each for shown in (screen.anchor, *screen.candidates) for each in shown}


def test_decisions_that_are_read_twice_count_once() -> None:
    queue = queue_of(QUESTIONS)
    screen = queue.next()
    assert screen is not None
    queue.answer(screen, same=[0], by="Ada")

    progress, log = queue.progress(), queue.log
    queue.read(log)

    assert queue.log.equals(log)
    assert queue.progress() == progress


def test_a_group_that_is_worded_becomes_a_question_and_reads_as_was_said_last() -> None:
    queue = queue_of(["Does sleep help?", "does sleep help", "Is ECT safe?"])
    group = queue.groups()["group"].iloc[0]

    queue.reword(group, "What does sleep do? ", by="Ada", at=NOON, why="plainer")
    first = queue.wordings()
    queue.reword(group, "Does sleep help people?", by="Bo", at=NOON)
    second = queue.wordings()
    queue.undo(by="Bo")

    (row,) = first.to_dict("records")
    assert row == {"group": group, "question_id": row["question_id"], "wording": "What does sleep do?"} | {
        "by": "Ada", "at": NOON, "why": "plainer"
    }  # fmt: skip
    assert second["wording"].tolist() == ["Does sleep help people?"]
    assert queue.wordings().equals(first)
    assert queue.log["kind"].tolist() == ["same_question", "wording", "undo"]
    assert ReviewQueue(submissions(["Does sleep help?", "does sleep help", "Is ECT safe?"]), LexicalEmbedder(),
                       queue.log).wordings().equals(first)  # fmt: skip


def test_a_wording_of_the_queue_is_that_of_the_summary_question_and_stays_with_those_that_were_not_split_off() -> None:
    frame = submissions(["Does sleep help?", "does sleep help", "DOES SLEEP HELP"])
    cuts = frame.assign(answer_id="", response_id="r", group="carer", start=0, end=0, status="")
    queue = ReviewQueue(frame, LexicalEmbedder())
    queue.reword(queue.groups()["group"].iloc[0], "What helps?", by="Ada", at=NOON)
    queue.split(queue.groups()["group"].iloc[0], ["s000"], by="Ada", at=NOON)
    left = queue.groups().set_index("submission_id").loc["s001", "group"]

    queue.reword(left, "What helps people sleep?", by="Ada", at=NOON)

    built = apply_decisions(cuts, empty("proposals"), queue.log)
    assert queue.wordings()[["group", "wording"]].values.tolist() == [[left, "What helps people sleep?"]]
    assert built.questions["wording"].tolist() == ["What helps people sleep?"]
    assert built.lineage["submission_id"].tolist() == ["s001", "s002"]


def test_a_wording_without_a_group_or_without_words_is_refused_with_all_that_is_wrong() -> None:
    queue = queue_of(["Does sleep help?"])

    with pytest.raises(DataError, match="2 faults in the wording") as caught:
        queue.reword("g-none", " ")

    assert "no group and no question 'g-none'" in str(caught.value)
    assert queue.log.empty


def test_of_two_questions_that_met_in_one_group_the_one_that_is_meant_must_be_named() -> None:
    queue = queue_of(["Does sleep help?", "Does rest help?"])
    for group in queue.groups()["group"]:
        queue.reword(group, "What helps?", by="Ada", at=NOON)
    queue.read([told(queue, "s000", "s001", same=True)])
    (group,) = set(queue.groups()["group"])
    question = queue.wordings()["question_id"].iloc[1]

    with pytest.raises(DataError, match="holds several questions"):
        queue.reword(group, "What helps people?")
    queue.reword(question, "What helps people?")

    assert queue.wordings().set_index("question_id").loc[question, "wording"] == "What helps people?"
