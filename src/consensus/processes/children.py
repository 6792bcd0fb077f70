"""The programs of a running system: how each is started, asked whether it is ready, and told to stop."""

from __future__ import annotations

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from consensus.settings import Settings

__all__ = ["Child", "children", "environment", "flows_child", "server_child", "web_child"]


@dataclass(frozen=True)
class Child:
    """A program of the running system.

    Attributes
    ----------
    name, command
        What it is called in sentences and in its log's name, and how it is started.
    ready
        Tells whether it does its work; called with the instant at which it was started.
    port
        Where it listens and `None` if nowhere; checked to be free before anything is started.
    port_setting
        The setting that gives it another port.
    stop_signal, stop_deadline
        What asks it to stop, and the seconds it has before it is killed with all that it started.
    """

    name: str
    command: tuple[str, ...]
    ready: Callable[[datetime], bool]
    port: int | None = None
    port_setting: str = ""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_deadline: float = 10.0


def children(settings: Settings, *, web: bool = True) -> tuple[Child, ...]:
    """Return the children of a running system, in the order in which they are started."""
    return (server_child(settings), flows_child(settings), *([web_child(settings)] if web else []))


def server_child(settings: Settings) -> Child:
    """Return the embedded Prefect server, on loopback."""
    command = ("-m", "prefect", "server", "start", "--host", settings.host, "--port", str(settings.prefect_port))
    return Child(
        "server",
        (sys.executable, *command),
        lambda _since: _answers(f"{settings.prefect_api_url}/health"),
        settings.prefect_port,
        "CONSENSUS_PREFECT_PORT",
    )


def flows_child(settings: Settings) -> Child:
    """Return the process that runs the flows; it waits by itself until the server answers.

    Prefect's `serve` stops cleanly on an interrupt; on SIGTERM it leaves a coroutine behind.
    """
    return Child(
        "flows",
        (sys.executable, "-m", "flows.serve"),
        lambda since: _polled_since(settings.prefect_api_url, since),
        stop_signal=signal.SIGINT,
        stop_deadline=20.0,
    )


def web_child(settings: Settings) -> Child:
    """Return the web app; it believes what the declared proxies say of where a request comes from, and nobody else."""
    command = ("--factory", "consensus.web.app:create_app", "--host", settings.host, "--port", str(settings.web_port))
    held = ("--http", "consensus.web.patience:Patient", "--ws", "none")
    told = ("--no-access-log", "--no-server-header", "--forwarded-allow-ips", settings.proxies)
    # A process that is busy is not ended because it answers late: people's requests would end with it.
    several = ("--workers", str(settings.web_workers), "--timeout-worker-healthcheck", "60")
    return Child(
        "web",
        (sys.executable, "-m", "uvicorn", *command, *held, *told, *(several if settings.web_workers > 1 else ())),
        lambda _since: _answers(f"{settings.web_url}/health"),
        settings.web_port,
        "CONSENSUS_WEB_PORT",
    )


def environment(settings: Settings, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of every child: our settings spelt out, and Prefect told to keep to itself."""
    return {
        **(os.environ if base is None else base),
        "CONSENSUS_HOME": str(settings.home),
        "CONSENSUS_DATABASE_URL": settings.database_url,
        "CONSENSUS_SURVEYS": str(settings.surveys),
        "CONSENSUS_HOST": settings.host,
        "CONSENSUS_WEB_PORT": str(settings.web_port),
        "CONSENSUS_WEB_WORKERS": str(settings.web_workers),
        "CONSENSUS_PREFECT_PORT": str(settings.prefect_port),
        "CONSENSUS_SMTP_URL": settings.smtp_url,
        "CONSENSUS_MAIL_FROM": settings.mail_from,
        "CONSENSUS_PUBLIC_URL": settings.public_url,
        "PREFECT_HOME": str(settings.prefect_home),
        "PREFECT_API_URL": settings.prefect_api_url,
        "PREFECT_UI_API_URL": settings.prefect_api_url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_RUNNER_POLL_FREQUENCY": "2",
        "PREFECT_LOGGING_COLORS": "false",
        "PYTHONUNBUFFERED": "1",
    }


def _answers(url: str) -> bool:
    with suppress(OSError, urllib.error.URLError), urllib.request.urlopen(url, timeout=2) as response:
        return bool(response.status == 200)
    return False


def _polled_since(api_url: str, since: datetime) -> bool:
    """Tell whether a runner has asked the server for work since an instant, which it does once all is registered."""
    request = urllib.request.Request(
        f"{api_url}/deployments/filter", b'{"limit": 1}', {"Content-Type": "application/json"}
    )
    with suppress(OSError, ValueError), urllib.request.urlopen(request, timeout=5) as response:
        return any(
            row["last_polled"] and datetime.fromisoformat(row["last_polled"]) >= since for row in json.load(response)
        )
    return False
