"""The runs in which a round does something by itself at an instant: one for each act, moved when the instant moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from consensus.orchestration.client import Reply, create_run, list_runs
from consensus.steps import Upcoming

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

__all__ = ["plan_acts", "plan_run", "round_tag"]

ADVANCE = "advance-round"
PLANNED = ("open", "remind")
"""The acts that `advance-round` is planned for; a close has a flow of its own."""


def plan_run(
    client: SyncPrefectClient, deployment: str, round_id: str, act: str, at: datetime, parameters: Mapping[str, Any]
) -> Reply:
    """Create the run for an instant, then delete those of the same act for other instants, so that there is never none.

    The same instant gives the run that is there.
    """
    instant = at.astimezone(UTC)
    run = create_run(
        client,
        deployment,
        dict(parameters),
        at=instant,
        key=f"{act}:{round_id}:{instant.isoformat()}",
        tags=[round_tag(round_id)],
        name=f"{round_id}: {act}",
    )
    for other in list_runs(client, deployment, ["SCHEDULED"], tags=[round_tag(round_id)]):
        if other.id != run.id and other.name == run.name:
            client.delete_flow_run(other.id)
    told = f"The run '{round_id}: {act}' is scheduled for {instant:%Y-%m-%d %H:%M:%S} UTC."
    return Reply(True, told, str(run.id), run.state_name or "")


def plan_acts(client: SyncPrefectClient, acts: Sequence[Upcoming]) -> list[Reply]:
    """Plan the opening or the next reminder of each round, and delete the runs of acts that will not come any more."""
    wanted = [act for act in acts if act.act in PLANNED]
    replies = [
        plan_run(client, ADVANCE, act.round_id, act.act, act.at, {"round_id": act.round_id, "act": act.act})
        for act in wanted
    ]
    names = {f"{act.round_id}: {act.act}" for act in wanted}
    for run in list_runs(client, ADVANCE, ["SCHEDULED"]):
        if run.name not in names:
            client.delete_flow_run(run.id)
    return replies


def round_tag(round_id: str) -> str:
    """Return the tag that all runs of a round carry."""
    return f"round:{round_id}"
