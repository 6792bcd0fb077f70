"""Which decisions stand, what they call a summary question, and which was merged into which: for every stage alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

from consensus.digest import short_id

__all__ = ["in_force", "merged", "question_id", "taken_back"]


def in_force(decisions: pd.DataFrame) -> pd.DataFrame:
    """Return the decisions that nobody took back, in the order in which they were made, without the undoing ones.

    An undo can be undone. The frame's order is that in which decisions were appended, as the store gives it.

    Examples
    --------
    >>> rows = [("d1", "wording", "q1", {"wording": "Why?"}, "Ada", None, ""),
    ...         ("d2", "undo", "d1", {}, "Ada", None, ""), ("d3", "undo", "d2", {}, "Ada", None, "")]
    >>> from consensus.vocabulary import COLUMNS
    >>> in_force(pd.DataFrame(rows, columns=COLUMNS["decisions"]))["decision_id"].tolist()
    ['d1']
    """
    undone = taken_back(decisions)
    return decisions[~decisions["decision_id"].isin(undone) & decisions["kind"].ne("undo")]


def taken_back(decisions: pd.DataFrame) -> set[str]:
    """Return the ids of the decisions that somebody took back, an undo that was itself undone among them.

    Examples
    --------
    >>> rows = [("d1", "wording", "q1", {"wording": "Why?"}, "Ada", None, ""),
    ...         ("d2", "undo", "d1", {}, "Ada", None, "")]
    >>> from consensus.vocabulary import COLUMNS
    >>> taken_back(pd.DataFrame(rows, columns=COLUMNS["decisions"]))
    {'d1'}
    """
    undone: set[str] = set()
    undoing = decisions[decisions["kind"] == "undo"]
    for decision, subject in reversed([*zip(undoing["decision_id"], undoing["subject"], strict=True)]):
        if decision not in undone:
            undone.add(subject)
    return undone


def merged(decisions: pd.DataFrame) -> Callable[[str], str]:
    """Return the function from a question's id to the id of the question that it ended in at the workshop.

    A merge into a question that itself went into another goes on to that one; one that would close a circle is passed
    over.

    Examples
    --------
    >>> rows = [("d1", "merge", "q1", {"into": "q2"}, "Ada", None, ""),
    ...         ("d2", "merge", "q2", {"into": "q3"}, "Ada", None, ""),
    ...         ("d3", "merge", "q3", {"into": "q1"}, "Ada", None, "")]
    >>> from consensus.vocabulary import COLUMNS
    >>> last = merged(pd.DataFrame(rows, columns=COLUMNS["decisions"]))
    >>> last("q1"), last("q3"), last("q9")
    ('q3', 'q3', 'q9')
    """
    into: dict[str, str] = {}

    def last(question: str) -> str:
        while question in into:
            question = into[question]
        return question

    live = in_force(decisions)
    for subject, value in live.loc[live["kind"] == "merge", ["subject", "value"]].itertuples(index=False, name=None):
        source, target = last(str(subject)), last(str(value["into"]))
        if source != target:
            into[source] = target
    return last


def question_id(submission_ids: Iterable[str]) -> str:
    """Return the id of the summary question that a group of submissions becomes when it is accepted.

    It is recorded in the decision and never changes afterwards, whatever joins or leaves the question.

    Examples
    --------
    >>> question_id(["s2", "s1"]) == question_id(["s1", "s2"])
    True
    """
    return short_id("q", *sorted(submission_ids))
