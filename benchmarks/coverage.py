"""`python -m benchmarks.coverage`: how often a 95 % rank interval holds the question's true rank.

Partnerships are simulated: each stakeholder group wants the questions by utilities of its own around a common one, and
its people choose and rank ten by a Plackett-Luce draw. The true rank of a question is its rank if everybody in every
group had answered: expected points from a very large draw. `apart` is the distance in utility from one question to the
next; the smaller, the more neighbours have true totals that no survey can tell apart.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import numpy.typing as npt

from consensus.firmness import rank_interval, rank_replicates
from consensus.rules import GroupTables, group_tables, rank
from consensus.tally import CodedBallots, Tally, tally_coded

__all__ = ["coded_survey", "coverage", "main"]

GROUPS = ("carer", "clinician", "lived")
CHOSEN = 10
WHOLE = 40_000
"""Ballots a group in the draw that stands for everybody."""


def coded_survey(utilities: npt.NDArray, people: list[int], rng: np.random.Generator) -> CodedBallots:
    """Return coded ballots of people who choose and rank ten by their group's utilities (G, Q)."""
    q, parts = utilities.shape[1], []
    for wants, n in zip(utilities, people, strict=True):
        for begin in range(0, n, 20_000):
            size = min(20_000, n - begin)
            drawn = wants + rng.gumbel(size=(size, q))
            first = np.argpartition(-drawn, CHOSEN - 1, axis=1)[:, :CHOSEN]
            inner = np.argsort(-np.take_along_axis(drawn, first, axis=1), axis=1)
            parts.append(np.take_along_axis(first, inner, axis=1))
    chosen = np.concatenate(parts)
    n = len(chosen)
    names = tuple(f"q{at:03}" for at in range(q))
    group = np.repeat(np.arange(len(people)), people)
    place = np.tile(np.arange(1, CHOSEN + 1), n)
    start, ones = np.arange(0, n * CHOSEN + 1, CHOSEN), np.ones(n, dtype=np.int64)
    rows = (chosen.ravel().astype(np.int64), place, np.zeros(n * CHOSEN, dtype=np.int64))
    return CodedBallots("ranked", GROUPS[: len(people)], names, group, ones, start, *rows)


def _ranks(t: Tally, rule: str) -> npt.NDArray:
    return rank(t, rule).loc[list(t.questions), "rank"].to_numpy()


def coverage(
    questions: int, apart: float, people: list[int], rule: str, surveys: int, replicates: int, seed: int
) -> tuple[float, float]:
    """Return the part of intervals that hold the true rank, and their mean width in places."""
    rng = np.random.default_rng(seed)
    held, width = [], []
    for at in range(surveys):
        common = rng.permutation(questions) * apart
        utilities = np.stack([common + rng.normal(0, apart, questions) for _ in people])
        truth = _ranks(tally_coded(coded_survey(utilities, [WHOLE] * len(people), rng), keep_ballots=False), rule)
        t = tally_coded(coded_survey(utilities, people, rng))
        tables: GroupTables = group_tables(t)
        low, high = rank_interval(rank_replicates(tables, rule, "mean", replicates, at, "exact", 2))
        held.append(((low <= truth) & (truth <= high)).mean())
        width.append((high - low).mean())
    return float(np.mean(held)), float(np.mean(width))


def main(arguments: list[str] | None = None) -> None:
    """Print a table of coverage by how far questions lie apart."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--surveys", type=int, default=40)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--rules", nargs="+", default=["jla_positions", "mean_points"])
    parser.add_argument("--people", type=int, nargs="+", default=[150, 100, 200])
    parser.add_argument("--apart", type=float, nargs="+", default=[0.01, 0.03, 0.06, 0.1])
    told = parser.parse_args(arguments)
    print(
        f"{told.surveys} surveys a line, {told.questions} questions, ballots {told.people}, {told.replicates} draws\n"
    )
    print(f"{'rule':16} {'apart':>6} {'covers %':>9} {'mean width':>11}")
    for rule in told.rules:
        for apart in told.apart:
            held, width = coverage(told.questions, apart, told.people, rule, told.surveys, told.replicates, 1)
            print(f"{rule:16} {apart:6.2f} {100 * held:9.1f} {width:11.1f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
