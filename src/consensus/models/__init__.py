"""The tables: what was received, what was decided, who took part, and what was derived.

Answers, ballots and decisions are only ever added to. Submissions, proposals, questions, lineage and set-aside rows are
derived, and are replaced whole. Instants are kept in UTC.
"""

from sqlmodel import SQLModel

from consensus.models.columns import Instant, order_by_code_points
from consensus.models.decided import Decision, Partnership, ProtocolVersion, Round
from consensus.models.derived import (
    Derivation,
    Identifier,
    Lineage,
    Proposal,
    Publication,
    PublicTable,
    Question,
    Ranking,
    SetAside,
    Submission,
    WorkshopPlace,
)
from consensus.models.received import Answer, Ballot, Quarantined, Upload
from consensus.models.taking_part import (
    ChainEntry,
    Interest,
    Mail,
    PaperEntry,
    Participation,
    Person,
    Response,
    RiskFlag,
)

__all__ = [
    "Answer",
    "Ballot",
    "ChainEntry",
    "Decision",
    "Derivation",
    "Identifier",
    "Instant",
    "Interest",
    "Lineage",
    "Mail",
    "PaperEntry",
    "Participation",
    "Partnership",
    "Person",
    "Proposal",
    "ProtocolVersion",
    "PublicTable",
    "Publication",
    "Quarantined",
    "Question",
    "Ranking",
    "Response",
    "RiskFlag",
    "Round",
    "SetAside",
    "Submission",
    "Upload",
    "WorkshopPlace",
]

order_by_code_points(SQLModel.metadata)
