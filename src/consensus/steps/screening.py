"""What may be out of scope, the likeliest first: for a person to look at, never put aside by itself."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from consensus import store
from consensus.duplicates import propose_screening
from consensus.embedding import CachedEmbedder, default_embedder
from consensus.errors import StageError
from consensus.importers.review import scope_decisions
from consensus.steps.review import derive_questions
from consensus.store import Store

__all__ = ["screen_for_scope"]


def screen_for_scope(db: Store, partnership: str, *, cache: Path) -> pd.DataFrame:
    """Return the submissions that nobody has decided on: `submission_id`, `place`, `chance` and `text`, in that order.

    Restricted: it holds what people wrote.

    Raises
    ------
    StageError
        Too little has been decided to learn from: something must be out of scope or set aside, and something in.
    """
    with db.reading() as session:
        submissions = store.load_frame(session, "submissions", partnership)
        questions = derive_questions(session, partnership, store.load_protocol(session, partnership))
    decided = scope_decisions(questions)
    if not set(decided.values()) >= {True, False}:
        raise StageError(
            f"Nothing can be learned of the scope of '{partnership}' yet: some submissions must be set aside, and some "
            f"be in a question. Decide on a few: `consensus review next --partnership {partnership}`."
        )
    found = propose_screening(submissions, decided, CachedEmbedder(default_embedder(), cache))
    return found.merge(submissions[["submission_id", "text"]], on="submission_id")
