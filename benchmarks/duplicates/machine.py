"""What the machine proposes before any decision: pairs and groups, on the texts of ../shared/data.

Thresholds come from the other half of the groups: of those, every text counts as different from what it is not known to
be with. Scores are averaged over the texts of one half while all texts stand in the groups.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.duplicates.deciding import embedder
from benchmarks.duplicates.grouping_peers import PEERS
from consensus.duplicates import FEATURES, Combiner, Evidence, b_cubed, pairwise, propose_groups
from consensus.duplicates.calibrating import steady_threshold
from consensus.duplicates.grouping import Part
from consensus.embedding import LexicalEmbedder
from consensus.embedding.encoding import tokens_of

__all__ = ["groups", "main", "pairs"]

SEEDS = range(5)
LOWEST = 0.3
SPELLING = tuple(FEATURES.index(name) for name in FEATURES if not name.startswith("meaning"))


def _read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / name, dtype=str, keep_default_na=False)


def pairs(folder: Path) -> None:
    """Print the average precision on pairs of medical questions, five folds by source question."""
    frame = _read(folder, "mqp_pairs.csv")
    texts, count = [*frame["text_a"], *frame["text_b"]], len(frame)
    vectors = embedder().encode(texts)
    evidence = Evidence.of(texts, vectors, tokens_of(embedder(), texts))
    rows = evidence.between(np.column_stack([np.arange(count), np.arange(count) + count]))
    same = frame["duplicate"].astype(int).to_numpy()

    def folds(columns: Iterable[int]) -> float:
        chosen, found = rows[:, list(columns)], []
        for train, test in GroupKFold(5).split(rows, same, frame["text_a"]):
            model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3)).fit(chosen[train], same[train])
            found.append(average_precision_score(same[test], model.predict_proba(chosen[test])[:, 1]))
        return float(np.mean(found))

    taught = []
    for train, test in GroupKFold(5).split(rows, same, frame["text_a"]):
        model = Combiner().learn(rows[train], same[train] == 1)
        taught.append(average_precision_score(same[test], model.probability(rows[test])))
    cosines = (vectors[:count] * vectors[count:]).sum(axis=1)
    figures = {
        "token_set_ratio alone": average_precision_score(same, rows[:, FEATURES.index("token_set")]),
        "no model: spelling, logistic (reach .79)": folds(SPELLING),
        "the model's cosine alone": average_precision_score(same, cosines),
        "the same without what all texts share": average_precision_score(same, rows[:, FEATURES.index("meaning")]),
        "default: the same in the 64 main directions (reach .90)": average_precision_score(
            same, rows[:, FEATURES.index("meaning_main")]
        ),
        "combiner before any answer, learned on other texts": average_precision_score(
            same, Combiner().probability(rows)
        ),
        "combiner taught by the other folds (reach .915)": np.mean(taught),
    }
    print(f"| Medical Question Pairs, {count} of them, five folds by source question | average precision |\n|---|---:|")
    for name, figure in figures.items():
        print(f"| {name} | {figure:.3f} |")
    print(flush=True)


def _halves(truth: list[str]) -> list[tuple[np.ndarray, np.ndarray]]:
    names, found = np.unique(truth), []
    for seed in SEEDS:
        first = np.isin(truth, np.random.default_rng(seed).permutation(names)[: len(names) // 2])
        found += [(first, ~first), (~first, first)]
    return found


def _line(name: str, labelled: Iterable[list[int]], truth: list[str], *, steady: bool = False) -> None:
    """Print the scores of one way; `steady` thresholds are chosen as those of a partnership are."""
    candidates, scores = list(labelled), []
    for known, unseen in _halves(truth):
        told = np.array([b_cubed(labels, truth, known).f1 + pairwise(labels, truth, known).f1 for labels in candidates])
        best = candidates[int(steady_threshold(np.arange(len(told)), told) if steady else np.argmax(told))]
        scores.append((b_cubed(best, truth, unseen).f1, pairwise(best, truth, unseen).f1))
    b3, pair = np.mean(scores, axis=0)
    print(f"| {name} | {b3:.3f} | {pair:.3f} |", flush=True)


def groups(name: str, frame: pd.DataFrame) -> None:
    """Print B-cubed and pairwise F1 of proposals and peers, threshold from the other half of the groups."""
    texts, truth = frame["text"].tolist(), frame["cluster"].tolist()
    vectors = embedder().encode(texts)
    print(f"| {name}, {len(frame)} texts, threshold from the other half of the groups | B-cubed F1 | pairwise F1 |")
    print("|---|---:|---:|")
    _line("doing nothing", [list(range(len(frame)))], truth)
    for view, reader in ((embedder().name, embedder()), ("no model", LexicalEmbedder())):
        part = Part(reader, np.arange(len(texts)), reader.encode(texts), tuple(texts))
        _, linkage = part.linked(LOWEST)
        cuts = (linkage.cut(threshold).tolist() for threshold in np.arange(LOWEST, 0.95, 0.01))
        _line(f"proposals, {view}", cuts, truth, steady=True)
    for peer, run in PEERS.items():
        try:
            _line(peer, run(texts, vectors), truth)
        except ImportError:
            print(f"| {peer}: not installed, no such peer in this run | | |")
    frame = frame.rename(columns={"id": "submission_id"})
    proposed = (
        propose_groups(frame, embedder()).set_index("submission_id")["group"].loc[frame["submission_id"]].tolist()
    )
    b3, pair = b_cubed(proposed, truth), pairwise(proposed, truth)
    print(f"| all texts as proposed, default threshold | {b3.f1:.3f} | {pair.f1:.3f} |\n", flush=True)


def main(folder: Path) -> None:
    """Print how good pairs and groups are before anybody has decided anything."""
    pairs(folder)
    groups("COVID-Q", _read(folder, "covidq_clusters.csv"))
    banking = _read(folder, "banking77_clusters.csv")
    groups("BANKING77, test split", banking[banking["split"] == "test"])
