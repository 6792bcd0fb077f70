"""The one list of deployments: `flows.serve` runs it, and `prefect.yaml` is written from it.

`python -m flows.deployments --write` writes `prefect.yaml`, for several workers on a work pool; a test holds the two
together.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from prefect import Flow
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.flows import EntrypointType

from flows.advance_round import advance_round
from flows.advance_rounds import advance_rounds
from flows.approve_shortlist import approve_shortlist
from flows.close_round import close_round
from flows.deduplicate import deduplicate
from flows.final_workshop import final_workshop
from flows.gather_uncertainties import gather_uncertainties
from flows.interim_ranking import interim_ranking
from flows.open_round import open_round
from flows.priority_setting_partnership import priority_setting_partnership
from flows.publish import publish
from flows.send_mail import send_mail

__all__ = ["DEPLOYMENTS", "Deployment", "prefect_yaml"]

WORK_POOL = "consensus"
HEADER = """\
# Written by `python -m flows.deployments --write` from flows/deployments.py; a test holds the two together.
# For several workers on a work pool: `prefect work-pool create consensus --type process`, then `prefect deploy --all`
# here, then `prefect worker start --pool consensus` on each. `make up` needs none of it: it serves the same list.
"""


@dataclass(frozen=True)
class Deployment:
    """A flow that can be started from the UI, by a schedule or over the API, under the flow's own name.

    Attributes
    ----------
    flow, description, tags, parameters
        What runs, what it is for, how it is found, and with which parameters where none are given.
    cron
        When it runs by itself, in UTC; empty when only on demand.
    at_once
        How many of its runs may go on at once; a further one is cancelled. None for no limit.
    """

    flow: Flow[..., Any]
    description: str
    tags: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    cron: str = ""
    at_once: int | None = None

    @property
    def name(self) -> str:
        """Return the name of the deployment, which is the flow's."""
        return self.flow.name

    def to_runner(self) -> RunnerDeployment:
        """Return the deployment as `serve` takes it; its entry point is a module, so any folder will do."""
        deployment: Any = self.flow.to_deployment(
            name=self.name,
            description=self.description,
            tags=list(self.tags),
            parameters=dict(self.parameters),
            cron=self.cron or None,
            concurrency_limit=self._limit(),
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        deployment.work_pool_name = None  # said out loud: it takes back what `prefect deploy` may have set before
        deployment.work_queue_name = None
        return deployment  # type: ignore[no-any-return]

    def _limit(self) -> ConcurrencyLimitConfig | None:
        if self.at_once is None:
            return None
        return ConcurrencyLimitConfig(
            limit=self.at_once, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW, grace_period_seconds=60
        )

    def to_yaml(self) -> dict[str, Any]:
        """Return the deployment as an entry of `prefect.yaml`."""
        entry: dict[str, Any] = {
            "name": self.name,
            "description": self.description,
            "entrypoint": f"{self.flow.fn.__module__.replace('.', '/')}.py:{self.flow.fn.__name__}",
            "tags": list(self.tags),
            "parameters": dict(self.parameters),
            "work_pool": {"name": WORK_POOL},
            "enforce_parameter_schema": True,
            "schedules": [{"cron": self.cron, "timezone": "UTC", "slug": self.name}] if self.cron else [],
        }
        limit = self._limit()
        if limit is not None:
            entry["concurrency_limit"] = limit.model_dump(mode="json")
        return entry


STAGE_TAG, ROUND_TAG, PERSON_TAG = "stage", "round", "waits for a person"

DEPLOYMENTS: tuple[Deployment, ...] = (
    Deployment(
        priority_setting_partnership,
        "Take a partnership from where it stands to the next thing that a person must do. Start here.",
        tags=("start here",),
    ),
    Deployment(
        gather_uncertainties,
        "Import answers, keep them as received, cut them into submissions and flag what may identify somebody.",
        tags=(STAGE_TAG,),
    ),
    Deployment(
        deduplicate,
        "Propose which submissions ask the same and write the workbook for review, or take the reviewed workbook.",
        tags=(STAGE_TAG,),
    ),
    Deployment(
        open_round,
        "Open the gathering or the interim round, and schedule the run that closes it at the very instant.",
        tags=(ROUND_TAG,),
    ),
    Deployment(
        close_round,
        "Close a round whose close has come. Opening a round schedules this; extending moves it.",
        tags=(ROUND_TAG,),
    ),
    Deployment(
        advance_round,
        "Open a round, or remind those whose voice is missing, at the very instant. The sweep plans these runs.",
        tags=(ROUND_TAG,),
    ),
    Deployment(
        advance_rounds,
        "Every five minutes: open, remind, close and rank what is due, and wake what waits for a recorded decision.",
        tags=(ROUND_TAG, "sweep"),
        cron="*/5 * * * *",
        at_once=1,
    ),
    Deployment(
        send_mail,
        "Send what is due in the outbox. The sweep starts it. No letter goes twice; who still gets one is decided now.",
        tags=(ROUND_TAG, "mail"),
        at_once=1,
    ),
    Deployment(
        interim_ranking,
        "Rank the closed interim round: order, shortlist, and how firm both are.",
        tags=(STAGE_TAG,),
    ),
    Deployment(
        approve_shortlist,
        "Wait for a person to approve or reject the shortlist; no process is held meanwhile.",
        tags=(STAGE_TAG, PERSON_TAG),
    ),
    Deployment(
        final_workshop,
        "Combine the workshop's small-group rankings with the plenary's moves into the final order.",
        tags=(STAGE_TAG,),
    ),
    Deployment(publish, "Write the report and the published spreadsheet.", tags=(STAGE_TAG,)),
)
"""Every deployment, in the order in which a facilitator meets them."""


def prefect_yaml() -> str:
    """Return the text of `prefect.yaml`."""
    content = {"name": "consensus", "deployments": [deployment.to_yaml() for deployment in DEPLOYMENTS]}
    return HEADER + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)


def main(arguments: list[str] | None = None) -> int:
    """Write `prefect.yaml` in the current folder, or print it."""
    parser = argparse.ArgumentParser(prog="python -m flows.deployments", description="prefect.yaml from the one list")
    parser.add_argument("--write", action="store_true", help="write ./prefect.yaml instead of printing it")
    if parser.parse_args(arguments).write:
        Path("prefect.yaml").write_text(prefect_yaml(), encoding="utf-8")
    else:
        sys.stdout.write(prefect_yaml())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
