"""What is wrong with a long ballots frame: every fault at once, each with its row, its ballot and the remedy.

`tally` raises on any of them; `interim.check_ballots` sets the ballots that have one aside, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from consensus.errors import DataError
from consensus.vocabulary import BALLOT_FORMS

__all__ = ["find_ballot_faults", "quoted", "whole_numbers"]

Fault = tuple[pd.Series, str | pd.Series]

ALLOWED = {
    "ranked": "a place is a whole number from 1",
    "chosen": "write 1 (chosen), 0 (seen, not chosen) or -1 (disagree)",
    "rated": 'a rating is a whole number, or left empty for "don\'t know"',
    "points": "points are a whole number, 0 or more",
    "best_worst": "write 1 (best), -1 (worst) or 0 (shown)",
    "pairwise": "write 1 (prefers the question), -1 (prefers the other) or 0 (a tie)",
}
LOWEST = {"ranked": 1, "points": 0}


def find_ballot_faults(
    ballots: pd.DataFrame,
    form: str = "ranked",
    *,
    questions: Sequence[Any] | None = None,
    groups: Sequence[str] | None = None,
    gaps: str = "error",
    max_choices: int = 0,
) -> pd.DataFrame:
    """Return every fault of a ballots frame: columns `row` (from 1), `ballot`, `reason`; by row, then reason.

    `questions` and `groups` are those known, None: any; `max_choices` 0: no limit; `gaps` is "error" or "close".
    A reason never holds a text that could be a participant's: what is not a plain identifier is not quoted.

    Examples
    --------
    >>> frame = pd.DataFrame({"ballot": ["b1", "b1"], "group": "carer", "question": ["q1", "q1"], "value": [1, 2]})
    >>> print(find_ballot_faults(frame)["reason"][0])
    question 'q1' stands twice in this ballot; each question may stand once.
    """
    if form not in BALLOT_FORMS:
        raise DataError(f"No ballot form {quoted(form)}; use one of {', '.join(BALLOT_FORMS)}.")
    if not len(ballots):
        return pd.DataFrame({"row": pd.Series(dtype=int), "ballot": [], "reason": pd.Series(dtype=str)})
    frame = ballots.reset_index(drop=True)
    received = _Received(
        frame=frame,
        value=whole_numbers(frame["value"]),
        key=frame.groupby(["group", "ballot"], dropna=False).ngroup(),
        form=form,
        questions=questions,
        groups=groups,
        gaps=gaps,
        max_choices=max_choices,
    )
    return _listed(frame, [fault for check in CHECKS for fault in check(received)])


def whole_numbers(column: pd.Series) -> pd.Series:
    """Return a column as floats, NaN where it is not a whole number below 2**53."""
    number = pd.to_numeric(column, errors="coerce").astype(float)
    return number.where((number % 1 == 0) & (number.abs() < 2**53))


def quoted(label: object) -> str:
    """Return an identifier in quotes, and the words 'an unnamed one' for anything that might be free text.

    Examples
    --------
    >>> quoted("nurse"), quoted("I am a nurse, and so is my sister")
    ("'nurse'", 'an unnamed one')
    """
    text = str(label)
    return repr(text) if re.fullmatch(r"[\w.:-]{1,40}", text) else "an unnamed one"


def _listed(frame: pd.DataFrame, faults: list[Fault]) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"row": at + 1, "ballot": frame["ballot"].to_numpy()[at], "reason": _reasons(reason, at)})
        for mask, reason in faults
        if len(at := np.flatnonzero(mask))
    ]
    if not parts:
        return find_ballot_faults(frame.iloc[:0])
    return pd.concat(parts).sort_values(["row", "reason"], kind="stable").reset_index(drop=True)


def _reasons(reason: str | pd.Series, at: npt.NDArray[np.int64]) -> list[str]:
    return [reason] * len(at) if isinstance(reason, str) else [str(text) for text in reason.iloc[at]]


@dataclass(frozen=True)
class _Received:
    """A frame as received, its whole-number values, the number of each row's ballot, and what is allowed."""

    frame: pd.DataFrame
    value: pd.Series
    key: pd.Series
    form: str
    questions: Sequence[Any] | None
    groups: Sequence[str] | None
    gaps: str
    max_choices: int

    @property
    def first(self) -> pd.Series:
        """Return where a ballot's first row stands."""
        return ~self.key.duplicated()


def _group_faults(received: _Received) -> Iterator[Fault]:
    yield received.frame["ballot"].isna(), "no ballot; fill the column 'ballot'."
    yield from _label_faults(received.frame["group"], "stakeholder group", received.groups, "the protocol")


def _question_faults(received: _Received) -> Iterator[Fault]:
    yield from _label_faults(received.frame["question"], "question", received.questions, "the interim ballot")


