"""Ballots too many for one machine: their files tallied apart, on this machine or on a Dask cluster, and added up.

The interim ranking tallies its round so, where `CONSENSUS_BALLOTS_A_PART` or the task runner asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from operator import add
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from consensus.errors import DataError
from consensus.settings import Settings
from consensus.tally import Tally, tally

__all__ = ["tally_files", "tally_in_parts", "tally_parts", "task_runner"]

AS_TEXT = {"ballot": str, "group": str, "question": str, "other": str}


def task_runner(settings: Settings) -> TaskRunner[Any]:
    """Return the task runner that `CONSENSUS_TASK_RUNNER` names: threads of this machine, or a Dask cluster.

    Dask starts a cluster of its own on this machine, or goes to the scheduler that `CONSENSUS_DASK_ADDRESS` names.
    """
    if settings.task_runner != "dask":
        return ThreadPoolTaskRunner()
    try:
        from prefect_dask import DaskTaskRunner
    except ImportError:
        raise DataError(
            "CONSENSUS_TASK_RUNNER is 'dask', which needs the extra: install consensus-psp[dask]."
        ) from None
    runner: TaskRunner[Any] = DaskTaskRunner(address=settings.dask_address or None)
    return runner


def tally_files(
    parts: list[Path], form: str = "ranked", depth: int | None = 10, *, keep_ballots: bool = False, gaps: str = "error"
) -> Tally:
    """Return the tally of all ballots in some files, as one pass over all of them would give it, to the bit.

    Parameters
    ----------
    parts
        CSV or Parquet files, each a long ballots frame; a ballot stands whole in one of them. On a cluster every worker
        must reach them by the same path.
    form, depth, gaps
        As for `consensus.tally.tally`.
    keep_ballots
        Bring the ballots back as well, which firmness and the proportional rules need; without, only tables travel.

    Raises
    ------
    DataError
        Every fault of every file at once, each with file and row.
    """
    runner = task_runner(Settings.from_environment())
    told: Tally = tally_parts.with_options(task_runner=runner)(parts, form, depth, keep_ballots, gaps)
    return told


def tally_in_parts(
    ballots: pd.DataFrame,
    questions: Iterable[Any] | None = None,
    form: str = "ranked",
    depth: int | None = 10,
    keep_ballots: bool = True,
    *,
    groups: Iterable[str] | None = None,
    gaps: str = "error",
) -> Tally:
    """Return what `consensus.tally.tally` returns, to the bit, a large round's ballots tallied in parts as tasks.

    A round of up to `CONSENSUS_BALLOTS_A_PART` ballots is tallied here and now, unless the tasks go to Dask. The parts
    are files in a folder of their own below `CONSENSUS_HOME`, which every worker must reach; they are deleted at once.
    """
    settings = Settings.from_environment()
    part = pd.factorize(ballots["ballot"])[0] // settings.ballots_a_part
    if (settings.task_runner == "local" and part.max(initial=0) == 0) or ballots.empty:
        return tally(ballots, questions, form, depth, keep_ballots, groups=groups, gaps=gaps)
    settings.home.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=settings.home, prefix="parts-") as folder:
        paths = []
        for number, rows in ballots.groupby(part):
            paths.append(Path(folder) / f"part{number}.csv")
            rows.to_csv(paths[-1], index=False)
        counted = tally_files(paths, form, depth, keep_ballots=keep_ballots, gaps=gaps)
    # Questions and groups that no ballot names have their row of zeros from a tally of no ballots.
    whole = counted + tally(ballots.head(0), questions, form, depth, keep_ballots, groups=groups, gaps=gaps)
    return replace(whole, weighting=dict(ballots.attrs.get("weighting", {}))) if whole.voices is not None else whole


@flow(name="tally-parts", persist_result=False)
def tally_parts(
    parts: list[Path], form: str = "ranked", depth: int | None = 10, keep_ballots: bool = False, gaps: str = "error"
) -> Tally:
    """Tally each file as a task, wherever the task runner sends it, and add the tables up."""
    if not parts:
        raise DataError("There is no file of ballots to tally; name at least one.")
    waiting = [_tally_part.submit(part, form, depth, keep_ballots, gaps) for part in parts]
    found = [future.result() for future in waiting]
    faults = [fault for each in found if isinstance(each, list) for fault in each]
    if faults:
        raise DataError.of("the files of ballots", faults)
    whole = reduce(add, [each for each in found if isinstance(each, Tally)])
    get_run_logger().info("%d files tallied and added up", len(parts))
    return whole


@task(name="tally a part", cache_policy=NO_CACHE, persist_result=False)
def _tally_part(part: Path, form: str, depth: int | None, keep_ballots: bool, gaps: str) -> Tally | list[str]:
    """Return the tally of one file, or its faults, so that those of all files are told together."""
    try:
        return tally(_read_part(part), None, form, depth, keep_ballots, gaps=gaps)
    except DataError as error:
        return [f"{part.name}: {fault}" for fault in error.faults or (str(error),)]


def _read_part(part: Path) -> pd.DataFrame:
    if not part.is_file():
        raise DataError("there is no such file; mend the path, or let every worker reach it.")
    return (
        pd.read_parquet(part)
        if part.suffix == ".parquet"
        else pd.read_csv(part, dtype=AS_TEXT, float_precision="round_trip", keep_default_na=False, na_values=[""])
    )
