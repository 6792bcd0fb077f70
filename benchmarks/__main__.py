"""`python -m benchmarks`: print time and memory of each stage on the example partnership, then of the engine.

Each stage runs in a process of its own on the state that the stages before it left, so that its peak memory is its own.
The first line is a process that only imports what every stage imports: subtract it to see what the work itself takes.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import engine
from benchmarks.stages import STAGES

KIB = 1024


def measure(stage: str, home: Path) -> tuple[float, float]:
    """Return wall seconds and peak memory in MiB of one stage in a process of its own."""
    began = time.perf_counter()
    child = os.posix_spawn(
        sys.executable, [sys.executable, "-m", "benchmarks.stages", stage, str(home)], os.environ.copy()
    )
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"The stage '{stage}' failed.")
    return time.perf_counter() - began, usage.ru_maxrss / KIB


def main() -> None:
    """Measure every stage and print a table."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start\n")
    print(f"{'stage':28} {'wall s':>8} {'of it work s':>13} {'peak MiB':>9}")
    with tempfile.TemporaryDirectory() as folder:
        idle = None
        for stage in STAGES:
            seconds, peak = measure(stage, Path(folder))
            idle = seconds if idle is None else idle
            print(f"{stage:28} {seconds:8.2f} {max(seconds - idle, 0):13.2f} {peak:9.0f}", flush=True)


if __name__ == "__main__":
    main()
    engine.main([])
