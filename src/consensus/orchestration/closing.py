"""The run that closes a round at the very instant: scheduled, moved and cancelled."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from consensus.orchestration.client import Reply, ask, list_runs
from consensus.orchestration.planning import plan_run, round_tag
from consensus.settings import Settings
from consensus.steps import Outcome

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

__all__ = ["cancel_close", "move_close", "plan_close", "schedule_close", "schedule_close_of"]

CLOSE = "close-round"


def schedule_close(round_id: str, closes_at: datetime, settings: Settings | None = None) -> Reply:
    """Have the closing run scheduled at the very instant, and no other; asking twice changes nothing."""
    return ask(
        lambda client: plan_close(client, round_id, closes_at),
        "the round's close stands, and the sweep schedules its run once Prefect is there.",
        settings,
    )


def move_close(round_id: str, closes_at: datetime, settings: Settings | None = None) -> Reply:
    """Move the closing run to another instant: a new run under a new key, then the old one deleted."""
    return schedule_close(round_id, closes_at, settings)


def cancel_close(round_id: str, settings: Settings | None = None) -> Reply:
    """Cancel the closing run of a round that was closed early."""

    def cancel(client: SyncPrefectClient) -> Reply:
        from prefect.states import Cancelled

        planned = list_runs(client, CLOSE, ["SCHEDULED"], tags=[round_tag(round_id)])
        for run in planned:
            client.set_flow_run_state(run.id, Cancelled(message="The round was closed early."))
        return Reply(
            True, f"The closing run of '{round_id}' is cancelled." if planned else "No closing run was planned."
        )

    return ask(cancel, "its closing run will find the round closed and do nothing.", settings)


def schedule_close_of(outcome: Outcome, settings: Settings | None = None) -> str:
    """Return what Prefect says to a round that was just opened, extended or closed: its closing run follows it."""
    if outcome.ids["state"] in ("open", "paused"):
        return schedule_close(outcome.ids["round"], datetime.fromisoformat(outcome.ids["closes_at"]), settings).sentence
    return cancel_close(outcome.ids["round"], settings).sentence


def plan_close(client: SyncPrefectClient, round_id: str, closes_at: datetime) -> Reply:
    """Plan the run that closes a round, and no other."""
    return plan_run(client, CLOSE, round_id, "close", closes_at, {"round_id": round_id})
