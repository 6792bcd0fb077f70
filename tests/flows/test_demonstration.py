"""The documented command on a real conversation, as somebody types it: a server of its own, every stage, a Top 10."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.server, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
LONGEST = 1800
"""Seconds after which the command counts as hanging; how fast it is, `benchmarks` measures."""


def documented(shared: Path) -> list[str]:
    """Return the arguments of the README's `consensus demo --folder` command, the data where it is."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    line = next(line for line in readme.splitlines() if "consensus demo --folder" in line)
    words = [word.replace("../shared", str(shared)) for word in line.split()]
    return words[words.index("demo") :]


def free_port() -> str:
    """Return a port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_the_documented_command_takes_a_real_conversation_to_its_top_ten(shared: Path, tmp_path: Path) -> None:
    here = {"CONSENSUS_HOME": str(tmp_path), "CONSENSUS_PREFECT_PORT": free_port()}
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PREFECT_", "CONSENSUS_", "DATABASE_"))
    }
    command = [sys.executable, "-m", "consensus.cli", *documented(shared)]

    done = subprocess.run(
        command, env={**clean, **here}, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    table = done.stdout.partition("The Top 10")[2]
    ranks = [words[0] for words in (line.split() for line in table.splitlines()) if words and words[0].isdigit()]
    assert len(ranks) >= 10
    assert ranks[0] == "1"
    assert (tmp_path / "outputs" / "football_concussions" / "report.html").is_file()
    assert "from the moment the server was ready" in done.stdout
