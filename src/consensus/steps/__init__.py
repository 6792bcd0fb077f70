"""Load, compute, save: one function a stage. The flows, the command line and the web app call these and nothing below.

Every step is one transaction and can be asked for twice: the second time changes nothing.
"""

from consensus.steps.answers import gather, import_answers
from consensus.steps.approving import Approval, approval, record_approval
from consensus.steps.backup import back_up
from consensus.steps.ballots import counted_ballots, import_ballots
from consensus.steps.by_hand import record_by_hand
from consensus.steps.comparing import Comparison, compare
from consensus.steps.deciding import (
    Asked,
    answer_screen,
    move_submission,
    next_screen,
    review_progress,
    reword_question,
    screen_id,
    set_submissions_aside,
    split_group,
    undo_decision,
)
from consensus.steps.faults import noting
from consensus.steps.firmness import Firmness, firmness
from consensus.steps.freezing import publish_chain, verify_store
from consensus.steps.interest import write_to_list
from consensus.steps.inviting import import_people, invite_round, round_links
from consensus.steps.mailing import mail_is_due, send_mail
from consensus.steps.outbox import Outbox, mail_again, mail_done, outbox
from consensus.steps.outcome import NextAction, Outcome
from consensus.steps.partnerships import register
from consensus.steps.plots import plots
from consensus.steps.progress import list_partnerships, next_action
from consensus.steps.publication import publish
from consensus.steps.ranking import rank_round
from consensus.steps.review import build_questions, export_review, import_review, propose_duplicates, record_decisions
from consensus.steps.rounds import (
    cap_round,
    close_in_words,
    close_round,
    extend_round,
    open_round,
    pause_round,
    resume_round,
)
from consensus.steps.screening import screen_for_scope
from consensus.steps.scripted import (
    has_simulation,
    recovered,
    scripted_approval,
    scripted_ballots,
    scripted_review,
    scripted_workshop,
    simulate_partnership,
)
from consensus.steps.standing import (
    Standing,
    current_ranking_id,
    listed_questions,
    partnership_of,
    protocol,
    protocol_faults,
    quarantine,
    questions_on_ballot,
    rounds_of,
    shortlist_table,
    shortlisted,
    status,
    top_table,
    waiting_rounds,
)
from consensus.steps.subscription import Subscription, subscription, unsubscribe
from consensus.steps.sweep import advance_rounds
from consensus.steps.timetable import RoundView, grace_ends, list_rounds
from consensus.steps.tracing import decisions, trace, undo
from consensus.steps.upcoming import Reach, Upcoming, upcoming
from consensus.steps.withdrawal import withdraw, withdraw_sheet
from consensus.steps.workshop import finalise, import_workshop, record_dissent, record_merge, record_move

__all__ = [
    "Approval",
    "Asked",
    "Comparison",
    "Firmness",
    "NextAction",
    "Outbox",
    "Outcome",
    "Reach",
    "RoundView",
    "Standing",
    "Subscription",
    "Upcoming",
    "advance_rounds",
    "answer_screen",
    "approval",
    "back_up",
    "build_questions",
    "cap_round",
    "close_in_words",
    "close_round",
    "compare",
    "counted_ballots",
    "current_ranking_id",
    "decisions",
    "export_review",
    "extend_round",
    "finalise",
    "firmness",
    "gather",
    "grace_ends",
    "has_simulation",
    "import_answers",
    "import_ballots",
    "import_people",
    "import_review",
    "import_workshop",
    "invite_round",
    "list_partnerships",
    "list_rounds",
    "listed_questions",
    "mail_again",
    "mail_done",
    "mail_is_due",
    "move_submission",
    "next_action",
    "next_screen",
    "noting",
    "open_round",
    "outbox",
    "partnership_of",
    "pause_round",
    "plots",
    "propose_duplicates",
    "protocol",
    "protocol_faults",
    "publish",
    "publish_chain",
    "quarantine",
    "questions_on_ballot",
    "rank_round",
    "record_approval",
    "record_by_hand",
    "record_decisions",
    "record_dissent",
    "record_merge",
    "record_move",
    "recovered",
    "register",
    "resume_round",
    "review_progress",
    "reword_question",
    "round_links",
    "rounds_of",
    "screen_for_scope",
    "screen_id",
    "scripted_approval",
    "scripted_ballots",
    "scripted_review",
    "scripted_workshop",
    "send_mail",
    "set_submissions_aside",
    "shortlist_table",
    "shortlisted",
    "simulate_partnership",
    "split_group",
    "status",
    "subscription",
    "top_table",
    "trace",
    "undo",
    "undo_decision",
    "unsubscribe",
    "upcoming",
    "verify_store",
    "waiting_rounds",
    "withdraw",
    "withdraw_sheet",
    "write_to_list",
]
