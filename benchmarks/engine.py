"""`python -m benchmarks.engine [ballots ...]`: time and memory of the engine, with its targets and its peers beside.

80 questions, the ten best ranked, five stakeholder groups. The least of some runs: `wall` as the clock has it, `cpu`
the processor time of all threads, which a busy machine changes less. Each number of ballots has a process of its own.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.memory import peaks
from benchmarks.peers import peers_of
from benchmarks.rounds import (
    DEPTH,
    NEAR_RANDOM,
    QUESTIONS,
    long_frame,
    made_up_ratings,
    made_up_round,
    near_random,
)
from consensus.agreement import category_counts, krippendorff_alpha, read_raters
from consensus.errors import ConsensusError
from consensus.firmness import acceptability, influence, rank_replicates, smallest_change, without_each
from consensus.interim import shortlist
from consensus.interim.proportional import PROPORTIONAL_RULES
from consensus.rules import RULES, group_tables, rank
from consensus.rules.kemeny import _found, kemeny_orders
from consensus.tally import CodedBallots, Tally, tally, tally_coded
from consensus.tally.pairs import count_pairs

__all__ = ["main"]

FEW, MANY = 10_000, 1_000_000
KIB = 1024
NEEDS_ANOTHER_FORM = ("group_informed_consensus",)
LONG = ("plackett_luce",)


@dataclass(frozen=True)
class Row:
    """One line of the table: what is done, its targets in ms at 10k and 1M (None: none), and its peers' figure."""

    name: str
    job: Callable[[], Any]
    few: float | None = None
    many: float | None = None
    peer: str = ""
    times: float = 0
    repeat: int = 5


def rows(coded: CodedBallots) -> Iterator[Row]:
    """Yield the rows for one round."""
    yield Row("tally of coded top-10 ballots, all groups", partial(tally_coded, coded, DEPTH), 5, 300)
    yield Row("  of it the pairwise tables", partial(count_pairs, coded), None, None, "pairwise", 20)
    frame = long_frame(coded)
    yield Row("long pandas frame to tally", partial(tally, frame, depth=DEPTH), 60, 3000, repeat=3)
    del frame
    t = tally_coded(coded, DEPTH)
    yield Row("ballots put in order, identical ones merged", coded.canonical, repeat=3)
    t.ballots  # noqa: B018  once, as every result that reads ballots does
    yield from _rules(t)
    yield from _firmness(t)
    yield Row("Kendall's W, every group", partial(_every_w, t), 9, 700, "w", 8)
    ratings = made_up_ratings(len(coded))
    yield Row("ordinal alpha of ratings 1 to 9", partial(_alpha, ratings), 3, 250, "alpha", 8)
    ranking = rank(t)
    for rule in PROPORTIONAL_RULES:
        yield Row(f"shortlist {rule}, 25", partial(shortlist, ranking, rule, tally=t), repeat=1)


def _rules(t: Tally) -> Iterator[Row]:
    peer = {"borda": ("borda", 100.0), "schulze": ("schulze", 100.0)}
    quick = [rule for rule in RULES if rule not in (*NEEDS_ANOTHER_FORM, *LONG)]
    for rule in quick:
        yield Row(f"rule {rule}", partial(_rank_anew, t, rule), 50, 50, *peer.get(rule, ()))
    yield Row("rule plackett_luce", partial(rank, t, "plackett_luce"), repeat=2)
    tables, rule = group_tables(t), "jla_positions"
    yield Row("each group left out", partial(without_each, tables, rule), 50, 50)
    yield Row("acceptability of five groups, sampled", partial(acceptability, tables, rule, 10, 0), 50, 50, repeat=2)
    yield Row("smallest change of shares", partial(smallest_change, tables, rule, 10), 50, 50)
    yield Row("Shapley influence, 2^5 subsets", partial(influence, tables, rule, 0))
    every = [partial(_rank_anew, t, rule) for rule in quick]
    every += [partial(without_each, tables, rule), partial(smallest_change, tables, rule, 10)]
    every += [partial(acceptability, tables, rule, 10, 0)]
    yield Row("all of these tables together", lambda: [job() for job in every], 1000, 1000, repeat=2)


def _firmness(t: Tally) -> Iterator[Row]:
    few = group_tables(tally_coded(made_up_round(200), DEPTH))
    tables, told = group_tables(t), ("mean", 1000, 0)
    yield Row(
        "bootstrap 1,000 exact, 200 ballots", partial(rank_replicates, few, "jla_positions", *told, "exact", 2), 20, 20
    )
    exact = partial(rank_replicates, tables, "jla_positions", *told, "exact", 2)
    yield Row("bootstrap 1,000 exact", exact, 150, 10_000, "bootstrap", 10, repeat=3)
    normal = partial(rank_replicates, tables, "jla_positions", *told, "gaussian", 2)
    yield Row("bootstrap 1,000 Gaussian", normal, None, 400, repeat=3)


