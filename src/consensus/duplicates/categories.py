"""The heading of the declared frame that a group's question may stand under: by keyword, meaning and decisions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from consensus.duplicates.grouping import learned_vectors
from consensus.duplicates.neighbourhood import likeness
from consensus.duplicates.wording import normalise
from consensus.embedding import Embedder
from consensus.protocol import Category

__all__ = ["propose_categories"]

_DECLARED = 3.0  # how many questions decided a category's own name and keywords count as
_KEYWORDS = 0.5  # what all of a group's keywords in one category are worth beside a cosine
_LEAST = 0.25  # of those two together, below which nothing is proposed
_DECIMALS = 6


def propose_categories(
    submissions: pd.DataFrame,
    proposals: pd.DataFrame,
    categories: Sequence[Category],
    *,
    embedder: Embedder | None = None,
    decided: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return for each group the category that fits it best; "" where none fits.

    A category is what its name and keywords mean, and what the questions mean that people have put under it: a group is
    compared with the middle of these. To the cosine comes the share that the category has of the group's keywords,
    half of it. A keyword is the start of a word, and one of several words counts where they stand together. Ties go to
    the category that the protocol names first. Without an embedder keywords alone decide.

    Parameters
    ----------
    submissions
        Columns `submission_id` and `text`.
    proposals
        Columns `submission_id` and `group`.
    categories
        The frame that the protocol declares.
    embedder
        What reads meaning.
    decided
        From submission to the category of the question in which people put it.

    Examples
    --------
    >>> submissions = pd.DataFrame({"submission_id": ["s1"], "text": ["Do antidepressants disturb sleep?"]})
    >>> proposals = pd.DataFrame({"submission_id": ["s1"], "group": ["g1"], "similarity": [0.0], "why": [""]})
    >>> body = Category(id="body", name="Body", keywords=("antidepress", "sleep"))
    >>> propose_categories(submissions, proposals, [Category(id="work", name="Work", keywords=("job",)), body])
    {'g1': 'body'}
    """
    told = proposals[["submission_id", "group"]].merge(submissions[["submission_id", "text"]], on="submission_id")
    told = told.sort_values("submission_id")
    groups = sorted(told["group"].unique())
    if not groups or not categories:
        return dict.fromkeys(groups, "")
    scores = _KEYWORDS * _keyword_shares(told, groups, categories)
    if embedder is not None:
        scores = scores + _cosines(told, groups, categories, embedder, decided or {})
    scores = scores.round(_DECIMALS)
    best = scores.argmax(axis=1)
    return {
        group: categories[column].id if scores[row, column] >= _LEAST else ""
        for row, (group, column) in enumerate(zip(groups, best, strict=True))
    }


def _keyword_shares(told: pd.DataFrame, groups: Sequence[str], categories: Sequence[Category]) -> NDArray[np.float64]:
    """Return [groups, categories] which share of a group's keywords each category has."""
    starts = [
        re.compile(r"\b(?:" + "|".join(re.escape(normalise(word)) for word in category.keywords) + ")")
        if category.keywords
        else None
        for category in categories
    ]
    texts = told.groupby("group")["text"].agg(lambda said: "\n".join(normalise(text) for text in said))
    counts = np.array([[len(start.findall(texts[group])) if start else 0 for start in starts] for group in groups])
    return np.asarray(counts / counts.sum(axis=1, keepdims=True).clip(1), float)


def _cosines(
    told: pd.DataFrame,
    groups: Sequence[str],
    categories: Sequence[Category],
    embedder: Embedder,
    decided: Mapping[str, str],
) -> NDArray[np.float64]:
    """Return [groups, categories] how near each group's middle is to each category's."""
    declared = [", ".join([str(category.name), *category.keywords]) for category in categories]
    vectors = likeness(learned_vectors([*told["text"], *declared], embedder)).astype(np.float64)
    rows, names = vectors[: len(told)], [category.id for category in categories]
    middles = _DECLARED * vectors[len(told) :]
    under = told["submission_id"].map(dict(decided)).fillna("")
    numbered = pd.Series(np.arange(len(told)), index=told.index)
    for (category, _), places in numbered.groupby([under, told["group"]]):
        if category in names:
            middles[names.index(category)] += _middle(rows[places])
    centres = np.stack([_middle(rows[places]) for _, places in numbered.groupby(told["group"])])
    lengths = np.sqrt((middles**2).sum(axis=1, keepdims=True)).clip(1e-9)
    return np.column_stack([(centres * middle).sum(axis=1) for middle in middles / lengths])


def _middle(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the middle of some rows, of length 1."""
    total = rows.sum(axis=0)
    return np.asarray(total / max(float(np.sqrt((total**2).sum())), 1e-9), float)
