"""The groups that stand, for those who only want to know where a submission is."""

from __future__ import annotations

import pandas as pd

from consensus.decisions import in_force
from consensus.duplicates.deciding.standing import Standing
from consensus.duplicates.wording import normalise

__all__ = ["standing_groups"]


def standing_groups(submissions: pd.DataFrame, decisions: pd.DataFrame) -> dict[str, str]:
    """Return the group of every submission on which people decided, from the decisions that stand; nothing is embedded.

    Examples
    --------
    >>> submissions = pd.DataFrame({"submission_id": ["s1", "s2", "s3"], "text": ["Sleep?", "Rest?", "Work?"]})
    >>> value = {"anchor": ["s1"], "same": [["s2"]], "different": []}
    >>> rows = [("d1", "compared", "s1", value, "Ada", None, "")]
    >>> from consensus.vocabulary import COLUMNS
    >>> groups = standing_groups(submissions, pd.DataFrame(rows, columns=COLUMNS["decisions"]))
    >>> sorted(groups), groups["s1"] == groups["s2"]
    (['s1', 's2'], True)
    """
    ids, texts = submissions["submission_id"], submissions["text"]
    standing = Standing({each: normalise(text) for each, text in zip(ids, texts, strict=True)})
    for row in in_force(decisions).to_dict("records"):
        standing.read({str(key): value for key, value in row.items()})
    homes = {each: standing.home(each) for each in ids if each not in standing.aside}
    decided = {standing.group[each] for each in standing.decided if each in standing.group}
    return {each: home for each, home in homes.items() if home in decided}
