"""What a review says of itself: checks that nobody sees coming, doubts on what was said, and when to stop."""

from __future__ import annotations

from consensus.duplicates.deciding.checking import CHECK_EVERY
from consensus.duplicates.deciding.choosing import Costs
from tests.test_review_queue import NOON, queue_of

TEXTS = [f"Does {what} help {whom} with {ill}?" for what in ("rest", "diet", "walking") for whom in ("men", "women")
         for ill in ("pain", "sleep", "fear", "asthma", "fits")]  # fmt: skip


def reviewed(turns: bool) -> tuple[list, object]:
    """Return the screens of a review and its queue: the same is what names one ill, on a check perhaps the opposite."""
    texts = {f"s{number:03d}": text for number, text in enumerate(TEXTS)}
    queue, shown = queue_of(TEXTS, costs=Costs(longest=2)), []
    while (screen := queue.next()) and len(shown) < 3 * CHECK_EVERY:
        ill = texts[screen.anchor[0]].split()[-1]
        same = [number for number, ids in enumerate(screen.candidates) if texts[ids[0]].split()[-1] == ill]
        if turns and screen.check:
            same = [number for number in range(len(screen.candidates)) if number not in same]
        queue.answer(screen, same, by="Ada", at=NOON)
        shown.append(screen)
    return shown, queue


def test_checks_come_at_the_declared_rate_and_show_earlier_answers_once_more() -> None:
    shown, queue = reviewed(turns=False)

    checks = [number for number, screen in enumerate(shown) if screen.check]
    assert checks
    assert all(number % CHECK_EVERY == CHECK_EVERY - 1 for number in checks)
    assert queue.progress().repeats == sum(len(shown[number].again) for number in checks) > 0


def test_who_says_otherwise_when_asked_once_more_is_taken_to_err_more_often() -> None:
    steady, turning = (reviewed(turns)[1].progress() for turns in (False, True))

    assert steady.error_low == 0 < turning.error_low
    assert steady.error < turning.error


def test_a_review_is_not_said_to_be_done_before_it_began_and_is_once_nothing_is_left() -> None:
    begun, done = queue_of(TEXTS).progress(), reviewed(turns=False)[1].progress()

    assert not begun.reached(0.5)
    assert begun.low < done.low <= done.recall
