"""Frames to tables and back; the only package that opens a session."""

from consensus.store.decided import (
    append_decision,
    append_decisions,
    list_partnerships,
    load_decisions,
    load_protocol,
    save_protocol,
)
from consensus.store.derived import (
    StoredRanking,
    list_rankings,
    list_rounds,
    load_derivation,
    load_public_tables,
    load_ranking,
    load_round,
    save_derivation,
    save_public_table,
    save_ranking,
)
from consensus.store.engine import Store
from consensus.store.frames import load_frame, replace_frame
from consensus.store.received import (
    Received,
    load_answers,
    load_ballots,
    load_quarantine,
    save_answers,
    save_ballots,
    save_quarantine,
    save_upload,
)

__all__ = [
    "Received",
    "Store",
    "StoredRanking",
    "append_decision",
    "append_decisions",
    "list_partnerships",
    "list_rankings",
    "list_rounds",
    "load_answers",
    "load_ballots",
    "load_decisions",
    "load_derivation",
    "load_frame",
    "load_protocol",
    "load_public_tables",
    "load_quarantine",
    "load_ranking",
    "load_round",
    "replace_frame",
    "save_answers",
    "save_ballots",
    "save_derivation",
    "save_protocol",
    "save_public_table",
    "save_quarantine",
    "save_ranking",
    "save_upload",
]
