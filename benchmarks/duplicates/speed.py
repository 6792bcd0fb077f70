"""How long reading and proposing take, and how much memory: each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from consensus import ReviewQueue
from consensus.duplicates import propose_groups
from consensus.embedding import Embedder, default_embedder

__all__ = ["encoding", "main", "opening", "proposing"]

MANY = 10_000


class Given:
    """An embedder whose vectors are there already, as from a cache."""

    name, sha256, languages = "random", "", ("en",)

    def __init__(self, count: int) -> None:
        rng = np.random.default_rng(0)
        self.rows = rng.normal(size=(count // 8, 384)).astype(np.float32)[rng.integers(count // 8, size=count)]
        for start in range(0, count, 1_000):  # in parts, so that making them decides no peak of memory
            self.rows[start : start + 1_000] += rng.normal(size=(1_000, 384)).astype(np.float32) * np.float32(0.9)

    def encode(self, texts: object) -> np.ndarray:
        """Return the rows in order."""
        return self.rows


def proposing(count: int) -> None:
    """Print time and peak memory of one proposal of made-up texts whose vectors are there."""
    words = [f"Does treatment {number:06d} help people who live with the condition?" for number in range(count)]
    frame = pd.DataFrame({"submission_id": [f"s{n:06d}" for n in range(count)], "text": words})
    embedder: Embedder = Given(count)
    began, worked = time.perf_counter(), time.process_time()
    propose_groups(frame, embedder)
    _row(f"proposal of {count:,} texts, vectors there", began, worked)


def encoding(count: int) -> None:
    """Print how long it takes to read texts for the first time, measured on a fifth of them."""
    texts = [f"Does treatment {number} help people who live with poor sleep?" for number in range(count // 5)]
    model = default_embedder()
    began, worked = time.perf_counter(), time.process_time()
    model.encode(texts)
    _row(f"first reading of {count:,} short texts", began, worked, times=5)


def opening(shared: str, count: int) -> None:
    """Print what it takes to open a review on texts of which none was ever read, vectors and tokens kept nowhere."""
    frame = pd.read_csv(Path(shared) / "banking77_clusters.csv", keep_default_na=False).iloc[:count]
    submissions = pd.DataFrame({"submission_id": frame["id"], "text": frame["text"]}, dtype=object)
    model = default_embedder()
    began, worked = time.perf_counter(), time.process_time()
    ReviewQueue(submissions, model)
    _row(f"review opened on {count:,} new texts of BANKING77", began, worked)


def _row(what: str, began: float, worked: float, times: int = 1) -> None:
    seconds, cpu = times * (time.perf_counter() - began), times * (time.process_time() - worked)
    print(f"| {what} | {seconds:.1f} | {cpu:.1f} | {_peak():.0f} |", flush=True)


def _peak() -> float:
    """Return the most memory that this process held, in MiB; `getrusage` counts the one that started it too."""
    told = Path("/proc/self/status").read_text()
    return int(told.split("VmHWM:")[1].split()[0]) / 1024


def main(folder: Path) -> None:
    """Measure on this machine as it is; the processor's time hardly depends on what else runs."""
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start.\n", flush=True)
    print("| | seconds | processor seconds | peak MiB |\n|---|---:|---:|---:|", flush=True)
    opened = f"opening({str(folder)!r}, {MANY})"
    for call in (f"encoding({MANY})", opened, f"proposing({MANY})", f"proposing({10 * MANY})"):
        code = f"from benchmarks.duplicates import speed; speed.{call}"
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        print(done.stdout, end="", flush=True)
