"""`python -m benchmarks.duplicates deciding`: how few decisions, and texts read, take people to right groups."""

from __future__ import annotations

import os
import time
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.duplicates.peers import pair_queue, top_ten_lists
from benchmarks.duplicates.reviewing import Case, Point, curve, queue_states, reached
from consensus import ReviewQueue, default_embedder
from consensus.embedding import CachedEmbedder, Embedder

__all__ = ["case_of", "main", "measure", "timing", "with_errors"]

TARGET, WITH_ERRORS, ERRORS = 0.95, 0.93, 0.05
MOST = 12_000
MOST_WITH_ERRORS = 700
DRAWN = range(3)
PARTS, SHARE = range(1, 5), 0.8
MANY, SCREENS = 10_000, 30


def embedder() -> Embedder:
    """Return the default embedder, its vectors kept in the user's cache."""
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return CachedEmbedder(default_embedder(), folder / "consensus")


def case_of(shared: Path, name: str, *, split: str = "test") -> Case:
    """Return a collection of texts with the groups that people gave them; of BANKING77 one split."""
    frame = pd.read_csv(shared / f"{name}_clusters.csv", keep_default_na=False)
    if "split" in frame:
        frame = frame[frame["split"] == split]
    vectors = embedder().encode(list(frame["text"]))
    return Case(name, tuple(frame["id"]), tuple(frame["text"]), pd.factorize(frame["cluster"])[0], vectors)


def main(shared: Path) -> None:
    """Print for each way of asking what it takes to reach the target."""
    measure(shared, "covidq")
    _parts(case_of(shared, "covidq"))


def measure(shared: Path, name: str) -> None:
    """Print for each way of asking what it takes to reach the target on one collection."""
    print("| texts | way of asking | B-cubed | pairwise F1 | screens | an item | texts shown an item |")
    print("|---|---|---:|---:|---:|---:|---:|")
    case = case_of(shared, name)
    ways = {
        "review queue": queue_states(case),
        "review queue, piles said too": queue_states(case, piles=True),
        "top-10 lists by expected gain": top_ten_lists(case),
        "top-10 lists, piles said too": top_ten_lists(case, piles=True),
        "pair by pair, the nearest first": pair_queue(case),
    }
    for way, states in ways.items():
        points = curve(case, states, target=TARGET, most=MOST)
        if way == next(iter(ways)):
            _row(case, "nobody decides", points[0])
        at = reached(points, TARGET) or points[-1]
        _row(case, f"{way}: {at.piles}" if at.piles else way, at)


def _parts(case: Case) -> None:
    """Print what the review queue takes on parts drawn at random, on average: one run alone is a matter of luck."""
    for piles in (False, True):
        told = []
        for seed in PARTS:
            part = case.part(np.flatnonzero(np.random.default_rng(seed).random(len(case.ids)) < SHARE))
            points = curve(part, queue_states(part, piles=piles), target=TARGET, most=MOST)
            at = reached(points, TARGET) or points[-1]
            told.append((at.b_cubed, at.pairs, at.screens, at.screens / len(part.ids), at.texts / len(part.ids)))
        shown = "{:.3f} | {:.3f} | {:.0f} | {:.3f} | {:.2f}".format(*np.mean(told, axis=0))
        way = "review queue, piles said too" if piles else "review queue"
        print(f"| {case.name}, {len(PARTS)} parts of {SHARE:.0%} | {way}, on average | {shown} |", flush=True)


def with_errors(shared: Path, name: str) -> None:
    """Print what the review queue reaches where answers are wrong now and then, after a number of screens at most.

    Where the mistakes fall is a matter of luck, so they are drawn more than once.
    """
    print("| mistakes drawn | B-cubed | pairwise F1 | screens | an item | texts shown an item | contradictions shown |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    case = case_of(shared, name)
    for piles, seed in product((False, True), DRAWN):
        states = queue_states(case, errors=ERRORS, seed=seed, piles=piles)
        points = curve(case, states, target=WITH_ERRORS, most=MOST_WITH_ERRORS)
        at = reached(points, WITH_ERRORS) or points[-1]
        what = f"{ERRORS:.0%} of answers" + (" and of what is piled" if piles else "")
        print(f"| {case.name}, {what}, seed {seed} | {_told(case, at)} | {at.contests} |", flush=True)


def _row(case: Case, way: str, at: Point) -> None:
    print(f"| {case.name} | {way} | {_told(case, at)} |", flush=True)


def _told(case: Case, at: Point) -> str:
    items = len(case.ids)
    shown = f"{at.screens} | {at.screens / items:.3f} | {at.texts / items:.2f}"
    return f"{at.b_cubed:.3f} | {at.pairs:.3f} | {shown}"


def timing(shared: Path) -> None:
    """Print how long the next screen takes at 10,000 texts whose vectors are there already."""
    frame = pd.read_csv(shared / "banking77_clusters.csv", keep_default_na=False).iloc[:MANY]
    vectors = embedder().encode(list(frame["text"]))
    case = Case("banking77", tuple(frame["id"]), tuple(frame["text"]), pd.factorize(frame["cluster"])[0], vectors)
    truth = dict(zip(case.ids, case.truth, strict=True))
    began = time.perf_counter()
    queue = ReviewQueue(case.submissions(), case)  # type: ignore[arg-type]
    opened, waits, taken = time.perf_counter() - began, [], []
    for _ in range(SCREENS):
        began = time.perf_counter()
        screen = queue.next()
        waits.append(time.perf_counter() - began)
        if screen is None:
            break
        asked = truth[screen.anchor[0]]
        same = [n for n, ids in enumerate(screen.candidates) if truth[ids[0]] == asked]
        began = time.perf_counter()
        queue.answer(screen, same)
        taken.append(time.perf_counter() - began)
    print(
        f"\n{len(case.ids)} texts whose vectors are there: opened in {opened:.1f} s; the next screen in "
        f"{1000 * np.median(waits):.0f} ms (median of {len(waits)}; at most {1000 * max(waits):.0f} ms), after the "
        f"answer before it was taken in within {1000 * np.median(taken):.0f} ms (at most {1000 * max(taken):.0f} ms, "
        "when all is weighed anew)."
    )
