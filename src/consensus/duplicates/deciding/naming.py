"""How people word groups: the summary questions that stand in them, and the decision by which one reads otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from consensus.decisions import question_id
from consensus.duplicates.deciding.standing import Standing
from consensus.errors import DataError

__all__ = ["rewording", "wordings"]

_COLUMNS = ["group", "question_id", "wording", "by", "at", "why"]


def rewording(
    name: str, wording: str, groups: Mapping[str, Sequence[str]], standing: Standing
) -> tuple[str, str, dict[str, Any]]:
    """Return kind, subject and value of the decision that words a group's question, or makes one of the group.

    Parameters
    ----------
    name
        A group, or a summary question.

    Raises
    ------
    DataError
        There is no such group or question, it holds several questions, or the wording is empty; all of it at once.
    """
    homes = {question: standing.home(submission) for question, submission in standing.questions.items()}
    mine = [name] if name in homes else [question for question, home in homes.items() if home == name]
    faults = []
    if name not in groups and name not in homes:
        faults.append(f"There is no group and no question '{name}'; `groups()` lists the groups that there are.")
    if len(mine) > 1:
        faults.append(f"The group '{name}' holds several questions ({', '.join(mine)}); say which of them is meant.")
    if not wording.strip():
        faults.append("The wording is empty; write the question as it should stand on the ballot.")
    if faults:
        raise DataError.of("the wording", faults)
    if mine:
        return "wording", mine[0], {"wording": wording.strip()}
    members = sorted(groups[name])
    made = question_id(members)
    if made in homes:
        made = question_id([*members, made])  # the question of that id went on without them
    return "same_question", made, {"submissions": members, "wording": wording.strip(), "category": ""}


def wordings(rows: Iterable[Mapping[str, Any]], groups: Iterable[str], standing: Standing) -> pd.DataFrame:
    """Return the summary questions that stand in groups, each with its last wording: who, when and why; by group.

    Parameters
    ----------
    rows
        The decisions that stand, in their order.
    """
    said = {
        row["subject"]: (row["value"]["wording"], row["by"], row["at"], row["why"])
        for row in rows
        if row["kind"] in ("same_question", "wording") and row["value"].get("wording")
    }
    there = set(groups)
    homes = sorted((standing.home(submission), question) for question, submission in standing.questions.items())
    told = [(home, question, *said[question]) for home, question in homes if question in said and home in there]
    return pd.DataFrame(told, columns=_COLUMNS, dtype=object)
