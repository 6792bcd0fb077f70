"""Consensus: priority setting partnerships, from the words people wrote to the Top 10.

The names here are those that an analyst's notebook needs; everything else is reached through its module.
"""

from consensus.agreement import agree
from consensus.duplicates import ReviewQueue, propose_groups
from consensus.embedding import Embedder, default_embedder
from consensus.firmness import stress
from consensus.interim import shortlist
from consensus.rules import RULES, rank
from consensus.sentences import describe
from consensus.tally import Tally, tally
from consensus.version import __version__

__all__ = [
    "RULES",
    "Embedder",
    "ReviewQueue",
    "Tally",
    "__version__",
    "agree",
    "default_embedder",
    "describe",
    "propose_groups",
    "rank",
    "shortlist",
    "stress",
    "tally",
]
