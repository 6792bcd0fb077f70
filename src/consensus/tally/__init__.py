"""Ballots to integer tables per stakeholder group, which every rule starts from.

`faults` says what is wrong with a ballots frame, `coded` turns it into arrays, `pairs` and `tables` count them.
"""

from consensus.tally.coded import ALSO_NEEDED, CodedBallots, code_ballots, index_labels
from consensus.tally.faults import find_ballot_faults, quoted, whole_numbers
from consensus.tally.tables import Tally, tally, tally_coded

__all__ = [
    "ALSO_NEEDED",
    "CodedBallots",
    "Tally",
    "code_ballots",
    "find_ballot_faults",
    "index_labels",
    "quoted",
    "tally",
    "tally_coded",
    "whole_numbers",
]
