"""The power may go at any moment of any stage: run again, the tables are those of an undisturbed run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import killed
from tests.walk import STAGES


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_killed_half_way_and_run_again_ends_as_if_undisturbed(stage, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", killed.__name__, stage, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=Path(__file__).parents[1],
    )

    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["killed"] >= 3
    assert report["different"] == []
