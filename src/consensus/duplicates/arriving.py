"""Submissions as they are taken in to be compared: ids and texts as they must be, or every fault at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd

from consensus.duplicates.wording import normalise
from consensus.errors import DataError
from consensus.vocabulary import check_frame

__all__ = ["by_wording", "received"]

_WANTED = ("submission_id", "text")


def received(submissions: pd.DataFrame) -> pd.DataFrame:
    """Return `submission_id`, `text` and `status` of submissions as plain text, in their order; other columns are left.

    An id that is a number is taken as it is written. A status that is missing sets nothing aside.

    Raises
    ------
    DataError
        A column is missing, an id is missing or there twice, or a text is missing or is no text; all of them at once.

    Examples
    --------
    >>> received(pd.DataFrame({"submission_id": [7, 7], "text": ["Sleep?", None]}))
    Traceback (most recent call last):
    ...
    consensus.errors.DataError: 2 faults in the submissions:
      '7' is there twice; give every submission an id of its own.
      '7' has no text; where nothing was written, give it an empty one.
    """
    check_frame("the submissions", submissions, _WANTED)
    ids, texts = (submissions[column].tolist() for column in _WANTED)
    status = submissions["status"].tolist() if "status" in submissions else [""] * len(ids)
    named = [_as_id(each) for each in ids]
    if faults := [*_faults_of_ids(named), *_faults_of_texts(named, texts)]:
        raise DataError.of("the submissions", faults)
    told = {
        "submission_id": named,
        "text": [str(text) for text in texts],
        "status": ["" if _is_missing(each) else str(each) for each in status],
    }
    return pd.DataFrame(told, dtype=object)


def by_wording(frame: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Return for each wording a text that stands for it, and the ids of its submissions, sorted; by wording.

    Examples
    --------
    >>> frame = received(pd.DataFrame({"submission_id": ["s2", "s1", "s3"], "text": ["Sleep?", "sleep", "Diet?"]}))
    >>> by_wording(frame)
    (['Diet?', 'Sleep?'], [['s3'], ['s1', 's2']])
    """
    told = zip(frame["text"], frame["submission_id"], strict=True)
    rows = sorted((normalise(text), text, submission) for text, submission in told)
    first = {wording: text for wording, text, _ in reversed(rows)}
    members: dict[str, list[str]] = {wording: [] for wording in sorted(first)}
    for wording, _, submission in rows:
        members[wording].append(submission)
    return [first[wording] for wording in members], [sorted(ids) for ids in members.values()]


def _as_id(each: Any) -> str:
    return "" if _is_missing(each) else str(each)


def _is_missing(each: Any) -> bool:
    return each is None or each is pd.NA or each is pd.NaT or (isinstance(each, float) and each != each)


def _faults_of_ids(named: list[str]) -> Iterator[str]:
    for row, each in enumerate(named):
        if not each:
            yield f"The submission at place {row} has no id; give every submission one of its own."
    for each, count in Counter(filter(None, named)).items():
        if count > 1:
            yield f"'{each}' is there twice; give every submission an id of its own."


def _faults_of_texts(named: list[str], texts: list[Any]) -> Iterator[str]:
    for each, text in zip(named, texts, strict=True):
        if _is_missing(text):
            yield f"'{each}' has no text; where nothing was written, give it an empty one."
        elif not isinstance(text, str):
            yield f"'{each}' has a value of the type {type(text).__name__} where its text belongs."
