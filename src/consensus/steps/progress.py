"""Where a partnership stands, and the next thing to happen in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session, col, select

from consensus import models, store
from consensus.digest import digest
from consensus.protocol import Protocol
from consensus.report.orders import order_tells
from consensus.steps.approving import approval
from consensus.steps.ballots import counted_ballots, interim_round
from consensus.steps.following import later_round
from consensus.steps.outcome import NextAction
from consensus.steps.publication import publication_inputs
from consensus.steps.ranking import current_ranking, ranking_inputs
from consensus.steps.review import NOT_YET_REVIEWED
from consensus.steps.timetable import grace_ends, local_time
from consensus.steps.workshop import final_inputs, final_ranking
from consensus.store import Store
from consensus.workshop import check_workshop_rankings

__all__ = ["list_partnerships", "next_action"]

Check = Callable[[Store, Session, Protocol, datetime], NextAction | None]


def list_partnerships(db: Store) -> list[tuple[str, str]]:
    """Return id and title of every registered partnership."""
    with db.reading() as session:
        rows = session.exec(select(models.Partnership).order_by(col(models.Partnership.id)))
        return [(row.id, row.title) for row in rows]


def next_action(db: Store, partnership: str, *, now: datetime) -> NextAction:
    """Return the next thing to happen in a partnership, from its state alone.

    Each stage is asked in the order of the process whether it has something left to do; the first that has names it.
    """
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        for check in _CHECKS:
            action = check(db, session, protocol, now)
            if action is not None:
                return action
    return NextAction(partnership, "nobody", "publish", f"The Top {protocol.publication.top} is published.")


def _gathering(db: Store, session: Session, protocol: Protocol, now: datetime) -> NextAction | None:
    answers = store.load_answers(session, protocol.id)
    asking = [row for row in store.list_rounds(session, protocol.id) if row.kind == "gather"]
    if answers.empty and asking and asking[0].closes_at > now:
        awaited = _asking(asking[0], protocol, now)
        if awaited is not None:
            return awaited
    if answers.empty:
        return NextAction(
            protocol.id,
            "person",
            "gather-uncertainties",
            "There are no answers yet; import those of the first survey, or ask people here: "
            "`consensus round open gather`.",
            f"consensus import answers FILE --partnership {protocol.id}",
        )
    if store.load_derivation(session, protocol.id, "gather-uncertainties") != digest(answers):
        return NextAction(
            protocol.id,
            "machine",
            "gather-uncertainties",
            "New answers wait to be cut into submissions.",
            f"consensus deduplicate --partnership {protocol.id}",
        )
    return None


def _asking(row: models.Round, protocol: Protocol, now: datetime) -> NextAction | None:
    """Return what comes next of a first survey whose close has not come and that nobody has answered."""
    if row.state == "draft":
        opens = "with the next sweep" if row.opens_at <= now else local_time(row.opens_at, protocol)
        sentence = f"The first survey opens by itself {opens}; answers collected elsewhere can be imported already."
        return NextAction(
            protocol.id, "clock", "open-round", sentence, f"consensus round open gather --partnership {protocol.id}"
        )
    if row.state == "paused":
        sentence = "The first survey is paused; nobody has answered yet."
        return NextAction(protocol.id, "person", "open-round", sentence, f"consensus round resume {row.round_id}")
    if row.state == "open":
        closes = local_time(row.closes_at, protocol)
        sentence = f"The first survey is open and closes by itself {closes}; nobody has answered yet."
        return NextAction(protocol.id, "clock", "close-round", sentence)
    return None


def _reviewing(db: Store, session: Session, protocol: Protocol, now: datetime) -> NextAction | None:
    submissions = store.load_frame(session, "submissions", protocol.id)
    command = f"consensus deduplicate --partnership {protocol.id}"
    if store.load_derivation(session, protocol.id, "deduplicate") != digest(submissions):
        return NextAction(protocol.id, "machine", "deduplicate", "Duplicate groups wait to be proposed.", command)
    set_aside = store.load_frame(session, "set_aside", protocol.id)
    waiting = int((set_aside["reason"] == NOT_YET_REVIEWED).sum()) if len(set_aside) else 0
    if waiting and interim_round(session, protocol.id).state == "draft":
        return NextAction(
            protocol.id,
            "person",
            "deduplicate",
            f"{waiting} submissions wait for a person to say which ask the same.",
            f"consensus review export --partnership {protocol.id}",
        )
    return None


def _ranking(db: Store, session: Session, protocol: Protocol, now: datetime) -> NextAction | None:
    row = interim_round(session, protocol.id)
    say = f"--partnership {protocol.id}"
    if row.state == "draft":
        if row.closes_at <= now:
            return NextAction(
                protocol.id,
                "person",
                "open-round",
                "The interim round's dates are past; open it with a new close.",
                f"consensus round open interim --closes '14 days' {say}",
            )
        opens = f"The interim round opens by itself {local_time(row.opens_at, protocol)}."
        return NextAction(protocol.id, "clock", "open-round", opens, f"consensus round open interim {say}")
    if row.state == "paused":
        return NextAction(
            protocol.id,
            "person",
            "open-round",
            "The interim round is paused.",
            f"consensus round resume {row.round_id}",
        )
    if row.state == "open":
        closes = f"The interim round is open and closes by itself {local_time(row.closes_at, protocol)}."
        return NextAction(protocol.id, "clock", "close-round", closes)
    if now < grace_ends(row):
        ends = f"The grace of the interim round ends {local_time(grace_ends(row), protocol)}; then it can be ranked."
        return NextAction(protocol.id, "clock", "interim-ranking", ends)
    later = later_round(session, row)
    if later is not None:
        opens = f"The round '{later.round_id}' opens by itself {local_time(later.opens_at, protocol)}."
        return NextAction(protocol.id, "clock", "open-round", opens, f"consensus round open interim {say}")
    counted = counted_ballots(session, row)
    if not counted.ballots:
        return NextAction(
            protocol.id,
            "person",
            "interim-ranking",
            "The interim round closed without a ballot that counts; import those received in time.",
            f"consensus import ballots FILE {say}",
        )
    told = order_tells(protocol, Counter(ballot.group for ballot in counted.ballots))
    if told:
        return NextAction(protocol.id, "person", "interim-ranking", told, "consensus init FOLDER --why WHY")
    inputs = ranking_inputs(session, row, protocol, counted)
    if row.state == "closed" or store.load_derivation(session, protocol.id, "interim-ranking") != inputs:
        return NextAction(
            protocol.id, "machine", "interim-ranking", "The ballots wait to be ranked.", f"consensus rank {say}"
        )
    return None


def _approving(db: Store, session: Session, protocol: Protocol, now: datetime) -> NextAction | None:
    ranking_id = interim_round(session, protocol.id).ranking_id
    decided = approval(db, ranking_id)
    if decided is None:
        return NextAction(
            protocol.id,
            "person",
            "approve-shortlist",
            "The shortlist waits for sign-off.",
            f"consensus approve --partnership {protocol.id} --by NAME",
        )
    if decided.decision == "reject":
        return NextAction(
            protocol.id,
            "person",
            "approve-shortlist",
            "The shortlist was rejected; change it by hand or by amendment, and rank again.",
            f"consensus rank --partnership {protocol.id}",
        )
    return None


def _meeting(db: Store, session: Session, protocol: Protocol, now: datetime) -> NextAction | None:
    say = f"--partnership {protocol.id}"
    places = store.load_frame(session, "workshop_rankings", protocol.id)
    bring = f"consensus workshop import FILE {say}"
    if places.empty:
        awaited = "The workshop's small-group rankings are awaited."
        return NextAction(protocol.id, "person", "final-workshop", awaited, bring)
    shortlist = list(current_ranking(session, protocol.id).tables["shortlist"].index)
    if check_workshop_rankings(places, shortlist):
        changed = "The shortlist has changed since the small groups ranked it; bring their rankings of it as it is now."
        return NextAction(protocol.id, "person", "final-workshop", changed, bring)
    wanted = final_inputs(session, protocol.id, interim_round(session, protocol.id).ranking_id)
    made_from = ""
    if store.load_derivation(session, protocol.id, "final-workshop"):
        made_from = str(final_ranking(session, protocol.id).facts["inputs"])
    if made_from != wanted:
        return NextAction(
            protocol.id,
            "machine",
            "final-workshop",
            "The workshop's rankings wait to be combined.",
            f"consensus workshop finish {say}",
        )
    return None


def _publishing(db: Store, session: Session, protocol: Protocol, now: datetime) -> NextAction | None:
    final = final_ranking(session, protocol.id)
    published = (protocol.id, final.ranking_id, publication_inputs(session, protocol))
    if session.get(models.Publication, published) is None:
        return NextAction(
            protocol.id,
            "machine",
            "publish",
            "The final order waits to be published.",
            f"consensus publish --partnership {protocol.id}",
        )
    return None


_CHECKS: tuple[Check, ...] = (_gathering, _reviewing, _ranking, _approving, _meeting, _publishing)
