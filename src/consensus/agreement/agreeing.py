"""One frame that says how far people agree, within each stakeholder group and between groups."""

from __future__ import annotations

from itertools import combinations
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy  # what is used of it is imported when it is used: statistics and optimising take 45 MB

from consensus.agreement.between import jensen_shannon, kendall_tau_b, rank_biased_overlap, top_overlap
from consensus.agreement.concordance import friedman
from consensus.agreement.within import RATERS, rate_places, read_raters, resample_raters
from consensus.arguments import a_tally, check_whole
from consensus.errors import DataError
from consensus.resampling import (
    BallotMatrix,
    doubled_positions,
    in_voices,
    interval,
    lowest_places,
    points_matrix,
    replicate_sums,
    stream,
)
from consensus.rules import GroupTables, group_tables
from consensus.tally.tables import Tally
from consensus.version import __version__

__all__ = ["BETWEEN", "COLUMNS", "agree"]

COLUMNS = ["group", "other", "question", "statistic", "value", "low", "high", "p"]
BETWEEN = "between groups"
"""What stands for the group where the groups themselves are the raters."""
UNWEIGHTED = (
    "Respondent weights count in the groups' lists and so in how alike these are; within a group every person counts "
    "once."
)
LEVEL = 0.95
LEAST = {"kendall_w": 0.0, "top_overlap": 0.0, "rank_biased_overlap": 0.0, "jensen_shannon": 0.0}

Row = dict[str, Any]


def agree(
    t: Tally,
    top: int = 10,
    replicates: int = 1000,
    seed: int = 0,
    *,
    rbo_p: float = 0.9,
    ties: str = "mean",
    workers: int = 1,
) -> pd.DataFrame:
    """Return how far people agree within each stakeholder group, and how alike the groups' lists are.

    Parameters
    ----------
    t
        The tally, which must keep its ballots.
    top
        How many places the overlap looks at.
    replicates, seed, workers
        Draws of ballots for intervals and chances, 0: none; no digit depends on the number of threads.
    rbo_p
        How likely a reader of rank-biased overlap is to look one place further.
    ties
        How questions level in a group's list share its positions, as for `rank`.

    Returns
    -------
    DataFrame
        Columns `group, other, question, statistic, value, low, high, p`.

        Within a group, and with `group` "between groups" for the groups as raters: `kendall_w`, `friedman` (its
        chi-squared), `mean_spearman`, `alpha_ordinal`, `alpha_interval`. A ranked ballot that leaves out k questions
        puts all of them level at the mean of the last k places, points left out are 0, and a ballot of ratings or
        choices is a list only if it answers every question; alpha uses every rating there is. For best-worst tasks
        and pairs these are NaN.

        For each pair of groups (`group`, `other`): `kendall_tau_b`, `top_overlap`, `rank_biased_overlap`,
        `jensen_shannon` of their shares of points. For each question: `largest_rank_gap` between two groups'
        positions, `group` the one that favours it more.

        `low`, `high`: the middle 95 % of ballots drawn again within groups, moved so that their mean is the value
        (drawing a ballot twice makes people look more alike than they are) and kept within the statistic's range; for
        gaps not moved. `p`: chi-squared for `kendall_w` and `friedman`; no association for `kendall_tau_b`; how often
        orders shuffled at random overlap as much; how often two groups drawn from both together differ as much in
        their points. NaN where there is none. `attrs` holds method, options, notes, version and digest.

    Examples
    --------
    >>> from consensus.tally import tally
    >>> ballots = pd.DataFrame({"ballot": ["b1", "b1", "b2", "b2"], "group": ["carer", "carer", "nurse", "nurse"],
    ...                         "question": ["q1", "q2", "q2", "q1"], "value": [1, 2, 1, 2]})
    >>> agree(tally(ballots), top=1, replicates=0).query("other == 'nurse'")[["statistic", "value"]].values.tolist()
    [['kendall_tau_b', -1.0], ['top_overlap', 0.0], ['rank_biased_overlap', 0.9], ['jensen_shannon', 0.0447...],
     ['largest_rank_gap', 1.0]]
    """
    a_tally("agree", t, Tally)
    check_whole("agree", top=(top, 1), replicates=(replicates, 0), seed=(seed, 0), workers=(workers, 1))
    if not isinstance(rbo_p, Real) or not 0 < rbo_p < 1:
        raise DataError(f"rbo_p of agree is {rbo_p!r}; pass a number between 0 and 1.")
    tables = group_tables(t, None, ties)
    rows, notes = _within(tables, replicates, seed, workers)
    if len(tables.groups) > 1:
        rows += _between(tables, top, replicates, seed, rbo_p, ties, workers)
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame[["group", "other"]] = frame[["group", "other"]].fillna("")
    options = {"top": top, "replicates": replicates, "seed": seed, "rbo_p": rbo_p, "ties": ties, "level": LEVEL}
    frame.attrs = {
        "method": "agree",
        "options": options,
        "form": t.form,
        "ballots": tables.people,
        "notes": notes,
        "version": __version__,
        "digest": t.digest,
    }
    frame.attrs.update(**t.told_weighting)
    return frame


