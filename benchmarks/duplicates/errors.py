"""`python -m benchmarks.duplicates errors`: what the review reaches where one answer in twenty is wrong; slow."""

from __future__ import annotations

from pathlib import Path

from benchmarks.duplicates.deciding import with_errors

__all__ = ["main"]


def main(shared: Path) -> None:
    """Print what is reached on the smaller collection."""
    with_errors(shared, "covidq")
