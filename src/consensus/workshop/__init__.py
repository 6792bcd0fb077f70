"""The workshop: seats in small mixed groups, their rankings combined, and the plenary's recorded moves.

`seats` seats people, `ranking` combines the small groups' orders and carries out what the plenary decided.
"""

from consensus.workshop.ranking import (
    apply_merges,
    apply_moves,
    check_workshop_rankings,
    combine_rankings,
    compare_orders,
    top,
)
from consensus.workshop.seats import allocate_seats, check_seats

__all__ = [
    "allocate_seats",
    "apply_merges",
    "apply_moves",
    "check_seats",
    "check_workshop_rankings",
    "combine_rankings",
    "compare_orders",
    "top",
]
