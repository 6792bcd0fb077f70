"""What the store holds of a partnership when it publishes; restricted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from consensus.protocol import Protocol
from consensus.vocabulary import empty

__all__ = ["ANSWERED", "BALLOTS", "Material"]

ANSWERED, BALLOTS = "people who answered", "ballots counted"


@dataclass(frozen=True)
class Material:
    """What the store holds of a partnership when it publishes. Restricted: never printed.

    Attributes
    ----------
    answers, submissions, identifiers, questions, lineage, set_aside, decisions
        Frames of the vocabulary. Of `answers`, the newest version of each.
    ranking
        The interim ranking: index `question`, columns rank, tied, score, position_<group>.
    shortlist
        Index `question`: why, gap, tied_at_cut.
    ballots
        How many ballots of each group were counted.
    sensitivity, leave_one_out
        By rule, a ranking; index `question`, a column `without_<group>` of ranks.
    skipped
        Rule shown beside the order -> why it could not rank these ballots.
    firmness, agreement
        As `stress` and `agree` gave them, with their `attrs`; empty where nothing was tried.
    stability
        As `compare_rounds` gave it, its index as a column; empty where no round followed another.
    ratings
        As `summarise_ratings` gave it, its index as columns; empty where people did not rate.
    ways
        By `modes` and `partners`, then by ANSWERED and BALLOTS: how many people took part by each way.
    final
        The workshop's order after its moves: index `question`, columns rank, tied. Empty before the workshop.
    digests
        What a reader can check, by what it is a digest of.
    not_counted
        How many ballots were not counted, by reason.
    """

    protocol: Protocol
    answers: pd.DataFrame
    submissions: pd.DataFrame
    questions: pd.DataFrame
    lineage: pd.DataFrame
    set_aside: pd.DataFrame
    decisions: pd.DataFrame
    ranking: pd.DataFrame
    shortlist: pd.DataFrame
    ballots: Mapping[str, int]
    published_at: datetime
    identifiers: pd.DataFrame = field(default_factory=lambda: empty("identifiers"))
    sensitivity: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    leave_one_out: pd.DataFrame = field(default_factory=pd.DataFrame)
    skipped: Mapping[str, str] = field(default_factory=dict)
    firmness: pd.DataFrame = field(default_factory=pd.DataFrame)
    agreement: pd.DataFrame = field(default_factory=pd.DataFrame)
    ratings: pd.DataFrame = field(default_factory=pd.DataFrame)
    stability: pd.DataFrame = field(default_factory=pd.DataFrame)
    ways: Mapping[str, Mapping[str, pd.Series]] = field(default_factory=dict)
    final: pd.DataFrame | None = None
    rounds: pd.DataFrame = field(default_factory=lambda: empty("rounds"))
    digests: Mapping[str, str] = field(default_factory=dict)
    not_counted: Mapping[str, int] = field(default_factory=dict)
