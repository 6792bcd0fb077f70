"""Decisions to summary questions, their lineage and the set-aside list: every submission ends in exactly one place.

Decisions are read in the order in which they were appended, and later ones win. An undone decision counts as never
made; an undo can be undone. What nobody decided about is on the set-aside list as not yet reviewed, so that the law
holds at every moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd

from consensus.decisions import in_force, merged, question_id
from consensus.errors import DataError
from consensus.vocabulary import COLUMNS, empty

__all__ = [
    "NOT_YET_REVIEWED",
    "OUT_OF_SCOPE",
    "Questions",
    "apply_decisions",
    "apply_evidence_checks",
    "in_force",
    "merge_questions",
    "question_id",
    "respondents_by_group",
]

NOT_YET_REVIEWED = "not yet reviewed"
OUT_OF_SCOPE = "out of scope"


@dataclass(frozen=True)
class Questions:
    """The summary questions, which submission went into which, and what was set aside.

    Parameters
    ----------
    questions
        Columns of `vocabulary.COLUMNS["questions"]`, Q rows by id; `submissions` counts cuts, `respondents` people.
    lineage
        Which submission ended in which question, by question and submission.
    set_aside
        Every other submission with the reason, and who decided it when; by its id.
    """

    questions: pd.DataFrame
    lineage: pd.DataFrame
    set_aside: pd.DataFrame


class _Aside(NamedTuple):
    """Why a submission is in no question, and who decided so when."""

    reason: str
    by: str = ""
    at: datetime | None = None


@dataclass
class _Wording:
    """What is known of a summary question while decisions are read; it is none until a person accepted it."""

    wording: str = ""
    category: str = ""
    accepted: bool = False


@dataclass
class _Desk:
    """Where everything lies while decisions are read, one after the other."""

    question: dict[str, str] = field(default_factory=dict)
    aside: dict[str, _Aside] = field(default_factory=dict)
    wordings: dict[str, _Wording] = field(default_factory=dict)
    brought: set[str] = field(default_factory=set)

    def place(self, submissions: Iterable[str], question: str) -> None:
        for submission in submissions:
            self.question[submission] = question
            self.aside.pop(submission, None)
            self.brought.discard(submission)

    def join(self, alike: Iterable[Iterable[str]]) -> None:
        """Bring what was found to ask the same as a question's submissions to it, unless they stand in several."""
        told = [submission for shown in alike for submission in shown]
        there = {self.question[submission] for submission in told if submission in self.question}
        if len(there) == 1:
            self.brought |= set(told) - self.question.keys()
            for submission in told:
                self.question.setdefault(submission, *there)

    def part(self, value: Mapping[str, Any]) -> None:
        """Let what was asked once more, and is now said to be something else, be in one question no longer.

        What an answer had brought to the question leaves it; the candidate where that was neither, or both.
        """
        again = {other for _, other in value.get("again", ())} if not value.get("check") else set()
        for shown in value["different"]:
            one, asked = value["anchor"], self.question.get(value["anchor"][0])
            if asked and asked == self.question.get(shown[0]) and (value.get("settles") or again.intersection(shown)):
                self.leave(one if one[0] in self.brought and shown[0] not in self.brought else shown)

    def leave(self, submissions: Iterable[str]) -> None:
        """Take submissions out of the question they are in; they wait to be reviewed again."""
        for submission in submissions:
            self.question.pop(submission, None)
            self.brought.discard(submission)

    def read(self, kind: str, subject: str, value: dict[str, Any], why: str, by: str, at: datetime) -> None:
        match kind:
            case "same_question":
                known = self.wordings.setdefault(subject, _Wording())
                known.accepted = True
                known.wording = value.get("wording") or known.wording
                known.category = value.get("category") or known.category
                self.place(value.get("submissions", ()), subject)
            case "compared":
                self.part(value)
                self.join([value["anchor"], *value["same"]])
                for pile in value.get("also", ()):
                    self.join(pile)
            case "split":
                self.leave(value["submissions"])
            case "move" if "beside" in value:
                self.leave([subject])
                self.join([[value["beside"]], [subject]])
                self.aside.pop(subject, None)
            case "move":
                self.place([subject], str(value["to"]))
            case "wording":
                self.wordings.setdefault(subject, _Wording()).wording = str(value["wording"])
            case "category":
                self.wordings.setdefault(subject, _Wording()).category = str(value["category"])
            case "out_of_scope":
                self.aside[subject] = _Aside(why or OUT_OF_SCOPE, by, at)
            case "set_aside":
                for submission in value.get("submissions", [subject]):
                    self.aside[submission] = _Aside(why or "set aside", by, at)
            case "in_scope":
                self.aside.pop(subject, None)


