"""What people fill in: a survey's pages, what a form said, what is still amiss, and what is sent in the end.

Pure: what a person has said so far is a mapping from item id to what was said, and every function returns a new one.
"""

from consensus.survey.ballots import sent_choices, takes_ballots
from consensus.survey.choosing import (
    QuestionPage,
    chosen_of,
    find_questions,
    in_own_order,
    shuffled,
    with_ticks,
)
from consensus.survey.faults import Fault, page_faults, survey_faults
from consensus.survey.filling import ADD, fill_page, replies, words_of
from consensus.survey.moments import MOMENTS, dated, unknown_moments, with_moments
from consensus.survey.ordering import moved, placed
from consensus.survey.pages import Page, opening, opening_hash, pages
from consensus.survey.sets import picked_all, read_set, read_sets, set_count, set_size, sets_of

__all__ = [
    "ADD",
    "MOMENTS",
    "Fault",
    "Page",
    "QuestionPage",
    "chosen_of",
    "dated",
    "fill_page",
    "find_questions",
    "in_own_order",
    "moved",
    "opening",
    "opening_hash",
    "page_faults",
    "pages",
    "picked_all",
    "placed",
    "read_set",
    "read_sets",
    "replies",
    "sent_choices",
    "set_count",
    "set_size",
    "sets_of",
    "shuffled",
    "survey_faults",
    "takes_ballots",
    "unknown_moments",
    "with_moments",
    "with_ticks",
    "words_of",
]
