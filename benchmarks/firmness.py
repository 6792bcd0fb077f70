"""`python -m benchmarks.firmness`: time of draws, agreement and firmness beside peers that do the same job.

Ballots rank ten of 80 questions in three stakeholder groups; ratings are 1 to 9 of 80 questions. A peer is the package
krippendorff where it is installed, else the same definition written plainly with numpy or pandas, given tables of the
kind it wants.
Rows of one table are measured in one run; the fastest of a few.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.coverage import coded_survey
from consensus.agreement import agree, krippendorff_alpha, read_raters
from consensus.firmness import acceptability, influence, rank_replicates, smallest_change
from consensus.rules import group_tables
from consensus.tally import tally_coded

__all__ = ["main"]

QUESTIONS = 80
PEER_UP_TO = 20_000
"""Peers that hold every ballot and question at once are not run on more ballots than this."""

Job = Callable[[], Any]


def fastest(job: Job, times: int = 3) -> float:
    """Return the fewest seconds that a job takes."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        job()
        found.append(time.perf_counter() - began)
    return min(found)


def plain_bootstrap(points: npt.NDArray, group: npt.NDArray, replicates: int) -> npt.NDArray:
    """Return ranks by the plain way: index ballots drawn again, add them up, rank by position, group by group."""
    rng = np.random.default_rng(0)
    held = [points[group == g] for g in np.unique(group)]
    found = []
    for _ in range(replicates):
        totals = [part[rng.integers(0, len(part), len(part))].sum(axis=0) for part in held]
        positions = pd.DataFrame(totals).rank(axis=1, ascending=False)
        found.append(positions.sum().rank(method="min").to_numpy())
    return np.array(found)


def plain_w(places: npt.NDArray) -> float:
    """Return Kendall's W by pandas: ranks of each row, sums, ties counted row by row."""
    ranks = pd.DataFrame(places).rank(axis=1)
    n, m = ranks.shape
    ties = sum(float((c**3 - c).sum()) for c in (np.unique(row, return_counts=True)[1] for row in ranks.to_numpy()))
    above = 12 * (ranks.sum() ** 2).sum() - 3 * n**2 * m * (m + 1) ** 2
    return float(above / (n**2 * m * (m**2 - 1) - n * ties))


def measure(ballots: int, replicates: int) -> list[tuple[str, float, float | None]]:
    """Return rows: what, our seconds, the peer's seconds if there is one that can."""
    rng = np.random.default_rng(0)
    wants = rng.permutation(QUESTIONS) * 0.03 + rng.normal(0, 0.03, (3, QUESTIONS))
    t = tally_coded(coded_survey(wants, [ballots // 3] * 3, rng))
    t.ballots  # noqa: B018  put in order once, as every result does
    tables = group_tables(t)
    peer = ballots <= PEER_UP_TO
    rows: list[tuple[str, float, float | None]] = []
    for rule, method in (("jla_positions", "exact"), ("jla_positions", "gaussian"), ("borda", "exact")):
        ours = fastest(partial(rank_replicates, tables, rule, "mean", replicates, 0, method, 2), 2)
        theirs = None
        if peer and (rule, method) == ("jla_positions", "exact"):
            tenth = max(1, replicates // 10)
            plain = partial(plain_bootstrap, _points(t), t.ballots.group, tenth)
            theirs = fastest(plain, 1) * replicates / tenth
        rows.append((f"{replicates} draws, {rule}, {method}", ours, theirs))
    rows.append(_w(t, peer))
    rows += _alpha(ballots, rng, peer)
    rows.append(
        ("acceptability, 3 groups, exact", fastest(lambda: acceptability(tables, "jla_positions", 10, 0)), None)
    )
    rows.append(("smallest change of shares", fastest(lambda: smallest_change(tables, "jla_positions", 10)), None))
    rows.append(("Shapley influence", fastest(lambda: influence(tables, "jla_positions", 0)), None))
    if peer:
        rows.append(
            (f"agree, {replicates} draws", fastest(lambda: agree(t, replicates=replicates, workers=2), 1), None)
        )
    return rows


def _points(t: Any) -> npt.NDArray:
    coded = t.ballots
    points = np.zeros((len(coded), len(t.questions)))
    points[coded.owner, coded.question] = 11 - coded.value
    return points


def _w(t: Any, peer: bool) -> tuple[str, float, float | None]:
    ours = fastest(lambda: [read_raters(t, group).statistics["kendall_w"] for group in range(3)])
    places = -_points(t) if peer else np.zeros((0, 0))
    return "Kendall's W and all sums, by group", ours, fastest(lambda: plain_w(places), 1) if peer else None


def _alpha(ballots: int, rng: np.random.Generator, peer: bool) -> list[tuple[str, float, float | None]]:
    """Return alpha of ratings, from the ratings themselves and from the counts that a tally holds."""
    ratings = rng.integers(1, 10, (ballots, QUESTIONS), dtype=np.int8)
    values = np.arange(1, 10)

    def count() -> npt.NDArray:
        table = np.empty((QUESTIONS, 10), dtype=np.int64)
        for q in range(QUESTIONS):
            table[q] = np.bincount(ratings[:, q], minlength=10)
        return table[:, 1:]

    counts = count()
    theirs = None
    if peer:
        try:
            import krippendorff
        except ImportError:
            krippendorff = None
        if krippendorff is not None:
            told = {"level_of_measurement": "ordinal", "value_domain": values}
            theirs = fastest(lambda: krippendorff.alpha(ratings.astype(float), **told), 1)
    return [
        ("ordinal alpha from ratings", fastest(lambda: krippendorff_alpha(count(), values)), theirs),
        ("ordinal alpha from a tally's counts", fastest(lambda: krippendorff_alpha(counts, values)), None),
    ]


def main(arguments: list[str] | None = None) -> None:
    """Print a table for each number of ballots."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.firmness", description=__doc__)
    parser.add_argument("ballots", type=int, nargs="*", default=[200, 10_000])
    parser.add_argument("--replicates", type=int, default=1000)
    told = parser.parse_args(arguments)
    for ballots in told.ballots:
        print(f"\n{ballots} ballots x {QUESTIONS} questions, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        print(f"{'what':40} {'ours s':>9} {'peer s':>9} {'times':>7}")
        for what, ours, theirs in measure(ballots, told.replicates):
            beside = f"{theirs:9.3f} {theirs / ours:7.0f}" if theirs is not None else f"{'':9} {'':7}"
            print(f"{what:40} {ours:9.4f} {beside}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
