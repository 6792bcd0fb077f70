"""A round's ballots in several files are tallied apart, on threads or on a Dask cluster, to the bits of one pass."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from prefect.client.orchestration import get_client

from consensus import steps
from consensus.errors import DataError
from consensus.settings import Settings
from consensus.tally import Tally, tally
from consensus.tally.tables import AXES
from flows.interim_ranking import interim_ranking
from flows.tally_parts import tally_files, tally_in_parts, task_runner
from tests.test_firmness import survey
from tests.walk import RANKED

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


def test_a_large_round_is_tallied_in_parts_to_the_same_ranking(at_stage, tmp_path, monkeypatch):
    db = at_stage("interim-ranking")
    whole = steps.rank_round(db, "small", now=RANKED)
    monkeypatch.setenv("CONSENSUS_BALLOTS_A_PART", "2")
    before = Counter(run.name for run in task_runs())

    state = interim_ranking(partnership="small", now=RANKED, return_state=True)

    assert state.result()["ranking"] == whole.ids["ranking"]
    assert state.result()["ballots"] == whole.ids["ballots"]
    told = Counter(run.name.rsplit("-", 1)[0] for run in task_runs()) - before
    assert told["tally a part"] > 1
    assert list(tmp_path.glob("parts-*")) == []


def task_runs() -> list[Any]:
    with get_client(sync_client=True) as client:
        return client.read_task_runs()


@pytest.mark.parametrize("form", ["ranked", "rated"])
def test_parts_know_the_questions_and_groups_that_no_ballot_names_and_the_respondent_weights(
    harness, tmp_path, monkeypatch, form
):
    ballots = survey(8, {"carer": 30, "nurse": 20}).assign(respondent_weight=1.5)
    ballots["respondent_weight"] = pd.factorize(ballots["ballot"])[0] / 7 + 0.1
    if form == "rated":
        ballots["value"] = ballots["value"].where(ballots["value"] != 2)
    ballots.attrs["weighting"] = {"margins": {"carer": {"age": {"young": 1}}}, "most": None}
    asked = [*(f"q{n}" for n in range(8)), "unasked"]
    monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path))
    monkeypatch.setenv("CONSENSUS_BALLOTS_A_PART", "9")

    got = tally_in_parts(ballots, asked, form, groups=["carer", "nurse", "public"])

    whole = tally(ballots, asked, form, groups=["carer", "nurse", "public"])
    assert_same_bits(got, whole)
    assert_same_bits(got.voices, whole.voices)
    assert got.told_weighting == whole.told_weighting
    np.testing.assert_array_equal(got.ballots.voice, whole.ballots.voice)
