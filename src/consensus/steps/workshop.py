"""The workshop: small-group rankings in, recorded plenary moves, the final order and its Top 10."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
from sqlmodel import Session

from consensus import models, store, workshop
from consensus.digest import digest, short_id
from consensus.errors import DataError, StageError
from consensus.importers import reading
from consensus.protocol import Protocol
from consensus.questions import in_force
from consensus.steps.approving import approval
from consensus.steps.outcome import Outcome, worded
from consensus.steps.ranking import current_ranking
from consensus.store import Store, StoredRanking
from consensus.version import __version__
from consensus.vocabulary import COLUMNS, check_columns, how_many

__all__ = [
    "final_inputs",
    "final_ranking",
    "finalise",
    "import_workshop",
    "record_dissent",
    "record_merge",
    "record_move",
    "settled_ranking",
]

STAGE = "final-workshop"


def import_workshop(db: Store, partnership: str, path: Path | str, *, by: str, now: datetime) -> Outcome:
    """Take the small groups' rankings (columns session, small_group, question, place) in the place of earlier ones.

    Raises
    ------
    StageError
        The shortlist is not approved.
    DataError
        Every fault of the sheet at once: a question missing from a group's list, a place twice, an unknown question.
    """
    with db.reading() as session:
        store.load_protocol(session, partnership)
        shortlist = _approved_shortlist(db, session, partnership)
    table = reading.read_table(path)
    check_columns(table.frame, "workshop_rankings", Path(path).name)
    rankings = _as_places(table.frame[list(COLUMNS["workshop_rankings"])], Path(path).name)
    faults = workshop.check_workshop_rankings(rankings, shortlist)
    if faults:
        raise DataError.of(Path(path).name, faults)
    with db.writing() as session:
        store.save_upload(
            session,
            partnership,
            kind="workshop",
            sha256=table.sha256,
            source="workshop",
            mapping="{}",
            content=Path(path).read_bytes(),
            by=by,
            at=now,
        )
        store.replace_frame(session, "workshop_rankings", partnership, rankings)
    groups = rankings.groupby("session")["small_group"].nunique()
    return Outcome(
        stage=STAGE,
        done=f"Took the rankings of {int(groups.sum())} small-group sittings in {len(groups)} workshop sessions.",
        next=f"Combine them: `consensus workshop finish --partnership {partnership}`.",
        counts={"sessions": len(groups), "sittings": int(groups.sum()), "questions": len(shortlist)},
        ids={"partnership": partnership, "by": by},
    )


def _as_places(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    faults = []
    for column in ("session", "place"):
        for number, value in enumerate(frame[column], start=2):
            if not str(value).strip().isdigit() or int(value) < 1:
                faults.append(f"row {number}: the {column} is not a whole number from 1; write one.")
    if faults:
        raise DataError.of(name, faults)
    return frame.assign(session=frame["session"].astype(int), place=frame["place"].astype(int))


def _approved_shortlist(db: Store, session: Session, partnership: str) -> list[str]:
    ranking = current_ranking(session, partnership)
    decided = approval(db, ranking.ranking_id)
    if decided is None or decided.decision != "approve":
        raise StageError(
            f"The shortlist of '{ranking.ranking_id}' is not approved; approve it first: "
            f"`consensus approve --partnership {partnership} --by NAME`."
        )
    return list(ranking.tables["shortlist"].index)


def record_move(db: Store, partnership: str, question_id: str, to: int, *, by: str, why: str, now: datetime) -> Outcome:
    """Record that the plenary moves a question to a place in the final order; the reason is required."""
    if not why.strip():
        raise DataError("The reason is missing; a plenary move is recorded with why it was made.")
    with db.writing() as session:
        shortlist = _approved_shortlist(db, session, partnership)
        if question_id not in shortlist:
            raise DataError(f"The question '{question_id}' is not on the shortlist; the plenary moves what is on it.")
        if not 1 <= to <= len(shortlist):
            raise DataError(f"The place {to} is not on the shortlist; it has places 1 to {len(shortlist)}.")
        row = {"kind": "plenary_move", "subject": question_id, "value": {"to": to}, "by": by, "at": now, "why": why}
        store.append_decisions(session, partnership, [row])
    return Outcome(
        stage=STAGE,
        done=f"Recorded: the plenary moves {question_id} to place {to}.",
        next=f"Combine again: `consensus workshop finish --partnership {partnership}`.",
        ids={"partnership": partnership, "question": question_id},
    )


def record_merge(
    db: Store, partnership: str, question_id: str, into: str, *, by: str, why: str, now: datetime
) -> Outcome:
    """Record that the plenary merges one question of the shortlist into another; its lineage goes with it."""
    if not why.strip():
        raise DataError("The reason is missing; a merge at the workshop is recorded with why it was made.")
    with db.writing() as session:
        shortlist = _approved_shortlist(db, session, partnership)
        if question_id == into or not {question_id, into} <= set(shortlist):
            raise DataError(f"'{question_id}' and '{into}' are not two questions of the shortlist; name two of them.")
        row = {"kind": "merge", "subject": question_id, "value": {"into": into}, "by": by, "at": now, "why": why}
        store.append_decisions(session, partnership, [row])
    return Outcome(
        stage=STAGE,
        done=f"Recorded: the plenary merges {question_id} into {into}.",
        next=f"Combine again: `consensus workshop finish --partnership {partnership}`.",
        ids={"partnership": partnership, "question": question_id},
    )


def record_dissent(db: Store, partnership: str, *, by: str, why: str, now: datetime) -> Outcome:
    """Record that somebody dissents from the final order, with the reason; the order stands."""
    if not why.strip():
        raise DataError("The reason is missing; dissent is recorded with why.")
    with db.writing() as session:
        ranking = final_ranking(session, partnership)
        store.append_decision(session, partnership, "dissent", ranking.ranking_id, {}, by=by, at=now, why=why)
    return Outcome(
        stage=STAGE,
        done=f"Recorded a dissent from '{ranking.ranking_id}'.",
        next=f"The order stands; publish it: `consensus publish --partnership {partnership}`.",
        ids={"partnership": partnership},
    )


def final_inputs(session: Session, partnership: str, interim_id: str) -> str:
    """Return the digest of all that the final order follows from."""
    places = store.load_frame(session, "workshop_rankings", partnership)
    return digest(interim_id, places, _plenary_acts(session, partnership)["decision_id"].tolist())


def _plenary_acts(session: Session, partnership: str) -> pd.DataFrame:
    """Return the plenary's moves and merges in force, in the order in which they were made."""
    decisions = in_force(store.load_decisions(session, partnership))
    return decisions[decisions["kind"].isin(["plenary_move", "merge"])]


