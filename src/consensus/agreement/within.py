"""One stakeholder group's ballots as raters of the questions: sums that every statistic of agreement starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from consensus.agreement.concordance import (
    LEVELS,
    alphas_of_lists,
    kendall_w,
    krippendorff_alpha,
    mean_spearman,
    replicate_alphas,
)
from consensus.agreement.ranked import sum_ranked
from consensus.resampling import BLOCK, BallotMatrix, midrank_matrix, replicate_sums
from consensus.tally import CodedBallots, IntArray
from consensus.tally.coded import UNSURE
from consensus.tally.tables import Tally

__all__ = ["RATERS", "Raters", "rate_places", "read_raters", "resample_raters"]

RATERS = ("ranked", "chosen", "rated", "points")
"""Forms in which a ballot places or rates the questions; a best-worst task or a pair is no list of all of them."""

FINE = 2**20
"""Spearman's unit vectors are summed in millionths of 1, in whole numbers, so that no order of adding shows."""

EXACT_IN_SINGLE = 200
"""With so many questions a list's squared length is still a whole number that single precision holds."""


@dataclass(frozen=True)
class Raters:
    """One group's ballots as lists of places, with the sums over them.

    Attributes
    ----------
    n, left_out
        Ballots that are lists; those that do not give every question a value, and so give none (`chosen`, `rated`).
    place_sums, ties
        (Q,) twice the sum of places; sum of t^3 - t over the ties of every ballot.
    unit_sums, untied
        (Q,) sum of the lists centred and scaled to length 1; over how many ballots, those all tied not counted.
    counts, values
        (Q, V) how often each question is given each value, V values in rising order: ratings, or twice the places.
    """

    n: int
    left_out: int
    place_sums: IntArray
    ties: int
    unit_sums: npt.NDArray[np.float64]
    untied: int
    counts: IntArray
    values: IntArray

    @property
    def statistics(self) -> dict[str, float]:
        """Return Kendall's W, mean Spearman and both alphas of the group."""
        return {
            "kendall_w": kendall_w(self.place_sums, self.n, self.ties),
            "mean_spearman": float(mean_spearman(self.unit_sums, self.untied)),
            "alpha_ordinal": krippendorff_alpha(self.counts, self.values, "ordinal"),
            "alpha_interval": krippendorff_alpha(self.counts, self.values, "interval"),
        }


def read_raters(t: Tally, group: int) -> Raters:
    """Return one group's ballots as raters, summed in one pass."""
    if t.form != "ranked":
        return _read_lists(t, group)
    found = sum_ranked(t.grouped, group)
    used = found.counts.any(axis=0)
    places = found.counts @ np.arange(found.counts.shape[1])
    sums = (places, found.ties, found.unit_sums, found.untied)
    return Raters(found.n, 0, *sums, found.counts[:, used], np.flatnonzero(used))


def _read_lists(t: Tally, group: int) -> Raters:
    """Return raters from lists of places written out."""
    matrix, q = midrank_matrix(t, group), len(t.questions)
    sums, units, ties, untied = np.zeros(q), np.zeros(q), 0, 0
    for begin in range(0, len(matrix.weight), BLOCK):
        at = np.arange(begin, min(begin + BLOCK, len(matrix.weight)))
        places, weight = matrix.rows(at), matrix.weight[at].astype(np.float64)
        square = _squares(places)
        sums += weight @ places
        ties += int(weight @ _ties(square, q))
        untied += int(weight @ (square > 0))
        units += weight @ _unit_vectors(places, square)
    counts, values = _rated_counts(t, group)
    used = counts.any(axis=0)
    whole = np.rint(sums).astype(np.int64)
    left_out = int(t.n[group]) - matrix.n
    return Raters(matrix.n, left_out, whole, ties, units, untied, counts[:, used], values[used])


def _rated_counts(t: Tally, group: int) -> tuple[IntArray, IntArray]:
    """Return how often each question is given each value; `points`: a question left out has 0."""
    values = np.unique([*t.levels, *([0] if t.form == "points" else [])])
    counts = np.zeros((len(t.questions), len(values)), dtype=np.int64)
    counts[:, np.searchsorted(values, t.levels)] = t.C[group]
    if t.form == "points":
        counts[:, np.searchsorted(values, 0)] += t.n[group] - t.given[group]
    return counts, values


def _squares(places: npt.NDArray) -> npt.NDArray[np.float64]:
    """Return each list's squared length once centred, from doubled places; whole numbers."""
    q = places.shape[1]
    away = places.astype(np.float32 if q <= EXACT_IN_SINGLE else np.float64) - (q + 1)
    return np.einsum("bq,bq->b", away, away).astype(np.float64)


