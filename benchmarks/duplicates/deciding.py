"""`python -m benchmarks.duplicates deciding`: how few decisions, and texts read, take people to right groups."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.duplicates.peers import pair_queue, top_ten_lists
from benchmarks.duplicates.reviewing import Case, Point, curve, queue_states, reached
from consensus import ReviewQueue, default_embedder

__all__ = ["cases", "main"]

TARGET, WITH_ERRORS, ERRORS = 0.95, 0.93, 0.05
MOST = 20_000
MOST_WITH_ERRORS = 700
MANY, SCREENS = 10_000, 30


def cases(shared: Path) -> list[Case]:
    """Return the two collections of texts with the groups that people gave them."""
    embedder, found = default_embedder(), []
    for name, split in (("covidq", ""), ("banking77", "test")):
        frame = pd.read_csv(shared / f"{name}_clusters.csv", keep_default_na=False)
        if split:
            frame = frame[frame["split"] == split]
        texts = tuple(frame["text"])
        truth = pd.factorize(frame["cluster"])[0]
        found.append(Case(name, tuple(frame["id"]), texts, truth, embedder.encode(list(texts))))
    return found


def main(shared: Path) -> None:
    """Print for each way of asking what it takes to reach the target, and how long the next screen takes at 10,000."""
    print("\n| texts | way of asking | B-cubed | pairwise F1 | screens | an item | texts shown an item |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for case in cases(shared):
        ways = {
            "pair by pair, the nearest first": pair_queue(case),
            "top-10 lists by expected gain": top_ten_lists(case),
            "review queue": queue_states(case),
        }
        for way, states in ways.items():
            points = curve(case, states, target=TARGET, most=MOST)
            if way == next(iter(ways)):
                _row(case, "nobody decides", points[0])
            _row(case, way, reached(points, TARGET) or points[-1])
        wrong = curve(case, queue_states(case, errors=ERRORS), target=WITH_ERRORS, most=MOST_WITH_ERRORS)
        last = reached(wrong, WITH_ERRORS) or wrong[-1]
        _row(case, f"review queue, {ERRORS:.0%} of answers wrong", last)
        print(f"|  | contradictions that came up as screens: {last.contests} | | | | | |", flush=True)
    _time(shared)


def _row(case: Case, way: str, at: Point) -> None:
    items = len(case.ids)
    shown = f"{at.screens} | {at.screens / items:.3f} | {at.texts / items:.2f}"
    print(f"| {case.name} | {way} | {at.b_cubed:.3f} | {at.pairs:.3f} | {shown} |", flush=True)


def _time(shared: Path) -> None:
    """Print how long the next screen takes at 10,000 texts whose vectors are there already."""
    frame = pd.read_csv(shared / "banking77_clusters.csv", keep_default_na=False).iloc[:MANY]
    vectors = default_embedder().encode(list(frame["text"]))
    case = Case("banking77", tuple(frame["id"]), tuple(frame["text"]), pd.factorize(frame["cluster"])[0], vectors)
    truth = dict(zip(case.ids, case.truth, strict=True))
    began = time.perf_counter()
    queue = ReviewQueue(case.submissions(), case)  # type: ignore[arg-type]
    opened, waits = time.perf_counter() - began, []
    for _ in range(SCREENS):
        began = time.perf_counter()
        screen = queue.next()
        waits.append(time.perf_counter() - began)
        if screen is None:
            break
        asked = truth[screen.anchor[0]]
        queue.answer(screen, [n for n, ids in enumerate(screen.candidates) if truth[ids[0]] == asked])
    print(
        f"\n{len(case.ids)} texts: opened in {opened:.1f} s; the next screen in {1000 * np.median(waits):.0f} ms "
        f"(median of {len(waits)}; at most {1000 * max(waits):.0f} ms)"
    )
