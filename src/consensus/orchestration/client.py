"""Asking Prefect for something and always getting a sentence back; runs found and created over its client.

Prefect is imported inside the functions, because importing it costs seconds that most commands need not pay.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from consensus.settings import Settings

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

__all__ = ["Reply", "ask", "ask_all", "create_run", "list_runs", "prefect_api_url"]


@dataclass(frozen=True)
class Reply:
    """What Prefect answered, in a sentence for a person.

    Attributes
    ----------
    reached
        False when Prefect was away, had no such deployment or refused; the store's state stands all the same.
    sentence
        What happened and, if it did not, who does it later.
    run_id, state
        The flow run meant, and the name of its state where it was asked for.
    """

    reached: bool
    sentence: str
    run_id: str = ""
    state: str = ""


def prefect_api_url(settings: Settings | None = None) -> str:
    """Return the address of the Prefect API: `PREFECT_API_URL`, else that of the embedded server.

    A profile in the user's own Prefect home is not consulted: a partnership must not end up in somebody's account
    elsewhere.
    """
    return os.environ.get("PREFECT_API_URL") or (settings or Settings.from_environment()).prefect_api_url


def ask(request: Callable[[SyncPrefectClient], Reply], meanwhile: str, settings: Settings | None = None) -> Reply:
    """Return the answer to a request, or the sentence that says why there is none and what happens meanwhile."""
    return ask_all(lambda client: [request(client)], meanwhile, settings)[0]


def ask_all(
    request: Callable[[SyncPrefectClient], list[Reply]], meanwhile: str, settings: Settings | None = None
) -> list[Reply]:
    """Return the answers to several requests over one connection, or one sentence that says why there are none."""
    url = prefect_api_url(settings)
    told = f"Prefect is not reachable at {url}"
    if not _listens(url):
        return [Reply(False, f"{told}; {meanwhile}")]
    import httpx
    from prefect.exceptions import ObjectNotFound

    try:
        with _client(url) as client:
            return request(client)
    except ObjectNotFound:
        told = f"Prefect at {url} has no such deployment or run (`consensus up` registers the deployments)"
    except httpx.HTTPStatusError as error:
        told = f"Prefect at {url} refused the request (HTTP {error.response.status_code})"
    except (httpx.HTTPError, OSError, ValueError):
        pass
    return [Reply(False, f"{told}; {meanwhile}")]


def _listens(url: str) -> bool:
    """Tell whether anything listens there, before the seconds are spent that importing Prefect costs."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    with suppress(OSError), socket.create_connection((parts.hostname or "", port), timeout=3):
        return True
    return False


@contextmanager
def _client(url: str) -> Iterator[SyncPrefectClient]:
    import httpx
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_KEY

    with SyncPrefectClient(
        url,
        auth_string=PREFECT_API_AUTH_STRING.value(),
        api_key=PREFECT_API_KEY.value(),
        httpx_settings={"timeout": httpx.Timeout(30, connect=3)},
    ) as client:
        yield client


def list_runs(
    client: SyncPrefectClient, deployment: str, types: Sequence[str], *, tags: Sequence[str] = ()
) -> list[FlowRun]:
    """Return a deployment's runs whose state is of one of `types`, the first 200."""
    from prefect.client.schemas import filters as by

    wanted: dict[str, Any] = {"state": {"type": {"any_": list(types)}}}
    if tags:
        wanted["tags"] = {"all_": list(tags)}
    return client.read_flow_runs(
        deployment_filter=by.DeploymentFilter(name=by.DeploymentFilterName(any_=[deployment])),
        flow_run_filter=by.FlowRunFilter.model_validate(wanted),
    )


def create_run(
    client: SyncPrefectClient,
    deployment: str,
    parameters: dict[str, Any],
    *,
    at: datetime | None = None,
    key: str = "",
    tags: Sequence[str] = (),
    name: str | None = None,
) -> FlowRun:
    """Create a run of a deployment, now or `at` an instant.

    With a `key`, the run of that key is returned while it is not over (Prefect answers with the first run and its first
    time); once it is over it makes way for the next.
    """
    from prefect.states import Scheduled

    found = client.read_deployment_by_name(f"{deployment}/{deployment}")
    for attempt in range(1, 1000):
        run = client.create_flow_run_from_deployment(
            found.id,
            parameters=parameters,
            state=Scheduled(scheduled_time=at) if at else None,
            name=name,
            tags=tags,
            idempotency_key=(key if attempt == 1 else f"{key}:{attempt}") if key else None,
        )
        if not key or run.state is None or not run.state.is_final():
            break
    return run
