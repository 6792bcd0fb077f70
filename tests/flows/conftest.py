"""One Prefect harness for the session, a store of the small partnership, and what a run left behind."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")

from prefect.client.orchestration import SyncPrefectClient
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings
from prefect.testing.utilities import prefect_test_harness

from consensus.store import Store
from flows.deployments import DEPLOYMENTS
from tests.walk import walk_until


@pytest.fixture(scope="session")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a Prefect server of our own, with every deployment registered and nothing that runs them."""
    with (
        temporary_settings({PREFECT_HOME: tmp_path_factory.mktemp("prefect")}),
        prefect_test_harness(server_startup_timeout=120),
    ):
        for deployment in DEPLOYMENTS:
            deployment.to_runner().apply()
        yield PREFECT_API_URL.value()


@pytest.fixture
def api(harness: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SyncPrefectClient]:
    """Yield a client of the harness, which is where `orchestration` goes as well."""
    monkeypatch.setenv("PREFECT_API_URL", harness)
    with SyncPrefectClient(harness) as client:
        yield client


@pytest.fixture
def at_stage(tmp_path: Path, api: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Store]:
    """Return what walks the small partnership up to a stage and gives its store, which the flows then use."""

    def walked(stage: str) -> Store:
        monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path))
        monkeypatch.setenv("CONSENSUS_DATABASE_URL", f"sqlite:///{tmp_path / 'consensus.db'}")
        walk_until(stage, tmp_path)
        return Store.open(f"sqlite:///{tmp_path / 'consensus.db'}")

    return walked


def artifacts_of(client: SyncPrefectClient, run_id: object) -> dict[str, dict[str, Any]]:
    """Return the artifacts that a flow run left, by key."""
    query = {"artifacts": {"flow_run_id": {"any_": [str(run_id)]}}}
    found = client.request("POST", "/artifacts/filter", json=query).json()
    return {artifact["key"]: artifact for artifact in found}


def everything_shown(client: SyncPrefectClient, run_ids: list[object]) -> str:
    """Return all that somebody who opens the UI can read of some runs: parameters, states, logs, artifacts, as text."""
    ids = [str(run_id) for run_id in run_ids]
    queries: dict[str, dict[str, Any]] = {
        "/flow_runs/filter": {"flow_runs": {"id": {"any_": ids}}},
        "/task_runs/filter": {"flow_runs": {"id": {"any_": ids}}},
        "/logs/filter": {"logs": {"flow_run_id": {"any_": ids}}},
        "/artifacts/filter": {"artifacts": {"flow_run_id": {"any_": ids}}},
    }
    return "".join(client.request("POST", path, json=query).text for path, query in queries.items())