def _within(tables: GroupTables, replicates: int, seed: int, workers: int) -> tuple[list[Row], list[str]]:
    t, rows, notes = tables.received, [], []
    t.ballots  # noqa: B018  raises when they were not kept
    for group, at in zip(tables.groups, tables.at.tolist(), strict=True):
        if t.form not in RATERS:
            names = ("kendall_w", "friedman", "mean_spearman", "alpha_ordinal", "alpha_interval")
            rows += [_row(group, name, float("nan")) for name in names]
            continue
        raters = read_raters(t, at)
        drawn = resample_raters(t, at, raters, replicates, seed, workers) if replicates > 1 else {}
        rows += _rater_rows(group, raters.statistics, drawn, raters.n, len(t.questions))
        if raters.left_out:
            notes.append(
                f"Stakeholder group '{group}': {raters.left_out} of {int(t.n[at])} ballots do not answer every "
                "question and are left out of Kendall's W, Friedman's test and the mean Spearman correlation."
            )
    if t.voices is not None:
        notes.append(UNWEIGHTED)
    return rows, notes


def _rater_rows(group: str, found: dict[str, float], drawn: dict[str, Any], n: int, q: int) -> list[Row]:
    chi, p = friedman(found["kendall_w"], n, q)
    rows = [_row(group, name, value, drawn.get(name)) for name, value in found.items()]
    rows[0]["p"] = p
    return [rows[0], _row(group, "friedman", chi) | {"p": p}, *rows[1:]]


def _row(group: str, statistic: str, value: float, drawn: npt.NDArray | None = None, other: str = "") -> Row:
    """Return one row, its interval from values of the statistic on ballots drawn again."""
    row = {"group": group, "other": other, "statistic": statistic, "value": float(value)}
    drawn = np.array([]) if drawn is None else drawn[np.isfinite(drawn)]
    if len(drawn) > 1 and np.isfinite(value):
        ends = [float(end) + float(value) - float(drawn.mean()) for end in interval(drawn, LEVEL)]
        row["low"], row["high"] = (min(max(end, LEAST.get(statistic, -1.0)), 1.0) for end in ends)
    return {"low": np.nan, "high": np.nan, "p": np.nan} | row


def _between(
    tables: GroupTables, top: int, replicates: int, seed: int, rbo_p: float, ties: str, workers: int
) -> list[Row]:
    points, drawn = _group_points(tables), None
    if replicates > 1:
        drawn = np.stack([_drawn_points(tables, at, replicates, seed, workers) for at in tables.at.tolist()], axis=1)
    doubled = tables.doubled
    again = doubled_positions(drawn, ties) if drawn is not None else None
    found = {name: float(value[0]) for name, value in rate_places(doubled[None]).items()}
    spread = rate_places(again) if again is not None else {}
    rows = _rater_rows(BETWEEN, found, spread, len(tables.groups), doubled.shape[1])
    for a, b in combinations(range(len(tables.groups)), 2):
        rows += _pair(tables, (a, b), points, drawn, top, rbo_p, seed, workers)
    return rows + _gaps(tables, again)


def _group_points(tables: GroupTables) -> npt.NDArray[np.float64]:
    return tables.numerator / tables.denominator


def _drawn_points(tables: GroupTables, group: int, replicates: int, seed: int, workers: int) -> npt.NDArray:
    matrix, q = _points(tables, group), len(tables.tally.questions)
    told = {"largest": matrix.largest, "workers": workers}
    sums = replicate_sums(matrix.rows, matrix.weight, replicates, seed, matrix.name, **told)
    return _as_totals(tables, sums, q)


def _points(tables: GroupTables, group: int) -> BallotMatrix:
    return in_voices(points_matrix(tables.received, group), tables.received, group)


def _as_totals(tables: GroupTables, sums: npt.NDArray, q: int) -> npt.NDArray:
    """Return totals as the tally's own, fractions as such, from sums of what each ballot adds."""
    if sums.shape[1] == q:
        return sums
    above, below = sums[:, :q], sums[:, q:]
    unit = tables.tally.unit
    pairwise = tables.tally.form == "pairwise"
    return (above + 2 * unit) / (2 * below + 4 * unit) if pairwise else above / np.maximum(below, 1)


