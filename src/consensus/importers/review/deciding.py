"""Reading the review workbook back: what a person changed or accepted, as decisions; every fault at once.

A person says on the sheet to read first that the groups were read; without that nothing is taken, for a row left as it
was would else accept what nobody looked at. What is read is compared with what was written and with what has been
decided since. So a row left as it was accepts the proposal where nobody has decided yet; where somebody has decided
otherwise since, it is told, and neither is lost. And reading the same workbook again after its decisions were recorded
gives none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from consensus.errors import DataError
from consensus.importers.review.labels import out_of_date, resolve
from consensus.importers.review.layout import QUESTIONS, REVIEW
from consensus.importers.review.sheets import Cells, Row, as_category, open_review, read_rows
from consensus.protocol import Protocol
from consensus.questions import Questions, question_id

__all__ = ["read_review"]

_LIKE_AN_ID = re.compile(r"[gq][0-9a-f]{12}")


@dataclass
class _Found:
    """Decisions and faults as they are found, and what each question is to be called."""

    decisions: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    wanted: defaultdict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def decide(self, kind: str, subject: str, value: dict[str, object] | None = None, why: str = "") -> None:
        self.decisions.append({"kind": kind, "subject": subject, "value": value or {}, "why": why})


def read_review(
    path: Path | str,
    submissions: pd.DataFrame,
    proposals: pd.DataFrame,
    questions: Questions,
    protocol: Protocol,
    *,
    by: str,
    at: datetime,
) -> list[dict[str, Any]]:
    """Return the decisions of a reviewed workbook: kind, subject, value, by, at, why; none for what stands already.

    Parameters
    ----------
    submissions, proposals
        As they are now; the workbook may be older.
    questions
        What is decided now.
    by, at
        Who decided, and when the workbook is read (an aware time).

    Raises
    ------
    DataError
        Every fault at once, each with its place: no yes beside the agreement on the sheet to read first, an unknown
        submission or category, a question without a wording or with two, something out of scope without a reason, a row
        that was decided otherwise since the workbook was written. Nothing is decided then.
    """
    path = Path(path)
    sheets, not_agreed = open_review(path)
    rows, faults = read_rows(sheets[REVIEW], set(submissions["submission_id"]), questions, protocol)
    found = _Found(faults=[*not_agreed, *faults])
    labels: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.said.question and not row.said.out_of_scope:
            labels[row.said.question].append(row)
        elif not row.stands:
            _set_aside_or_back(row, found)
    resolved = resolve(labels, questions)
    found.faults += out_of_date(rows, resolved)
    known = {*questions.questions["question_id"], *proposals["group"]}
    for label, members in labels.items():
        if label in resolved:
            _join(members, resolved[label], found)
        else:
            _make(label, members, known, found)
    _read_questions(sheets[QUESTIONS], questions, protocol, found)
    _rename(questions, found)
    if found.faults:
        raise DataError.of(path.name, found.faults)
    order = sorted(found.decisions, key=lambda row: (row["kind"] != "same_question", row["kind"], row["subject"]))
    return [{**decision, "by": by, "at": at} for decision in order]


def _set_aside_or_back(row: Row, found: _Found) -> None:
    """Decide for a row that names no question, or has a cross."""
    if row.said.out_of_scope:
        if not row.said.reason:
            found.faults.append(f"row {row.number}: out of scope without a reason; write why.")
        elif row.said.reason != row.now_aside:
            found.decide("out_of_scope", row.submission, why=row.said.reason)
    elif row.now_in:
        found.faults.append(
            f"row {row.number}: no question is named for a submission that is in one; name one, or put an x under 'out "
            "of scope' with the reason."
        )
    elif row.now_aside:
        found.decide("in_scope", row.submission)


def _join(members: list[Row], question: str, found: _Found) -> None:
    """Decide for the rows of a question that there is: who moves to it, and what was written anew."""
    for row in members:
        if not row.stands and row.now_in != question:
            found.decide("move", row.submission, {"to": question})
        for name in ("wording", "category"):
            value = getattr(row.said, name)
            if value and value != getattr(row.written, name):
                found.wanted[question, name].add(value)


def _make(label: str, members: list[Row], known: set[str], found: _Found) -> None:
    """Decide for the rows of a question that is new; there is none when nobody has anything to decide in it."""
    if label not in known and _LIKE_AN_ID.fullmatch(label) and all(row.written.question != label for row in members):
        found.faults.append(f"row {members[0].number}: {label!r} is no question or group that there is; mend it.")
        return
    joining = [row for row in members if not row.stands]
    if not joining:
        return
    told = {}
    for name, least in (("wording", 1), ("category", 0)):
        values = _candidates(name, label, members)
        if len(values) < least:
            found.faults.append(f"row {members[0].number}: the question {label!r} has no {name}; write one in any row.")
        elif len(values) > 1:
            rows = ", ".join(str(row.number) for row in members if getattr(row.said, name) in values)
            found.faults.append(f"rows {rows}: the question {label!r} has more than one {name}; leave one of them.")
        told[name] = next(iter(values), "")
    ids = sorted(row.submission for row in joining)
    made = question_id(ids)
    if made in known:
        made = question_id([*ids, made])  # its submissions left the question of that id one by one
    found.decide("same_question", made, {"submissions": ids, **told})


def _candidates(name: str, label: str, members: list[Row]) -> list[str]:
    """Return the wordings (or categories) that a new question may be meant to have.

    What a person wrote anew counts before what was proposed, and what was proposed for the group whose label it is
    before what came with rows that joined it.
    """
    said = [(getattr(row.said, name), row) for row in members if getattr(row.said, name)]
    anew = [value for value, row in said if value != getattr(row.written, name)]
    own = [value for value, row in said if row.written.question == label]
    return sorted(set(anew or own or [value for value, _ in said]))


def _read_questions(sheet: list[tuple[int, Cells]], questions: Questions, protocol: Protocol, found: _Found) -> None:
    """Decide for the sheet of questions: wording, category, and what the evidence checks found."""
    there = set(questions.questions["question_id"])
    for number, cells in sheet:
        question = cells["question"].strip()
        if question not in there:
            found.faults.append(f"sheet '{QUESTIONS}', row {number}: no such question; export the workbook again.")
            continue
        category = as_category(cells["category"], protocol)
        if category is None:
            found.faults.append(f"sheet '{QUESTIONS}', row {number}: the category is not in the protocol.")
        for name, value in (("wording", cells["wording"].strip()), ("category", category)):
            if value and value != cells[f"{name} as written"].strip():
                found.wanted[question, name].add(value)
        review, searched = cells["review that answers it"].strip(), cells["searched without finding one"].strip()
        if review and searched:
            found.faults.append(f"sheet '{QUESTIONS}', row {number}: answered and not answered; leave one of the two.")
        elif review:
            found.decide("answered", question, {"review": review})
        elif searched:
            found.decide("unanswered", question, {"searched": searched})


def _rename(questions: Questions, found: _Found) -> None:
    """Decide what questions that there are shall be called, where it is not so already."""
    now = questions.questions.set_index("question_id")[["wording", "category"]]
    for (question, name), values in sorted(found.wanted.items()):
        if len(values) > 1:
            found.faults.append(f"The question {question} is given more than one {name}; leave one of them.")
        elif (value := next(iter(values))) != now.loc[question, name]:
            found.decide(name, question, {name: value})
