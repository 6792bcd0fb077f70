"""What every test may ask for: the shared data, when it is there."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of shared real data, or skip and say so."""
    if not SHARED.is_dir():
        pytest.skip("the folder 'shared' with real data is not beside the project")
    return SHARED
