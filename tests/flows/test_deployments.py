"""The one list of deployments, and what is made from it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from prefect.flows import load_flow_from_entrypoint

from flows.deployments import DEPLOYMENTS, Deployment, prefect_yaml

ROOT = Path(__file__).resolve().parents[2]


def test_prefect_yaml_and_the_list_of_deployments_cannot_drift() -> None:
    assert (ROOT / "prefect.yaml").read_text(encoding="utf-8") == prefect_yaml(), (
        "write it again: python -m flows.deployments --write"
    )


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment.name)
def test_the_form_of_a_deployment_explains_itself(deployment: Deployment) -> None:
    fields = deployment.flow.parameters.properties

    assert deployment.description
    assert [name for name, field in fields.items() if not field.get("description")] == []
    assert {"text", "email", "name", "person"} & set(fields) == set()


def test_every_entry_of_prefect_yaml_leads_to_its_flow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    entries = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]

    names = [load_flow_from_entrypoint(entry["entrypoint"]).name for entry in entries]

    assert names == [deployment.name for deployment in DEPLOYMENTS]
    assert len(set(names)) == len(names)


def test_the_sweep_comes_every_five_minutes_and_never_twice_at_once() -> None:
    sweep = next(deployment for deployment in DEPLOYMENTS if deployment.name == "advance-rounds").to_yaml()

    assert [schedule["cron"] for schedule in sweep["schedules"]] == ["*/5 * * * *"]
    assert (sweep["concurrency_limit"]["limit"], sweep["concurrency_limit"]["collision_strategy"]) == (1, "CANCEL_NEW")
