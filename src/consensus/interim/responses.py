"""Responses as importers give them to the long ballots frame, with the confirmed mapping to summary questions."""

from __future__ import annotations

import pandas as pd

from consensus.errors import DataError
from consensus.tally import whole_numbers
from consensus.vocabulary import COLUMNS, NOT_STATED, check_columns

__all__ = ["ballots_from_responses"]


def ballots_from_responses(
    responses: pd.DataFrame,
    lineage: pd.DataFrame | None = None,
    submissions: pd.DataFrame | None = None,
    form: str = "ranked",
) -> pd.DataFrame:
    """Return importers' responses as the long ballots frame, one row a ballot and question.

    Parameters
    ----------
    responses
        Columns `response_id, group, question_id, item_id, rank, chosen`; `value` in place of both where a form needs
        it. `item_id` is a summary question's id, or an answer's id when people voted on the answers themselves.
    lineage, submissions
        Which answer became which summary question, by way of its submissions; None: `item_id` is a question's id.
    form
        `ranked` reads `rank` (empty: not ranked), `chosen` reads `chosen` (empty: not seen), others read `value`.

    Returns
    -------
    DataFrame
        Columns `ballot, group, question, value`, for `best_worst` also `set`. A person who agreed with any answer
        merged into a question chooses it, once; else disagreed if with any; else 0. A ranked question keeps the best
        place given to any answer merged into it, and the places close up. `attrs["counts"]`: `responses` read,
        `without_question`, those to an answer whose submissions are all on the set-aside list, which give nothing, and
        `people`.

    Examples
    --------
    >>> responses = pd.DataFrame({"response_id": ["r1", "r1"], "group": "carer", "question_id": "statements",
    ...                           "item_id": ["a1", "a2"], "rank": None, "chosen": [1, -1]})
    >>> submissions = pd.DataFrame({"submission_id": ["s1", "s2"], "answer_id": ["a1", "a2"]})
    >>> lineage = pd.DataFrame({"question_id": ["q1", "q1"], "submission_id": ["s1", "s2"]})
    >>> ballots_from_responses(responses, lineage, submissions, form="chosen").values.tolist()
    [['r1', 'carer', 'q1', 1]]
    """
    check_columns(responses, "responses")
    group = responses["group"].astype(object).where(responses["group"].notna() & (responses["group"] != ""), NOT_STATED)
    given = pd.DataFrame({"ballot": responses["response_id"], "group": group, "question": responses["item_id"]})
    if form == "best_worst" and "set" in responses:
        given["set"] = responses["set"]
    given["value"] = responses[_value_column(responses, form)].to_numpy()
    if form in ("ranked", "chosen"):
        given = given[given["value"].notna()]
    counts = {"responses": len(given), "without_question": 0, "people": int(responses["response_id"].nunique())}
    if lineage is not None:
        given, counts["without_question"] = _to_summary_questions(given, lineage, submissions, form)
    if form in ("ranked", "chosen") and len(given) and not whole_numbers(given["value"]).isna().any():
        given = given.assign(value=whole_numbers(given["value"]).astype("int64"))
    ballots = given[[*COLUMNS["ballots"], *(["set"] if "set" in given else [])]].reset_index(drop=True)
    ballots.attrs["counts"] = counts
    return ballots


def _value_column(responses: pd.DataFrame, form: str) -> str:
    if "value" in responses:
        return "value"
    return "chosen" if form == "chosen" else "rank"


def _to_summary_questions(
    given: pd.DataFrame, lineage: pd.DataFrame, submissions: pd.DataFrame | None, form: str
) -> tuple[pd.DataFrame, int]:
    """Return what each person said of each summary question, and how many responses met an answer that gave none."""
    if submissions is None:
        raise DataError("To follow answers to summary questions, give the submissions frame with the lineage.")
    if form not in ("ranked", "chosen"):
        raise DataError(f"Votes on answers are ranked or chosen; the form {form!r} cannot be followed to questions.")
    became = lineage.merge(submissions[["submission_id", "answer_id"]], on="submission_id")
    became = became[["answer_id", "question_id"]].drop_duplicates()
    joined = given.merge(became, left_on="question", right_on="answer_id", how="left")
    lost = int(joined["question_id"].isna().sum())
    said = joined[joined["question_id"].notna()]
    said = said.assign(value=pd.to_numeric(said["value"]), question=said["question_id"])
    values = said.groupby(["ballot", "group", "question"], sort=True)["value"]
    if form == "chosen":
        agreed, disagreed = values.max() == 1, values.min() == -1
        return values.max().where(agreed | ~disagreed, -1).reset_index(), lost
    best = values.min().reset_index()
    return best.assign(value=best.groupby(["group", "ballot"])["value"].rank(method="min")), lost
