"""Which decisions stand, and which summary question a workshop merged into which: read by every stage alike."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

__all__ = ["in_force", "merged"]


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
    undone: set[str] = set()
    kept = []
    rows = zip(decisions["decision_id"], decisions["kind"], decisions["subject"], strict=True)
    for position, (decision, kind, subject) in reversed(list(enumerate(rows))):
        if decision in undone:
            continue
        if kind == "undo":
            undone.add(subject)
        else:
            kept.append(position)
    return decisions.iloc[kept[::-1]]


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
