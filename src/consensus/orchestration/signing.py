"""The run that waits for a person's sign-off on a shortlist: started once, and woken when the decision is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from consensus.orchestration.client import Reply, ask, create_run, list_runs
from consensus.settings import Settings

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

__all__ = ["ask_sign_off", "asks_about", "pause_key", "request_sign_off", "waiting_runs", "wake", "wake_approval"]

APPROVE = "approve-shortlist"
WAKE_INPUT = {"decision": "recorded", "signed_by": "recorded", "why": ""}
"""What wakes a suspended sign-off: it says only that the decision is in the store, where the run reads it."""


def ask_sign_off(partnership: str, ranking_id: str, settings: Settings | None = None) -> Reply:
    """Have one run of approve-shortlist wait for the decision on a ranking; asking twice starts no second one."""
    return ask(
        lambda client: request_sign_off(client, partnership, ranking_id),
        f"decide with `consensus approve --partnership {partnership}`; the sweep starts the run once Prefect is there.",
        settings,
    )


def wake_approval(ranking_id: str, settings: Settings | None = None) -> str:
    """Return what Prefect says to the wish to wake the run that waits for a decision, now that it is in the store.

    Asking twice is harmless.
    """
    reply = ask(
        lambda client: wake(client, [run for run in waiting_runs(client) if asks_about(run, ranking_id)]),
        "the decision stands, and the sweep wakes the waiting run once Prefect is there.",
        settings,
    )
    return reply.sentence


def pause_key(ranking_id: str, attempt: int) -> str:
    """Return the stable key under which a sign-off is suspended; Prefect takes lower-case letters, digits and dashes.

    Examples
    --------
    >>> pause_key("r0123456789ab", 1)
    'sign-off-r0123456789ab-1'
    """
    return f"sign-off-{ranking_id.lower().replace('_', '-')}-{attempt}"


def request_sign_off(client: SyncPrefectClient, partnership: str, ranking_id: str) -> Reply:
    """Return the run that asks for the decision on a ranking, created where there is none that is not over."""
    for run in list_runs(client, APPROVE, ["PAUSED", "SCHEDULED", "PENDING", "RUNNING"]):
        if asks_about(run, ranking_id):
            return Reply(True, f"{run.name} waits for the decision.", str(run.id), run.state_name or "")
    run = create_run(
        client,
        APPROVE,
        {"partnership": partnership, "ranking_id": ranking_id},
        key=f"sign-off:{ranking_id}",
        name=f"{partnership}: approve shortlist",
    )
    return Reply(True, f"{run.name} asks for the decision.", str(run.id), run.state_name or "")


def waiting_runs(client: SyncPrefectClient) -> list[FlowRun]:
    """Return the runs of approve-shortlist that wait for a person."""
    return list_runs(client, APPROVE, ["PAUSED"])


def asks_about(run: FlowRun, ranking_id: str) -> bool:
    """Tell whether a sign-off run is about a ranking; one started without its id shows it in its pause key."""
    details = run.state.state_details if run.state else None
    key = (details.pause_key if details else None) or ""
    return run.parameters.get("ranking_id") == ranking_id or key.startswith(pause_key(ranking_id, 0)[:-1])


def wake(client: SyncPrefectClient, runs: Sequence[FlowRun]) -> Reply:
    """Resume runs; where the form was never written (a kill while suspending), schedule the run again instead."""
    from prefect.client.schemas.responses import SetStateStatus
    from prefect.states import Scheduled

    for run in runs:
        result = client.resume_flow_run(run.id, run_input=dict(WAKE_INPUT))
        if result.status == SetStateStatus.REJECT:
            client.set_flow_run_state(run.id, Scheduled(message="The decision is recorded."))
    if not runs:
        return Reply(True, "No run waits for this decision.")
    return Reply(True, f"Woke {runs[0].name}, which waited for the decision.", str(runs[0].id))
