"""Small-group rankings in, combined by rank sum, the plenary's moves applied: the final order and its Top 10."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from consensus import steps
from flows.parameters import Now, PartnershipId, RankingsPath, instant
from flows.running import BY, completed, run_step, show

__all__ = ["final_workshop"]


@flow(name="final-workshop", flow_run_name="{partnership}: final workshop")
def final_workshop(partnership: PartnershipId, rankings: RankingsPath = None, now: Now = None) -> State[Any]:
    """Combine the workshop's small-group rankings with the recorded plenary moves into the final order."""
    at = instant(now)
    if rankings is not None:
        run_step(
            "take the small groups' rankings",
            steps.import_workshop,
            partnership=partnership,
            path=rankings,
            by=BY,
            now=at,
        )
    outcome = run_step("combine the rankings", steps.finalise, partnership=partnership, now=at)
    show(outcome, partnership, plot=True)
    return completed(outcome)
