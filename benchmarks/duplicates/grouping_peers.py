"""Other ways of grouping texts, for comparison: each from vectors or texts to a label for every text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.cluster import HDBSCAN
from sklearn.feature_extraction.text import TfidfVectorizer

__all__ = ["PEERS", "average_linkage_on_tf_idf", "community_detection", "hdbscan", "semhash"]

Labels = list[int]
THRESHOLDS = np.arange(0.3, 0.96, 0.05).round(2)


def average_linkage_on_tf_idf(texts: Sequence[str], vectors: np.ndarray) -> Iterator[Labels]:
    """Yield average linkage on TF-IDF of pieces of words, at every threshold."""
    rows = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True).fit_transform(texts)
    distances = squareform((1 - (rows @ rows.T).toarray()).clip(0), checks=False)
    joined = linkage(distances, "average")
    for threshold in np.arange(0.1, 0.9, 0.05):
        yield fcluster(joined, 1 - threshold, "distance").tolist()


def hdbscan(texts: Sequence[str], vectors: np.ndarray) -> Iterator[Labels]:
    """Yield HDBSCAN with groups of two and more; what it calls noise stands alone."""
    for samples in (1, 2, 3):
        for taken in ("eom", "leaf"):
            model = HDBSCAN(min_cluster_size=2, min_samples=samples, cluster_selection_method=taken, copy=True)
            found = model.fit(vectors.astype(np.float64)).labels_.tolist()
            yield [label if label >= 0 else -1 - row for row, label in enumerate(found)]


def community_detection(texts: Sequence[str], vectors: np.ndarray) -> Iterator[Labels]:
    """Yield the rule of sentence-transformers: the largest sets within the threshold of a text, without overlap."""
    cosines = vectors @ vectors.T
    for threshold in THRESHOLDS:
        near = [np.flatnonzero(row >= threshold) for row in cosines]
        labels = [-1 - row for row in range(len(near))]
        for number in sorted(range(len(near)), key=lambda row: (-len(near[row]), row)):
            free = [row for row in near[number] if labels[row] < 0]
            if len(free) > 1:
                for row in free:
                    labels[row] = number
        yield labels


def semhash(texts: Sequence[str], vectors: np.ndarray) -> Iterator[Labels]:
    """Yield SemHash on the same vectors: each text with the first one kept that is near."""
    from semhash import SemHash

    class Given:
        def encode(self, inputs: Sequence[str], **_: object) -> np.ndarray:
            return np.vstack([known[text] for text in inputs])

    known = dict(zip(texts, vectors, strict=True))
    for threshold in THRESHOLDS:
        told = SemHash.from_records(list(texts), model=Given()).self_deduplicate(threshold=float(threshold))
        first = {text: row for row, text in reversed(list(enumerate(texts)))}
        labels = [first[text] for text in texts]
        for double in told.filtered:
            if double.duplicates:
                labels[first[double.record]] = labels[first[double.duplicates[0][0]]]
        yield labels


PEERS: dict[str, Callable[[Sequence[str], np.ndarray], Iterator[Labels]]] = {
    "TF-IDF, average linkage": average_linkage_on_tf_idf,
    "HDBSCAN": hdbscan,
    "community detection rule": community_detection,
    "SemHash": semhash,
}
