"""The truth of a simulation, held against what became of the words: for simulated voters and for `recovered` alone."""

from __future__ import annotations

import pandas as pd

from consensus.protocol import Protocol
from consensus.simulate.answers import OUT_OF_SCOPE
from consensus.simulate.specification import Specification

__all__ = ["first_with_ties", "latent_of_questions", "latent_of_submissions", "latent_scores", "utility"]

FINER = 100  # importance decides; of two that matter equally, the one that is heard more


def latent_of_submissions(submissions: pd.DataFrame, truth: pd.DataFrame) -> pd.Series:
    """Return for each submission the latent question of which most of its characters speak, or `OUT_OF_SCOPE`.

    Index `submission_id`. A submission whose words are in no box of its respondent reads as out of scope.

    Examples
    --------
    >>> truth = pd.DataFrame({"response_id": ["R1"] * 2, "box": ["q1"] * 2, "start": [0, 11], "end": [11, 22],
    ...     "latent": ["sleep", "diet"], "text": ["Does sleep?", " Does food?"]})
    >>> submissions = pd.DataFrame({"submission_id": ["s1"], "response_id": ["R1"], "start": [12], "end": [22],
    ...     "text": ["Does food?"]})
    >>> latent_of_submissions(submissions, truth).to_dict()
    {'s1': 'diet'}
    """
    boxes: dict[str, list[tuple[str, list[tuple[int, int, str]]]]] = {}
    for (response, _), parts in truth.sort_values("start").groupby(["response_id", "box"], sort=True):
        spans = list(parts[["start", "end", "latent"]].itertuples(index=False, name=None))
        boxes.setdefault(str(response), []).append(("".join(parts["text"]), spans))
    columns = submissions[["response_id", "start", "end", "text"]]
    found = [
        _spoken_of(boxes.get(str(response), []), int(start), int(end), text)
        for response, start, end, text in columns.itertuples(index=False, name=None)
    ]
    return pd.Series(found, index=submissions["submission_id"].to_numpy(), dtype=object)


def _spoken_of(boxes: list[tuple[str, list[tuple[int, int, str]]]], start: int, end: int, text: str) -> str:
    """Return what the box that holds the text at that place speaks of there; a redacted text still fits its box."""
    fits = [sum(a == b for a, b in zip(box[start:end], text, strict=False)) for box, _ in boxes]
    best = max(fits, default=0)
    if not text or 2 * best < len(text):
        return OUT_OF_SCOPE
    spans = boxes[fits.index(best)][1]
    return max(spans, key=lambda span: min(span[1], end) - max(span[0], start))[2]


def latent_of_questions(lineage: pd.DataFrame, latent: pd.Series) -> dict[str, str]:
    """Return for each summary question the latent question that most of its submissions ask; ties by its id.

    Examples
    --------
    >>> lineage = pd.DataFrame({"question_id": ["q1", "q1", "q1"], "submission_id": ["s1", "s2", "s3"]})
    >>> latent_of_questions(lineage, pd.Series({"s1": "sleep", "s2": "sleep", "s3": "diet"}))
    {'q1': 'sleep'}
    """
    told = lineage.assign(latent=lineage["submission_id"].map(latent).fillna(OUT_OF_SCOPE))
    counts = told.groupby(["question_id", "latent"]).size().reset_index(name="n")
    first = counts.sort_values(["question_id", "n", "latent"], ascending=[True, False, True])
    return dict(first.drop_duplicates("question_id")[["question_id", "latent"]].itertuples(index=False, name=None))


def utility(specification: Specification, protocol: Protocol, group: str) -> dict[str, int]:
    """Return how much a stakeholder group wants each latent question answered: a whole number, more is more."""
    place = [each.id for each in protocol.groups].index(group)
    return {each.id: FINER * each.importance[place] + each.heard for each in specification.questions}


def latent_scores(specification: Specification, protocol: Protocol) -> pd.Series:
    """Return the latent questions that research has not settled, best first, with their score.

    Each group's position of a question (tied questions share the mean), turned so that more is better, weighted by the
    groups' shares: the default rule of an interim ranking on what people really want. Ties are in the order of the ids.
    """
    unsettled = [each.id for each in specification.questions if not each.settled]
    total = pd.Series(0.0, index=unsettled)
    for group, share in protocol.shares.items():
        wanted = pd.Series(utility(specification, protocol, group)).loc[unsettled]
        total += share * wanted.rank(method="average")
    return total.sort_index().sort_values(ascending=False, kind="stable")


def first_with_ties(scores: pd.Series, n: int) -> list[str]:
    """Return the labels of the first n scores and of those level with the last of them.

    Examples
    --------
    >>> first_with_ties(pd.Series({"sleep": 5.0, "diet": 3.0, "work": 3.0, "debt": 1.0}), 2)
    ['sleep', 'diet', 'work']
    """
    return list(scores.index[scores >= scores.iloc[min(n, len(scores)) - 1]])