def apply_decisions(
    submissions: pd.DataFrame, proposals: pd.DataFrame, decisions: pd.DataFrame, categories: Iterable[str] = ()
) -> Questions:
    """Return the summary questions that people's decisions make of the submissions.

    A submission starts aside with the reason that its source gave, or as not yet reviewed. `same_question` and `move`
    bring it to a question, also one that was set aside. What the review queue `compared` and found to ask the same as a
    question's submission joins that question; what it `split` off, or says to be something else when it is asked once
    more, leaves it. `in_scope` takes back its being set aside.
    A question that no submission is left in is not a question any more. A question that was accepted without a wording
    has the words of its most central submission. Answered questions and merges are not looked at here: see
    `apply_evidence_checks` and `merge_questions`.

    Parameters
    ----------
    submissions
        The submissions frame, S rows.
    proposals
        The proposals frame; its similarity says which submission is the most central.
    decisions
        The decisions frame, in the order in which they were appended. Submissions it names that are no longer there
        (their answer was edited) are passed over.
    categories
        The ids that the protocol declares; with none, any is taken.

    Raises
    ------
    DataError
        A question has a category that the protocol does not declare; all of them at once.

    Examples
    --------
    >>> rows = [("s1", "a1", "7", "carer", 0, 6, "Sleep?", ""), ("s2", "a2", "8", "carer", 0, 6, "sleep?", "")]
    >>> submissions = pd.DataFrame(rows, columns=COLUMNS["submissions"])
    >>> accepted = {"submissions": ["s1"], "wording": "What helps with sleep?", "category": ""}
    >>> rows = [("d1", "same_question", "q1", accepted, "Ada", None, "")]
    >>> decisions = pd.DataFrame(rows, columns=COLUMNS["decisions"])
    >>> built = apply_decisions(submissions, empty("proposals"), decisions)
    >>> built.lineage.values.tolist(), built.set_aside[["submission_id", "reason"]].values.tolist()
    ([['q1', 's1']], [['s2', 'not yet reviewed']])
    """
    desk = _Desk()
    for submission, status in zip(submissions["submission_id"], submissions["status"], strict=True):
        if status:
            desk.aside[submission] = _Aside(status)
    columns = ["kind", "subject", "value", "why", "by", "at"]
    for row in in_force(decisions)[columns].itertuples(index=False, name=None):
        desk.read(*row)
    lineage, set_aside = _places(sorted(submissions["submission_id"]), desk)
    built = Questions(_questions(lineage, submissions, proposals, desk.wordings), lineage, set_aside)
    _check_categories(built.questions, set(categories))
    return built


