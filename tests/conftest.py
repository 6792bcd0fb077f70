"""What every test may ask for: the shared data, when it is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consensus import steps
from tests.visiting import at_the_door

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of shared real data, or skip and say so."""
    if not SHARED.is_dir():
        pytest.skip("the folder 'shared' with real data is not beside the project")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def no_running_server() -> Iterator[None]:
    """Keep tests from a Prefect server that runs on this machine: commands look for one where nothing listens."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONSENSUS_PREFECT_PORT", "9")
        yield


@pytest.fixture
def gathering(tmp_path: Path) -> Iterator[tuple[Any, ...]]:
    """Return a client, the store and the clock of the example while its first survey is open."""
    client, db, clock = at_the_door(tmp_path / "home")
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    yield client, db, clock
    db.close()
