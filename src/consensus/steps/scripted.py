"""People's parts played by script, for a demonstration or a test, and named as such in every decision.

The scripted reviewer reads what a person would be shown. Only the simulated participants know the truth of a simulated
partnership: they know what they want.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import pandas as pd

from consensus import store
from consensus.simulate.reviewer import REVIEWER, ScriptedReviewer
from consensus.steps.outcome import Outcome
from consensus.steps.ranking import current_ranking, record_approval
from consensus.steps.review import record_decisions
from consensus.store import Store

__all__ = ["scripted_approval", "scripted_review"]


def scripted_review(db: Store, partnership: str, *, folder: Path | str, now: datetime) -> Outcome:
    """Have the scripted reviewer decide on every proposal and check the evidence, by the rules in `folder`."""
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        submissions = store.load_frame(session, "submissions", partnership)
        proposals = store.load_frame(session, "proposals", partnership)
        identifiers = store.load_frame(session, "identifiers", partnership)
    reviewer = ScriptedReviewer.read(folder, protocol)
    grouped = record_decisions(
        db, partnership, as_rows(reviewer.decide(submissions, proposals, identifiers, at=now)), now=now
    )
    with db.reading() as session:
        questions = store.load_frame(session, "questions", partnership)
    checked = record_decisions(db, partnership, as_rows(reviewer.check_evidence(questions, at=now)), now=now)
    decisions = grouped.counts["decisions"] + checked.counts["decisions"]
    return Outcome(
        stage=grouped.stage,
        done=f"The scripted reviewer took {decisions} decisions. {checked.done.split('. ', 1)[1]}",
        next=checked.next,
        counts={**checked.counts, "decisions": decisions},
        tables=checked.tables,
        ids=checked.ids,
    )


def as_rows(decisions: pd.DataFrame) -> Iterable[Mapping[str, object]]:
    """Return a decisions frame as rows to record."""
    return [{str(key): value for key, value in row.items()} for row in decisions.to_dict("records")]


def scripted_approval(db: Store, partnership: str, *, now: datetime) -> Outcome:
    """Have the scripted reviewer sign off the current shortlist."""
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        ranking_id = current_ranking(session, partnership).ranking_id
    row = ScriptedReviewer(protocol).approve(ranking_id, at=now).iloc[0]
    return record_approval(
        db, partnership, ranking_id, row["value"]["decision"], by=REVIEWER, why=str(row["why"]), now=now
    )
