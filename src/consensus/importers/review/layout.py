"""The sheets and columns of the review workbook, and what each row starts with."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from consensus.duplicates import propose_categories, propose_wordings
from consensus.embedding import Embedder
from consensus.protocol import Protocol
from consensus.questions import NOT_YET_REVIEWED, Questions

__all__ = [
    "AGREEMENT",
    "AGREEMENT_ROW",
    "QUESTIONS",
    "QUESTION_COLUMNS",
    "READ_ME",
    "REVIEW",
    "REVIEW_COLUMNS",
    "SAID_BESIDE",
    "YOURS",
    "Start",
    "joins",
    "starts",
]

READ_ME, REVIEW, QUESTIONS = "Read me", "Review", "Questions"

AGREEMENT = "I have read the proposed groups and agree with them as they stand here (write yes)"
"""The label in column A of the sheet to read first; the answer stands in column B.

A workbook leaves with that cell empty, so one that nobody opened accepts nothing.
"""
AGREEMENT_ROW = 3

REVIEW_COLUMNS = {
    "submission": 16,
    "proposed group": 16,
    "similarity": 10,
    "text": 70,
    "stakeholder group": 18,
    "language": 9,
    "may name somebody": 16,
    "may be out of scope": 9,
    "question": 18,
    "out of scope": 9,
    "reason": 24,
    "category": 16,
    "wording": 60,
    "words that set it apart": 24,
    "asked by": 22,
    "asked in": 11,
    "why proposed": 30,
    "question as written": 0,
    "out of scope as written": 0,
    "reason as written": 0,
    "category as written": 0,
    "wording as written": 0,
}
"""The columns of the sheet of submissions with their widths; those of width 0 are hidden.

What says something of a whole group - its words, who asked, in which languages - stands on its first row alone.

What a row said when it was written stands in the hidden ones: that is how a person's change is told from a proposal.
"""

QUESTION_COLUMNS = {
    "question": 18,
    "wording": 70,
    "category": 16,
    "submissions": 12,
    "people": 10,
    "asked by": 30,
    "asked in": 14,
    "status": 12,
    "review that answers it": 40,
    "searched without finding one": 40,
    "category as written": 0,
    "wording as written": 0,
}

YOURS = ("question", "out of scope", "reason", "category", "wording")
"""The columns of the sheet of submissions in which a person decides."""

SAID_BESIDE = frozenset({"language", "may be out of scope", "asked by", "asked in", "words that set it apart"})
"""Columns that tell a person something and of which nothing is read back; a workbook may lack them."""


@dataclass(frozen=True)
class Start:
    """What the person's columns of one row say before a person has touched them."""

    question: str = ""
    out_of_scope: str = ""
    reason: str = ""
    category: str = ""
    wording: str = ""


def starts(
    rows: pd.DataFrame,
    questions: Questions,
    protocol: Protocol,
    identifiers: pd.DataFrame | None,
    embedder: Embedder | None = None,
) -> list[Start]:
    """Return the start of each row of `rows` (submissions with their proposals, in the order of the sheet).

    A submission in a summary question starts with that one's id; one set aside with its reason; another with the id of
    its proposed group, or of the question in which all other members of that group are that are in any. Wording and
    category stand on the first row of each question only.
    """
    place = dict(zip(questions.lineage["submission_id"], questions.lineage["question_id"], strict=True))
    aside = dict(zip(questions.set_aside["submission_id"], questions.set_aside["reason"], strict=True))
    joined = joins(rows, questions)
    words, headings = _proposed(rows, questions, protocol, identifiers, embedder)
    told, seen = [], set()
    for submission, group in zip(rows["submission_id"], rows["group"], strict=True):
        reason = aside.get(submission, NOT_YET_REVIEWED)
        if submission not in place and reason != NOT_YET_REVIEWED:
            told.append(Start(out_of_scope="x", reason=reason))
            continue
        label = place.get(submission) or joined.get(group, group)
        first = label not in seen
        seen.add(label)
        told.append(Start(label, "", "", headings.get(label, ""), words.get(label, "")) if first else Start(label))
    return told


def joins(proposals: pd.DataFrame, questions: Questions) -> dict[str, str]:
    """Return for each proposed group the question in which all its submissions are that are in any."""
    told = proposals[["submission_id", "group"]].merge(questions.lineage, on="submission_id")
    found = told[told["group"] != ""].groupby("group")["question_id"].agg(set)
    return {str(group): next(iter(ids)) for group, ids in found.items() if len(ids) == 1}


def _proposed(
    rows: pd.DataFrame,
    questions: Questions,
    protocol: Protocol,
    identifiers: pd.DataFrame | None,
    embedder: Embedder | None,
) -> tuple[dict[str, str], dict[str, str]]:
    """Return wordings and categories by question, and those proposed by group."""
    grouped = rows[rows["group"] != ""]
    proposals, texts = grouped[["submission_id", "group", "similarity"]], grouped[["submission_id", "text"]]
    words = propose_wordings(texts, proposals, identifiers)["wording"]
    agreed = questions.questions.set_index("question_id")
    put = questions.lineage["question_id"].map(agreed["category"])
    decided = dict(zip(questions.lineage["submission_id"], put, strict=True))
    found = propose_categories(texts, proposals, protocol.categories, embedder=embedder, decided=decided)
    headings = pd.Series(found, dtype=object)
    both = ((words, agreed["wording"]), (headings, agreed["category"]))
    called, under = ({str(label): str(said) for part in parts for label, said in part.items()} for parts in both)
    return called, under
