"""`python -m benchmarks.memory [ballots]`: peak memory of tallying coded ballots, in a process of its own (on Linux).

MiB of the whole process: after its imports, with the ballots made, and at the peak of the tally.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from benchmarks.rounds import DEPTH, made_up_round
from consensus.tally import tally_coded

__all__ = ["main", "peaks"]

KIB = 1024


def peaks(ballots: int) -> tuple[int, int, int]:
    """Return MiB after imports, with the ballots, and at the peak, of a process of its own."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", str(ballots)], check=True, capture_output=True, text=True
    )
    imported, made, most = map(int, told.stdout.split())
    return imported, made, most


def main(arguments: list[str]) -> None:
    """Print the three figures."""
    found = [_now()]
    coded = made_up_round(int(arguments[0]) if arguments else 1_000_000)
    found.append(_now())
    tally_coded(coded, DEPTH)
    print(*found, _now())


def _now() -> int:
    """Return the peak so far, of this program alone: what `getrusage` tells begins with that of the one before."""
    told = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(told.group(1)) // KIB if told else 0


if __name__ == "__main__":
    main(sys.argv[1:])