def _rank_anew(t: Tally, rule: str) -> Any:
    """Return the ranking, without the Kemeny order that is remembered from the last run."""
    _found.cache_clear()
    return rank(t, rule)


def near_random_kemeny() -> Iterator[str]:
    """Yield for each kind of near-random round how many of ten Kemeny orders were proved, and how soon."""
    for name, told in NEAR_RANDOM.items():
        spent, every, given_up = [], 0, 0
        for seed in range(10):
            table = near_random(*told, seed)
            began = time.process_time()
            try:
                every += "one move away" not in kemeny_orders(table).proof
            except ConsensusError:
                given_up += 1
                continue
            spent.append(time.process_time() - began)
        soon = sum(seconds < 2 for seconds in spent)
        middle, longest = 1000 * sorted(spent)[len(spent) // 2], 1000 * max(spent)
        yield (
            f"Kemeny, {name}: {len(spent)} of 10 proved, {soon} within 2 s of processor time (median {middle:.0f} ms, "
            f"longest {longest:.0f}), {every} of them with all orders as good; {given_up} given up with a sentence"
        )


def _every_w(t: Tally) -> list[float]:
    return [read_raters(t, group).statistics["kendall_w"] for group in range(len(t.groups))]


def _alpha(ratings: Any) -> float:
    return krippendorff_alpha(category_counts(ratings, 1, 9), range(1, 10), "ordinal")


def least(job: Callable[[], Any], repeat: int) -> tuple[float, float]:
    """Return the least wall and processor milliseconds of some runs; no more than one of what takes long."""
    wall = cpu = float("inf")
    for _ in range(repeat):
        began, spent = time.perf_counter(), time.process_time()
        job()
        wall, cpu = min(wall, time.perf_counter() - began), min(cpu, time.process_time() - spent)
        if wall > 4:
            break
    return 1000 * wall, 1000 * cpu


def measure(ballots: int) -> None:
    """Print the table for one number of ballots."""
    warnings.simplefilter("ignore")
    coded = made_up_round(ballots)
    peers = peers_of(coded, made_up_ratings(ballots)) if ballots == FEW else {}
    load = os.getloadavg()[0]
    print(f"\n{ballots:,} ballots x {QUESTIONS} questions, {DEPTH} ranked, five groups; load {load:.1f} at the start")
    print(f"{'':44} {'wall ms':>9} {'cpu ms':>9} {'target':>8} {'peak MiB':>9}  peer")
    for row in rows(coded):
        try:
            wall, cpu = least(row.job, row.repeat)
        except ConsensusError as error:
            print(f"{row.name:44} not done: {error}", flush=True)
            continue
        target = row.few if ballots <= FEW else row.many
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB
        beside = _beside(peers.get(row.peer, {}), row, (wall, cpu))
        print(f"{row.name:44} {wall:9.1f} {cpu:9.1f} {target or '':>8} {peak:9.0f}  {beside}", flush=True)
    for line in near_random_kemeny() if ballots == FEW else ():
        print(line, flush=True)
    imported, made, most = peaks(ballots)
    print(f"memory of the tally alone: {most} MiB at its peak, {made} with the ballots made, {imported} after imports")


def _beside(peers: dict[str, Callable[[], Any]], row: Row, ours: tuple[float, float]) -> str:
    """Return the fastest peer, how many times as long it takes by the clock and by the processor, and the target."""
    if not peers:
        return ""
    part = 10 if row.peer == "bootstrap" else 1  # peers draw a hundred of the thousand replicates
    taken = {name: [part * spent for spent in least(job, 3)] for name, job in peers.items()}
    name = min(taken, key=lambda name: taken[name][1])
    wall, cpu = (min(spent[at] for spent in taken.values()) / ours[at] for at in range(2))
    return f"{name}: {taken[name][1]:.0f} ms cpu, {cpu:.0f} times; by the clock {wall:.0f} (target {row.times:.0f})"


def main(arguments: list[str]) -> None:
    """Measure each number of ballots in a process of its own; only one: in this."""
    sizes = [int(each) for each in arguments] or [FEW, MANY]
    if len(sizes) == 1:
        measure(sizes[0])
        return
    for ballots in sizes:
        subprocess.run([sys.executable, "-m", "benchmarks.engine", str(ballots)], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
