"""From a priority back to the words people wrote; every decision, and taking one back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pandas as pd
from sqlmodel import Session

from consensus import provenance, store
from consensus.decisions import taken_back
from consensus.errors import DataError, StageError
from consensus.provenance import Trace
from consensus.steps.outcome import Outcome
from consensus.steps.progress import next_action
from consensus.steps.ranking import current_ranking
from consensus.steps.review import record_decisions
from consensus.steps.workshop import final_ranking
from consensus.store import Store

__all__ = ["decisions", "trace", "undo"]


def trace(db: Store, partnership: str, question: str) -> Trace:
    """Return the whole lineage of a summary question, by its id or by its place in the final order.

    This is a restricted output: it holds what people wrote.

    Raises
    ------
    DataError
        There is no such question; the error says how ids look.
    """
    with db.reading() as session:
        store.load_protocol(session, partnership)
        questions = store.load_frame(session, "questions", partnership)
        ranking, firmness, final = _orders(session, partnership)
        question_id = _question_id(question, questions, final if final is not None else ranking)
        return provenance.trace(
            question_id,
            questions=questions,
            lineage=store.load_frame(session, "lineage", partnership),
            submissions=store.load_frame(session, "submissions", partnership),
            answers=store.load_answers(session, partnership),
            decisions=store.load_decisions(session, partnership),
            ranking=ranking,
            final=final,
            firmness=firmness,
        )


def decisions(db: Store, partnership: str) -> pd.DataFrame:
    """Return every decision in the order in which it was made, and whether it stands; restricted."""
    with db.reading() as session:
        store.load_protocol(session, partnership)
        made = store.load_decisions(session, partnership)
    return made.assign(stands=~made["decision_id"].isin(taken_back(made)))


def undo(db: Store, partnership: str, decision_id: str, *, by: str, why: str, now: datetime) -> Outcome:
    """Take a decision back by another row, with the reason; nothing is deleted, and saying it twice adds nothing.

    Raises
    ------
    DataError
        There is no such decision, or the reason is missing.
    """
    made = decisions(db, partnership).set_index("decision_id")
    if decision_id not in made.index:
        raise DataError(f"There is no decision '{decision_id}'; `consensus decisions` lists them.")
    if not why.strip():
        raise DataError("The reason is missing; a decision is taken back with why.")
    if not made.loc[decision_id, "stands"]:
        done = Outcome(
            "undo", f"The decision '{decision_id}' was taken back already.", ids={"partnership": partnership}
        )
    else:
        row = {"kind": "undo", "subject": decision_id, "value": {}, "by": by, "at": now, "why": why}
        rebuilt = record_decisions(db, partnership, [row], now=now)
        done = replace(rebuilt, done=f"Took back the decision '{decision_id}'. {rebuilt.done}")
    return replace(done, next=next_action(db, partnership, now=now).to_text())


def _orders(session: Session, partnership: str) -> tuple[pd.DataFrame | None, pd.DataFrame | None, pd.DataFrame | None]:
    """Return the interim ranking, how firm it is, and the final order; None for what is not there yet."""
    try:
        tables = current_ranking(session, partnership).tables
    except StageError:
        return None, None, None
    try:
        final = final_ranking(session, partnership).tables["final"]
    except StageError:
        final = None
    return tables["ranking"], tables.get("firmness"), final


def _question_id(question: str, questions: pd.DataFrame, order: pd.DataFrame | None) -> str:
    if question in set(questions["question_id"]):
        return question
    if question.isdigit() and order is not None:
        there = order.index[order["rank"] == int(question)]
        if len(there):
            return str(there[0])
    raise DataError(
        f"There is no summary question '{question}' among {len(questions)}; give an id such as 'q0123456789ab' or a "
        "place such as '1' (`consensus questions` lists them)."
    )
