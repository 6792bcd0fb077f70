"""The one door to Prefect outside `flows/`: schedule, move, cancel, start, wake and wait for runs, over its client.

Everything here is called after the store has committed, and may fail without harm: what was decided stands, and the
sweep (`advance-rounds`) does later what could not be done now. So each function returns a `Reply`, never a traceback.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from consensus import steps
from consensus.orchestration.client import Reply, ask, ask_all, create_run, list_runs, prefect_api_url
from consensus.orchestration.closing import cancel_close, move_close, plan_close, schedule_close, schedule_close_of
from consensus.orchestration.planning import plan_acts
from consensus.orchestration.signing import (
    ask_sign_off,
    asks_about,
    pause_key,
    request_sign_off,
    waiting_runs,
    wake,
    wake_approval,
)
from consensus.store import Store

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

__all__ = [
    "Reply",
    "ask_sign_off",
    "cancel_close",
    "create_run",
    "list_runs",
    "move_close",
    "pause_key",
    "prefect_api_url",
    "reconcile",
    "schedule_close",
    "schedule_close_of",
    "trigger",
    "wait_for",
    "wake_approval",
]


def trigger(flow_name: str, parameters: Mapping[str, Any], *, key: str = "") -> Reply:
    """Start a run of a deployment now; with a `key`, a run of it that is not over is returned instead of a second."""

    def create(client: SyncPrefectClient) -> Reply:
        run = create_run(client, flow_name, dict(parameters), key=key)
        return Reply(True, f"Started '{flow_name}' as {run.name}.", str(run.id), run.state_name or "")

    return ask(create, f"nothing was lost; start '{flow_name}' again, or take its step from the command line.")


def wait_for(run_id: str, timeout: float = 600, *, poll: float = 0.3) -> Reply:
    """Return once a run is over or waits for a person, with the name of its state; `timeout` and `poll` in seconds."""

    def wait(client: SyncPrefectClient) -> Reply:
        deadline = time.monotonic() + timeout
        while True:
            run = client.read_flow_run(UUID(run_id))
            state = run.state_name or ""
            if run.state is not None and (run.state.is_final() or run.state.is_paused()):
                return Reply(True, f"{run.name}: {state}. {run.state.message or ''}".strip(), run_id, state)
            if time.monotonic() > deadline:
                return Reply(True, f"{run.name} is still {state} after {timeout:.0f} s.", run_id, state)
            time.sleep(poll)

    return ask(wait, "the run goes on by itself.")


def reconcile(db: Store, *, now: datetime, faults: list[str] | None = None) -> list[Reply]:
    """Bring Prefect's runs in line with the store; the sweep and the start of the server call it.

    Each round gets runs for its next acts at their instants (opening, reminder, close), each undecided shortlist its
    sign-off run, and every sign-off run whose ranking is decided or no longer current is woken. Doing it twice changes
    nothing. What cannot be read of one round holds up no other: it is told in `faults`, else in a reply of its own.
    """
    found: list[str] = []
    rounds, acts = steps.list_rounds(db), steps.upcoming(db, now=now, faults=found)
    undecided: dict[str, str] = {}
    unread: set[str] = set()
    for view in rounds:
        if view.kind == "interim" and view.ranking_id:
            unread.add(view.ranking_id)
            with steps.noting(found, f"Whether the ranking of '{view.round_id}' was signed off is not known"):
                if steps.approval(db, view.ranking_id) is None:
                    undecided[view.ranking_id] = view.partnership
                unread.discard(view.ranking_id)

    def settle(client: SyncPrefectClient) -> list[Reply]:
        replies = [plan_close(client, act.round_id, act.at) for act in acts if act.act == "close"]
        replies += plan_acts(client, acts)
        waiting = waiting_runs(client)
        settled = [run for run in waiting if not any(asks_about(run, each) for each in (*undecided, *unread))]
        replies += [wake(client, [run]) for run in settled]
        return replies + [request_sign_off(client, partnership, ranking) for ranking, partnership in undecided.items()]

    replies = ask_all(settle, "the sweep tries again in five minutes.")
    if faults is None:
        return [*(Reply(False, fault) for fault in found), *replies]
    faults += found
    return replies
