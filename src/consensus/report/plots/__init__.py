"""The plots of a partnership, each read at a phone's width and at a page's, in words beside the picture.

All take public tables alone, and return a `Drawing`: `.svg()`, `.png()` and `.alt`.
"""

from consensus.report.plots.intervals import plot_intervals
from consensus.report.plots.people import plot_group_sizes, plot_taking_part
from consensus.report.plots.positions import plot_positions
from consensus.report.plots.review import plot_review
from consensus.report.plots.rounds import plot_rounds
from consensus.report.plots.scores import plot_scores

__all__ = [
    "plot_group_sizes",
    "plot_intervals",
    "plot_positions",
    "plot_review",
    "plot_rounds",
    "plot_scores",
    "plot_taking_part",
]
