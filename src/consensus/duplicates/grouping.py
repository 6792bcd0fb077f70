"""Which submissions may ask the same: same wording first, then average linkage on the likeness of texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from consensus.digest import short_id
from consensus.duplicates.aligning import aligned
from consensus.duplicates.arriving import by_wording, received
from consensus.duplicates.evidence import without_common
from consensus.duplicates.languages import UNKNOWN, language
from consensus.duplicates.linking import Linkage
from consensus.duplicates.neighbourhood import likeness, linked, spelled_likeness
from consensus.duplicates.neighbours import GRID_LENGTH, neighbours, on_grid
from consensus.embedding import Embedder, LexicalEmbedder, default_embedder
from consensus.embedding.encoding import tokens_of
from consensus.vocabulary import COLUMNS, empty

__all__ = [
    "MOST_ALIGNED",
    "SPELLING_THRESHOLD",
    "THRESHOLD",
    "group_id",
    "learned_vectors",
    "propose_groups",
    "readable_parts",
]

THRESHOLD = 0.78
"""The least mean cosine between two groups that are joined, where a language model compares them.

Cosines are those of texts seen with the ones nearest to them: two texts that are each other's nearest reach it from a
cosine of 0.52 on. It is on the careful side of the best: a person who takes a group as proposed undoes a wrong one with
more effort than it takes to join two. Thresholds do not carry over from one collection of texts to another:
`calibrated_threshold` finds one from groups that people have made.
"""

SPELLING_THRESHOLD = 0.7
"""The same where spelling alone is compared."""

MOST_ALIGNED = 5_000
"""Wordings up to which texts that are near are compared token by token: each is read again for that."""

_COMPARED = 50  # texts near to each that it is compared with, as many as the review queue compares


def group_id(submission_ids: Iterable[str]) -> str:
    """Return the id of a duplicate group, which follows from its members alone.

    Examples
    --------
    >>> group_id(["s2", "s1"]) == group_id(["s1", "s2"])
    True
    """
    return short_id("g", *sorted(submission_ids))


def propose_groups(
    submissions: pd.DataFrame,
    embedder: Embedder | None = None,
    *,
    threshold: float | None = None,
    spelling_threshold: float | None = None,
    common_directions: bool = True,
) -> pd.DataFrame:
    """Return the proposals frame: for every submission a duplicate group, which may hold it alone.

    Submissions of the same wording (case, marks and white space apart) are together; then groups whose mean cosine
    reaches the threshold are joined, the nearest first (average linkage). Cosines are taken without what all texts
    share, and each text is seen with those nearest to it. Up to 5,000 wordings, those that are near are compared token
    by token for that, where the embedder tells tokens. Texts in a language that the embedder has not learned are
    compared by spelling, within their language alone.
    Submissions that carry a status are left out. Nothing is merged: a person takes a proposal or leaves it.

    Parameters
    ----------
    submissions
        Columns `submission_id` and `text`, optionally `status`; S rows in any order.
    embedder
        What compares the texts; by default the language model that is installed.
    threshold
        The least mean cosine in (0, 1] of texts that the embedder reads; more gives smaller groups. By default
        `THRESHOLD`, of an embedder that compares spelling `SPELLING_THRESHOLD`.
    spelling_threshold
        The same for texts that it does not read, and which are compared by spelling; by default `SPELLING_THRESHOLD`.
    common_directions
        Whether the directions in which all texts differ most are damped; where texts are on many subjects, that hurts.

    Returns
    -------
    DataFrame
        One row a submission, by its id. `similarity` is its mean cosine to the rest of its group, 0 for one alone.
        `why` tells the evidence and holds no participant's word. The same whatever the order of rows and the threads.

    Raises
    ------
    DataError
        An id or a text is missing, or an id is there twice; all such faults at once.

    Examples
    --------
    >>> texts = ["Does diet help anxiety?", "does diet help anxiety", "Does ECT harm memory?"]
    >>> frame = pd.DataFrame({"submission_id": ["s1", "s2", "s3"], "text": texts})
    >>> proposals = propose_groups(frame)
    >>> proposals["group"].nunique(), proposals["why"].tolist()[0]
    (2, 'same wording as 1 other')
    """
    told = received(submissions)
    told = told[told["status"] == ""]
    if told.empty:
        return empty("proposals")
    texts, members = by_wording(told)
    reader = embedder or default_embedder()
    asked = {True: threshold, False: spelling_threshold}
    proposed = [
        row
        for part in readable_parts(texts, reader)
        for row in _proposed(part, members, asked[part.embedder is reader], common_directions)
    ]
    return pd.DataFrame(sorted(proposed), columns=list(COLUMNS["proposals"]))


@dataclass(frozen=True)
class Part:
    """Some of the wordings, which one embedder can compare: their numbers, vectors and texts."""

    embedder: Embedder
    numbers: NDArray[np.int64]
    vectors: NDArray[np.float32]
    texts: tuple[str, ...]

    def likeness(self, *, common_directions: bool = True) -> NDArray[np.float32]:
        """Return the vectors by which these texts are grouped; of spelling, what is rare among them counts more."""
        if self.embedder.sha256 == LexicalEmbedder().sha256:
            return spelled_likeness(self.texts)
        return likeness(self.vectors, common_directions=common_directions)

    def linked(self, least: float, *, common_directions: bool = True) -> tuple[NDArray[np.float32], Linkage]:
        """Return the vectors of these texts seen with those nearest to them, and their joins down to `least`.

        Texts that are near are also compared token by token, where the embedder tells tokens and the texts are not more
        than `MOST_ALIGNED`.
        """
        rows = self.likeness(common_directions=common_directions)
        if len(self.texts) > MOST_ALIGNED or tokens_of(self.embedder, []) is None:
            return linked(rows, least)
        near = neighbours(without_common(self.vectors), min(_COMPARED, max(len(self.texts) - 1, 0)))
        return linked(rows, least, near, aligned(self.embedder, self.texts, near.index))

    @property
    def threshold(self) -> float:
        """Return the least mean cosine at which groups are joined by default."""
        return THRESHOLD if self.embedder.languages else SPELLING_THRESHOLD


def readable_parts(texts: Sequence[str], embedder: Embedder) -> Iterator[Part]:
    """Yield the texts in parts within which likeness may be claimed, each number in one part.

    What the embedder has learned - and what is too short to tell - makes one part. Every other language makes one of
    its own, compared by spelling; so does what the embedder can read nothing of.
    """
    found = [language(text) if embedder.languages else UNKNOWN for text in texts]
    able = {*embedder.languages, UNKNOWN}
    learned = np.flatnonzero([code in able for code in found])
    vectors = embedder.encode([texts[int(number)] for number in learned])
    read = vectors.any(axis=1)
    if read.any():
        rows = vectors if read.all() else vectors[read]
        yield Part(embedder, learned[read], rows, tuple(texts[int(number)] for number in learned[read]))
    others: dict[str, list[int]] = {"": learned[~read].tolist()}
    for number, code in enumerate(found):
        if code not in able:
            others.setdefault(code, []).append(number)
    spelling = LexicalEmbedder()
    for numbers in filter(None, others.values()):
        told = tuple(texts[number] for number in numbers)
        yield Part(spelling, np.array(numbers), spelling.encode(told), told)


def learned_vectors(texts: Sequence[str], embedder: Embedder) -> NDArray[np.float32]:
    """Return [S, d] the vectors of texts; zeros for one in a language of which the embedder may claim nothing."""
    found: NDArray[np.float32] | None = None
    for part in readable_parts(texts, embedder):
        if part.embedder is embedder:
            found = np.zeros((len(texts), part.vectors.shape[1]), np.float32)
            found[part.numbers] = part.vectors
    return np.zeros((len(texts), 1), np.float32) if found is None else found


def _proposed(
    part: Part, members: Sequence[list[str]], threshold: float | None, common_directions: bool
) -> Iterator[tuple[str, str, float, str]]:
    """Yield the proposals of the groups of one part."""
    least = part.threshold if threshold is None else threshold
    seen, linkage = part.linked(least, common_directions=common_directions)
    groups = linkage.cut(least)
    grid = on_grid(seen)
    order = np.argsort(groups, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        ids = [members[part.numbers[row]] for row in rows]
        yield from _group(grid[rows].astype(np.float64) / GRID_LENGTH, ids, part.embedder.name, least)


def _group(
    rows: NDArray[np.float64], members: list[list[str]], name: str, threshold: float
) -> Iterator[tuple[str, str, float, str]]:
    """Yield the proposals of one group, whose wordings have the vectors `rows` and the submissions `members`."""
    counts = np.array([len(ids) for ids in members])
    total = int(counts.sum())
    group = group_id(submission for ids in members for submission in ids)
    centre = (rows * counts[:, None]).sum(axis=0)
    mean = (((rows * centre).sum(axis=1) - 1) / max(total - 1, 1)).clip(0, 1)
    for ids, count, similarity in zip(members, counts, mean, strict=True):
        if total == 1:
            why = f"on its own: no group of submissions is near ({threshold:g} or more by {name})"
        else:
            same = f"same wording as {count - 1} other{'s' if count > 2 else ''}" if count > 1 else ""
            others = f"mean cosine {similarity:.2f} to {total - 1} other{'s' if total > 2 else ''} by {name}"
            why = same if count == total else "; ".join(filter(None, [same, others]))
        for submission in ids:
            yield submission, group, float(round(similarity, 6)) if total > 1 else 0.0, why
