"""The interim ranking of a closed round, with its shortlist and how firm it is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pandas as pd
from sqlmodel import Session

from consensus import interim, models, store
from consensus.agreement import agree
from consensus.digest import digest, short_id
from consensus.errors import DataError, StageError
from consensus.firmness import stress
from consensus.interim import InterimRanking
from consensus.protocol import Protocol
from consensus.ratings import summarise_ratings
from consensus.report.orders import order_tells
from consensus.steps.ballots import CountedBallots, counted_ballots, interim_round, on_ballot
from consensus.steps.by_hand import shortlist_by_hand
from consensus.steps.following import number_of, stability, still_to_come
from consensus.steps.freezing import freeze_round
from consensus.steps.outcome import Outcome
from consensus.steps.ranked import STAGE, Ranked, tell_ranking
from consensus.steps.timetable import grace_ends, local_time
from consensus.steps.weighing import load_people, weigh_people
from consensus.store import Store, StoredRanking
from consensus.tally import Tally, tally
from consensus.version import __version__

__all__ = ["current_ranking", "rank_round", "ranking_inputs"]

WITH = "firmness and agreement, ties in all of their places"
"""What a stored ranking holds beside its order: one stored without it has another id, so that ranking again adds it."""


def rank_round(db: Store, partnership: str, *, now: datetime, tally_with: Callable[..., Tally] = tally) -> Outcome:
    """Rank the closed interim round by the protocol's rule and store the order with its shortlist and its firmness.

    Ranking the same ballots by the same protocol again gives the same stored ranking, digit by digit, whoever tallies
    them: `tally_with` is called as `tally` and gives the same bits.

    Raises
    ------
    StageError
        The round is not closed, or its grace has not passed.
    DataError
        No ballot can be counted, or the order by this rule would itself show the list of a group that is withheld.
    """
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        row = interim_round(session, partnership)
        _check_moment(row, protocol, now)
        still_to_come(session, row, protocol)
        counted = counted_ballots(session, row)
        questions = on_ballot(row)
        inputs = ranking_inputs(session, row, protocol, counted)
        by_hand = shortlist_by_hand(store.load_decisions(session, partnership))
        ballots = _ballots(session, row, protocol, counted)
        settled = stability(session, row, ballots)
        people = load_people(session, row, protocol, counted)
    checked = weigh_people(_checked(ballots, questions, protocol), people, protocol)
    result = interim.rank_interim(checked, questions, protocol, tally_with)
    told = order_tells(protocol, {str(group): int(n) for group, n in result.counts["ballots"].items()})
    if told:
        raise DataError(told)
    tables = {
        **_tables(result),
        **_firmness(result, protocol),
        **_ratings(result, protocol, number_of(row)),
        **({"stability": settled} if len(settled) else {}),
        "shortlist": _shortlist(result, protocol, by_hand),
        "quarantine": checked.quarantine,
    }
    ranking_id = short_id("r", row.round_id, protocol.hash, __version__, inputs, WITH)
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
        "skipped": dict(result.skipped),
        "late": counted.late,
        "silent": silent,
    }
    with db.writing() as session:
        store.save_ranking(session, kept, tables, facts)
        row = store.load_round(session, row.round_id)
        freeze_round(session, row, protocol, now=now)
        row.state, row.ranking_id = "ranked", ranking_id
        session.add(row)
        store.save_derivation(session, partnership, STAGE, inputs, now)
        return tell_ranking(session, Ranked(protocol, row, result, checked, tables, counted.late, silent), now=now)


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


def _shortlist(result: InterimRanking, protocol: Protocol, by_hand: dict[str, str]) -> pd.DataFrame:
    plan = protocol.shortlist
    return interim.shortlist(
        result,
        rule=plan.rule,
        size=plan.size,
        per_group=plan.per_group,
        subgroup=plan.subgroup or None,
        by_hand=by_hand or None,
    )


def _firmness(result: InterimRanking, protocol: Protocol) -> dict[str, pd.DataFrame]:
    """Return how firm the order is and how far people agree, drawn as the protocol declares."""
    plan, top, ties = protocol.firmness, protocol.publication.top, protocol.ranking.ties
    drawn: dict[str, Any] = {"top": top, "replicates": plan.replicates, "seed": protocol.firmness_seed, "ties": ties}
    workers = os.cpu_count() or 1  # no digit depends on it
    firm = stress(
        result.tally,
        protocol.ranking.rule,
        protocol.shares,
        method=plan.method,
        rule_options=protocol.ranking.options,
        workers=workers,
        **drawn,
    )
    return {"firmness": firm, "agreement": agree(result.tally, workers=workers, **drawn)}


def _ratings(result: InterimRanking, protocol: Protocol, number: int) -> dict[str, pd.DataFrame]:
    """Return what people's ratings come to, judged by the declared definition where it bears them."""
    if protocol.ballot.form != "rated":
        return {}
    named, told = protocol.ranking.consensus or None, ""
    try:
        found = summarise_ratings(result.tally, named, round_number=number)
    except DataError as error:
        found, told = summarise_ratings(result.tally, None, round_number=number), str(error)
    table = found.reset_index()
    table.attrs = dict(found.attrs) | {"not_judged": told}
    return {"ratings": table}


def _tables(result: InterimRanking) -> dict[str, pd.DataFrame]:
    """Return every table between the ballots and the order; of the orders beside it, the places."""
    beside = {rule: frame for rule, frame in result.sensitivity.items() if rule != result.options["rule"]}
    return {
        "ranking": result.ranking,
        "points": result.points,
        "group_positions": result.group_positions,
        "counts": result.counts,
        "leave_one_out": result.leave_one_out,
        **{f"sensitivity:{rule}": frame[["rank", "tied", "score"]] for rule, frame in beside.items()},
    }


def ranking_inputs(session: Session, row: models.Round, protocol: Protocol, counted: CountedBallots) -> str:
    """Return the digest of all that an interim ranking follows from."""
    people = load_people(session, row, protocol, counted)
    return digest(
        counted.responses(),
        json.loads(row.questions),
        store.load_frame(session, "lineage", row.partnership),
        protocol.hash,
        shortlist_by_hand(store.load_decisions(session, row.partnership)),
        *([people] if len(people) else []),
    )


def current_ranking(session: Session, partnership: str) -> StoredRanking:
    """Return the ranking of the partnership's interim round, or raise a `StageError`."""
    row = interim_round(session, partnership)
    if not row.ranking_id:
        raise StageError(
            f"'{partnership}' has no interim ranking yet; rank first: `consensus rank --partnership {partnership}`."
        )
    return store.load_ranking(session, row.ranking_id)
