"""The interim ranking of a closed round, its shortlist, and the sign-off that sends it to the workshop."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlmodel import Session

from consensus import interim, models, store
from consensus.digest import digest, short_id
from consensus.errors import DataError, StageError
from consensus.interim import InterimRanking
from consensus.protocol import Protocol
from consensus.questions import in_force
from consensus.report import tables as report_tables
from consensus.report.content import BALLOTS
from consensus.steps.ballots import CountedBallots, counted_ballots, interim_round, on_ballot
from consensus.steps.outcome import Outcome, counts_by_group, shown, worded
from consensus.steps.timetable import grace_ends, local_time
from consensus.store import Store, StoredRanking
from consensus.version import __version__

__all__ = [
    "Approval",
    "approval",
    "current_ranking",
    "rank_round",
    "ranking_inputs",
    "record_approval",
    "record_by_hand",
    "shortlist_by_hand",
]

STAGE = "interim-ranking"


@dataclass(frozen=True)
class Approval:
    """A person's recorded decision on a shortlist."""

    ranking_id: str
    decision: str
    by: str
    at: datetime
    why: str


def rank_round(db: Store, partnership: str, *, now: datetime) -> Outcome:
    """Rank the closed interim round by the protocol's rule and store the order with its shortlist.

    Ranking the same ballots by the same protocol again gives the same stored ranking.

    Raises
    ------
    StageError
        The round is not closed, or its grace has not passed.
    DataError
        No ballot can be counted.
    """
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        row = interim_round(session, partnership)
        _check_moment(row, protocol, now)
        counted = counted_ballots(session, row)
        questions = on_ballot(row)
        inputs = ranking_inputs(session, row, protocol, counted)
        by_hand = shortlist_by_hand(store.load_decisions(session, partnership))
        ballots = _ballots(session, row, protocol, counted)
    checked = _checked(ballots, questions, protocol)
    result = interim.rank_interim(checked, questions, protocol)
    shortlist = interim.shortlist(
        result.ranking,
        rule=protocol.shortlist.rule,
        size=protocol.shortlist.size,
        per_group=protocol.shortlist.per_group,
        subgroup=protocol.shortlist.subgroup or None,
        by_hand=by_hand or None,
    )
    ranking_id = short_id("r", row.round_id, protocol.hash, __version__, inputs)
    kept = models.Ranking(
        ranking_id=ranking_id,
        partnership=partnership,
        round_id=row.round_id,
        kind="interim",
        rule=protocol.ranking.rule,
        protocol_hash=protocol.hash,
        package_version=__version__,
        ballots_digest=result.digest,
        at=now,
        tables="",
    )
    silent = len(counted.ballots) - int(ballots["ballot"].nunique())
    facts = {
        "inputs": inputs,
        "warnings": list(result.warnings),
        "options": dict(result.options),
        "late": counted.late,
        "silent": silent,
    }
    with db.writing() as session:
        store.save_ranking(session, kept, _tables(result, shortlist, checked.quarantine), facts)
        row = store.load_round(session, row.round_id)
        row.state, row.ranking_id = "ranked", ranking_id
        session.add(row)
        store.save_derivation(session, partnership, STAGE, inputs, now)
        by_group = _ballots_by_group(session, protocol, result, now)
    counts = {
        "ballots ranked": int(checked.ballots["ballot"].nunique()),
        "late": counted.late,
        "in quarantine": int(checked.quarantine["ballot"].nunique()),
        "without a stakeholder group": int(checked.without_group["ballot"].nunique()),
        "on nothing in this round": silent,
        "questions ranked": len(result.ranking),
        "shortlisted": len(shortlist),
    }
    wordings = questions.set_index("question_id")["wording"]
    tables = {**_public_tables(protocol, result, shortlist, wordings), "Ballots by stakeholder group": by_group}
    return _outcome(protocol, row, result, len(shortlist), counts, tables)


def _check_moment(row: models.Round, protocol: Protocol, now: datetime) -> None:
    if row.state not in ("closed", "ranked"):
        raise StageError(
            f"The round '{row.round_id}' is {row.state}; no order exists before it closes "
            f"{local_time(row.closes_at, protocol)}."
        )
    if now < grace_ends(row):
        raise StageError(
            f"Those who had begun may still send their ballot until {local_time(grace_ends(row), protocol)}; rank then."
        )


