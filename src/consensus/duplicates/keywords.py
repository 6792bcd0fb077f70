"""Words that set a group apart from the others, by class TF-IDF: what a person who words its question looks at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import log

import pandas as pd

from consensus.duplicates.wording import blanked, normalise

__all__ = ["propose_keywords"]

_SHORTEST, _LONGEST = 3, 40


def propose_keywords(
    submissions: pd.DataFrame, proposals: pd.DataFrame, identifiers: pd.DataFrame | None = None, *, count: int = 5
) -> dict[str, str]:
    """Return for each group at most `count` words that set it apart, the most telling first, with commas between.

    A word's weight is how often its group says it, times log(1 + A / f): f is how often all groups say it, A how many
    words a group has on average (class TF-IDF, Grootendorst 2022, arXiv:2203.05794, equation 3). A wording that was
    sent many times counts once in its group. Ties go by the alphabet. A word in more than half of the groups, one
    without a letter, and one of fewer than 3 or more than 40 characters sets nothing apart.

    Parameters
    ----------
    submissions
        Columns `submission_id` and `text`.
    proposals
        Columns `submission_id` and `group`; what is in no group ("") is left out.
    identifiers
        What was flagged as naming somebody: `submission_id`, `start` and `end`. It is no keyword.

    Returns
    -------
    dict
        By group; "" where no word sets it apart.

    Examples
    --------
    >>> texts = ["Does ECT harm memory?", "ECT and memory", "Does diet help mood?"]
    >>> submissions = pd.DataFrame({"submission_id": ["s1", "s2", "s3"], "text": texts})
    >>> proposals = pd.DataFrame({"submission_id": ["s1", "s2", "s3"], "group": ["g1", "g1", "g2"]})
    >>> propose_keywords(submissions, proposals, count=2)
    {'g1': 'ect, memory', 'g2': 'diet, help'}
    """
    frame = proposals[proposals["group"] != ""].merge(submissions[["submission_id", "text"]], on="submission_id")
    spans = {} if identifiers is None else dict(iter(identifiers.groupby("submission_id")))
    told = zip(frame["submission_id"], frame["text"], strict=True)
    said = [normalise(blanked(text, spans.get(submission))) for submission, text in told]
    frame["wording"] = pd.Series(said, index=frame.index, dtype=object)  # as it is: text that no encoding can hold too
    frame = frame.drop_duplicates(["group", "wording"])
    counted = {
        str(group): Counter(word for wording in wordings for word in wording.split() if _is_word(word))
        for group, wordings in frame.groupby("group")["wording"]
    }
    everywhere = Counter(word for words in counted.values() for word in words.elements())
    spread = Counter(word for words in counted.values() for word in words)
    usual = everywhere.total() / max(len(counted), 1)
    rare = {word: log(1 + usual / everywhere[word]) for word, n in spread.items() if n <= max(len(counted) / 2, 1)}
    return {group: ", ".join(_heaviest(words, rare)[:count]) for group, words in counted.items()}


def _heaviest(words: Counter[str], rare: Mapping[str, float]) -> list[str]:
    weights = {word: round(number * rare[word], 9) for word, number in words.items() if word in rare}
    return sorted(weights, key=lambda word: (-weights[word], word))


def _is_word(word: str) -> bool:
    return _SHORTEST <= len(word) <= _LONGEST and any(letter.isalpha() for letter in word)
