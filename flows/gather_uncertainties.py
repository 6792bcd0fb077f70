"""Answers in, cut into submissions, what may identify somebody flagged."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from consensus import steps
from flows.artifacts import Progress
from flows.parameters import AnswersPath, MappingPath, Now, PartnershipId, Source, instant
from flows.running import BY, completed, run_step, show

__all__ = ["gather_uncertainties"]

STAGE = "gather-uncertainties"


@flow(name=STAGE, flow_run_name="{partnership}: gather uncertainties")
def gather_uncertainties(
    partnership: PartnershipId,
    answers: AnswersPath = None,
    mapping: MappingPath = None,
    source: Source = "auto",
    now: Now = None,
) -> State[Any]:
    """Import a file of answers, keep them as received, and cut them into submissions.

    Importing twice changes nothing.
    """
    at = instant(now)
    with Progress(partnership, STAGE, 2 if answers else 1) as progress:
        if answers is not None:
            run_step(
                "import answers",
                steps.import_answers,
                partnership=partnership,
                path=answers,
                mapping=mapping,
                source=source,
                by=BY,
                now=at,
            )
            progress.part()
        outcome = run_step("cut into submissions", steps.gather, partnership=partnership, now=at)
    show(outcome, partnership, plot=True)
    return completed(outcome)
