"""All that a partnership's publication and plots are made from, loaded once."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
from sqlmodel import Session

from consensus import store
from consensus.errors import StageError
from consensus.protocol import Protocol
from consensus.report.material import ANSWERED, BALLOTS, Material
from consensus.steps.ballots import interim_round
from consensus.steps.ranking import current_ranking
from consensus.steps.ways import ways_of
from consensus.steps.workshop import final_ranking
from consensus.vocabulary import COLUMNS

__all__ = ["load_material", "load_rounds"]


def load_material(session: Session, partnership: str, now: datetime) -> Material:
    """Return what the store holds of a ranked partnership; `final` is None before the workshop.

    Raises
    ------
    StageError
        The partnership has no interim ranking yet.
    """
    protocol = store.load_protocol(session, partnership)
    ranking = current_ranking(session, partnership)
    final, final_id = _final(session, partnership)
    decisions = store.load_decisions(session, partnership)
    answers = store.load_answers(session, partnership)
    quarantined = ranking.tables["quarantine"]
    digests = {
        "protocol": protocol.hash,
        "ballots": ranking.ballots_digest,
        "interim ranking": ranking.ranking_id,
        **({"final order": final_id} if final_id else {}),
    }
    return Material(
        protocol=protocol,
        answers=answers,
        submissions=store.load_frame(session, "submissions", partnership),
        identifiers=store.load_frame(session, "identifiers", partnership),
        questions=store.load_frame(session, "questions", partnership),
        lineage=store.load_frame(session, "lineage", partnership),
        set_aside=store.load_frame(session, "set_aside", partnership),
        decisions=decisions,
        ranking=ranking.tables["ranking"],
        shortlist=ranking.tables["shortlist"],
        ballots={str(group): int(n) for group, n in ranking.tables["counts"]["ballots"].items()},
        sensitivity={
            name.removeprefix("sensitivity:"): frame
            for name, frame in ranking.tables.items()
            if name.startswith("sensitivity:") and name != f"sensitivity:{ranking.rule}"
        },
        leave_one_out=ranking.tables["leave_one_out"],
        skipped={str(rule): str(why) for rule, why in dict(ranking.facts.get("skipped", {})).items()},  # type: ignore[call-overload]
        firmness=ranking.tables.get("firmness", pd.DataFrame()),
        agreement=ranking.tables.get("agreement", pd.DataFrame()),
        ratings=ranking.tables.get("ratings", pd.DataFrame()),
        stability=ranking.tables.get("stability", pd.DataFrame()),
        ways=_ways(session, protocol, answers),
        final=final,
        rounds=load_rounds(session, partnership),
        digests=digests,
        not_counted={
            "late": int(str(ranking.facts["late"])),
            "in quarantine": int(quarantined["ballot"].nunique()),
        },
        published_at=now,
    )


def _ways(session: Session, protocol: Protocol, answers: pd.DataFrame) -> dict[str, dict[str, pd.Series]]:
    """Return how many people took part by each way: those who answered, and whose ballots count."""
    gathered = store.load_round(session, f"{protocol.id}-gather-1")
    answered = ways_of(session, gathered, protocol, set(answers["response_id"]))
    ranked = ways_of(session, interim_round(session, protocol.id), protocol)
    return {name: {ANSWERED: answered[name], BALLOTS: ranked[name]} for name in answered}


def _final(session: Session, partnership: str) -> tuple[pd.DataFrame | None, str]:
    try:
        kept = final_ranking(session, partnership)
    except StageError:
        return None, ""
    if kept.facts["interim"] != interim_round(session, partnership).ranking_id:
        return None, ""
    return kept.tables["final"], kept.ranking_id


def load_rounds(session: Session, partnership: str) -> pd.DataFrame:
    """Return a partnership's rounds as the frame of the vocabulary, instants in UTC."""
    columns = list(COLUMNS["rounds"])
    rows = [[getattr(row, column) for column in columns] for row in store.list_rounds(session, partnership)]
    return pd.DataFrame(rows, columns=columns)
