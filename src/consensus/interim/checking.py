"""Ballots as received to those that count: the door at which every fault is found at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from consensus.tally import find_ballot_faults, index_labels, raise_faults, receive, whole_numbers
from consensus.vocabulary import NOT_STATED, check_columns

__all__ = ["CheckedBallots", "check_ballots", "count_of_ballots", "open_questions"]


@dataclass(frozen=True)
class CheckedBallots:
    """Ballots that count, those set aside with the reason, and what a reader must be told.

    Attributes
    ----------
    ballots
        The long frame of ballots without a fault, from people of a stakeholder group.
    quarantine
        Columns `ballot, reason`: one row a fault; nothing of such a ballot counts until it is mended.
    warnings
        A sentence each: how many ballots are set aside, how many people stated no group.
    without_group
        The long frame of ballots from people who named no stakeholder group: counted apart, not ranked.
    """

    ballots: pd.DataFrame
    quarantine: pd.DataFrame
    warnings: tuple[str, ...]
    without_group: pd.DataFrame


def check_ballots(
    ballots: pd.DataFrame,
    questions: pd.DataFrame | Iterable[Any],
    groups: Iterable[str],
    form: str = "ranked",
    depth: int | None = 10,
    max_choices: int = 0,
    gaps: str = "error",
    *,
    strict: bool = False,
) -> CheckedBallots:
    """Return ballots that count and those set aside, each with every reason.

    Parameters
    ----------
    questions
        Ids on the interim ballot, or the questions frame, of which those still open are on the ballot.
    groups
        Stakeholder groups that rank. Who names none, or `not_stated`, is counted apart.
    depth
        How many places score; a ballot that ranks further counts, with a warning. None: all score.
    max_choices
        How many questions a ballot may choose; 0: no limit.
    strict
        Raise instead of setting aside.

    Raises
    ------
    DataError
        A missing column; with `strict`, every fault at once, each with row and remedy.

    Examples
    --------
    >>> ballots = pd.DataFrame({"ballot": ["b1", "b2"], "group": ["carer", "nurse"], "question": "q1", "value": 1})
    >>> checked = check_ballots(ballots, ["q1"], ["carer"])
    >>> len(checked.ballots), checked.quarantine["ballot"].tolist()
    (1, ['b2'])
    """
    check_columns(ballots, "ballots")
    named = ballots["group"].notna() & (ballots["group"].astype(str).str.strip() != "")
    frame = ballots.assign(group=ballots["group"].astype(object).where(named, NOT_STATED)).reset_index(drop=True)
    received = receive(frame, form, open_questions(questions), (*groups, NOT_STATED))
    faults = pd.concat([find_ballot_faults(received, gaps, max_choices), _standing_twice(frame)])
    faults = faults.sort_values(["row", "reason"], kind="stable")
    if strict:
        raise_faults(faults)
    faulty = frame["ballot"].isin(faults["ballot"]) | frame["ballot"].isna()
    apart = ~faulty & (frame["group"] == NOT_STATED)
    quarantine = faults.assign(reason="row " + faults["row"].astype(str) + ": " + faults["reason"].astype(str))
    return CheckedBallots(
        ballots=frame[~faulty & ~apart].reset_index(drop=True),
        quarantine=quarantine[["ballot", "reason"]].reset_index(drop=True),
        warnings=(*_told(frame, faulty, apart), *_too_deep(frame[~faulty & ~apart], form, depth)),
        without_group=frame[apart].reset_index(drop=True),
    )


def open_questions(questions: pd.DataFrame | Iterable[Any]) -> tuple[Any, ...]:
    """Return the ids on the interim ballot: those given, or those of a questions frame that no review has answered."""
    if not isinstance(questions, pd.DataFrame):
        return index_labels(questions)
    if "status" in questions:
        questions = questions[questions["status"] != "answered"]
    return index_labels(questions["question_id"])


def _standing_twice(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a fault for each ballot that stands under a second group: each person has one voice."""
    pair = frame[["ballot", "group"]].drop_duplicates()
    second = pair[pair["ballot"].duplicated() & pair["ballot"].notna()]
    reason = "the ballot stands under two stakeholder groups; each person declares one voice, so keep one."
    return pd.DataFrame({"row": second.index + 1, "ballot": second["ballot"], "reason": reason})


def _told(frame: pd.DataFrame, faulty: pd.Series, apart: pd.Series) -> tuple[str, ...]:
    sentences = []
    if faulty.any():
        count = frame["ballot"][faulty].nunique(dropna=False)
        sentences.append(f"{count_of_ballots(count)} set aside with a fault; see the quarantine sheet for the reasons.")
    if apart.any():
        count = frame["ballot"][apart].nunique()
        sentences.append(
            f"{count_of_ballots(count)} from people who stated no stakeholder group: counted apart, not ranked."
        )
    return tuple(sentences)


def _too_deep(counted: pd.DataFrame, form: str, depth: int | None) -> tuple[str, ...]:
    if form != "ranked" or depth is None:
        return ()
    deeper = counted["ballot"][whole_numbers(counted["value"]) > depth].nunique()
    return (f"{count_of_ballots(deeper)} with places beyond {depth}, which score nothing.",) if deeper else ()


def count_of_ballots(count: int) -> str:
    """Return a count with its noun."""
    return f"{count} ballot{'s' if count != 1 else ''}"
