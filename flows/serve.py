"""`python -m flows.serve`: register every deployment with the server and run what is scheduled, in this process's care.

For the embedded default, where this is the only runner of its server. With a work pool and several workers, use
`prefect.yaml` instead.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
import urllib.error
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.runner import Runner
from prefect.states import Crashed, Scheduled

from consensus import orchestration, steps
from flows.deployments import DEPLOYMENTS
from flows.running import open_store

__all__ = ["catch_up", "drop_missed_sweeps", "main", "put_back_interrupted", "wait_for_server"]

LIMIT = 2
"""Runs at once: a run is a process of its own, and the smallest machine that we serve has two cores."""
SWEEP = "advance-rounds"
MOST_ATTEMPTS = 3
"""Times that a run is put back after its process was stopped, before it is left as crashed for a person to look at."""

logger = logging.getLogger("prefect.consensus")


def wait_for_server(api_url: str, timeout: float = 180) -> None:
    """Return once the server answers; it starts while this process imports what the flows need."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with suppress(OSError, urllib.error.URLError), urllib.request.urlopen(f"{api_url}/health", timeout=2):
            return
        time.sleep(0.1)
    raise SystemExit(f"Prefect is not reachable at {api_url} after {timeout:.0f} s.")


def put_back_interrupted(client: SyncPrefectClient) -> int:
    """Schedule again the runs whose process ended with the runner before this one, and return how many.

    Prefect leaves them Running or Pending for ever, also a closing run that was picked up just before its instant.
    Every stage of ours can be run again from its first line. Runs without a deployment cannot be, and are marked.
    """
    interrupted = client.read_flow_runs(
        flow_run_filter=FlowRunFilter.model_validate({"state": {"type": {"any_": ["RUNNING", "PENDING"]}}})
    )
    told = "The process of this run was stopped"
    for run in interrupted:
        if run.parent_task_run_id is not None or run.deployment_id is None or run.run_count >= MOST_ATTEMPTS:
            client.set_flow_run_state(run.id, Crashed(message=f"{told}."))
        else:
            client.set_flow_run_state(run.id, Scheduled(message=f"{told}; it starts again."))
    return len(interrupted)


def drop_missed_sweeps(client: SyncPrefectClient, now: datetime) -> int:
    """Delete the sweeps that fell due while nothing ran, and return how many: one makes up for them all.

    Prefect plans an hour ahead, so after a night a dozen of them would start at once.
    """
    planned = orchestration.list_runs(client, SWEEP, ["SCHEDULED"])
    missed = [run for run in planned if run.next_scheduled_start_time and run.next_scheduled_start_time <= now]
    for run in missed:
        client.delete_flow_run(run.id)
    return len(missed)


def catch_up(now: datetime) -> None:
    """Bring the runs in line with the store after a time in which nothing ran, with a sweep if one was missed."""
    with SyncPrefectClient(orchestration.prefect_api_url()) as client:
        put_back = put_back_interrupted(client)
        sweeps = drop_missed_sweeps(client, now)
    logger.info("%d interrupted runs put back, %d missed sweeps dropped.", put_back, sweeps)
    with open_store() as db:
        missed = [view for view in steps.list_rounds(db) if view.state in ("open", "paused") and view.closes_at <= now]
        replies = orchestration.reconcile(db, now=now)
    if missed or sweeps:
        replies.append(orchestration.trigger(SWEEP, {}))
    for reply in replies:
        logger.info(reply.sentence)


def main() -> None:
    """Serve every deployment until interrupted."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would have it ignored
    os.environ.setdefault("PREFECT_API_URL", orchestration.prefect_api_url())
    wait_for_server(orchestration.prefect_api_url())
    runner = Runner(name="consensus", pause_on_shutdown=False, limit=LIMIT)
    for deployment in DEPLOYMENTS:
        runner.add_deployment(deployment.to_runner())
    catch_up(datetime.now(UTC))
    with suppress(KeyboardInterrupt):
        asyncio.run(runner.start())


if __name__ == "__main__":
    main()
