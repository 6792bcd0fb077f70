"""`python -m benchmarks.duplicates start`: what a review starts from, learned on parts of BANKING77's training split.

A faultless reviewer decides on each part until B-cubed F1 is 0.95. Of the evidence on every candidate shown, weights
that are not below 0 are fitted to the answers (logistic, a ridge of 1 on each); `likeness.BY_TOKENS` holds them. What
the mean of two groups says differs with how large groups are, so it is left to a review's own answers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from benchmarks.duplicates.deciding import TARGET, case_of
from benchmarks.duplicates.intervals import skewed
from benchmarks.duplicates.reviewing import Case, curve, queue_states
from consensus.duplicates.deciding.likeness import BY_TOKENS, EVIDENCE
from consensus.duplicates.deciding.showing import THOUSAND

__all__ = ["main"]

PARTS, MOST, RIDGE = range(1, 4), 400, 1.0


def main(shared: Path) -> None:
    """Print the weights that answers teach beside those in use."""
    case = case_of(shared, "banking77", split="train")
    told = [_answered(skewed(case, np.random.default_rng(seed))) for seed in PARTS]
    evidence, same = (np.concatenate(each) for each in zip(*told, strict=True))
    learned = _fitted(evidence / np.asarray(BY_TOKENS.spread), same)
    print(f"| {len(same)} answers on {len(PARTS)} parts | learned | in use |\n|---|---:|---:|")
    for name, weight, used in zip((*EVIDENCE, "level"), learned, (*BY_TOKENS.weight, BY_TOKENS.level), strict=True):
        print(f"| {name} | {weight:.2f} | {used:.2f} |")


def _answered(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Return the evidence on every candidate that a review showed, and whether it asked the same."""
    queues = []

    def states() -> object:
        for state in queue_states(case):
            queues[:] = [state[-1]]
            yield state

    curve(case, states(), target=TARGET, most=MOST)
    asked = [value for value in queues[0].log["value"] if value.get("evidence")]
    told = [
        (row, number < len(value["same"])) for value in asked for number, row in enumerate(value["evidence"]) if row
    ]
    rows, same = zip(*told, strict=True)
    return np.array(rows, float) / THOUSAND, np.array(same)


def _fitted(columns: np.ndarray, same: np.ndarray) -> np.ndarray:
    """Return the weights of the columns, none below 0, and the level."""
    rows, sign, held = (
        np.column_stack([columns, np.ones(len(same))]),
        np.where(same, 1, -1),
        np.r_[np.full(columns.shape[1], RIDGE), 0],
    )

    def lost(weight: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (rows @ weight)
        slope = held * weight - rows.T @ (sign * expit(-margin))
        return float(np.logaddexp(0, -margin).sum() + (held * weight**2).sum() / 2), slope

    bounds = [(0, 0 if name == "mean" else None) for name in EVIDENCE] + [(None, None)]
    return minimize(lost, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds).x
