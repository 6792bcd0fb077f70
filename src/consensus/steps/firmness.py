"""How firm the interim ranking is and how far people agree, as stored, for the partnership's own people."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from consensus import store
from consensus.errors import StageError
from consensus.sentences import describe
from consensus.steps.ballots import interim_round, on_ballot
from consensus.steps.ranking import current_ranking
from consensus.store import Store

__all__ = ["Firmness", "firmness"]


@dataclass(frozen=True)
class Firmness:
    """What the store holds of an interim ranking's firmness; restricted: groups of any size are shown.

    Attributes
    ----------
    questions
        Index `question`: `wording`, then the columns of `stress`.
    agreement
        The rows of `agree`.
    sentences
        How both were worked out, for a methods section.
    """

    ranking_id: str
    questions: pd.DataFrame
    agreement: pd.DataFrame
    sentences: tuple[str, ...]


def firmness(db: Store, partnership: str) -> Firmness:
    """Return how firm the partnership's interim ranking is, or raise a `StageError` while there is none."""
    with db.reading() as session:
        store.load_protocol(session, partnership)
        ranking = current_ranking(session, partnership)
        wordings = on_ballot(interim_round(session, partnership)).set_index("question_id")["wording"]
    if "firmness" not in ranking.tables:
        raise StageError(
            f"The ranking '{ranking.ranking_id}' was made before firmness was kept; rank again: "
            f"`consensus rank --partnership {partnership}`."
        )
    firm, agreement = ranking.tables["firmness"], ranking.tables["agreement"]
    questions = firm.copy()
    questions.insert(0, "wording", wordings.reindex(firm.index))
    return Firmness(ranking.ranking_id, questions, agreement, (describe(firm), describe(agreement)))
