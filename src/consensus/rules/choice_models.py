"""Rules that fit a strength to every question: Plackett-Luce on whole ballots, Bradley-Terry on pairs.

Both are regularised, so that a fit always exists: every question also meets one imagined question of average strength,
winning and losing against it `prior` times each, where all the groups' ballots together weigh 1. The fits are floats;
scores are rounded to `DIGITS` places, so that questions with the same evidence are tied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from numbers import Real

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from consensus.errors import ProtocolError
from consensus.rules.group_tables import GroupTables, Scores
from consensus.rules.ranked_stages import ranked_likelihood
from consensus.tally import IntArray, are_short
from consensus.tally.pairs import dense_favour, group_blocks, tasks_as_ballots

__all__ = ["DIGITS", "bradley_terry", "plackett_luce"]

FloatArray = npt.NDArray[np.float64]
Model = Callable[[FloatArray], tuple[float, FloatArray, FloatArray]]
"""Strengths (Q,) -> log-likelihood, its gradient (Q,) and its curvature, minus the Hessian, (Q, Q)."""

Stage = tuple[FloatArray, FloatArray, FloatArray]

DIGITS = 6
PRIOR = Fraction(1, 100)
STEPS = 200
KEPT = 1 << 24
"""Stages of up to so many cells are held in memory between steps of a fit; more are made anew at each."""


def bradley_terry(tables: GroupTables, prior: Fraction | float = PRIOR) -> Scores:
    """Return each question's log strength in paired comparison, a tie being half a win each way, shape (Q,).

    Groups count at their shares. 0 is the strength of the average question. Source: Bradley and Terry, Biometrika
    1952;39:324.
    """
    t, say = tables.tally, sum(tables.shares)
    wins = np.zeros(t.W.shape[1:])
    for share, at, n in zip(tables.shares, tables.at, tables.n, strict=True):
        wins += (t.W[at] + t.E[at] / 2) * (share / (n * say))
    met = wins + wins.T

    def model(strength: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        gap = strength[:, None] - strength[None]
        chance = _logistic(gap)
        curved = met * chance * (1 - chance)
        loss = wins * np.logaddexp(0, -gap)
        return -loss.sum(), wins.sum(axis=1) - (met * chance).sum(axis=1), np.diag(curved.sum(axis=1)) - curved

    return _fitted(tables, "Bradley-Terry", model, prior)


def plackett_luce(tables: GroupTables, prior: Fraction | float = PRIOR) -> Scores:
    """Return each question's log strength in stagewise choice on the ranked part of every ballot, shape (Q,).

    A ballot chooses its first question from all, the next from those left, and so on; the lowest level, where the
    questions left out stand, chooses nothing. Questions level with each other are each chosen from the same set
    (Breslow's way). Groups count at their shares. Source: Luce (1959), Plackett (1975).

    Raises
    ------
    DataError
        The tally did not keep its ballots.
    """
    if tables.tally.form == "ranked" and are_short(tables.tally.ballots):
        return _fitted(tables, "Plackett-Luce", partial(ranked_likelihood, tables.tally.ballots, _each(tables)), prior)
    small = tables.tally.given.sum() * len(tables.tally.questions) <= KEPT
    kept = list(_stages(tables)) if small else []

    def model(strength: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        power = np.exp(strength - strength.max())
        total, gradient, curved = 0.0, np.zeros_like(strength), np.zeros((len(strength),) * 2)
        for weight, chosen, left in kept if small else _stages(tables):
            among = left @ power
            total += float(
                weight @ (chosen @ strength) - weight @ (chosen.sum(axis=1) * (np.log(among) + strength.max()))
            )
            faced = weight * chosen.sum(axis=1) / among
            gradient += weight @ chosen - power * (faced @ left)
            curved += np.diag(power * (faced @ left))
            curved -= power[:, None] * power[None] * (left.T @ ((faced / among)[:, None] * left))
        return total, gradient, curved

    return _fitted(tables, "Plackett-Luce", model, prior)


def _each(tables: GroupTables) -> dict[int, float]:
    """Return how much one ballot of each group weighs, all ballots together 1."""
    say = sum(tables.shares)
    told = zip(tables.at.tolist(), tables.shares, tables.n, strict=True)
    return {at: share / (n * say) for at, share, n in told}


def _stages(tables: GroupTables) -> Iterator[Stage]:
    """Yield blocks of stages: weight (B,), chosen (B, Q) and left to choose from (B, Q)."""
    t, each = tables.tally, _each(tables)
    if t.form == "pairwise":
        combined = sum(t.W[at] * weight for at, weight in each.items())
        winner, loser = np.nonzero(combined)
        chosen, lost = (np.eye(len(t.questions))[side] for side in (winner, loser))
        yield combined[winner, loser], chosen, chosen + lost
        return
    coded = tasks_as_ballots(t.ballots) if t.form == "best_worst" else t.ballots
    for group, ballots in group_blocks(coded, len(coded.questions)):
        if each.get(group):
            yield from _block_stages(
                dense_favour(coded, ballots), coded.weight[ballots].astype(np.float64) * each[group]
            )


def _block_stages(favour: FloatArray, weight: FloatArray) -> Iterator[Stage]:
    """Yield the first choice of every ballot, then the second, until each has only its lowest level left."""
    while True:
        left = ~np.isnan(favour)
        best = np.fmax.reduce(favour, axis=1)
        chosen = left & (favour == best[:, None])
        alive = (left & ~chosen).any(axis=1)
        if not alive.any():
            return
        favour, weight, chosen, left = favour[alive], weight[alive], chosen[alive], left[alive]
        yield weight, chosen.astype(float), left.astype(float)
        favour[chosen] = np.nan


def _fitted(tables: GroupTables, name: str, model: Model, prior: Fraction | float) -> Scores:
    if not isinstance(prior, Real) or not 0 < prior < float("inf"):
        raise ProtocolError(f"A prior of {prior!r} leaves {name} without a fit on some ballots; use a number above 0.")
    strength = _maximise(model, len(tables.tally.questions), float(prior))
    notes = [f"{name}: regularised, each question also wins and loses {prior} times against an average one."]
    parts = _win_components(tables)
    if parts > 1:
        notes.append(
            f"{name}: the questions fall into {parts} parts that no chain of wins joins both ways; "
            "how far apart these stand is the prior's doing."
        )
    return Scores([Fraction(round(float(x) * 10**DIGITS), 10**DIGITS) for x in strength], notes)


def _maximise(model: Model, size: int, prior: float) -> FloatArray:
    """Return the strengths of the greatest regularised likelihood, by Newton's steps, halved where too long."""

    def with_prior(strength: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        total, gradient, curved = model(strength)
        chance = _logistic(strength)
        total -= prior * float((np.logaddexp(0, -strength) + np.logaddexp(0, strength)).sum())
        return total, gradient + prior * (1 - 2 * chance), curved + np.diag(2 * prior * chance * (1 - chance))

    strength = np.zeros(size)
    total, gradient, curved = with_prior(strength)
    for _ in range(STEPS):
        step = np.linalg.solve(curved, gradient)
        if np.abs(step).max(initial=0) < 10.0 ** -(2 * DIGITS - 1):
            break
        scale = 1.0
        while (tried := with_prior(strength + scale * step))[0] < total - 1e-13 * abs(total) and scale > 1e-6:
            scale /= 2
        strength = strength + scale * step
        total, gradient, curved = tried
    return strength


def _win_components(tables: GroupTables) -> int:
    """Return how many parts the graph of who was ever put above whom, by a group with a say, falls into."""
    voices = tables.at[np.array(tables.shares) > 0]
    wins: IntArray = tables.tally.W[voices].sum(axis=0)
    return int(connected_components(csr_array(wins > 0), connection="strong")[0])


def _logistic(x: FloatArray) -> FloatArray:
    return np.exp(-np.logaddexp(0, -x))