def _ties(square: npt.NDArray, q: int) -> npt.NDArray[np.float64]:
    """Return each list's sum of t^3 - t over its ties: what it lacks in length."""
    return (q**3 - q) - 3 * square


def _unit_vectors(places: npt.NDArray, square: npt.NDArray) -> npt.NDArray[np.float64]:
    """Return lists centred and scaled to length 1; a list all tied stays 0."""
    length = np.sqrt(np.where(square > 0, square, 1))
    return (places.astype(np.float64) - (places.shape[1] + 1)) / length[:, None]


def resample_raters(
    t: Tally, group: int, raters: Raters, replicates: int, seed: int, workers: int
) -> dict[str, npt.NDArray]:
    """Return the statistics of `Raters` for ballots drawn again, shape (replicates,) each."""
    matrix, q = midrank_matrix(t, group), len(t.questions)
    found: dict[str, Any] = {}
    if matrix.n:
        told = {"largest": max(4 * FINE, q**3), "workers": workers}
        sums = replicate_sums(_shapes(matrix), matrix.weight, replicates, seed, matrix.name, **told)
        places, units, ties, untied = sums[:, :q], sums[:, q : 2 * q], sums[:, 2 * q], sums[:, 2 * q + 1]
        rows = zip(places, ties.tolist(), strict=True)
        found["kendall_w"] = np.array([kendall_w(row.tolist(), matrix.n, tie) for row, tie in rows])
        found["mean_spearman"] = mean_spearman(units / FINE, untied)
    if raters.counts.size and t.n[group]:
        weight, rows_of = _one_hot(t, group, raters, matrix)
        drawn = replicate_sums(rows_of, weight, replicates, seed, matrix.name, largest=1, workers=workers)
        tables = drawn.reshape(replicates, q, len(raters.values))
        for level in LEVELS:
            parts = (replicate_alphas(part, raters.values, level) for part in np.array_split(tables, 20) if len(part))
            found[f"alpha_{level}"] = np.concatenate(list(parts))
    return found


def _shapes(matrix: BallotMatrix) -> Any:
    def rows(at: IntArray) -> npt.NDArray:
        places = matrix.rows(at)
        square = _squares(places)
        fine = np.rint(_unit_vectors(places, square) * FINE)
        return np.column_stack([places, fine, _ties(square, places.shape[1]), square > 0])

    return rows


def _one_hot(t: Tally, group: int, raters: Raters, matrix: BallotMatrix) -> tuple[IntArray, Any]:
    """Return each ballot's weight, and rows of one cell for each question and value with 1 where it gave that."""
    coded, values, q = t.ballots, raters.values, len(t.questions)
    mine = np.flatnonzero(coded.group == group)

    def rows(at: IntArray) -> npt.NDArray:
        out = np.zeros((len(at), q * len(values)), dtype=np.float32)
        given = matrix.rows(at) if t.form == "ranked" else _ratings(t, coded, mine[at])
        owner, question = np.nonzero(~np.isnan(given))
        cell = question * len(values) + np.searchsorted(values, given[owner, question])
        out[owner, cell] = 1
        return out

    return coded.weight[mine], rows


def _ratings(t: Tally, coded: CodedBallots, ballots: IntArray) -> npt.NDArray:
    out = np.full((len(ballots), len(t.questions)), 0.0 if t.form == "points" else np.nan)
    begin, length = coded.start[ballots], np.diff(coded.start)[ballots]
    owner = np.repeat(np.arange(len(ballots)), length)
    row = np.arange(len(owner)) + np.repeat(begin - (np.cumsum(length) - length), length)
    sure = coded.value[row] != UNSURE
    out[owner[sure], coded.question[row[sure]]] = coded.value[row[sure]]
    return out


def rate_places(doubled: npt.NDArray) -> dict[str, npt.NDArray]:
    """Return the same statistics with the groups as raters, for (replicates, G, Q) twice their positions."""
    _, g, q = doubled.shape
    flat = doubled.reshape(-1, q)
    square, shape = _squares(flat), doubled.shape[:2]
    unit, varied = _unit_vectors(flat, square), square > 0
    ties = _ties(square, q).reshape(shape).sum(axis=1).astype(int).tolist()
    w = [kendall_w(row.tolist(), g, tie) for row, tie in zip(doubled.sum(axis=1), ties, strict=True)]
    spearman = mean_spearman(unit.reshape(doubled.shape).sum(axis=1), varied.reshape(shape).sum(axis=1))
    alphas = {level: alphas_of_lists(doubled, level) for level in LEVELS}
    return {"kendall_w": np.array(w), "mean_spearman": spearman} | {f"alpha_{k}": v for k, v in alphas.items()}
