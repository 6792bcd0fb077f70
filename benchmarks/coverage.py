"""`python -m benchmarks.coverage`: how often a 95 % rank interval holds the question's true rank.

Partnerships are simulated: each stakeholder group wants the questions by utilities of its own around a common one, and
its people choose and rank ten by a Plackett-Luce draw. The true rank of a question is its rank if everybody in every
group had answered: expected points from a very large draw. Of questions level in truth, each of the places of their tie
counts alike. `apart` is the distance in utility from one question to the next; the smaller, the more neighbours have
true totals that no survey can tell apart.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consensus.firmness import rank_interval, rank_replicates
from consensus.rules import group_tables, rank
from consensus.tally import CodedBallots, Tally, tally_coded

__all__ = ["Setting", "coded_survey", "coverage", "main", "survey_once"]

Held = tuple[float, float, float]
"""Part of intervals that hold the truth, part that lie below it though it ranks higher, mean width in places."""

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


@dataclass(frozen=True)
class Setting:
    """One kind of partnership, surveyed again and again.

    Attributes
    ----------
    questions, apart
        How many, and the distance in utility from one to the next.
    people
        (G,) how many of each group answer.
    replicates
        How many times each survey's ballots are drawn again.
    """

    questions: int
    apart: float
    people: tuple[int, ...]
    replicates: int


def survey_once(setting: Setting, rules: list[str], methods: list[str], seed: int) -> dict[tuple[str, str], Held]:
    """Return for each rule and way of drawing which part of one survey's intervals hold the truth, and their width."""
    rng = np.random.default_rng(seed)
    common = rng.permutation(setting.questions) * setting.apart
    wants = np.stack([common + rng.normal(0, setting.apart, setting.questions) for _ in setting.people])
    whole = tally_coded(coded_survey(wants, [WHOLE] * len(setting.people), rng), keep_ballots=False)
    t = tally_coded(coded_survey(wants, list(setting.people), rng))
    tables, found = group_tables(t), {}
    for rule in rules:
        truth = _ranks(whole, rule)
        for method in methods:
            low, high = rank_interval(rank_replicates(tables, rule, "mean", setting.replicates, seed, method, 1))
            last = truth + np.bincount(truth)[truth] - 1  # level in truth: any of these places
            inside = np.minimum(high, last) - np.maximum(low, truth) + 1
            found[rule, method] = (
                float((np.maximum(inside, 0) / (last - truth + 1)).mean()),
                float((last < low).mean()),
                float((high - low).mean()),
            )
    return found


def coverage(setting: Setting, rules: list[str], methods: list[str], surveys: int, seed: int) -> list[list[object]]:
    """Return a row for each rule and way of drawing: covers %, its standard error, held too low %, mean width."""
    found = [survey_once(setting, rules, methods, seed + at) for at in range(surveys)]
    rows: list[list[object]] = []
    for rule in rules:
        for method in methods:
            held = np.array([each[rule, method] for each in found])
            error = 100 * held[:, 0].std(ddof=1) / np.sqrt(surveys)
            told = [100 * held[:, 0].mean(), error, 100 * held[:, 1].mean(), held[:, 2].mean()]
            rows.append([rule, setting.apart, ", ".join(map(str, setting.people)), method, *told])
    return rows


def main(arguments: list[str] | None = None) -> None:
    """Print a table of coverage by rule, size of the groups, distance of the questions and way of drawing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--surveys", type=int, default=40)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--rules", nargs="+", default=["jla_positions", "jla_top10", "mean_points", "borda"])
    parser.add_argument("--people", nargs="+", default=["30,20,40", "150,100,200", "1000,600,1500"])
    parser.add_argument("--apart", type=float, nargs="+", default=[0.02, 0.05, 0.1, 0.3])
    parser.add_argument("--methods", nargs="+", default=["exact", "gaussian"])
    told = parser.parse_args(arguments)
    print(f"{told.surveys} surveys a line, {told.questions} questions, {told.replicates} draws\n")
    print(
        "| rule | apart | ballots | drawn | holds the true rank, % | standard error | truth above it, % | mean width |"
    )
    print("|---|---:|---|---|---:|---:|---:|---:|")
    for people in told.people:
        for apart in told.apart:
            sizes = tuple(int(n) for n in people.split(","))
            setting = Setting(told.questions, apart, sizes, told.replicates)
            for rule, *row, held, error, above, width in coverage(setting, told.rules, told.methods, told.surveys, 1):
                cells = [rule, *row, f"{held:.1f}", f"{error:.1f}", f"{above:.1f}", f"{width:.1f}"]
                print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
