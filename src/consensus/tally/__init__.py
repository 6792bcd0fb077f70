"""Ballots to integer tables per stakeholder group, which every rule starts from.

`received` takes a ballots frame apart, `faults` says what is wrong with it, `coded` turns it into arrays in which a
ballot is a run of rows, `slots` reads short ones as columns, `pairs` and `tables` count them; `placing` puts lists of
totals in order.
"""

from consensus.tally.coded import CodedBallots, code_ballots, code_received
from consensus.tally.faults import find_ballot_faults, quoted, raise_faults
from consensus.tally.received import IntArray, Received, index_labels, receive, whole_numbers
from consensus.tally.slots import Slots, are_short, read_slots
from consensus.tally.tables import Tally, tally, tally_coded

__all__ = [
    "CodedBallots",
    "IntArray",
    "Received",
    "Slots",
    "Tally",
    "are_short",
    "code_ballots",
    "code_received",
    "find_ballot_faults",
    "index_labels",
    "quoted",
    "raise_faults",
    "read_slots",
    "receive",
    "tally",
    "tally_coded",
    "whole_numbers",
]
