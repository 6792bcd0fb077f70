"""`python -m benchmarks.duplicates banking`: the same measures of deciding on 3,080 texts, which take the longest."""

from __future__ import annotations

from pathlib import Path

from benchmarks.duplicates.deciding import measure, timing

__all__ = ["main"]


def main(shared: Path) -> None:
    """Print what it takes on the larger collection, and how long the next screen takes at 10,000 texts."""
    measure(shared, "banking77")
    timing(shared)
