"""How firm an order is: intervals, other weightings, who moved it, and what another rule would have said.

`replicas` ranks ballots drawn again, `shares` tries other weightings, `influence` asks who moved a question, `stress`
puts it all in one frame.
"""

from consensus.firmness.influence import influence, places_of_subsets, without_each
from consensus.firmness.replicas import METHODS, rank_interval, rank_replicates, rank_retallied
from consensus.firmness.shares import LINEAR, Change, acceptability, smallest_change
from consensus.firmness.stressing import stress

__all__ = [
    "LINEAR",
    "METHODS",
    "Change",
    "acceptability",
    "influence",
    "places_of_subsets",
    "rank_interval",
    "rank_replicates",
    "rank_retallied",
    "smallest_change",
    "stress",
    "without_each",
]
