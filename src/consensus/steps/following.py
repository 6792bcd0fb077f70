"""Rounds that follow one another: in a Delphi people meet the questions again, with their own earlier ratings.

A response of a later round has the id of the person's first one with the round's number behind it, so that the two can
be compared without anything that leads to a person. What a person rated before is copied into the draft of the later
round when they begin; the draft is emptied when the rounds are unlinked, after the last of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlmodel import Session, col, select

from consensus import interim, models, store
from consensus.errors import StageError
from consensus.protocol import Protocol
from consensus.ratings import compare_rounds, group_figures
from consensus.steps.ballots import CountedBallots, counted_ballots
from consensus.steps.timetable import local_time
from consensus.store.taking_part import Link
from consensus.survey.filling import DONT_KNOW

__all__ = ["EARLIER", "GroupRatings", "carried_on", "earlier_round", "feedback_on", "later_id", "later_round"]
__all__ += ["number_of", "same_people", "stability", "still_to_come"]

EARLIER = "_earlier"
"""Under which a draft keeps what the person rated in the round before, by question."""

_KEPT: dict[tuple[str, str], dict[str, tuple[GroupRatings, ...]]] = {}


@dataclass(frozen=True)
class GroupRatings:
    """How a stakeholder group rated a question before: the middle rating, and between which at least half lie.

    `middle` is halfway between two ratings where an even number were given.
    """

    group: str
    middle: float
    low: int
    high: int


def number_of(row: models.Round) -> int:
    """Return which round of its kind it is, from 1."""
    return int(row.round_id.rpartition("-")[2])


def earlier_round(session: Session, row: models.Round) -> models.Round | None:
    """Return the round that a round follows, if it follows one."""
    return _beside(session, row, -1) if number_of(row) > 1 else None


def later_round(session: Session, row: models.Round) -> models.Round | None:
    """Return the round that follows a round, if one is planned."""
    return _beside(session, row, 1)


def _beside(session: Session, row: models.Round, by: int) -> models.Round | None:
    return session.get(models.Round, f"{row.partnership}-{row.kind}-{number_of(row) + by}")


def still_to_come(session: Session, row: models.Round, protocol: Protocol) -> None:
    """Raise a `StageError` where a later round is planned: an order would tell people what to say in it."""
    later = later_round(session, row)
    if later is not None and row.state != "ranked":
        raise StageError(
            f"The round '{later.round_id}' follows and closes {local_time(later.closes_at, protocol)}; "
            "the last round is ranked, and no order exists before."
        )


def later_id(response_id: str, row: models.Round) -> str:
    """Return the id of a person's response in a later round, from that in the one before."""
    return f"{response_id.partition('-r')[0]}-r{number_of(row)}"


def same_people(ballots: pd.DataFrame) -> pd.DataFrame:
    """Return ballots under the ids that people have in every round."""
    return ballots.assign(ballot=ballots["ballot"].astype(str).str.partition("-r")[0])


def carried_on(session: Session, person: Link, row: models.Round, protocol: Protocol) -> tuple[dict[str, Any], str]:
    """Return what somebody who begins a later round has said already, and the id of the response that is to come.

    What they have said is their group and their ratings of the round before. Somebody who took no part in it begins
    with nothing.
    """
    before = earlier_round(session, row)
    earlier_id = _earlier_id(session, person, before) if before is not None else ""
    if before is None or not earlier_id:
        return {}, ""
    ballots = store.load_ballots(session, before.round_id)
    mine = CountedBallots.of([ballot for ballot in ballots if ballot.ballot_id == earlier_id], before).ballots
    if not mine:
        return {}, ""
    asked = getattr(protocol, row.kind)
    (about,) = [item for item in asked.items if item.type == "rate" and item.choices_from == "questions"]
    rated = {
        choice["item_id"]: str(choice["rank"]) if "rank" in choice else DONT_KNOW
        for choice in json.loads(mine[0].choices)
    }
    group = {item.id: mine[0].group for item in asked.items if item.choices_from == "groups"}
    return {**group, about.id: rated, EARLIER: rated}, later_id(earlier_id, row)


def _earlier_id(session: Session, person: Link, before: models.Round) -> str:
    """Return the id of a person's response in the round before: told by their link, or by who they are."""
    if person.response_id:
        first, number = person.response_id.partition("-r")[0], number_of(before)
        return first if number == 1 else f"{first}-r{number}"
    if not person.person_id:
        return ""
    query = select(models.Participation.response_id).where(
        models.Participation.round_id == before.round_id,
        models.Participation.person_id == person.person_id,
        col(models.Participation.response_id).is_not(None),
    )
    return session.exec(query).first() or ""


def stability(session: Session, row: models.Round, ballots: pd.DataFrame) -> pd.DataFrame:
    """Return `compare_rounds` of a round with the one that it follows, its index as a column; empty for a first one."""
    before = earlier_round(session, row)
    if before is None:
        return pd.DataFrame()
    earlier = interim.ballots_from_responses(counted_ballots(session, before).responses(), form="rated")
    found = compare_rounds(same_people(earlier), same_people(ballots))
    table = found.reset_index()
    table.attrs = dict(found.attrs)
    return table


def feedback_on(session: Session, row: models.Round, protocol: Protocol) -> Mapping[str, tuple[GroupRatings, ...]]:
    """Return how each stakeholder group rated each question in the round before, groups in the protocol's order.

    A group with fewer ratings of a question than the protocol's small cells is left out, and no count is told.
    """
    before = earlier_round(session, row)
    if before is None or not before.root:
        return {}
    key = (before.round_id, before.root)
    if key not in _KEPT:
        _KEPT[key] = _figures(session, before, protocol)
    return _KEPT[key]


def _figures(session: Session, before: models.Round, protocol: Protocol) -> dict[str, tuple[GroupRatings, ...]]:
    ballots = interim.ballots_from_responses(counted_ballots(session, before).responses(), form="rated")
    if ballots.empty:
        return {}
    least = max(1, protocol.publication.small_cells)
    figures = group_figures(ballots, least, "nearest_rank").dropna(subset="median")  # ratings that somebody gave
    order = [group.id for group in protocol.groups]
    told: dict[str, list[GroupRatings]] = {}
    shown = [one for one in figures.to_dict("records") if one["group"] in order]
    for one in sorted(shown, key=lambda one: order.index(one["group"])):
        rated = GroupRatings(one["group"], float(one["median"]), int(one["q1"]), int(one["q3"]))
        told.setdefault(str(one["question"]), []).append(rated)
    return {question: tuple(groups) for question, groups in told.items()}
