"""How much people screen until what is out of scope is found, and how often a proposed category is the one people gave.

Of a real conversation, what its moderators rejected is out of scope; of COVID-Q, one heading at a time is. People look
at twenty texts taken at random, then at ten at a time, each time the likeliest by what was decided so far.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.duplicates.deciding import embedder
from consensus.duplicates import propose_categories, propose_screening
from consensus.embedding import Embedder
from consensus.protocol import Category

__all__ = ["categories", "main", "screened"]

FIRST, EACH, FOUND, SEEDS = 20, 10, 0.95, range(2)
HEADINGS = ("Societal Effects", "Economic Effects", "Societal Response")


def screened(texts: list[str], out: np.ndarray, embedder: Embedder, seed: int) -> float:
    """Return which part of the texts is screened until 95 in 100 of those out of scope are found."""
    submissions = pd.DataFrame({"submission_id": [f"s{n:05d}" for n in range(len(texts))], "text": texts})
    truth = dict(zip(submissions["submission_id"], map(bool, out), strict=True))
    chosen = np.random.default_rng(seed).permutation(len(texts))
    seen = dict.fromkeys(submissions["submission_id"].iloc[chosen[:FIRST]])
    needed = FOUND * out.sum()
    while True:
        found = np.cumsum([truth[each] for each in seen])
        if found[-1] >= needed:
            return float((np.argmax(found >= needed) + 1) / len(texts))
        ranked = propose_screening(submissions, {each: truth[each] for each in seen}, embedder)["submission_id"]
        rest = [each for each in submissions["submission_id"].iloc[chosen] if each not in seen]
        seen.update(dict.fromkeys([*ranked, *rest][:EACH] if len(ranked) else rest[:EACH]))


def categories(frame: pd.DataFrame, embedder: Embedder, decided: int, seed: int) -> tuple[float, float]:
    """Return for which part of the groups a category is proposed, and how often it is people's own."""
    names = sorted(set(frame["heading"]))
    frame_of = [Category(id=f"c{number}", name=name) for number, name in enumerate(names)]
    truth = frame.groupby("cluster")["heading"].agg(lambda given: given.mode()[0]).map(names.index)
    known = set(np.random.default_rng(seed).permutation(sorted(truth.index))[:decided])
    given = {each: f"c{truth[group]}" for each, group in zip(frame["id"], frame["cluster"], strict=True)}
    told = {each: given[each] for each, group in zip(frame["id"], frame["cluster"], strict=True) if group in known}
    renamed = frame.rename(columns={"id": "submission_id", "cluster": "group"})
    proposed = propose_categories(renamed, renamed, frame_of, embedder=embedder, decided=told)
    asked = [group for group in truth.index if group not in known]
    right = [proposed[group] == f"c{truth[group]}" for group in asked if proposed[group]]
    return len(right) / len(asked), float(np.mean(right))


def _cases(folder: Path) -> Iterator[tuple[str, list[str], np.ndarray]]:
    conversation = folder.parent / "rankings" / "polis_football-concussions_statements.csv"
    rows = pd.read_csv(conversation, dtype=str, keep_default_na=False)
    yield (
        "a Polis conversation, rejected by its moderators",
        rows["comment-body"].tolist(),
        _is(rows["moderated"], "-1"),
    )
    frame = _covidq(folder)
    for heading in HEADINGS:
        yield f"COVID-Q, {heading}", frame["text"].tolist(), _is(frame["heading"], heading)


def _is(column: pd.Series, value: str) -> np.ndarray:
    return (column == value).to_numpy()


def _covidq(folder: Path) -> pd.DataFrame:
    frame = pd.read_csv(folder / "covidq_clusters.csv", dtype=str, keep_default_na=False)
    return frame.assign(heading=frame["category"].str.split(" - ").str[0])


def main(folder: Path) -> None:
    """Print both tables."""
    model = embedder()
    print("| out of scope | texts | of them out | screened until 95 % of those were found | at best |")
    print("|---|---:|---:|---:|---:|")
    for name, texts, out in _cases(folder):
        parts = [screened(texts, out, model, seed) for seed in SEEDS]
        print(f"| {name} | {len(texts)} | {out.sum()} | {np.mean(parts):.0%} | {FOUND * out.mean():.0%} |", flush=True)
    frame = _covidq(folder)
    frame = frame[frame["heading"] != ""]
    print("\n| questions already under one of 16 headings | a heading is proposed for | and is people's own |")
    print("|---:|---:|---:|")
    for decided in (0, 20, 40, 80):
        told = np.mean([categories(frame, model, decided, seed) for seed in SEEDS], axis=0)
        print(f"| {decided} of {frame['cluster'].nunique()} | {told[0]:.0%} | {told[1]:.0%} |", flush=True)