def _places(submissions: list[str], desk: _Desk) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return lineage and set-aside list, which share out the submissions between them."""
    lineage, aside = [], []
    for submission in submissions:
        question = desk.question.get(submission, "")
        if submission in desk.aside:
            aside.append((submission, *desk.aside[submission]))
        elif desk.wordings.get(question, _Wording()).accepted:
            lineage.append((question, submission))
        else:
            aside.append((submission, *_Aside(NOT_YET_REVIEWED)))
    return _frame(sorted(lineage), "lineage"), _frame(aside, "set_aside")


def _frame(rows: list[tuple[Any, ...]], name: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS[name])).astype(object) if rows else empty(name)


def _questions(
    lineage: pd.DataFrame, submissions: pd.DataFrame, proposals: pd.DataFrame, wordings: dict[str, _Wording]
) -> pd.DataFrame:
    told = lineage.merge(submissions[["submission_id", "response_id", "text"]], on="submission_id")
    told = told.merge(proposals[["submission_id", "similarity"]], on="submission_id", how="left")
    rows = []
    for question, members in told.groupby("question_id", sort=True):
        known = wordings[str(question)]
        wording = known.wording or _most_central(members)
        counts = (len(members), members["response_id"].nunique())
        rows.append((question, wording, known.category, "open", *counts))
    return _frame(rows, "questions")


def _most_central(members: pd.DataFrame) -> str:
    nearest = members.assign(order=-members["similarity"].astype(float).fillna(0.0), length=members["text"].str.len())
    return str(nearest.sort_values(["order", "length", "submission_id"])["text"].iloc[0])


def _check_categories(questions: pd.DataFrame, declared: set[str]) -> None:
    if not declared:
        return
    listed = ", ".join(sorted(declared))
    faults = [
        f"{question}: the category '{category}' is not in the protocol, which lists {listed}; record another."
        for question, category in zip(questions["question_id"], questions["category"], strict=True)
        if category and category not in declared
    ]
    if faults:
        raise DataError.of("the summary questions", faults)


def apply_evidence_checks(questions: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """Return the questions frame with the status that evidence checks gave: the last one recorded counts.

    A question with the status `answered` - a review settles it - does not go on the ballot; the others are `open`.

    Examples
    --------
    >>> questions = pd.DataFrame([("q1", "Why?", "", "open", 1, 1)], columns=COLUMNS["questions"])
    >>> decisions = pd.DataFrame([("d1", "answered", "q1", {"review": "CD000001"}, "Ada", None, "settled")],
    ...     columns=COLUMNS["decisions"])
    >>> apply_evidence_checks(questions, decisions)["status"].tolist()
    ['answered']
    """
    live = in_force(decisions)
    checks = live[live["kind"].isin(["answered", "unanswered"])].drop_duplicates("subject", keep="last")
    answered = set(checks.loc[checks["kind"] == "answered", "subject"])
    return questions.assign(status=["answered" if q in answered else "open" for q in questions["question_id"]])


def merge_questions(built: Questions, decisions: pd.DataFrame, submissions: pd.DataFrame) -> Questions:
    """Return the questions after the workshop's merges: what one traced to, the question it went into traces to.

    The merged question is no question any more, and its submissions are kept.

    Examples
    --------
    >>> rows = [("s1", "a1", "7", "carer", 0, 6, "Sleep?", ""), ("s2", "a2", "8", "carer", 0, 5, "Rest?", "")]
    >>> submissions = pd.DataFrame(rows, columns=COLUMNS["submissions"])
    >>> rows = [(f"d{n}", "same_question", f"q{n}", {"submissions": [f"s{n}"]}, "Ada", None, "") for n in (1, 2)]
    >>> rows.append(("d3", "merge", "q1", {"into": "q2"}, "the plenary", None, "the same to those who sleep badly"))
    >>> decisions = pd.DataFrame(rows, columns=COLUMNS["decisions"])
    >>> built = apply_decisions(submissions, empty("proposals"), decisions)
    >>> merge_questions(built, decisions, submissions).lineage.values.tolist()
    [['q2', 's1'], ['q2', 's2']]
    """
    last = merged(decisions)
    lineage = built.lineage.assign(question_id=[last(question) for question in built.lineage["question_id"]])
    lineage = lineage.sort_values(["question_id", "submission_id"], ignore_index=True)
    kept = built.questions[built.questions["question_id"].isin(lineage["question_id"])].set_index("question_id")
    told = lineage.merge(submissions[["submission_id", "response_id"]], on="submission_id").groupby("question_id")
    kept["submissions"], kept["respondents"] = told.size(), told["response_id"].nunique()
    return Questions(kept.reset_index()[list(COLUMNS["questions"])], lineage, built.set_aside)


def respondents_by_group(lineage: pd.DataFrame, submissions: pd.DataFrame, by: str = "group") -> pd.DataFrame:
    """Return how many people of each stakeholder group asked each question, a person counted once for a question.

    Parameters
    ----------
    by
        The column of `submissions` by which people are counted: the stakeholder group, or another such as a language.

    Returns
    -------
    DataFrame
        Index `question_id`, one column a group in the order of the alphabet; exact counts, so restricted.

    Examples
    --------
    >>> lineage = pd.DataFrame({"question_id": ["q1", "q1"], "submission_id": ["s1", "s2"]})
    >>> submissions = pd.DataFrame({"submission_id": ["s1", "s2"], "response_id": ["7", "7"], "group": ["carer"] * 2})
    >>> respondents_by_group(lineage, submissions).loc["q1", "carer"].item()
    1
    """
    told = lineage.merge(submissions[["submission_id", "response_id", by]], on="submission_id")
    once = told.drop_duplicates(["question_id", "response_id"])
    return once.groupby(["question_id", by]).size().unstack(fill_value=0).rename_axis(columns=None)
