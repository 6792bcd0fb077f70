"""Likeness of texts without any model: TF-IDF on words and on pieces of words, in equal parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

__all__ = ["cosines", "near", "vectors"]

_BLOCK = 256
_DECIMALS = 12  # so that the last bits of a sum, which differ between machines, decide nothing


def vectors(texts: Sequence[str]) -> sparse.csr_matrix:
    """Return one row a text, of length 1, so that the product of two rows is their cosine in [0, 1].

    A text without a single known piece (only marks, say) has a row of zeros and is near to nothing.

    Examples
    --------
    >>> v = vectors(["does diet help", "does diet help anxiety", "ect"])
    >>> (v @ v.T).toarray().round(2).tolist()
    [[1.0, 0.75, 0.0], [0.75, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    parts = [
        _tf_idf(texts, analyzer="word", token_pattern=r"(?u)\b\w+\b"),
        _tf_idf(texts, analyzer="char_wb", ngram_range=(3, 5)),
    ]
    known = [part for part in parts if part is not None]
    if not known:
        return sparse.csr_matrix((len(texts), 1))
    return sparse.csr_matrix(normalize(sparse.hstack(known)))


def _tf_idf(texts: Sequence[str], **options: object) -> sparse.csr_matrix | None:
    try:
        return TfidfVectorizer(sublinear_tf=True, **options).fit_transform(texts)
    except ValueError as error:
        if "empty vocabulary" in str(error):
            return None
        raise


def near(rows: sparse.csr_matrix, least: float) -> sparse.csr_matrix:
    """Return the cosines of `least` or more between every two rows, the others left out.

    Computed a block of rows at a time: 10,000 texts need no table of 100 million figures.
    """
    return sparse.csr_matrix(sparse.vstack(list(_blocks(rows, least)))) if rows.shape[0] else rows


def _blocks(rows: sparse.csr_matrix, least: float) -> Iterator[sparse.csr_matrix]:
    turned = rows.T.tocsr()
    for start in range(0, rows.shape[0], _BLOCK):
        block = (rows[start : start + _BLOCK] @ turned).tocsr()
        block.data = np.where(block.data.round(_DECIMALS) >= least, block.data, 0)
        block.eliminate_zeros()
        yield block


def cosines(rows: sparse.csr_matrix) -> np.ndarray:
    """Return the table of all cosines between rows; each row is 1 to itself."""
    table = (rows @ rows.T).toarray().round(_DECIMALS).clip(0, 1)
    np.fill_diagonal(table, 1.0)
    return table