def _pair(
    tables: GroupTables,
    pair: tuple[int, int],
    points: npt.NDArray,
    drawn: npt.NDArray | None,
    top: int,
    rbo_p: float,
    seed: int,
    workers: int,
) -> list[Row]:
    one, two = (tables.groups[at] for at in pair)

    def alike(a: npt.NDArray, b: npt.NDArray) -> dict[str, npt.NDArray]:
        first, second = lowest_places(a), lowest_places(b)
        return {
            "kendall_tau_b": kendall_tau_b(first, second),
            "top_overlap": top_overlap(first, second, top),
            "rank_biased_overlap": rank_biased_overlap(first, second, rbo_p),
            "jensen_shannon": jensen_shannon(a, b),
        }

    a, b = points[list(pair)]
    found = alike(a, b)
    spread = alike(*(drawn[:, at] for at in pair)) if drawn is not None else {}
    rows = [_row(one, name, float(value), spread.get(name), two) for name, value in found.items()]
    if drawn is not None:
        chances = _chances(tables, pair, (a, b), found, len(drawn), top, rbo_p, seed, workers)
        for row in rows:
            row["p"] = chances[row["statistic"]]
    return rows


def _chances(
    tables: GroupTables,
    pair: tuple[int, int],
    points: tuple[npt.NDArray, npt.NDArray],
    found: dict[str, npt.NDArray],
    replicates: int,
    top: int,
    rbo_p: float,
    seed: int,
    workers: int,
) -> dict[str, float]:
    """Return how often chance alone gives each statistic, the observed one counted among the draws."""
    names = [tables.groups[at] for at in pair]
    places = [lowest_places(p) for p in points]
    shuffled = stream(seed, *names, "shuffle").permuted(np.tile(places[0], (replicates, 1)), axis=1)
    other = np.broadcast_to(places[1], shuffled.shape)
    far = _together(tables, pair, replicates, seed, workers)
    tests = {
        "top_overlap": top_overlap(shuffled, other, top) >= found["top_overlap"] - 1e-12,
        "rank_biased_overlap": rank_biased_overlap(shuffled, other, rbo_p) >= found["rank_biased_overlap"] - 1e-12,
        "jensen_shannon": far >= found["jensen_shannon"] - 1e-12,
    }
    chances = {name: float((1 + test.sum()) / (1 + replicates)) for name, test in tests.items()}
    if np.isnan(found["jensen_shannon"]):
        chances["jensen_shannon"] = float("nan")
    alone = len(tables.received.questions) < 2  # one question has an order, and nothing to be ordered beside
    return chances | {"kendall_tau_b": float("nan") if alone else float(scipy.stats.kendalltau(*places).pvalue)}


def _together(tables: GroupTables, pair: tuple[int, int], replicates: int, seed: int, workers: int) -> npt.NDArray:
    """Return distances between two groups of the same sizes, both drawn from the ballots of both."""
    parts = [_points(tables, int(tables.at[at])) for at in pair]
    cut = len(parts[0].weight)
    weight = np.concatenate([part.weight for part in parts])

    def rows(at: npt.NDArray) -> npt.NDArray:
        return np.concatenate([parts[0].rows(at[at < cut]), parts[1].rows(at[at >= cut] - cut)])

    largest, totals = max(part.largest for part in parts), []
    for part in parts:
        name = f"{parts[0].name}\x1f{parts[1].name}\x1f{part.name}"
        told = {"largest": largest, "workers": workers, "draws": part.n}
        sums = replicate_sums(rows, weight, replicates, seed, name, **told)
        totals.append(_as_totals(tables, sums, len(tables.tally.questions)))
    return jensen_shannon(totals[0], totals[1])


def _gaps(tables: GroupTables, again: npt.NDArray | None) -> list[Row]:
    """Return for each question the two groups whose positions of it lie furthest apart."""
    best, worst = tables.doubled.argmin(axis=0), tables.doubled.argmax(axis=0)
    gap = np.ptp(tables.doubled, axis=0) / 2
    ends = interval(np.ptp(again, axis=1) / 2, LEVEL) if again is not None else (gap * np.nan, gap * np.nan)
    named = enumerate(tables.tally.questions)
    return [
        {
            "group": tables.groups[best[at]] if gap[at] else "",
            "other": tables.groups[worst[at]] if gap[at] else "",
            "question": question,
            "statistic": "largest_rank_gap",
            "value": float(gap[at]),
            "low": float(ends[0][at]),
            "high": float(ends[1][at]),
            "p": np.nan,
        }
        for at, question in named
    ]