def _label_faults(column: pd.Series, noun: str, known: Sequence[Any] | None, where: str) -> Iterator[Fault]:
    missing = column.isna()
    yield missing, f"no {noun}; fill the column '{column.name}'."
    if known is None:
        return
    unknown = ~missing & ~column.astype(str).isin([str(label) for label in known])
    lists = f", which lists {', '.join(map(str, known))}" if column.name == "group" else ""
    yield unknown, _each(column, unknown, f"{noun} {{}} is not in {where}{lists}; mend it or leave the row out.")


def _each(column: pd.Series, mask: pd.Series, sentence: str) -> pd.Series:
    """Return the sentence with each faulty row's label in it, empty elsewhere."""
    wording = {label: sentence.format(quoted(label)) for label in column[mask].unique()}
    return column.astype(object).map(wording)


def _value_faults(received: _Received) -> Iterator[Fault]:
    value, form = received.value, received.form
    bad = value.isna()
    if form in LOWEST:
        bad |= value < LOWEST[form]
    elif form == "rated":
        bad &= received.frame["value"].notna()
    else:
        bad |= ~value.isin([-1, 0, 1])
    yield bad, f"the value is not allowed; {ALLOWED[form]}."


def _weight_faults(received: _Received) -> Iterator[Fault]:
    frame = received.frame
    if "respondent_weight" in frame:
        first = pd.Series(frame.index == 0)
        yield first, "column 'respondent_weight' does not count whole ballots; take the column out to tally without it."
    if "weight" not in frame:
        return
    weight = whole_numbers(frame["weight"])
    bad = weight.isna() | (weight < 1)
    yield bad, "the weight is not a whole number from 1; write how many identical ballots this one stands for."
    differs = weight != weight.groupby(received.key).transform("first")
    yield ~bad & differs, "the weight differs within the ballot; give all its rows the same."


def _repeat_faults(received: _Received) -> Iterator[Fault]:
    if received.form == "pairwise":
        return
    question, task = received.frame["question"], received.form == "best_worst"
    seen = pd.DataFrame({"ballot": received.key, "task": received.frame["set"] if task else 0, "question": question})
    twice = seen.duplicated() & question.notna()
    where = "task of this ballot" if task else "ballot"
    sentence = f"question {{}} stands twice in this {where}; each question may stand once."
    yield twice, _each(question, twice, sentence)


def _gap_faults(received: _Received) -> Iterator[Fault]:
    if received.form != "ranked" or received.gaps == "close":
        return
    value, key = received.value, received.key
    above = value.groupby(key).rank(method="min") - 1
    gap = value.where(value > above + 1)
    highest = gap.notna() & (gap == gap.groupby(key).transform("min"))
    once = highest & ~key.where(highest).duplicated()
    yield once, "a place above this one is empty in the ballot; close the gap, or allow it with gaps = 'close'."


def _task_faults(received: _Received) -> Iterator[Fault]:
    if received.form != "best_worst":
        return
    task = received.frame["set"]
    yield task.isna(), "no task; fill the column 'set'."
    number = pd.DataFrame({"ballot": received.key, "task": task}).groupby(["ballot", "task"], dropna=False).ngroup()
    for sign, word in ((1, "best"), (-1, "worst")):
        count = (received.value == sign).groupby(number).transform("sum")
        yield ~number.duplicated() & (count != 1), f"the task does not have exactly one {word}; mark one."


def _pair_faults(received: _Received) -> Iterator[Fault]:
    if received.form != "pairwise":
        return
    yield from _label_faults(received.frame["other"], "other question", received.questions, "the interim ballot")
    question, other = received.frame["question"].astype(str), received.frame["other"].astype(str)
    yield question == other, "the question is compared with itself; name another."
    low, high = question.where(question < other, other), other.where(question < other, question)
    twice = pd.DataFrame({"ballot": received.key, "low": low, "high": high}).duplicated()
    yield twice, "the two questions are compared twice in this ballot; each pair may stand once."


def _limit_faults(received: _Received) -> Iterator[Fault]:
    if not received.max_choices or received.form not in ("ranked", "chosen"):
        return
    chosen = received.value.notna() if received.form == "ranked" else received.value == 1
    count = chosen.groupby(received.key).transform("sum")
    sentence = f"{{}} questions are chosen and {received.max_choices} are allowed; leave the rest out."
    yield received.first & (count > received.max_choices), count.map(sentence.format)


CHECKS: tuple[Callable[[_Received], Iterator[Fault]], ...] = (
    _group_faults,
    _question_faults,
    _value_faults,
    _weight_faults,
    _repeat_faults,
    _gap_faults,
    _task_faults,
    _pair_faults,
    _limit_faults,
)
