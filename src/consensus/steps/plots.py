"""One image a stage, for the artifacts that an analyst sees: public, so never an order while a round is open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import TYPE_CHECKING

import pandas as pd

from consensus import store
from consensus.report import tables
from consensus.report.content import ANSWERED, Published, publication
from consensus.report.groups import group_looks
from consensus.steps.material import load_material, load_rounds
from consensus.store import Store

if TYPE_CHECKING:
    from consensus.report.drawing import Drawing

__all__ = ["plot"]


def plot(db: Store, partnership: str, stage: str, *, now: datetime | None = None) -> bytes:
    """Return the image of a stage as PNG; empty bytes where the stage has nothing to show yet.

    `stage` is a stage's name: gather-uncertainties (people by group against target), deduplicate (sizes of the groups),
    interim-ranking (score with the cut line), final-workshop and publish (each group's positions), else the rounds.
    """
    drawing = _DRAWINGS.get(stage, _rounds)(db, partnership, now or datetime.now(UTC))
    return drawing.png() if drawing is not None else b""


def _plots() -> ModuleType:
    """Return the module that draws; importing it costs most of a second that other steps need not pay."""
    from consensus.report import plots

    return plots


def _people(db: Store, partnership: str, now: datetime) -> Drawing | None:
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        answers = store.load_answers(session, partnership)
    if answers.empty:
        return None
    answered = {ANSWERED: answers.drop_duplicates("response_id")["group"]}
    targets = pd.DataFrame({ANSWERED: {group.id: group.target_answers for group in protocol.groups}})
    return _plots().plot_taking_part(tables.count_groups(protocol, answered), targets, group_looks(protocol))


def _sizes(db: Store, partnership: str, now: datetime) -> Drawing | None:
    with db.reading() as session:
        proposals = store.load_frame(session, "proposals", partnership)
    return None if proposals.empty else _plots().plot_group_sizes(proposals["group"].value_counts())


def _scores(db: Store, partnership: str, now: datetime) -> Drawing | None:
    shown = _published(db, partnership, now)
    return _plots().plot_scores(shown.questions[shown.questions["score"].notna()].sort_values("interim_rank"))


def _positions(db: Store, partnership: str, now: datetime) -> Drawing | None:
    shown = _published(db, partnership, now)
    top = shown.questions.loc[shown.top]
    places = top["final_rank" if shown.is_final else "interim_rank"]
    rows = top[["wording"]].assign(place=[f"{place:g}." for place in places])
    ranked = int(shown.questions["score"].notna().sum())
    return _plots().plot_positions(rows, shown.positions, shown.groups, of=ranked)


def _rounds(db: Store, partnership: str, now: datetime) -> Drawing | None:
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        rounds = load_rounds(session, partnership)
    return _plots().plot_rounds(rounds, zone=protocol.zone, now=now)


def _published(db: Store, partnership: str, now: datetime) -> Published:
    with db.reading() as session:
        return publication(load_material(session, partnership, now))


_DRAWINGS: dict[str, Callable[[Store, str, datetime], Drawing | None]] = {
    "gather-uncertainties": _people,
    "deduplicate": _sizes,
    "interim-ranking": _scores,
    "approve-shortlist": _scores,
    "final-workshop": _positions,
    "publish": _positions,
}