def _ballots(session: Session, row: models.Round, protocol: Protocol, counted: CountedBallots) -> pd.DataFrame:
    """Return the long frame of ballots; votes on answers are followed to the summary questions they became."""
    responses = counted.responses()
    submissions = store.load_frame(session, "submissions", row.partnership)
    on_answers = responses["item_id"].isin(set(submissions["answer_id"])).any()
    lineage = store.load_frame(session, "lineage", row.partnership) if on_answers else None
    ballots = interim.ballots_from_responses(responses, lineage, submissions, form=protocol.ballot.form)
    if ballots.empty:
        raise DataError(
            f"The round '{row.round_id}' has no ballot that counts; import ballots received before its close."
        )
    return ballots


def _checked(ballots: pd.DataFrame, questions: pd.DataFrame, protocol: Protocol) -> interim.CheckedBallots:
    return interim.check_ballots(
        ballots,
        questions=list(questions["question_id"]),
        groups=[group.id for group in protocol.groups if group.ranks],
        form=protocol.ballot.form,
        depth=protocol.ballot.depth,
        max_choices=protocol.ballot.max_choices,
        gaps=protocol.ballot.gaps,
    )


def ranking_inputs(session: Session, row: models.Round, protocol: Protocol, counted: CountedBallots) -> str:
    """Return the digest of all that an interim ranking follows from."""
    return digest(
        counted.responses(),
        json.loads(row.questions),
        store.load_frame(session, "lineage", row.partnership),
        protocol.hash,
        shortlist_by_hand(store.load_decisions(session, row.partnership)),
    )


def record_by_hand(db: Store, partnership: str, question_id: str, *, by: str, why: str, now: datetime) -> Outcome:
    """Record that people put a question on the shortlist by hand, with the reason; the next ranking shows it there."""
    if not why.strip():
        raise StageError("The reason is missing; a question goes on the shortlist by hand with why.")
    with db.writing() as session:
        if question_id not in set(on_ballot(interim_round(session, partnership))["question_id"]):
            raise StageError(f"The question '{question_id}' was not on the ballot; `consensus questions` lists those.")
        row = {"kind": "shortlist_by_hand", "subject": question_id, "value": {}, "by": by, "at": now, "why": why}
        store.append_decisions(session, partnership, [row])
    return Outcome(
        stage=STAGE,
        done=f"Recorded: {question_id} goes on the shortlist by hand.",
        next=f"Rank again: `consensus rank --partnership {partnership}`.",
        ids={"partnership": partnership, "question": question_id},
    )


def shortlist_by_hand(decisions: pd.DataFrame) -> dict[str, str]:
    """Return the questions that people put on the shortlist by hand, each with the recorded reason."""
    rows = in_force(decisions)
    rows = rows[rows["kind"] == "shortlist_by_hand"]
    return dict(zip(rows["subject"].astype(str), rows["why"].astype(str), strict=True))


def _tables(result: InterimRanking, shortlist: pd.DataFrame, quarantine: pd.DataFrame) -> dict[str, pd.DataFrame]:
    named = {
        "ranking": result.ranking,
        "points": result.points,
        "group_positions": result.group_positions,
        "counts": result.counts,
        "shortlist": shortlist,
        "quarantine": quarantine,
    }
    return {
        "leave_one_out": result.leave_one_out,
        **named,
        **{f"sensitivity:{rule}": frame for rule, frame in result.sensitivity.items()},
    }


def _outcome(
    protocol: Protocol,
    row: models.Round,
    result: InterimRanking,
    shortlisted: int,
    counts: dict[str, int],
    tables: dict[str, pd.DataFrame],
) -> Outcome:
    told = {what: shown(n, protocol) for what, n in counts.items()}
    return Outcome(
        stage=STAGE,
        done=f"{told['ballots ranked']} ballots ranked by '{protocol.ranking.rule}'; {told['late']} late, "
        f"{told['in quarantine']} in quarantine, {told['without a stakeholder group']} without a stakeholder group, "
        f"{told['on nothing in this round']} on nothing in this round; {shortlisted} questions on the shortlist. "
        + " ".join(_warnings(result, protocol)),
        next=f"Approve the shortlist: `consensus approve --partnership {row.partnership} --by NAME`.",
        counts=counts,
        tables=tables,
        ids={
            "partnership": row.partnership,
            "round": row.round_id,
            "ranking": row.ranking_id,
            "ballots": result.digest,
        },
    )


def _warnings(result: InterimRanking, protocol: Protocol) -> list[str]:
    """Return what everybody must be told of the groups, without a small group's count."""
    told = []
    for group, ballots in result.counts.loc[list(protocol.shares), "ballots"].items():
        name = protocol.group_name(str(group))
        if not ballots:
            told.append(f"{name}: no ballots, so the group has no say in this order.")
        elif ballots < protocol.ranking.min_ballots:
            told.append(f"{name}: fewer ballots than the declared minimum of {protocol.ranking.min_ballots}.")
    return told


