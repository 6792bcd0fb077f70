"""`python -m benchmarks.duplicates prior`: what the combiner of evidence on pairs starts from, learned on other texts.

Pairs of texts that are near, of COVID-Q and of a part of BANKING77's training split, where people say which ask the
same; either collection counts as a thousand answers. Weights are fitted with a ridge of 4 on each, and none may speak
against what it tells: so they carry from one collection to the other, which without that they did not. `combiner.PRIOR`
holds them. Nothing of Medical Question Pairs is learned here, on which the combiner is measured.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from benchmarks.duplicates.deciding import case_of, embedder
from benchmarks.duplicates.reviewing import Case
from consensus.duplicates import FEATURES, PRIOR, Evidence, without_common
from consensus.duplicates.neighbours import neighbours
from consensus.embedding.encoding import tokens_of

__all__ = ["main"]

NEAREST, TEXTS, ANSWERS, RIDGE, FARTHEST = 10, 2_000, 1_000, 4.0, 6.0


def main(shared: Path) -> None:
    """Print centre, spread and weight of each evidence as learned, beside the weights in use."""
    banking = case_of(shared, "banking77", split="train")
    few = np.sort(np.random.default_rng(0).permutation(len(banking.ids))[:TEXTS])
    told = [_near_pairs(case) for case in (case_of(shared, "covidq"), banking.part(few))]
    evidence, same = (np.concatenate(each) for each in zip(*told, strict=True))
    weight = np.concatenate([np.full(len(each), ANSWERS / len(each)) for _, each in told])
    centre = np.average(evidence, axis=0, weights=weight).round(2)
    spread = np.sqrt(np.average((evidence - centre) ** 2, axis=0, weights=weight)).clip(0.05).round(2)
    columns = ((evidence - centre) / spread).clip(-FARTHEST, FARTHEST)
    learned = _fitted(columns, same, weight)
    print(f"| {len(same)} near pairs | centre | spread | learned | in use |\n|---|---:|---:|---:|---:|")
    names, used = (*FEATURES, "level"), (*PRIOR.weight, PRIOR.level)
    for name, *figures in zip(names, (*centre, 0), (*spread, 0), learned, used, strict=True):
        print(f"| {name} | " + " | ".join(f"{figure:.2f}" for figure in figures) + " |")


def _fitted(columns: np.ndarray, same: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the weights of the columns, none on the wrong side of 0, and the level."""
    rows, sign = np.column_stack([columns, np.ones(len(same))]), np.where(same, 1, -1)
    held = np.r_[np.full(columns.shape[1], RIDGE), 0]

    def lost(weights: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (rows @ weights)
        slope = held * weights - rows.T @ (weight * sign * expit(-margin))
        return float((weight * np.logaddexp(0, -margin)).sum() + (held * weights**2).sum() / 2), slope

    alike = FEATURES.index("resembled_more") + 1
    bounds = [(0, None) if number < alike else (None, 0) for number in range(len(FEATURES))] + [(None, None)]
    return minimize(lost, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds).x


def _near_pairs(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Return the evidence on pairs of texts that are near, and whether they ask the same."""
    pairs = neighbours(without_common(case.vectors), NEAREST).pairs()
    evidence = Evidence.of(case.texts, case.vectors, tokens_of(embedder(), case.texts))
    return evidence.between(pairs), case.truth[pairs[:, 0]] == case.truth[pairs[:, 1]]
