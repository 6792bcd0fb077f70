"""How far people agree: within each stakeholder group, and from group to group.

`concordance` has the statistics of many raters, `between` those of two lists, `within` reads a group's ballots as
raters, `agreeing` puts it all in one frame.
"""

from consensus.agreement.agreeing import BETWEEN, agree
from consensus.agreement.between import jensen_shannon, kendall_tau_b, rank_biased_overlap, top_overlap
from consensus.agreement.concordance import category_counts, friedman, kendall_w, krippendorff_alpha, mean_spearman
from consensus.agreement.within import read_raters

__all__ = [
    "BETWEEN",
    "agree",
    "category_counts",
    "friedman",
    "jensen_shannon",
    "kendall_tau_b",
    "kendall_w",
    "krippendorff_alpha",
    "mean_spearman",
    "rank_biased_overlap",
    "read_raters",
    "top_overlap",
]
