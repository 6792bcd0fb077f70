"""Seeded partnerships whose truth is known, and a scripted reviewer who never reads it.

`specification` reads what people have in mind, `answers` has them write it, `ballots` and `workshop` have them choose,
`reviewer` stands in for the people who review, and `recovery` says how much of the truth was found again.
"""

from consensus.simulate.answers import ANSWER_COLUMNS, OUT_OF_SCOPE, TRUTH_COLUMNS, simulate_answers, write_answers
from consensus.simulate.ballots import simulate_ballots, write_ballots
from consensus.simulate.recovery import Recovery, recovered
from consensus.simulate.reviewer import REVIEWER, ScriptedReviewer
from consensus.simulate.specification import Specification, read_specification
from consensus.simulate.workshop import simulate_small_groups, simulate_workshop, workshop_people, write_workshop

__all__ = [
    "ANSWER_COLUMNS",
    "OUT_OF_SCOPE",
    "REVIEWER",
    "TRUTH_COLUMNS",
    "Recovery",
    "ScriptedReviewer",
    "Specification",
    "read_specification",
    "recovered",
    "simulate_answers",
    "simulate_ballots",
    "simulate_small_groups",
    "simulate_workshop",
    "workshop_people",
    "write_answers",
    "write_ballots",
    "write_workshop",
]
