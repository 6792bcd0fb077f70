"""`python -m benchmarks.duplicates intervals`: how often the interval of a review's progress holds the truth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.duplicates.deciding import case_of
from benchmarks.duplicates.reviewing import Case, labels_of, queue_states
from consensus.duplicates import b_cubed

__all__ = ["main", "skewed"]

PARTS, EVERY, FAR_ENOUGH, MOST = 3, 10, 0.97, 0.3
SHARE, LARGEST = 0.8, 40


def main(shared: Path) -> None:
    """Print for random parts of both collections how often the truth was in the interval, and above its low end."""
    print("| texts | parts | times looked | interval held the truth | truth above its low end | mean width |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, drawn in (("covidq", _share), ("banking77", skewed)):
        case = case_of(shared, name)
        told = np.array([row for seed in range(PARTS) for row in _looks(drawn(case, np.random.default_rng(seed)))])
        truth, low, high = told.T
        held, above = ((low <= truth) & (truth <= high)).mean(), (low <= truth).mean()
        print(f"| {name} | {PARTS} | {len(told)} | {held:.0%} | {above:.0%} | {(high - low).mean():.2f} |", flush=True)


def _looks(case: Case) -> Iterator[tuple[float, float, float]]:
    """Yield the true recall and the ends of the interval, every ten screens of a review."""
    for screens, _, _, queue in queue_states(case):
        if screens % EVERY == 0:
            truth, progress = b_cubed(labels_of(case, queue), case.truth), queue.progress()
            yield truth.recall, progress.low, progress.high
            if truth.f1 >= FAR_ENOUGH or screens >= MOST * len(case.ids):
                return


def _share(case: Case, draws: np.random.Generator) -> Case:
    return case.part(np.flatnonzero(draws.random(len(case.ids)) < SHARE))


def skewed(case: Case, draws: np.random.Generator) -> Case:
    """Return a part whose groups are of unlike sizes, as those of a partnership are: a few large, most small."""
    groups = draws.permutation(case.truth.max() + 1)
    sizes = np.minimum(LARGEST, 60 / np.arange(1, len(groups) + 1) ** 0.8).astype(int).clip(1)
    found = [
        draws.permutation(np.flatnonzero(case.truth == group))[:size] for group, size in zip(groups, sizes, strict=True)
    ]
    return case.part(np.sort(np.concatenate(found)))
