"""What somebody reads who decides something while Prefect is away."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consensus import orchestration
from consensus.settings import Settings
from consensus.store import Store

NOBODY = "http://127.0.0.1:9/api"
CLOSES = datetime(2030, 5, 1, 16, tzinfo=UTC)


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Prefect looked for where nothing listens."""
    monkeypatch.setenv("PREFECT_API_URL", NOBODY)


@pytest.mark.usefixtures("away")
def test_a_round_opened_while_prefect_is_away_keeps_its_close_and_the_sweep_is_named() -> None:
    reply = orchestration.schedule_close("small-gather-1", CLOSES)

    assert not reply.reached
    assert reply.sentence == (
        f"Prefect is not reachable at {NOBODY}; the round's close stands, and the sweep schedules its run once Prefect "
        "is there."
    )


@pytest.mark.usefixtures("away")
def test_a_decision_recorded_while_prefect_is_away_stands() -> None:
    told = orchestration.wake_approval("r0123456789ab")

    assert told.startswith(f"Prefect is not reachable at {NOBODY}; the decision stands")


@pytest.mark.usefixtures("away")
def test_whatever_is_asked_of_a_prefect_that_is_away_gets_one_sentence() -> None:
    replies = [
        orchestration.move_close("small-gather-1", CLOSES),
        orchestration.cancel_close("small-gather-1"),
        orchestration.ask_sign_off("small", "r0123456789ab"),
        orchestration.trigger("publish", {"partnership": "small"}),
        orchestration.wait_for("01234567-89ab-cdef-0123-456789abcdef", 1),
        *orchestration.reconcile(Store.open("sqlite://"), now=CLOSES),
    ]

    assert [reply.reached for reply in replies] == [False] * 6
    assert all(reply.sentence.startswith("Prefect is not reachable at") for reply in replies)


def test_prefect_is_looked_for_where_the_settings_say_and_never_in_somebodys_profile(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    settings = Settings.from_environment({"CONSENSUS_HOME": str(tmp_path), "CONSENSUS_PREFECT_PORT": "4999"})

    assert orchestration.prefect_api_url(settings) == "http://127.0.0.1:4999/api"


def test_a_command_that_needs_no_server_does_not_pay_for_prefect() -> None:
    code = "import sys, consensus.orchestration, consensus.processes; sys.exit('prefect' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
