"""The field's words as types, and the column list of every frame.

A frame is named for its rows. Its columns are listed here and nowhere else; `empty` makes one with no rows and
`check_columns` says which columns a received frame lacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

import pandas as pd

from consensus.errors import DataError

__all__ = [
    "BALLOT_FORMS",
    "COLUMNS",
    "CONSENSUS_DEFINITIONS",
    "DECISION_KINDS",
    "NOT_STATED",
    "RANKING_RULES",
    "ROUND_STATES",
    "BallotForm",
    "DecisionKind",
    "RoundState",
    "check_columns",
    "check_frame",
    "empty",
    "how_many",
]

NOT_STATED = "not_stated"
"""The stakeholder group of a person who named none: counted apart, never ranked."""

BallotForm = Literal["ranked", "chosen", "rated", "points", "best_worst", "pairwise"]
BALLOT_FORMS: tuple[BallotForm, ...] = get_args(BallotForm)

RANKING_RULES = (
    "jla_positions",
    "jla_top10",
    "mean_points",
    "borda",
    "copeland",
    "schulze",
    "ranked_pairs",
    "kemeny",
    "plackett_luce",
    "bradley_terry",
    "maximin",
    "group_informed_consensus",
)
"""The names by which a protocol may call a ranking rule; the functions are in `rules`."""

CONSENSUS_DEFINITIONS = (
    "COMET 70/15 symmetric",
    "70/15 with 50% out",
    "70/15 every group",
    "Round-dependent",
    "Count outside mode",
    "Binary vote bands",
)
"""The names by which a protocol may call a published definition of consensus; the definitions are in `ratings`."""

RoundState = Literal["draft", "open", "paused", "closed", "ranked"]
ROUND_STATES: tuple[RoundState, ...] = get_args(RoundState)

DecisionKind = Literal[
    "out_of_scope",
    "in_scope",
    "same_question",
    "compared",
    "split",
    "move",
    "wording",
    "category",
    "answered",
    "unanswered",
    "set_aside",
    "redact",
    "shortlist_by_hand",
    "approval",
    "plenary_move",
    "merge",
    "dissent",
    "amendment",
    "round",
    "undo",
]
DECISION_KINDS: tuple[DecisionKind, ...] = get_args(DecisionKind)

COLUMNS: dict[str, tuple[str, ...]] = {
    # One text in one box, as received. `received_at` is UTC; `status` is "" or the reason its source gave to set it
    # aside (a moderator's rejection); `partner` is the organisation through which the person came.
    "answers": (
        "answer_id",
        "version",
        "source",
        "response_id",
        "box",
        "group",
        "partner",
        "language",
        "text",
        "status",
        "received_at",
    ),
    # One uncertainty cut from an answer: `text` is `answer.text[start:end]`, offsets in characters.
    "submissions": ("submission_id", "answer_id", "response_id", "group", "start", "end", "text", "status"),
    # A suspected identifier inside a submission, offsets in characters of the submission.
    "identifiers": ("submission_id", "start", "end", "kind"),
    # A machine's suggestion of which submissions ask the same; similarity in [0, 1] to the rest of its group.
    "proposals": ("submission_id", "group", "similarity", "why"),
    # A person's recorded act. `value` is a JSON object whose keys depend on `kind`.
    "decisions": ("decision_id", "kind", "subject", "value", "by", "at", "why"),
    # The agreed wordings. `status` is "open", or "answered" when the evidence check found a review that settles it.
    "questions": ("question_id", "wording", "category", "status", "submissions", "respondents"),
    # Which submission ended in which summary question.
    "lineage": ("question_id", "submission_id"),
    # Submissions that ended in no summary question, each with the reason.
    "set_aside": ("submission_id", "reason", "by", "at"),
    # What importers give for ballots: `item_id` is a summary question's id, or an answer's id when people voted on
    # the answers themselves (Polis); `value` as the ballot form says.
    "responses": ("response_id", "group", "question_id", "item_id", "rank", "chosen"),
    # The long ballots frame of the methods page: one row a ballot and question.
    "ballots": ("ballot", "group", "question", "value"),
    # A small group's order at the workshop: place 1 is most favoured; `session` counts the re-mixed sittings from 1.
    "workshop_rankings": ("session", "small_group", "question", "place"),
    "rounds": ("round_id", "kind", "state", "opens_at", "closes_at", "grace_minutes", "closed_at", "ranking_id"),
}


def empty(name: str) -> pd.DataFrame:
    """Return the frame called `name` with its columns and no rows.

    Examples
    --------
    >>> list(empty("ballots"))
    ['ballot', 'group', 'question', 'value']
    """
    return pd.DataFrame({column: pd.Series(dtype=object) for column in COLUMNS[name]})


def check_columns(frame: pd.DataFrame, name: str, where: str = "", also: Iterable[str] = ()) -> None:
    """Raise a `DataError` that names every column the frame called `name` lacks; `where` is what people call it.

    Examples
    --------
    >>> check_columns(pd.DataFrame({"ballot": [1], "group": ["carer"]}), "ballots")
    Traceback (most recent call last):
    ...
    consensus.errors.DataError: 2 faults in the ballots frame:
      Column 'question' is missing; the ballots frame needs ballot, group, question, value.
      Column 'value' is missing; the ballots frame needs ballot, group, question, value.
    """
    check_frame(where or f"the {name} frame", frame, [*COLUMNS[name], *also])


def check_frame(place: str, frame: Any, columns: Sequence[str]) -> None:
    """Raise a `DataError` where something is no data frame, or one that names every column it lacks.

    Parameters
    ----------
    place
        What people call it.
    frame
        What was passed.
    columns
        What it needs.

    Examples
    --------
    >>> check_frame("the scores", [1, 2], ["ballot", "value"])
    Traceback (most recent call last):
    ...
    consensus.errors.DataError: the scores: a list was passed; pass a pandas data frame with the columns ballot, value.
    """
    needs = ", ".join(columns)
    if not isinstance(frame, pd.DataFrame):
        kind = type(frame).__name__
        raise DataError(f"{place}: a {kind} was passed; pass a pandas data frame with the columns {needs}.")
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise DataError.of(place, [f"Column '{c}' is missing; {place} needs {needs}." for c in missing])


def how_many(count: int, one: str, more: str = "") -> str:
    """Return a count of things as a sentence says it; `more` is what several are called where an s is not enough.

    Examples
    --------
    >>> how_many(1, "decision"), how_many(2, "decision"), how_many(0, "person", "people")
    ('1 decision', '2 decisions', '0 people')
    """
    return f"{count} {one if count == 1 else more or one + 's'}"
