"""Ratings and Delphi rounds: is there consensus, do the raters disagree, did they settle?

`given` reads ratings, `presets` has published definitions of consensus, `spread` percentiles and RAND/UCLA, `summary`
every question's figures, `stability` two rounds side by side, `feedback` what a participant is shown, `chnri` scores by
criteria.
"""

from consensus.ratings.chnri import chnri
from consensus.ratings.feedback import group_figures, rating_feedback
from consensus.ratings.presets import PRESETS, Preset, Verdict, comet_70_15, judge
from consensus.ratings.spread import PERCENTILES, RandUcla, percentile, rand_ucla
from consensus.ratings.stability import compare_rounds, mcnemar, weighted_kappa
from consensus.ratings.summary import quartiles, summarise_ratings

__all__ = [
    "PERCENTILES",
    "PRESETS",
    "Preset",
    "RandUcla",
    "Verdict",
    "chnri",
    "comet_70_15",
    "compare_rounds",
    "group_figures",
    "judge",
    "mcnemar",
    "percentile",
    "quartiles",
    "rand_ucla",
    "rating_feedback",
    "summarise_ratings",
    "weighted_kappa",
]