def _public_tables(
    protocol: Protocol, result: InterimRanking, shortlist: pd.DataFrame, wordings: pd.Series
) -> dict[str, pd.DataFrame]:
    """Return the orders that anybody may see: the positions of groups too small to be shown are withheld."""
    top = protocol.publication.top
    ballots = _by_group(result)
    others = {rule: frame for rule, frame in result.sensitivity.items() if rule != protocol.ranking.rule}
    hidden = report_tables.withheld_groups(ballots, protocol.shares, protocol.publication.small_cells)
    positions = report_tables.show_positions(result.ranking, list(protocol.shares), hidden)
    ranking = result.ranking[["rank", "tied", "score"]].join(positions.rename(columns=protocol.group_name))
    left_out = report_tables.sensitivity_table(result.ranking, others, result.leave_one_out, top, withheld=hidden)
    return {
        "Interim ranking": worded(ranking, wordings),
        "Shortlist": worded(shortlist, wordings),
        f"Still in the Top {top}": worded(left_out, wordings),
    }


def _by_group(result: InterimRanking) -> dict[str, int]:
    return {str(group): int(n) for group, n in result.counts["ballots"].items()}


def _ballots_by_group(session: Session, protocol: Protocol, result: InterimRanking, now: datetime) -> pd.DataFrame:
    targets = {group.id: group.target_ballots for group in protocol.groups}
    people = pd.Series(_by_group(result), dtype="int64")
    return counts_by_group(session, protocol, BALLOTS, people, targets=targets, now=now)


def current_ranking(session: Session, partnership: str) -> StoredRanking:
    """Return the ranking of the partnership's interim round, or raise a `StageError`."""
    row = interim_round(session, partnership)
    if not row.ranking_id:
        raise StageError(
            f"'{partnership}' has no interim ranking yet; rank first: `consensus rank --partnership {partnership}`."
        )
    return store.load_ranking(session, row.ranking_id)


def record_approval(
    db: Store, partnership: str, ranking_id: str, decision: str, *, by: str, why: str = "", now: datetime
) -> Outcome:
    """Record that a person approves or rejects a shortlist; the same person saying the same again adds nothing.

    Raises
    ------
    StageError
        There is no such ranking, it is not the current one, or the decision is neither 'approve' nor 'reject'.
    """
    faults = []
    if decision not in ("approve", "reject"):
        faults.append(f"The decision is '{decision}'; use 'approve' or 'reject'.")
    if not by.strip():
        faults.append("The signer is missing; give the name of the person who decides.")
    if decision == "reject" and not why.strip():
        faults.append("The reason is missing; a rejected shortlist needs one.")
    if faults:
        raise StageError(" ".join(faults), faults)
    with db.writing() as session:
        current = current_ranking(session, partnership)
        if current.ranking_id != ranking_id:
            raise StageError(
                f"The ranking '{ranking_id}' is not the current one ('{current.ranking_id}'); decide on that."
            )
        standing = _approvals(session, partnership, ranking_id)
        said = [(value["decision"], who) for value, who in zip(standing["value"], standing["by"], strict=True)]
        added = not said or said[-1] != (decision, by)
        if added:
            store.append_decision(
                session, partnership, "approval", ranking_id, {"decision": decision}, by=by, at=now, why=why
            )
    verb = "approved" if decision == "approve" else "rejected"
    return Outcome(
        stage="approve-shortlist",
        done=f"The shortlist of '{ranking_id}' is {verb}." if added else f"It was recorded already that it is {verb}.",
        next=f"Bring the workshop's rankings: `consensus workshop import FILE --partnership {partnership}`."
        if decision == "approve"
        else f"Change the shortlist, then rank again: `consensus rank --partnership {partnership}`.",
        counts={"decisions": int(added)},
        ids={"partnership": partnership, "ranking": ranking_id, "decision": decision},
    )


def approval(db: Store, ranking_id: str) -> Approval | None:
    """Return the decision in force on a shortlist, or None while nobody has decided."""
    with db.reading() as session:
        ranking = store.load_ranking(session, ranking_id)
        rows = _approvals(session, ranking.partnership, ranking_id)
    if rows.empty:
        return None
    last = rows.iloc[-1]
    return Approval(ranking_id, str(last["value"]["decision"]), str(last["by"]), last["at"], str(last["why"]))


def _approvals(session: Session, partnership: str, ranking_id: str) -> pd.DataFrame:
    rows = in_force(store.load_decisions(session, partnership))
    return rows[(rows["kind"] == "approval") & (rows["subject"] == ranking_id)]
