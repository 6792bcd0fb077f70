"""How firmness and agreement were worked out, in the engine's own sentences, with nothing in them that is withheld."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from consensus.report.material import Material
from consensus.report.orders import Withheld
from consensus.sentences import describe

__all__ = ["describe_publicly"]

ONLY_WHOLE_LISTS = (
    "Kendall's W, Friedman's test and the mean Spearman correlation look only at ballots that answer every question."
)
"""What stands for the sentences that tell how many ballots of each group do not."""


def describe_publicly(material: Material, ballots: pd.Series, wordings: pd.Series, withheld: Withheld) -> list[str]:
    """Return the sentences of `describe` on firmness and agreement, as anybody may read them.

    Groups stand by their names and questions by their wordings; counts of ballots are those of the public table.
    With a withheld group that has a share, nothing is said of the smallest change of shares, which follows from its
    list; how many ballots are no whole lists is said without numbers.

    Parameters
    ----------
    ballots
        The public column of the table of who took part: index group, text.
    """
    names = {group: material.protocol.group_name(group) for group in material.protocol.shares}
    told = []
    for frame in (material.firmness, material.agreement, material.ratings):
        if frame.attrs.get("method"):
            public = frame.head(0).copy()
            public.attrs = _public(frame.attrs, names, ballots, wordings, withheld)
            if "skipped" in public.attrs:  # of the rules that the protocol names
                public.attrs["skipped"] = dict(material.skipped)
            told.append(describe(public))
    return told


def _public(
    attrs: Mapping[Any, Any], names: Mapping[str, str], ballots: pd.Series, wordings: pd.Series, withheld: Withheld
) -> dict[Any, Any]:
    public = dict(attrs)
    public["ballots"] = {names[group]: ballots.get(group, "0") for group in attrs["ballots"] if group in names}
    options = dict(attrs["options"])
    if "shares" in options:
        options["shares"] = {names[group]: share for group, share in options["shares"].items()}
    public["options"] = options
    if attrs.get("notes"):
        told = (ONLY_WHOLE_LISTS if note.startswith("Stakeholder group") else note for note in attrs["notes"])
        public["notes"] = list(dict.fromkeys(told))
    if "weighting" in attrs:
        public["weighting"] = _public_weighting(attrs["weighting"], names, public["ballots"])
    change = attrs.get("smallest_change")
    public["smallest_change"] = None if withheld.voices or not change else _worded(change, names, wordings)
    return public


def _public_weighting(
    weighting: Mapping[str, Any], names: Mapping[str, str], ballots: Mapping[str, str]
) -> dict[str, Any]:
    """Return how people were weighted; effective sample sizes of groups whose ballots are shown, and no small count."""
    effective = {names[group]: n for group, n in weighting["effective"].items() if group in names}
    notes = ["A margin with a level that nobody of a group is at was left out for that group."]
    return {
        "margins": {names.get(group, group): wanted for group, wanted in weighting.get("margins", {}).items()},
        "most": weighting.get("most"),
        "people": ballots,
        "effective": {group: n for group, n in effective.items() if str(ballots.get(group, "")).isdigit()},
        "notes": [
            *(
                ["Who did not state what the weighting needs counts as one person."]
                if weighting.get("unstated")
                else []
            ),
            *(notes if weighting.get("notes") else []),
        ],
    }


def _worded(change: Mapping[str, Any], names: Mapping[str, str], wordings: pd.Series) -> dict[str, Any]:
    return {
        **change,
        "shares": {names[group]: part for group, part in change["shares"].items()},
        **{end: wordings.get(change[end], change[end]) for end in ("enters", "leaves")},
    }
