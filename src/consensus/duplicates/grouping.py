"""Which submissions may ask the same: same wording first, then average linkage on the likeness of texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from consensus.digest import short_id
from consensus.duplicates.similarity import cosines, near, vectors
from consensus.duplicates.wording import normalise
from consensus.vocabulary import COLUMNS, empty

__all__ = ["THRESHOLD", "group_id", "propose_groups"]

THRESHOLD = 0.35
"""The least mean cosine between two groups that are joined.

Chosen on halves of the COVID-Q questions that share no summary question, on the careful side of the best: a person who
takes a group as proposed undoes a wrong one with more effort than it takes to join two. Thresholds do not carry over
from one collection of texts to another, so it can be passed.
"""

_MOST_AT_ONCE = 5_000  # texts of one table of cosines: 200 MB, and as much again while they are joined


def group_id(submission_ids: Iterable[str]) -> str:
    """Return the id of a duplicate group, which follows from its members alone.

    Examples
    --------
    >>> group_id(["s2", "s1"]) == group_id(["s1", "s2"])
    True
    """
    return short_id("g", *sorted(submission_ids))


def propose_groups(submissions: pd.DataFrame, *, threshold: float = THRESHOLD) -> pd.DataFrame:
    """Return the proposals frame: for every submission a duplicate group, which may hold it alone.

    Submissions of the same wording (case, marks and white space apart) are together; then groups whose mean cosine of
    TF-IDF on words and on pieces of words reaches `threshold` are joined, the nearest first (average linkage). Texts
    are compared as written: two languages are never near. Submissions that carry a status are left out.

    Parameters
    ----------
    submissions
        Columns `submission_id` and `text`, optionally `status`; S rows in any order.
    threshold
        The least mean cosine in (0, 1]; more gives smaller groups.

    Returns
    -------
    DataFrame
        One row a submission, by its id. `similarity` is its mean cosine to the rest of its group, 0 for one alone.
        `why` tells the evidence and holds no participant's word. The same whatever the order of rows and the threads.

    Examples
    --------
    >>> texts = ["Does diet help anxiety?", "does diet help anxiety", "Does ECT harm memory?"]
    >>> frame = pd.DataFrame({"submission_id": ["s1", "s2", "s3"], "text": texts})
    >>> proposals = propose_groups(frame)
    >>> proposals["group"].nunique(), proposals["why"].tolist()[0]
    (2, 'same wording as 1 other')
    """
    if "status" in submissions:
        submissions = submissions[submissions["status"] == ""]
    if submissions.empty:
        return empty("proposals")
    wordings = pd.Series(
        [normalise(text) for text in submissions["text"]], index=submissions["submission_id"].to_numpy(), dtype=object
    ).sort_index()
    texts = sorted(set(wordings))
    rows = vectors(texts)
    members = {text: list(ids) for text, ids in wordings.groupby(wordings).groups.items()}
    proposed = [
        row
        for numbers in _joined(rows, threshold)
        for row in _group(rows[numbers], [members[texts[number]] for number in numbers], threshold)
    ]
    return pd.DataFrame(sorted(proposed), columns=list(COLUMNS["proposals"]))


def _joined(rows: sparse.csr_matrix, threshold: float) -> Iterator[np.ndarray]:
    """Yield the row numbers of each group.

    Two groups are joined only if some pair of theirs reaches the threshold. So each group lies within a part that such
    pairs connect, and linking the parts one by one gives the very groups of linking all at once.
    """
    graph = near(rows, threshold)
    for part in _parts(graph, np.arange(rows.shape[0]), threshold):
        if len(part) == 1:
            yield part
            continue
        distances = squareform((1 - cosines(rows[part])).clip(0), checks=False)
        labels = fcluster(linkage(distances, "average"), 1 - threshold + 1e-12, "distance")
        for label in range(1, labels.max() + 1):
            yield part[labels == label]


def _parts(graph: sparse.csr_matrix, numbers: np.ndarray, least: float) -> Iterator[np.ndarray]:
    """Yield connected parts; one too large to link at once is taken apart at its weakest likeness first."""
    count, labels = connected_components(graph, directed=False)
    order = np.argsort(labels, kind="stable")
    for part in np.split(order, np.cumsum(np.bincount(labels, minlength=count))[:-1]):
        if len(part) <= _MOST_AT_ONCE:
            yield numbers[part]
            continue
        inside = graph[part][:, part]
        higher = least + 0.05
        inside.data = np.where(inside.data >= higher, inside.data, 0)
        inside.eliminate_zeros()
        yield from _parts(inside, numbers[part], higher)


def _group(
    rows: sparse.csr_matrix, members: list[list[str]], threshold: float
) -> Iterator[tuple[str, str, float, str]]:
    """Yield the proposals of one group, whose wordings have the vectors `rows` and the submissions `members`."""
    counts = np.array([len(ids) for ids in members])
    total = int(counts.sum())
    name = group_id(submission for ids in members for submission in ids)
    mean = (cosines(rows) @ counts - 1) / max(total - 1, 1)
    for ids, count, similarity in zip(members, counts, mean, strict=True):
        if total == 1:
            why = f"on its own: no group of submissions is near ({threshold:g} or more)"
        else:
            same = f"same wording as {count - 1} other{'s' if count > 2 else ''}" if count > 1 else ""
            others = f"mean TF-IDF cosine {similarity:.2f} to {total - 1} other{'s' if total > 2 else ''}"
            why = same if count == total else "; ".join(filter(None, [same, others]))
        for submission in ids:
            yield submission, name, float(round(similarity, 6)), why
