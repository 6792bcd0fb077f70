"""The web app as a partnership runs it, over a database of its own: started, killed, asked for its CPU time."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from consensus import steps, store
from consensus.processes.children import environment, web_child
from consensus.settings import Settings
from consensus.store import Store

__all__ = ["DOOR", "Served", "prepared", "processor_time"]

FOLDER = Path(__file__).resolve().parents[2] / "surveys" / "lanternfield"
DOOR = "/s/lanternfield/interim"
QUESTIONS = 60


def prepared(home: Path, database_url: str = "") -> dict[str, str]:
    """Open the example's interim round over made-up questions, for now; return the environment to serve it with."""
    env = {
        **os.environ,
        "CONSENSUS_HOME": str(home),
        "CONSENSUS_WEB_PORT": str(_free_port()),
        "CONSENSUS_BEGINS_A_MINUTE": "1000000",
        "OPENBLAS_NUM_THREADS": "1",
    }
    env.pop("DATABASE_URL", None)
    if database_url:
        env["DATABASE_URL"] = database_url
    settings = Settings.from_environment(env)
    now = datetime.now(UTC)
    folder = _open_now(home / "survey", now)
    db = Store.open(settings.database_url)
    steps.register(db, folder, by="benchmark", now=now)
    words = "Does {} help people who live with {}?"
    rows = [
        {
            "question_id": f"q{n:012x}",
            "wording": words.format(f"approach {n + 1}", f"the difficulty that comes with situation {n + 1}"),
            "category": ("biological", "social", "services")[n % 3],
            "status": "open",
            "submissions": 1,
            "respondents": 1,
        }
        for n in range(QUESTIONS)
    ]
    with db.writing() as session:
        store.replace_frame(session, "questions", "lanternfield", pd.DataFrame(rows))
    steps.open_round(db, "lanternfield", "interim", by="benchmark", now=now)
    db.close()
    return env


def _open_now(folder: Path, now: datetime) -> Path:
    """Copy the example's definition with an interim round that is open today."""
    folder.mkdir(parents=True)
    for path in FOLDER.glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        if path.name == "protocol.toml":
            text = _dated(text, now)
        (folder / path.name).write_text(text, encoding="utf-8")
    return folder


def _dated(text: str, now: datetime) -> str:
    lines, section = [], ""
    for line in text.splitlines():
        section = line.strip() if line.startswith("[") else section
        name = line.split("=")[0].strip()
        if section == "[rounds.interim]" and name in ("opens", "closes", "reminders"):
            at = now + timedelta(days=2 if name == "closes" else -1)
            line = f"{name} = {at.replace(tzinfo=None, microsecond=0).isoformat()}" if name != "reminders" else ""
        lines.append(line)
    return "\n".join(lines) + "\n"


class Served:
    """The web app in a process of its own."""

    def __init__(self, env: dict[str, str]) -> None:
        self.environment = env
        self.settings = Settings.from_environment(env)
        self.host = "127.0.0.1"
        self.port = self.settings.web_port
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = self.settings.home / "web.log"
        with log.open("ab") as told:
            self.process = subprocess.Popen(
                web_child(self.settings).command,
                env=environment(self.settings, self.environment),
                stdout=told,
                stderr=told,
                start_new_session=True,
            )
        try:
            self._wait(log)
        except BaseException:  # whoever stops it now has nothing yet by which to end it
            self.kill()
            raise

    def _wait(self, log: Path, patience: float = 60) -> None:
        until = time.monotonic() + patience
        while time.monotonic() < until:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{self.host}:{self.port}/health"):
                return
            time.sleep(0.1)
        raise RuntimeError(f"the web app did not start: {log.read_text(encoding='utf-8')[-2000:]}")

    def kill(self) -> None:
        """Kill it with everything it started, as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def cpu_seconds(self) -> float:
        """Return the processor time that it and its children have taken."""
        return processor_time(self.process.pid)


def processor_time(process: int) -> float:
    """Return the seconds of processor time that a process has taken with those that it started, ended ones too."""
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            _, parent, *fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if process in (int(parent), int(folder.name)):
                ticks += sum(map(int, fields[9 : 13 if int(folder.name) == process else 11]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
