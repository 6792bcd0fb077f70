"""The images of a stage, for the artifacts that an analyst sees: public, so never an order while a round is open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import TYPE_CHECKING

import pandas as pd

from consensus import store
from consensus.report import tables
from consensus.report.content import ANSWERED, publication
from consensus.report.groups import group_looks
from consensus.settings import Settings
from consensus.steps.material import load_material, load_rounds
from consensus.steps.review_course import review_course
from consensus.store import Store

if TYPE_CHECKING:
    from consensus.report.drawing import Drawing

__all__ = ["plots"]


Draw = Callable[[Store, str, datetime], "dict[str, Drawing | None]"]


def plots(db: Store, partnership: str, stage: str, *, now: datetime | None = None) -> dict[str, bytes]:
    """Return the images of a stage as PNG, by name; none where the stage has nothing to show yet.

    `stage` is a stage's name: gather-uncertainties (people by group against target), deduplicate (sizes of the groups),
    interim-ranking (score with the cut line, rank intervals, each group's positions), final-workshop and publish (each
    group's positions), else the rounds.
    """
    at = now or datetime.now(UTC)
    drawn = _DRAWINGS.get(stage, _rounds)(db, partnership, at)
    return {name: drawing.png() for name, drawing in drawn.items() if drawing is not None}


def _plots() -> ModuleType:
    """Return the module that draws; importing it costs most of a second that other steps need not pay."""
    from consensus.report import plots

    return plots


def _people(db: Store, partnership: str, now: datetime) -> dict[str, Drawing | None]:
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        answers = store.load_answers(session, partnership)
    if answers.empty:
        return {}
    answered = {ANSWERED: answers.drop_duplicates("response_id")["group"]}
    targets = pd.DataFrame({ANSWERED: {group.id: group.target_answers for group in protocol.groups}})
    counted = tables.count_groups(protocol, answered)
    return {"plot": _plots().plot_taking_part(counted, targets, group_looks(protocol))}


def _sizes(db: Store, partnership: str, now: datetime) -> dict[str, Drawing | None]:
    with db.reading() as session:
        proposals = store.load_frame(session, "proposals", partnership)
    if proposals.empty:
        return {}
    course = review_course(db, partnership, cache=Settings.from_environment().embeddings)
    return {
        "plot": _plots().plot_group_sizes(proposals["group"].value_counts()),
        "decisions and recall": None if course.empty else _plots().plot_review(course),
    }


def _figures(**named: str) -> Draw:
    """Return what draws figures of the report, name of the image -> name of the figure, from one publication."""

    def drawn(db: Store, partnership: str, now: datetime) -> dict[str, Drawing | None]:
        from consensus.report.figures import FIGURES

        with db.reading() as session:
            published = publication(load_material(session, partnership, now))
        return {name.replace("_", " "): FIGURES[figure](published, "page") for name, figure in named.items()}

    return drawn


def _rounds(db: Store, partnership: str, now: datetime) -> dict[str, Drawing | None]:
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        rounds = load_rounds(session, partnership)
    return {"plot": _plots().plot_rounds(rounds, zone=protocol.zone, now=now)}


_RANKED = _figures(plot="scores", rank_intervals="intervals", group_positions="positions")
_DRAWINGS: dict[str, Draw] = {
    "gather-uncertainties": _people,
    "deduplicate": _sizes,
    "interim-ranking": _RANKED,
    "approve-shortlist": _RANKED,
    "final-workshop": _figures(plot="positions"),
    "publish": _figures(plot="positions", rank_intervals="intervals"),
}
"""Each stage's images by name; the first is called "plot"."""
