"""Submissions to proposed duplicate groups: a machine proposes, a person decides."""

from consensus.duplicates.calibrating import FEWEST_SETTLED, calibrated_threshold
from consensus.duplicates.categories import propose_categories
from consensus.duplicates.combiner import PRIOR, Combiner, Prior
from consensus.duplicates.deciding import ReviewQueue, Screen
from consensus.duplicates.evidence import FEATURES, Evidence, without_common
from consensus.duplicates.grouping import SPELLING_THRESHOLD, THRESHOLD, group_id, propose_groups
from consensus.duplicates.keywords import propose_keywords
from consensus.duplicates.languages import language
from consensus.duplicates.neighbours import Neighbours, neighbours
from consensus.duplicates.quality import Quality, b_cubed, pairwise
from consensus.duplicates.screening import propose_screening
from consensus.duplicates.wording import normalise, propose_wordings

__all__ = [
    "FEATURES",
    "FEWEST_SETTLED",
    "PRIOR",
    "SPELLING_THRESHOLD",
    "THRESHOLD",
    "Combiner",
    "Evidence",
    "Neighbours",
    "Prior",
    "Quality",
    "ReviewQueue",
    "Screen",
    "b_cubed",
    "calibrated_threshold",
    "group_id",
    "language",
    "neighbours",
    "normalise",
    "pairwise",
    "propose_categories",
    "propose_groups",
    "propose_keywords",
    "propose_screening",
    "propose_wordings",
    "without_common",
]