def finalise(db: Store, partnership: str, *, now: datetime) -> Outcome:
    """Combine the last session by rank sum, apply the plenary's merges and moves, and store the final order."""
    with db.writing() as session:
        protocol = store.load_protocol(session, partnership)
        shortlist = _approved_shortlist(db, session, partnership)
        ranking = current_ranking(session, partnership)
        places = store.load_frame(session, "workshop_rankings", partnership)
        if places.empty:
            raise StageError(
                f"'{partnership}' has no workshop rankings yet; bring them first: "
                f"`consensus workshop import FILE --partnership {partnership}`."
            )
        inputs = final_inputs(session, partnership, ranking.ranking_id)
        combined = workshop.combine_rankings(places, shortlist)
        acts = _plenary_acts(session, partnership)
        merges = {
            subject: value["into"]
            for kind, subject, value in zip(acts["kind"], acts["subject"], acts["value"], strict=True)
            if kind == "merge"
        }
        moves = acts[acts["kind"] == "plenary_move"]
        final = workshop.apply_moves(workshop.apply_merges(combined, merges), moves)
        final = final.join(combined["score"])
        kept = models.Ranking(
            ranking_id=short_id("f", ranking.ranking_id, __version__, inputs),
            partnership=partnership,
            round_id=ranking.round_id,
            kind="final",
            rule="rank_sum",
            protocol_hash=protocol.hash,
            package_version=__version__,
            ballots_digest=digest(places),
            tables="",
            at=now,
        )
        facts = {
            "inputs": inputs,
            "interim": ranking.ranking_id,
            "moves": len(moves),
            "merges": len(merges),
            "acts": acts["decision_id"].tolist(),
        }
        store.save_ranking(session, kept, {"combined": combined, "final": final}, facts)
        store.save_derivation(session, partnership, STAGE, kept.ranking_id, now)
        wordings = store.load_frame(session, "questions", partnership).set_index("question_id")["wording"]
    return _outcome(protocol, ranking, final, kept.ranking_id, len(moves), wordings)


def _outcome(
    protocol: Protocol, ranking: StoredRanking, final: pd.DataFrame, ranking_id: str, moves: int, wordings: pd.Series
) -> Outcome:
    top = protocol.publication.top
    before = ranking.tables["ranking"]["rank"]
    table = final[["rank", "tied", "score"]].assign(**{"interim rank": before.reindex(final.index)})
    table = worded(table, wordings)
    return Outcome(
        stage=STAGE,
        done=f"The final order stands: {len(final)} questions by rank sum, {how_many(moves, 'plenary move')}.",
        next=f"Publish it: `consensus publish --partnership {protocol.id}`.",
        counts={"questions": len(final), "plenary moves": moves, "published priorities": min(top, len(final))},
        tables={f"Top {top}": table[table["rank"] <= top], "Final order": table},
        ids={"partnership": protocol.id, "final": ranking_id, "ranking": ranking.ranking_id},
    )


def final_ranking(session: Session, partnership: str) -> StoredRanking:
    """Return the partnership's final order as it last stood, or raise a `StageError`."""
    ranking_id = store.load_derivation(session, partnership, STAGE)
    if not ranking_id:
        raise StageError(
            f"'{partnership}' has no final order yet; hold the workshop first: "
            f"`consensus workshop import FILE --partnership {partnership}`."
        )
    return store.load_ranking(session, ranking_id)


def settled_ranking(db: Store, session: Session, partnership: str) -> StoredRanking:
    """Return the final order if it follows from the shortlist as signed off and all that the workshop decided.

    Raises
    ------
    StageError
        There is no final order, its shortlist is not approved, or something was decided since.
    """
    final = final_ranking(session, partnership)
    _approved_shortlist(db, session, partnership)
    if final.facts["inputs"] != final_inputs(session, partnership, current_ranking(session, partnership).ranking_id):
        raise StageError(
            f"Something was decided since the final order '{final.ranking_id}' was made; combine again first: "
            f"`consensus workshop finish --partnership {partnership}`."
        )
    return final
