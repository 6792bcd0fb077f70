"""Submissions to the words that are published: redacted where a person decided it, withheld while nobody has.

Partnerships publish original submissions, as the James Lind Alliance does. A suspected identifier in one must first be
looked at: a `redact` decision that covers it replaces it, or, with the kind "none", says that it is none. Until every
suspected identifier of a submission is covered, the submission is withheld and only counted.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from consensus.questions import in_force

__all__ = ["KEEP", "publish_words"]

KEEP = ("", "none")
"""Kinds of a `redact` decision that mean: looked at, nothing to hide here."""

Span = tuple[int, int, str]


def _rows(frame: pd.DataFrame, *columns: str) -> list[tuple]:
    return list(zip(*(frame[column] for column in columns), strict=True))


def publish_words(submissions: pd.DataFrame, identifiers: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """Return the words of each submission as they may be published.

    Parameters
    ----------
    submissions, identifiers, decisions
        Frames of the vocabulary; offsets count characters of the submission.

    Returns
    -------
    DataFrame
        Index `submission_id`: `text` with redactions, empty where `withheld` is true.

    Examples
    --------
    >>> words = pd.DataFrame({"submission_id": ["s1", "s2"], "text": ["Ask Ann Lee", "Why no sleep?"]})
    >>> found = pd.DataFrame({"submission_id": ["s1"], "start": [4], "end": [11], "kind": ["name"]})
    >>> none = pd.DataFrame(columns=["decision_id", "kind", "subject", "value"])
    >>> publish_words(words, found, none)["withheld"].to_dict()
    {'s1': True, 's2': False}
    >>> act = pd.DataFrame([{"decision_id": "d", "kind": "redact", "subject": "s1",
    ...     "value": {"start": 4, "end": 11, "kind": "name"}}])
    >>> publish_words(words, found, act).loc["s1", "text"]
    'Ask [name removed]'
    """
    standing = in_force(decisions)
    redactions: dict[str, list[Span]] = {}
    for submission, span in _rows(standing[standing["kind"] == "redact"], "subject", "value"):
        redactions.setdefault(submission, []).append((int(span["start"]), int(span["end"]), str(span["kind"])))
    flagged: dict[str, list[Span]] = {}
    for submission, start, end, kind in _rows(identifiers, "submission_id", "start", "end", "kind"):
        flagged.setdefault(submission, []).append((int(start), int(end), str(kind)))
    texts = submissions.set_index("submission_id")["text"].astype(object)
    for submission, spans in redactions.items():
        if submission in texts.index:
            texts[submission] = _redact(texts[submission], spans)
    withheld = {s for s, spans in flagged.items() if not _covered(spans, redactions.get(s, ()))}
    published = pd.DataFrame({"text": texts, "withheld": texts.index.isin(withheld)})
    published.loc[published["withheld"], "text"] = ""
    return published


def _covered(flagged: Iterable[Span], looked_at: Iterable[Span]) -> bool:
    seen = {place for start, end, _ in looked_at for place in range(start, end)}
    return all(place in seen for start, end, _ in flagged for place in range(start, end))


def _redact(text: str, spans: Iterable[Span]) -> str:
    """Replace spans by what stood there; spans that overlap become one, named for the first."""
    merged: list[Span] = []
    for start, end, kind in sorted(span for span in spans if span[2] not in KEEP and span[0] < span[1]):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end), merged[-1][2])
        else:
            merged.append((start, end, kind))
    for start, end, kind in reversed(merged):
        text = f"{text[:start]}[{kind.replace('_', ' ')} removed]{text[end:]}"
    return text
