"""Words for a group: the form in which texts are compared, and the wording proposed for a person."""

from __future__ import annotations

import re
import unicodedata

import pandas as pd

__all__ = ["blanked", "normalise", "propose_wordings"]

_NOT_WORDS = re.compile(r"[\W_]+")
_LIST_MARK = re.compile(r"^\s*(?:[-*•–·]|\(?\d{1,2}[.)]|\(?[a-hA-H][.)])\s+(?=\S)")
_SPACES = re.compile(r"\s+")
_LONGEST = 300


def normalise(text: str) -> str:
    """Return a text as it is compared: no case, no marks, single spaces; marks alone stay as they are.

    Examples
    --------
    >>> normalise("  1. Does DIET help,  anxiety?! "), normalise("😀 !")
    ('does diet help anxiety', '😀 !')
    """
    folded = unicodedata.normalize("NFKC", _LIST_MARK.sub("", text)).casefold()
    words = _NOT_WORDS.sub(" ", folded).strip()
    return words or _SPACES.sub(" ", folded).strip()


def propose_wordings(
    submissions: pd.DataFrame, proposals: pd.DataFrame, identifiers: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return for each group a wording to start from: its most central submission's own words.

    Of those that name nobody and are not long, the one nearest to the rest of its group; then the shortest, then the
    lowest id. Where all name somebody or are long, what was flagged is blanked and the end is cut; where no word is
    left then, nothing is proposed, and a person writes one.

    Returns
    -------
    DataFrame
        Index `group`, columns `submission_id` and `wording`.

    Examples
    --------
    >>> submissions = pd.DataFrame({"submission_id": ["s1", "s2"], "text": ["- Does diet  help?", "diet"]})
    >>> proposals = pd.DataFrame({"submission_id": ["s1", "s2"], "group": "g1", "similarity": [0.4, 0.4], "why": ""})
    >>> propose_wordings(submissions, proposals).loc["g1", "wording"]
    'diet'
    """
    frame = proposals.merge(submissions[["submission_id", "text"]], on="submission_id")
    flagged = set() if identifiers is None else set(identifiers["submission_id"])
    frame["unfit"] = frame["submission_id"].isin(flagged) | (frame["text"].str.len() > _LONGEST)
    frame["length"] = frame["text"].str.len()
    frame["order"] = -frame["similarity"]
    first = frame.sort_values(["group", "unfit", "order", "length", "submission_id"]).drop_duplicates("group")
    spans = {} if identifiers is None else dict(iter(identifiers.groupby("submission_id")))
    told = zip(first["submission_id"], first["text"], strict=True)
    words = [_as_wording(text, spans.get(submission)) for submission, text in told]
    first["wording"] = pd.Series(words, index=first.index, dtype=object)
    return first.set_index("group")[["submission_id", "wording"]]


def blanked(text: str, spans: pd.DataFrame | None) -> str:
    """Return a text with what was flagged in it (`start`, `end` of characters) blanked."""
    if spans is not None:
        for start, end in sorted(zip(spans["start"], spans["end"], strict=True), reverse=True):
            text = f"{text[:start]}[…]{text[end:]}"
    return text


def _as_wording(text: str, spans: pd.DataFrame | None) -> str:
    said, text = text, blanked(text, spans)
    if text != said and not _NOT_WORDS.sub("", text):
        return ""
    line = _SPACES.sub(" ", _LIST_MARK.sub("", text)).strip()
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rsplit(" ", 1)[0] + "…"
