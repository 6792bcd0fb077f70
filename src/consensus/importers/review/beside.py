"""What the review workbook says beside the proposals: who asked, in which language, and what may be out of scope."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from consensus.duplicates import language, propose_screening
from consensus.embedding import Embedder
from consensus.questions import NOT_YET_REVIEWED, Questions, respondents_by_group

__all__ = ["counts", "scope_chances", "scope_decisions", "with_languages"]


def scope_decisions(questions: Questions) -> dict[str, bool]:
    """Return for each submission on which people have decided whether it is out of scope or set aside.

    Examples
    --------
    >>> lineage = pd.DataFrame({"question_id": ["q1"], "submission_id": ["s1"]})
    >>> aside = pd.DataFrame({"submission_id": ["s2", "s3"], "reason": ["one person's complaint", NOT_YET_REVIEWED]})
    >>> scope_decisions(Questions(pd.DataFrame(), lineage, aside))
    {'s1': False, 's2': True}
    """
    aside = questions.set_aside
    out = aside.loc[aside["reason"] != NOT_YET_REVIEWED, "submission_id"]
    return {**dict.fromkeys(questions.lineage["submission_id"], False), **dict.fromkeys(out, True)}


def scope_chances(submissions: pd.DataFrame, questions: Questions, embedder: Embedder | None) -> dict[str, float]:
    """Return for each submission that nobody has decided on the chance that it is out of scope."""
    found = propose_screening(submissions, scope_decisions(questions), embedder)
    return dict(zip(found["submission_id"], found["chance"], strict=True))


def with_languages(submissions: pd.DataFrame, stated: Mapping[str, str]) -> pd.DataFrame:
    """Return submissions with a column `language`: as told by the text, else the one in which its answer came."""
    told = [
        found if (found := language(text)) != "unknown" else stated.get(submission, "") or found
        for submission, text in zip(submissions["submission_id"], submissions["text"], strict=True)
    ]
    return submissions.assign(language=told)


def counts(places: pd.DataFrame, submissions: pd.DataFrame, by: str, names: Mapping[str, str]) -> dict[str, str]:
    """Return for each question in how many people of each kind asked it, the most first: exact, so restricted.

    Parameters
    ----------
    places
        `question_id` and `submission_id`; a question may be a proposed group.
    by
        The column of `submissions` that is counted.
    names
        From its values to words.

    Examples
    --------
    >>> rows = [("s1", "7", "carer"), ("s2", "7", "carer"), ("s3", "8", "staff")]
    >>> submissions = pd.DataFrame(rows, columns=["submission_id", "response_id", "group"])
    >>> counts(submissions[["submission_id"]].assign(question_id="g1"), submissions, "group", {"carer": "Carers"})
    {'g1': 'Carers 1, staff 1'}
    """
    table = respondents_by_group(places, submissions, by)
    return {
        str(question): ", ".join(
            f"{names.get(kind, kind)} {-people}"
            for people, kind in sorted((-count, str(kind)) for kind, count in row.items())
            if people
        )
        for question, row in zip(table.index, table.to_dict("records"), strict=True)
    }
