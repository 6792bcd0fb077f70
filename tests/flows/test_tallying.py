"""A round's ballots in several files are tallied apart, on threads or on a Dask cluster, to the bits of one pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from consensus.errors import DataError
from consensus.settings import Settings
from consensus.tally import Tally, tally
from consensus.tally.tables import AXES
from flows.tally_parts import tally_files, task_runner
from tests.test_firmness import survey

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture
def parts(tmp_path: Path) -> tuple[list[Path], pd.DataFrame]:
    """Write a round's ballots into three files; one group and one question are in some of them alone."""
    ballots = survey(8, {"carer": 90, "nurse": 40, "public": 25})
    third = pd.factorize(ballots["ballot"])[0] * 3 // ballots["ballot"].nunique()
    files = []
    for at, rows in ballots.groupby(third):
        files.append(tmp_path / f"part{at}.csv")
        rows.to_csv(files[-1], index=False)
    return files, ballots


def assert_same_bits(got: Tally, whole: Tally) -> None:
    assert (got.groups, got.questions, got.digest) == (whole.groups, whole.questions, whole.digest)
    for table in AXES:
        np.testing.assert_array_equal(getattr(got, table), getattr(whole, table), err_msg=table)


def test_threads_of_this_machine_are_what_tallies_unless_told_otherwise(harness, parts, monkeypatch):
    monkeypatch.delenv("CONSENSUS_TASK_RUNNER", raising=False)
    files, ballots = parts

    got = tally_files(files, keep_ballots=True)

    assert_same_bits(got, tally(ballots))
    np.testing.assert_array_equal(got.ballots.weight, tally(ballots).ballots.weight)


def test_a_dask_cluster_tallies_to_the_same_bits(harness, parts, monkeypatch):
    distributed = pytest.importorskip("distributed")
    files, ballots = parts
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        monkeypatch.setenv("CONSENSUS_TASK_RUNNER", "dask")
        monkeypatch.setenv("CONSENSUS_DASK_ADDRESS", cluster.scheduler_address)

        got = tally_files(files[::-1])

        with distributed.Client(cluster) as client:
            did = client.run(lambda dask_worker: dask_worker.state.executed_count)

    assert_same_bits(got, tally(ballots))
    assert sum(did.values()) >= len(files)


def test_the_faults_of_all_files_are_told_at_once(harness, parts, monkeypatch):
    monkeypatch.delenv("CONSENSUS_TASK_RUNNER", raising=False)
    files, _ = parts
    for path in files[:2]:
        pd.read_csv(path).assign(value=lambda rows: rows["value"].where(rows.index != 3, 0)).to_csv(path, index=False)

    with pytest.raises(DataError, match=r"part0\.csv: row 4: the value is not allowed") as told:
        tally_files([*files, files[0].with_name("lost.csv")])

    assert "part1.csv: row 4" in str(told.value)
    assert "lost.csv: there is no such file" in str(told.value)


def test_a_runner_that_is_not_known_is_refused():
    with pytest.raises(DataError, match="use local or dask"):
        Settings.from_environment({"CONSENSUS_TASK_RUNNER": "ray"})
    assert type(task_runner(Settings.from_environment({}))).__name__ == "ThreadPoolTaskRunner"
