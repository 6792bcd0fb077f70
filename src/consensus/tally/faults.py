"""What is wrong with a long ballots frame: every fault at once, each with its row, its ballot and the remedy.

`tally` raises on any of them; `interim.check_ballots` sets the ballots that have one aside, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from consensus.errors import DataError
from consensus.tally.received import (
    AT_ONCE,
    MISSING,
    MOST_BALLOTS,
    MOST_VOICE,
    UNIT,
    UNKNOWN,
    FloatArray,
    IntArray,
    Received,
    first_rows,
    numbers,
    sorted_rows,
)

__all__ = ["find_ballot_faults", "quoted", "raise_faults"]

Mask = npt.NDArray[np.bool_]
Fault = tuple[Mask, str | Callable[[int], str]]

ALLOWED = {
    "ranked": "a place is a whole number from 1",
    "chosen": "write 1 (chosen), 0 (seen, not chosen) or -1 (disagree)",
    "rated": 'a rating is a whole number, or left empty for "don\'t know"',
    "points": "points are a whole number, 0 or more",
    "best_worst": "write 1 (best), -1 (worst) or 0 (shown)",
    "pairwise": "write 1 (prefers the question), -1 (prefers the other) or 0 (a tie)",
}
MOST_CELLS = 1 << 28
"""How many combinations of codes are marked at once to see whether one stands twice."""
LOWEST = {"ranked": 1, "points": 0}


def find_ballot_faults(received: Received, gaps: str = "error", max_choices: int = 0) -> pd.DataFrame:
    """Return every fault of the ballots received: columns `row` (from 1), `ballot`, `reason`; by row, then reason.

    `gaps` is "error" or "close"; `max_choices` 0: no limit. A reason never holds a text that could be a participant's:
    what is not a plain identifier is not quoted.

    Examples
    --------
    >>> from consensus.tally.received import receive
    >>> frame = pd.DataFrame({"ballot": ["b1", "b1"], "group": "carer", "question": ["q1", "q1"], "value": [1, 2]})
    >>> print(find_ballot_faults(receive(frame))["reason"][0])
    question 'q1' stands twice in this ballot; each question may stand once.
    """
    ballots = received.frame["ballot"].to_numpy()
    rows = [
        (int(at) + 1, ballots[at], reason if isinstance(reason, str) else reason(int(at)))
        for check in CHECKS
        for mask, reason in check(received, gaps, max_choices)
        for at in np.flatnonzero(mask)
    ]
    rows.sort(key=lambda fault: (fault[0], fault[2]))
    return pd.DataFrame(rows, columns=["row", "ballot", "reason"])


def raise_faults(faults: pd.DataFrame) -> None:
    """Raise one `DataError` that tells every fault with its row, if there is any."""
    if len(faults):
        told = zip(faults["row"], faults["reason"], strict=True)
        raise DataError.of("the ballots", [f"row {row}: {reason}" for row, reason in told])


def quoted(label: object, otherwise: str = "an unnamed one") -> str:
    """Return an identifier in quotes, and the words `otherwise` for anything that might be free text.

    Examples
    --------
    >>> quoted("nurse"), quoted("I am a nurse, and so is my sister")
    ("'nurse'", 'an unnamed one')
    """
    text = str(label)
    return repr(text) if re.fullmatch(r"[\w.:-]{1,40}", text) else otherwise


def _label_faults(received: Received, gaps: str, max_choices: int) -> Iterator[Fault]:
    yield received.frame["ballot"].isna().to_numpy(bool), "no ballot; fill the column 'ballot'."
    known = f"the protocol, which lists {', '.join(map(str, received.groups))}"
    yield from _unknown(received, "group", received.group, "stakeholder group", known)
    yield from _unknown(received, "question", received.question, "question", "the interim ballot")
    if received.form == "pairwise":
        yield from _unknown(received, "other", received.other, "other question", "the interim ballot")


def _unknown(received: Received, column: str, codes: IntArray, noun: str, where: str) -> Iterator[Fault]:
    def sentence(at: int) -> str:
        label = quoted(received.frame[column].iloc[at])
        return f"{noun} {label} is not in {where}; mend it or leave the row out."

    yield codes == MISSING, f"no {noun}; fill the column '{column}'."
    yield codes == UNKNOWN, sentence


def _value_faults(received: Received, gaps: str, max_choices: int) -> Iterator[Fault]:
    value, form = received.value, received.form
    bad = np.isnan(value)
    if form in LOWEST:
        bad |= value < LOWEST[form]
    elif form == "rated":
        bad &= ~received.blank
    else:
        bad |= np.abs(value) > 1
    yield bad, f"the value is not allowed; {ALLOWED[form]}."


def _weight_faults(received: Received, gaps: str, max_choices: int) -> Iterator[Fault]:
    if "weight" in received.frame:
        large = numbers(received.frame["weight"]).to_numpy() > MOST_BALLOTS
        bad = ~(received.weight >= 1) & ~large
        yield bad, "the weight is not a whole number from 1; write how many identical ballots this one stands for."
        yield large, f"the weight is above {MOST_BALLOTS:,}, more than there are people; mend it."
        told = "the weight differs within the ballot; give all its rows the same."
        yield ~bad & ~large & _differs(received, received.weight), told
    if received.voice is not None:
        bad = ~((received.voice >= 1) & (received.voice <= MOST_VOICE * UNIT))
        yield bad, f"the respondent weight is not a number above 0 and up to {MOST_VOICE}; 1 is one person's."
        told = "the respondent weight differs within the ballot; give all its rows the same."
        yield ~bad & _differs(received, received.voice), told


def _differs(received: Received, weight: FloatArray) -> Mask:
    """Return where a weight is not that of its ballot's first row."""
    return weight != weight[received.first[received.ballot]] if len(weight) else np.zeros(0, bool)


