"""Where a running system keeps its state and listens, from environment variables with defaults that work."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

from consensus.errors import DataError

__all__ = ["TASK_RUNNERS", "Settings"]

TASK_RUNNERS = ("local", "dask")
"""Where parts of a round are tallied: threads of this machine, or a Dask cluster."""


@dataclass(frozen=True)
class Settings:
    """Folders, database, ports and mail of one running system.

    Examples
    --------
    >>> settings = Settings.from_environment({"CONSENSUS_HOME": "psp"})
    >>> settings.prefect_home.name, settings.prefect_api_url
    ('prefect', 'http://127.0.0.1:4200/api')
    """

    home: Path
    database_url: str
    surveys: Path
    host: str = "127.0.0.1"
    web_port: int = 8765
    prefect_port: int = 4200
    smtp_url: str = field(default="", repr=False)  # may hold a password
    mail_from: str = ""
    public_url: str = ""
    proxies: str = "127.0.0.1"
    """Addresses or networks, comma-separated, whose word on where a request comes from is taken (`X-Forwarded-...`)."""
    begins_a_minute: int = 120
    """How many people may begin a survey from one network address in a minute before they are slowed and flagged."""
    web_workers: int = 1
    """How many processes answer the web app's readers."""
    embedder: str = ""
    """Folder or name of a model that compares texts in place of the one that is installed."""
    embedder_digest: str = ""
    task_runner: str = "local"
    dask_address: str = ""
    ballots_a_part: int = 100_000
    """An interim round with more ballots is tallied in parts of so many, each a task; on Dask every round is."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Return the settings that `CONSENSUS_*` variables declare; `DATABASE_URL` names another database.

        Raises
        ------
        DataError
            A port or proxy that is none, a task runner that is not known, or a home whose path a database address
            cannot hold.
        """
        env = os.environ if environment is None else environment
        home = Path(env.get("CONSENSUS_HOME", ".consensus")).expanduser().absolute()
        if set("?#%") & set(str(home)):
            raise DataError(f"CONSENSUS_HOME is {str(home)!r}; choose a folder without ?, # and % in its path.")
        database = env.get("CONSENSUS_DATABASE_URL") or env.get("DATABASE_URL") or f"sqlite:///{home / 'consensus.db'}"
        return cls(
            home=home,
            database_url=database,
            surveys=Path(env.get("CONSENSUS_SURVEYS", "surveys")).absolute(),
            host=env.get("CONSENSUS_HOST", "127.0.0.1"),
            web_port=_port(env, "CONSENSUS_WEB_PORT", 8765),
            prefect_port=_port(env, "CONSENSUS_PREFECT_PORT", 4200),
            smtp_url=env.get("CONSENSUS_SMTP_URL", ""),
            mail_from=env.get("CONSENSUS_MAIL_FROM", ""),
            public_url=env.get("CONSENSUS_PUBLIC_URL", "").rstrip("/"),
            proxies=_proxies(env),
            begins_a_minute=_count(env, "CONSENSUS_BEGINS_A_MINUTE", 120),
            web_workers=_count(env, "CONSENSUS_WEB_WORKERS", min(2, os.cpu_count() or 1)),
            embedder=env.get("CONSENSUS_EMBEDDER", ""),
            embedder_digest=env.get("CONSENSUS_EMBEDDER_DIGEST", ""),
            task_runner=_task_runner(env),
            dask_address=env.get("CONSENSUS_DASK_ADDRESS", ""),
            ballots_a_part=_count(env, "CONSENSUS_BALLOTS_A_PART", 100_000),
        )

    @property
    def prefect_home(self) -> Path:
        """Return the folder in which the embedded Prefect server keeps its own database."""
        return self.home / "prefect"

    @property
    def prefect_url(self) -> str:
        """Return the address of the Prefect UI."""
        return f"http://{self.host}:{self.prefect_port}"

    @property
    def prefect_api_url(self) -> str:
        """Return the address of the Prefect API."""
        return f"{self.prefect_url}/api"

    @property
    def web_url(self) -> str:
        """Return the address of the web app."""
        return f"http://{self.host}:{self.web_port}"

    @property
    def links_url(self) -> str:
        """Return the address under which people outside reach the web app: what links in letters begin with."""
        return self.public_url or self.web_url

    @property
    def embeddings(self) -> Path:
        """Return the folder of what texts were turned into: derived, and can be deleted."""
        return self.home / "embeddings"

    def outputs(self, partnership: str) -> Path:
        """Return the folder for what a partnership publishes and reviews."""
        return self.home / "outputs" / partnership


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, str(default))
    if not value.isdigit() or not 1 <= int(value) <= 65535:
        raise DataError(f"{name} is {value!r}; set it to a port, a whole number from 1 to 65535.")
    return int(value)


def _count(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, str(default))
    if not value.isdigit() or int(value) < 1:
        raise DataError(f"{name} is {value!r}; set it to a whole number from 1.")
    return int(value)


def _proxies(env: Mapping[str, str]) -> str:
    named = [each.strip() for each in env.get("CONSENSUS_PROXIES", "127.0.0.1").split(",")]
    for each in named:
        try:
            ip_network(each)
        except ValueError:
            raise DataError(
                f"CONSENSUS_PROXIES names {each!r}; use addresses or networks such as 10.0.0.0/24, with commas between."
            ) from None
    return ",".join(named)


def _task_runner(env: Mapping[str, str]) -> str:
    name = env.get("CONSENSUS_TASK_RUNNER", TASK_RUNNERS[0])
    if name not in TASK_RUNNERS:
        raise DataError(f"CONSENSUS_TASK_RUNNER is {name!r}; use {' or '.join(TASK_RUNNERS)}.")
    return name
