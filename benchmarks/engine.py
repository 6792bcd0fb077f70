"""`python -m benchmarks.engine [ballots]`: time and memory of the engine, beside the fastest peers in the same run.

80 questions, the ten best ranked, five stakeholder groups. The peer is pref_voting, where it is installed.
"""

from __future__ import annotations

import resource
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from consensus.errors import ConsensusError
from consensus.interim import shortlist
from consensus.interim.proportional import PROPORTIONAL_RULES
from consensus.rules import RULES, rank
from consensus.tally import CodedBallots, tally, tally_coded

QUESTIONS, DEPTH, GROUPS = 80, 10, ("carer", "clinician", "lived", "nurse", "public")
PEER_BALLOTS = 10_000
KIB = 1024


def rounds(ballots: int, seed: int = 0) -> CodedBallots:
    """Return coded ballots of a made-up round in which the questions differ in favour, as in a survey."""
    rng = np.random.default_rng(seed)
    question = np.empty((ballots, DEPTH), np.int64)
    for begin in range(0, ballots, 50_000):
        taste = np.linspace(3, 0, QUESTIONS) + rng.gumbel(size=(min(50_000, ballots - begin), QUESTIONS))
        question[begin : begin + len(taste)] = np.argsort(-taste, axis=1)[:, :DEPTH]
    group = np.sort(rng.integers(len(GROUPS), size=ballots))
    start = np.arange(0, ballots * DEPTH + 1, DEPTH)
    value = np.tile(np.arange(1, DEPTH + 1), ballots)
    labels = tuple(f"q{q:02}" for q in range(QUESTIONS))
    one = np.ones(ballots, np.int64)
    return CodedBallots("ranked", GROUPS, labels, group, one, start, question.ravel(), value, np.zeros_like(value))


def long_frame(coded: CodedBallots) -> pd.DataFrame:
    """Return coded ballots as the long frame, one row a ballot and question."""
    group = pd.Categorical.from_codes(coded.group[coded.owner], list(coded.groups))
    question = pd.Categorical.from_codes(coded.question, list(coded.questions))
    return pd.DataFrame({"ballot": coded.owner, "group": group, "question": question, "value": coded.value})


def timed(name: str, work: Callable[[], Any], repeat: int = 3) -> Any:
    """Print the least of some times of a piece of work, and the peak of memory so far; return what it gave."""
    least, result = np.inf, None
    for _ in range(repeat):
        began = time.perf_counter()
        try:
            result = work()
        except ConsensusError as error:
            print(f"{name:44} {str(error)[:60]}", flush=True)
            return None
        least = min(least, time.perf_counter() - began)
        if least > 2:
            break
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB
    print(f"{name:44} {least * 1000:10.1f} ms {peak:8.0f} MiB", flush=True)
    return result


def beside_peers(coded: CodedBallots) -> None:
    """Print the peer's times for what it can do too; it needs full orders, so the questions left out follow by id."""
    try:
        from pref_voting.margin_based_methods import beat_path
        from pref_voting.profiles import Profile
        from pref_voting.scoring_methods import borda_ranking
    except ImportError:
        print("pref_voting is not installed: no peer in this run.")
        return
    listed = coded.question.reshape(-1, DEPTH).tolist()
    orders = [top + sorted(set(range(QUESTIONS)) - set(top)) for top in listed]
    peer = timed("pref_voting: pairwise (making the profile)", partial(Profile, orders), 1)
    timed("pref_voting: Borda", lambda: borda_ranking(peer), 1)
    timed("pref_voting: Schulze", lambda: beat_path(peer), 1)


def main(ballots: int) -> None:
    """Measure the engine on one round."""
    warnings.simplefilter("ignore")
    coded = rounds(ballots)
    print(f"{ballots:,} ballots x {QUESTIONS} questions, {DEPTH} ranked, {len(GROUPS)} groups\n")
    timed("(the ballots alone)", lambda: None)
    t = timed("tally of coded ballots", lambda: tally_coded(coded, DEPTH))
    for rule in RULES:
        timed(f"rule {rule}", partial(rank, t, rule), 1 if rule == "plackett_luce" else 3)
    ranking = rank(t)
    for rule in PROPORTIONAL_RULES if ballots <= PEER_BALLOTS else ():
        timed(f"shortlist {rule}", partial(shortlist, ranking, rule, tally=t), 1)
    if ballots <= PEER_BALLOTS:
        beside_peers(coded)
    frame = long_frame(coded)
    timed("long frame to tally", lambda: tally(frame, depth=DEPTH))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PEER_BALLOTS)
