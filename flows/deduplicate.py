"""Duplicate groups proposed and laid out for review; a reviewed workbook read back."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from consensus import steps
from consensus.settings import Settings
from flows.artifacts import Progress
from flows.parameters import Now, PartnershipId, ReviewPath, instant
from flows.running import BY, completed, run_step, show, show_review

__all__ = ["deduplicate"]

STAGE = "deduplicate"


@flow(name=STAGE, flow_run_name="{partnership}: deduplicate")
def deduplicate(partnership: PartnershipId, reviewed: ReviewPath = None, now: Now = None) -> State[Any]:
    """Propose which submissions ask the same, and write the workbook in which people decide; or take it back, decided.

    Nothing is merged until a person says so.
    """
    at = instant(now)
    if reviewed is not None:
        outcome = run_step(
            "take the review", steps.import_review, partnership=partnership, path=reviewed, by=BY, now=at
        )
    else:
        with Progress(partnership, STAGE, 2) as progress:
            settings = Settings.from_environment()
            cache = settings.embeddings
            outcome = run_step(
                "propose duplicate groups", steps.propose_duplicates, partnership=partnership, cache=cache, now=at
            )
            progress.part()
            workbook = settings.outputs(partnership) / "review.xlsx"
            run_step(
                "write the review workbook",
                steps.export_review,
                partnership=partnership,
                path=workbook,
                cache=cache,
                now=at,
            )
    show(outcome, partnership, plot=True)
    show_review(partnership)
    return completed(outcome)