def _repeat_faults(received: Received, gaps: str, max_choices: int) -> Iterator[Fault]:
    if received.form == "pairwise":
        low, high = np.sort([received.question, received.other], axis=0)
        yield (low == high) & (low >= 0), "the question is compared with itself; name another."
        twice = _again(received.ballot, low, high) & (low >= 0)
        yield twice, "the two questions are compared twice in this ballot; each pair may stand once."
        return
    known = not len(received) or int(received.question.min()) >= 0
    label = received.question if known else pd.factorize(received.frame["question"])[0]
    where = "task of this ballot" if received.form == "best_worst" else "ballot"

    def sentence(at: int) -> str:
        question = quoted(received.frame["question"].iloc[at])
        return f"question {question} stands twice in this {where}; each question may stand once."

    yield _again(received.ballot, received.task, label) & (label >= 0), sentence


def _gap_faults(received: Received, gaps: str, max_choices: int) -> Iterator[Fault]:
    if received.form != "ranked" or gaps == "close" or not len(received) or received.plain:
        return
    whole = np.where(np.isnan(received.value), 2**30, received.value).astype(np.int64)
    order = sorted_rows(received.ballot, whole)
    order = np.arange(len(received)) if order is None else order
    ballot, value = received.ballot[order], received.value[order]
    gap = value > _standing_above(ballot, value) + 1
    first = np.flatnonzero(gap)
    first = first[np.unique(ballot[first], return_index=True)[1]]
    told = np.zeros(len(received), bool)
    told[order[first]] = True
    yield told, "a place above this one is empty in the ballot; close the gap, or allow it with gaps = 'close'."


def _standing_above(ballot: IntArray, value: FloatArray) -> IntArray:
    """Return how many questions of its ballot stand above each; both sorted by ballot, then value."""
    at = np.arange(len(ballot))
    new_ballot = np.r_[True, ballot[1:] != ballot[:-1]]
    new_value = new_ballot | np.r_[True, value[1:] != value[:-1]]
    return np.maximum.accumulate(np.where(new_value, at, 0)) - np.maximum.accumulate(np.where(new_ballot, at, 0))


def _task_faults(received: Received, gaps: str, max_choices: int) -> Iterator[Fault]:
    if received.form != "best_worst":
        return
    yield received.task == MISSING, "no task; fill the column 'set'."
    number = pd.factorize(received.ballot * (received.task.max(initial=0) + 2) + received.task)[0].astype(np.int64)
    for sign, word in ((1, "best"), (-1, "worst")):
        count = np.bincount(number[received.value == sign], minlength=int(number.max(initial=-1)) + 1)
        wrong = np.zeros(len(received), bool)
        wrong[first_rows(number)[count != 1]] = True
        yield wrong, f"the task does not have exactly one {word}; mark one."


def _limit_faults(received: Received, gaps: str, max_choices: int) -> Iterator[Fault]:
    if not max_choices or received.form not in ("ranked", "chosen"):
        return
    chosen = ~received.blank if received.form == "ranked" else received.value == 1
    count = np.bincount(received.ballot[chosen], minlength=int(received.ballot.max(initial=-1)) + 1)
    over = np.zeros(len(received), bool)
    over[received.first[count > max_choices]] = True
    yield (
        over,
        lambda at: (
            f"{count[received.ballot[at]]} questions are chosen and {max_choices} are allowed; leave the rest out."
        ),
    )


def _again(ballot: IntArray, *columns: Any) -> Mask:
    """Return where the same combination of codes stands in a ballot for a second time or more."""
    if all(_all_differ(ballot[some], *(column[some] for column in columns)) for some in _pieces(ballot)):
        return np.zeros(len(ballot), bool)
    return pd.DataFrame(dict(enumerate((ballot, *columns)))).duplicated().to_numpy(bool)


def _pieces(ballot: IntArray) -> list[slice]:
    """Return pieces of rows of whole ballots, small enough for the cache; all at once if ballots are in no order."""
    if (ballot[1:] < ballot[:-1]).any():
        return [slice(0, len(ballot))]
    edges = np.unique(np.searchsorted(ballot, ballot[::AT_ONCE]))
    return [slice(begin, end) for begin, end in pairwise([*edges.tolist(), len(ballot)])]


def _all_differ(*columns: IntArray) -> bool:
    """Return whether no combination of codes stands twice: mark each, and see whether as many are marked."""
    if not len(columns[0]):
        return True
    low = [int(column.min()) for column in columns]
    size = [int(column.max()) - least + 1 for column, least in zip(columns, low, strict=True)]
    if prod(size) >= MOST_CELLS:
        return False
    seen = np.zeros(prod(size), bool)
    seen[np.ravel_multi_index(tuple(column - least for column, least in zip(columns, low, strict=True)), size)] = True
    return int(np.count_nonzero(seen)) == len(columns[0])


CHECKS: tuple[Callable[[Received, str, int], Iterator[Fault]], ...] = (
    _label_faults,
    _value_faults,
    _weight_faults,
    _repeat_faults,
    _gap_faults,
    _task_faults,
    _limit_faults,
)
