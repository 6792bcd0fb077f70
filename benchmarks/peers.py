"""The fastest other ways to the same figures, measured in the same run: other packages, or plain numpy and scipy.

pref_voting and krippendorff are packages for the job. Where none does it, the peer is the definition written plainly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import krippendorff
import numpy as np
import numpy.typing as npt
import pandas as pd
from pref_voting.margin_based_methods import beat_path_Floyd_Warshall
from pref_voting.profiles import Profile
from scipy import stats
from threadpoolctl import threadpool_limits

from benchmarks.rounds import DEPTH, QUESTIONS
from consensus.tally import CodedBallots

__all__ = ["peers_of"]

Job = Callable[[], Any]


def peers_of(coded: CodedBallots, ratings: npt.NDArray[np.int8]) -> dict[str, dict[str, Job]]:
    """Return for each figure the peers that can give it, on tables of the kind each wants, made beforehand."""
    orders = _full_orders(coded)
    Profile(orders[:3])  # compiled by numba once, outside the measurement
    profile = Profile(orders)
    places = np.argsort(np.array(orders), axis=1) + 1
    points = np.maximum(DEPTH + 1 - places, 0)
    split = [points[coded.group == group] for group in range(len(coded.groups))]
    wide, values = ratings.astype(float), np.arange(1, 10)
    ranks = np.minimum(places, (QUESTIONS + DEPTH + 1) / 2)
    return {
        "pairwise": {"pref_voting": lambda: Profile(orders), "numpy": lambda: _pairs(places)},
        "borda": {"pref_voting": profile.borda_scores},
        "schulze": {"pref_voting": lambda: beat_path_Floyd_Warshall(profile)},
        "w": {"scipy": lambda: stats.friedmanchisquare(*ranks.T), "pandas": lambda: _kendall_w(ranks)},
        "alpha": {
            "krippendorff": lambda: krippendorff.alpha(wide, level_of_measurement="ordinal", value_domain=values)
        },
        "bootstrap": {
            "numpy, rows drawn": lambda: _bootstrap(split, 100),
            "numpy, multinomial": lambda: _multinomial(split, 100),
        },
    }


def _full_orders(coded: CodedBallots) -> list[list[int]]:
    """Return whole orders, which peers need: the questions left out follow by id."""
    listed = coded.question.reshape(-1, DEPTH).tolist()
    return [top + sorted(set(range(QUESTIONS)) - set(top)) for top in listed]


def _pairs(places: npt.NDArray) -> npt.NDArray:
    return np.array([(places[:, [i]] < places).sum(axis=0) for i in range(places.shape[1])])


def _kendall_w(ranks: npt.NDArray) -> float:
    placed = pd.DataFrame(ranks).rank(axis=1)
    n, m = placed.shape
    ties = sum(float((c**3 - c).sum()) for c in (np.unique(row, return_counts=True)[1] for row in placed.to_numpy()))
    above = 12 * (placed.sum() ** 2).sum() - 3 * n**2 * m * (m + 1) ** 2
    return float(above / (n**2 * m * (m**2 - 1) - n * ties))


def _bootstrap(split: list[npt.NDArray], replicates: int) -> npt.NDArray:
    rng = np.random.default_rng(0)
    totals = [[part[rng.integers(0, len(part), len(part))].sum(axis=0) for part in split] for _ in range(replicates)]
    return _placed(np.array(totals))


def _multinomial(split: list[npt.NDArray], replicates: int) -> npt.NDArray:
    rng = np.random.default_rng(0)
    with threadpool_limits(1, user_api="blas"):  # on a busy machine more threads take longer
        drawn = [rng.multinomial(len(p), np.full(len(p), 1 / len(p)), replicates).astype(float) @ p for p in split]
    return _placed(np.stack(drawn, axis=1))


def _placed(totals: npt.NDArray) -> npt.NDArray:
    return stats.rankdata(stats.rankdata(-totals, axis=-1).sum(axis=1), method="min", axis=-1)
