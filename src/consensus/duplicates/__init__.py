"""Submissions to proposed duplicate groups: a machine proposes, a person decides."""

from consensus.duplicates.grouping import THRESHOLD, group_id, propose_groups
from consensus.duplicates.quality import Quality, b_cubed, pairwise
from consensus.duplicates.wording import normalise, propose_categories, propose_wordings

__all__ = [
    "THRESHOLD",
    "Quality",
    "b_cubed",
    "group_id",
    "normalise",
    "pairwise",
    "propose_categories",
    "propose_groups",
    "propose_wordings",
]
