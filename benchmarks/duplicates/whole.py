"""`python -m benchmarks.duplicates whole`: whether confirming proposed groups whole, before any list, saves screens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.duplicates.deciding import MOST, TARGET, case_of, embedder
from benchmarks.duplicates.reviewing import Case, curve, queue_states, reached
from consensus import ReviewQueue
from consensus.duplicates import Screen, propose_groups
from consensus.duplicates.deciding.likeness import evidence
from consensus.duplicates.deciding.showing import THOUSAND

__all__ = ["main"]

PURE = (0.95, 0.8)
COLLECTIONS = ("covidq", "banking77")


def main(shared: Path) -> None:
    """Print what a review takes that begins with the groups which are predicted to be pure, each on a screen."""
    print("| texts | a review begins with | of these | wholly right | screens in all | texts shown an item |")
    print("|---|---|---:|---:|---:|---:|")
    for name in COLLECTIONS:
        case = case_of(shared, name)
        _row(case, "lists", [], queue_states(case))
        for least in PURE:
            screens = list(whole_groups(case, ReviewQueue(case.submissions(), case), least))  # type: ignore[arg-type]
            states = queue_states(case, first=screens)
            _row(case, f"proposed groups, predicted to be {least:.0%} pure", screens, states)


def whole_groups(case: Case, queue: ReviewQueue, least: float) -> Iterator[Screen]:
    """Yield a screen for each proposed group of several wordings that is predicted to be pure, the largest first.

    What is predicted is the mean chance of its wordings to ask the same as the most central one.
    """
    land, chooser, number = queue._chooser.land, queue._chooser, queue._number
    place = {each: number[wording] for each, wording in queue._wordings.items()}
    groups = propose_groups(case.submissions(), embedder()).groupby("group")["submission_id"]
    told = [np.unique([place[each] for each in members]) for _, members in groups]
    shown = {row: tuple(each for each in place if place[each] == row) for rows in told for row in rows if len(rows) > 1}
    for rows in sorted((rows for rows in told if len(rows) > 1), key=lambda rows: (-len(rows), rows[0])):
        centre = rows[land.central(rows)]
        others = rows[rows != centre]
        seen = evidence(land, chooser.group_of, np.array([centre]), [np.array([row]) for row in others])
        chances = chooser.model.probability(seen)
        if (1 + chances.sum()) / len(rows) >= least:
            parts = tuple(tuple(row) for row in np.rint(seen * THOUSAND).astype(int).tolist())
            yield Screen(shown[centre], [shown[row] for row in others], "", tuple(chances.tolist()), parts)


def _row(case: Case, way: str, screens: list[Screen], states: Iterator) -> None:
    points = curve(case, states, target=TARGET, most=MOST)
    at, truth = reached(points, TARGET) or points[-1], dict(zip(case.ids, case.truth, strict=True))
    right = sum(len({truth[ids[0]] for ids in (each.anchor, *each.candidates)}) == 1 for each in screens)
    counts = f"{len(screens)} | {right} | {at.screens} | {at.texts / len(case.ids):.2f}"
    print(f"| {case.name} | {way} | {counts} |", flush=True)
