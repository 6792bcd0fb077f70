"""Ballots as received to the interim ranking and the shortlist.

`responses` maps what importers give to ballots, `checking` sets aside those with a fault, `ranking` ranks by the
protocol and keeps every table between, `shortlists` says which summary questions go to the workshop and why.
"""

from consensus.interim.checking import CheckedBallots, check_ballots, open_questions
from consensus.interim.ranking import InterimRanking, count_groups, leave_one_out, rank_interim
from consensus.interim.responses import ballots_from_responses
from consensus.interim.shortlists import SHORTLIST_RULES, shortlist

__all__ = [
    "SHORTLIST_RULES",
    "CheckedBallots",
    "InterimRanking",
    "ballots_from_responses",
    "check_ballots",
    "count_groups",
    "leave_one_out",
    "open_questions",
    "rank_interim",
    "shortlist",
]
