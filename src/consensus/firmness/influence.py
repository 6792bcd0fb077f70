"""Who moved a question: the order without each group, and each group's Shapley influence on every place."""

from __future__ import annotations

from math import comb

import numpy as np
import numpy.typing as npt

from consensus.firmness.shares import LINEAR, places_under, score_parts
from consensus.resampling import doubled_positions, stream
from consensus.rules import GroupTables

__all__ = ["MOST_GROUPS", "influence", "places_of_subsets", "without_each"]

FloatArray = npt.NDArray[np.float64]

MOST_GROUPS = 12
"""With more groups than this, 2^G orders are too many: orders of joining are sampled instead."""
JOININGS = 500


def without_each(tables: GroupTables, rule: str) -> dict[str, npt.NDArray[np.int64]]:
    """Return the ranks, shape (Q,), with each group's share set to 0 in turn; groups whose leaving leaves any say."""
    voices = [at for at, share in enumerate(tables.shares) if share]
    ranks = {}
    for gone in voices if len(voices) > 1 else []:
        left = [0 if at == gone else share for at, share in enumerate(tables.shares)]
        ranks[tables.groups[gone]] = places_under(tables, rule, left)
    return ranks


def places_of_subsets(tables: GroupTables, rule: str, members: npt.NDArray[np.bool_]) -> FloatArray:
    """Return mean places (subsets, Q) if only some groups had their share; nobody's say: all questions level.

    `members` is (subsets, G).
    """
    shares = np.array(tables.shares, dtype=object) * members
    q = len(tables.tally.questions)
    if rule in LINEAR:
        scores = shares @ np.array(score_parts(tables, rule), dtype=object)
        bound = int(np.abs(scores).max())
        doubled = doubled_positions(scores.astype(np.int64) if bound < 2**62 else scores)
    else:
        doubled = np.full((len(members), q), q + 1, dtype=np.int64)
        for at, row in enumerate(shares.tolist()):
            if any(row):
                lowest = places_under(tables, rule, row)
                doubled[at] = 2 * lowest + np.bincount(lowest, minlength=q + 1)[lowest] - 1
    return doubled / 2


def influence(tables: GroupTables, rule: str, seed: int) -> tuple[FloatArray, str]:
    """Return each group's Shapley influence on each question's place, (G, Q), and how it was worked out.

    The worth of a set of groups is the question's mean place if they alone had a say, counted upwards; of nobody, the
    middle place (Q + 1) / 2. A group's influence is what it adds, averaged over every order in which the groups could
    join; a column sums to (Q + 1) / 2 less the place of the ranking. 3 means: lifts it three places. Exact for up to
    twelve groups with a share, else from 500 orders of joining drawn at random, which still sum.
    Source: Shapley, Contributions to the Theory of Games II, 1953.
    """
    voices = np.flatnonzero(tables.shares)
    if len(voices) > MOST_GROUPS:
        return _sampled(tables, rule, voices, seed), f"sampled {JOININGS}"
    g = len(voices)
    inside = (np.arange(2**g)[:, None] >> np.arange(g)) & 1 == 1
    members = np.zeros((2**g, len(tables.groups)), dtype=bool)
    members[:, voices] = inside
    worth = -places_of_subsets(tables, rule, members)
    size = inside.sum(axis=1)
    found = np.zeros((len(tables.groups), worth.shape[1]))
    for at, voice in enumerate(voices):
        without = np.flatnonzero(~inside[:, at])
        chance = np.array([1 / (g * comb(g - 1, int(k))) for k in size[without]])
        found[voice] = chance @ (worth[without | (1 << at)] - worth[without])
    return found, "exact"


def _sampled(tables: GroupTables, rule: str, voices: npt.NDArray, seed: int) -> FloatArray:
    rng = stream(seed, "joinings")
    g, q = len(voices), len(tables.tally.questions)
    found = np.zeros((len(tables.groups), q))
    for _ in range(JOININGS):
        order = voices[rng.permutation(g)]
        members = np.zeros((g + 1, len(tables.groups)), dtype=bool)
        for step, voice in enumerate(order, 1):
            members[step:, voice] = True
        found[order] -= np.diff(places_of_subsets(tables, rule, members), axis=0) / JOININGS
    return found
