"""The report and the published spreadsheet."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from consensus import steps
from flows.artifacts import Progress
from flows.parameters import Now, OutputFolder, PartnershipId, instant
from flows.running import completed, run_step, show

__all__ = ["publish"]

STAGE = "publish"


@flow(name=STAGE, flow_run_name="{partnership}: publish")
def publish(partnership: PartnershipId, folder: OutputFolder = None, now: Now = None) -> State[Any]:
    """Write the report and the published spreadsheet, with small cells suppressed as the protocol says."""
    with Progress(partnership, STAGE, 1):
        outcome = run_step(
            "write report and spreadsheet", steps.publish, partnership=partnership, folder=folder, now=instant(now)
        )
    show(outcome, partnership, plot=True)
    return completed(outcome)
