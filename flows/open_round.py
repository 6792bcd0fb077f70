"""A round opened, and its closing run scheduled for the very instant."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State

from consensus import orchestration, steps
from flows.parameters import ClosesAt, Now, PartnershipId, RoundKind, instant
from flows.running import BY, completed, run_step, show

__all__ = ["open_round"]


@flow(name="open-round", flow_run_name="{partnership}: open the {kind} round")
def open_round(
    partnership: PartnershipId, kind: RoundKind = "interim", closes_at: ClosesAt = None, now: Now = None
) -> State[Any]:
    """Open a partnership's gathering or interim round now, and schedule the run that closes it at the very instant."""
    outcome = run_step(
        "open the round",
        steps.open_round,
        partnership=partnership,
        kind=kind,
        closes_at=closes_at,
        by=BY,
        now=instant(now),
    )
    closes = datetime.fromisoformat(outcome.ids["closes_at"])
    if closes > instant(None):  # by a clock that is passed in, the close may lie behind us
        get_run_logger().info(orchestration.schedule_close(outcome.ids["round"], closes).sentence)
    show(outcome, partnership, plot=True)
    return completed(outcome)
