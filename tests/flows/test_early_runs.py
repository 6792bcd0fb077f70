"""Runs that the server starts before their instant, because it rounds to seconds, wait for it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from flows.running import wait_until


@pytest.mark.parametrize("early_by", [0.05, 0.4])
def test_a_run_started_early_goes_on_at_its_instant(early_by: float) -> None:
    due = datetime.now(UTC) + timedelta(seconds=early_by)

    wait_until(due)

    assert datetime.now(UTC) >= due


@pytest.mark.parametrize("late_by", [0.5, -3600])
def test_a_run_started_late_or_for_a_round_that_was_moved_does_not_wait(late_by: float) -> None:
    began = time.monotonic()

    wait_until(datetime.now(UTC) - timedelta(seconds=late_by))

    assert time.monotonic() - began < 30
