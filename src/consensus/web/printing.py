"""The survey as a page to print, ordinary or large, from the same definition as the survey pages."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from starlette.responses import Response

from consensus.steps.paper import paper_of
from consensus.store import Store
from consensus.survey.paper import places
from consensus.survey.sets import DESIGNS, design_seed
from consensus.web.forms import Arrival, Doorway
from consensus.web.pages import WISHED, render, spoken, unknown

__all__ = ["SIZES", "add_printing"]

SIZES = ("ordinary", "large")
"""12 points, and 18 as the large print that is usually asked for."""

BOXES = 3
"""Boxes printed for a text that may be given as often as people like."""


def add_printing(app: FastAPI, db: Store, doorway: Doorway) -> None:
    """Add the pages to print to the web app."""
    doorway.add(app, "/print/{partnership}/{kind}", _shows(db))


def _shows(db: Store) -> Callable[[Arrival], Response]:
    def see(arrival: Arrival) -> Response:
        paper = paper_of(db, arrival.path["partnership"], arrival.path["kind"])
        if paper is None:
            return unknown()
        design = design_seed(arrival.query.get("design"))
        size = arrival.query.get("size") if arrival.query.get("size") in SIZES else SIZES[0]
        return render(
            "print.html.j2" if paper.can_be_printed else "print_early.html.j2",
            paper.protocol,
            spoken(paper.protocol, arrival.query.get("lang"), WISHED.get()),
            status=200 if paper.can_be_printed else 409,
            paper=paper,
            size=size,
            sizes=SIZES,
            design=design,
            designs=DESIGNS if paper.has_sets else 0,
            path=arrival.here,
            places=places,
            boxes=BOXES,
            there=None,
        )

    return see
