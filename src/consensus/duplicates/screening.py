"""Which submissions are worth a look for scope first, learned from what people have put in and out so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from consensus.duplicates.evidence import spelled
from consensus.duplicates.grouping import learned_vectors
from consensus.duplicates.wording import normalise
from consensus.embedding import Embedder

__all__ = ["propose_screening"]

_LONGEST = 4_000  # characters of a text by which it is judged
_STRENGTH = 10.0
_DECIMALS = 4


def propose_screening(
    submissions: pd.DataFrame, decided: Mapping[str, bool], embedder: Embedder | None = None
) -> pd.DataFrame:
    """Return what nobody has decided on yet, the likeliest out of scope first: where to look, never what to drop.

    A logistic model on words, pieces of words and meaning, taught by the decisions so far; it is taught anew each time,
    so the order in which people decided does not matter. Submissions whose wording is the same have the same chance.

    Parameters
    ----------
    submissions
        Columns `submission_id` and `text`; S rows in any order.
    decided
        From submission to whether a person put it out of scope (True) or in scope (False).
    embedder
        What reads meaning; without one words and pieces of words alone are compared.

    Returns
    -------
    DataFrame
        `submission_id`, `place` (1 is looked at first) and `chance` from 0 to 1 that a person would put it out of
        scope. No rows until somebody has decided both ways.

    Examples
    --------
    >>> texts = ["Thanks for asking!", "Does diet help anxiety?", "Many thanks to you all", "Does sleep help anxiety?"]
    >>> frame = pd.DataFrame({"submission_id": ["s1", "s2", "s3", "s4"], "text": texts})
    >>> propose_screening(frame, {"s1": True, "s2": False})["submission_id"].tolist()
    ['s3', 's4']
    >>> propose_screening(frame, {"s1": True}).empty
    True
    """
    from sklearn.linear_model import LogisticRegression

    frame = submissions.sort_values("submission_id")
    said = frame["submission_id"].map(dict(decided))
    known = said.notna().to_numpy()
    if known.all() or said.dropna().nunique() < 2:
        return pd.DataFrame({"submission_id": pd.Series(dtype=object), "place": [], "chance": []})
    columns = _columns(frame["text"].tolist(), embedder)
    with threadpool_limits(1):
        model = LogisticRegression(C=_STRENGTH, max_iter=1_000).fit(columns[known], said[known].astype(bool))
        chance = model.predict_proba(columns[~known])[:, 1].round(_DECIMALS)
    told = frame.loc[~known, ["submission_id"]].assign(chance=chance)
    told = told.sort_values(["chance", "submission_id"], ascending=[False, True], ignore_index=True)
    return told.assign(place=np.arange(1, len(told) + 1))[["submission_id", "place", "chance"]]


def _columns(texts: Sequence[str], embedder: Embedder | None) -> sparse.csr_matrix:
    """Return [S, F] what a text is judged by: rare words, rare pieces of words, and meaning, each of length 1."""
    compared = [normalise(text[:_LONGEST]) for text in texts]
    parts = [
        spelled(compared, analyzer="word", token_pattern=r"(?u)\b\w+\b", sublinear_tf=True),
        spelled(compared, analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True),
    ]
    if embedder is not None:
        parts.append(sparse.csr_matrix(_meaning(texts, compared, embedder), dtype=float))
    return sparse.hstack(parts).tocsr()


def _meaning(texts: Sequence[str], compared: Sequence[str], embedder: Embedder) -> NDArray[np.float32]:
    """Return the vectors of texts, those of one wording the same."""
    first = {wording: row for row, wording in reversed(list(enumerate(compared)))}
    vectors = learned_vectors([texts[row] for row in first.values()], embedder)
    place = {wording: number for number, wording in enumerate(first)}
    return vectors[[place[wording] for wording in compared]]
