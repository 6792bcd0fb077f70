"""`python -m benchmarks.duplicates [PART ...]`: measure on the shared data, and print a table for each part.

The data are not part of the project; without the folder `shared` beside it there is nothing to measure.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

PARTS = ("machine", "deciding")
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def main(parts: list[str]) -> None:
    """Run the parts named, or all that there are."""
    if not SHARED.is_dir():
        raise SystemExit("The folder 'shared' with real data is not beside the project; there is nothing to measure.")
    for part in parts or PARTS:
        if importlib.util.find_spec(f"benchmarks.duplicates.{part}"):
            importlib.import_module(f"benchmarks.duplicates.{part}").main(SHARED)


if __name__ == "__main__":
    main(sys.argv[1:])
