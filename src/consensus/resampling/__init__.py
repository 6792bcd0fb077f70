"""Ballots drawn again with replacement, group by group: what firmness and agreement take their intervals from.

`matrices` writes out what each ballot adds to its group's tables, `replicates` sums it over ballots drawn again;
`moments` sums what the normal distribution needs;
`threads` keeps those of the linear algebra library out of the way.
"""

from consensus.resampling.matrices import (
    BallotMatrix,
    doubled_places,
    in_voices,
    midrank_matrix,
    points_matrix,
    voices_matrix,
)
from consensus.resampling.moments import place_moments, places_worth, points_worth
from consensus.resampling.replicates import (
    BLOCK,
    GroupDraws,
    draw_all,
    draw_normal,
    gaussian_sums,
    interval,
    replicate_sums,
    replicate_weights,
    stream,
)
from consensus.tally.placing import doubled_positions, lowest_places

__all__ = [
    "BLOCK",
    "BallotMatrix",
    "GroupDraws",
    "doubled_places",
    "doubled_positions",
    "draw_all",
    "draw_normal",
    "gaussian_sums",
    "in_voices",
    "interval",
    "lowest_places",
    "midrank_matrix",
    "place_moments",
    "places_worth",
    "points_matrix",
    "points_worth",
    "replicate_sums",
    "replicate_weights",
    "stream",
    "voices_matrix",
]
