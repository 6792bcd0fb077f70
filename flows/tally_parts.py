"""Ballots too many for one machine: their files tallied apart, on this machine or on a Dask cluster, and added up."""

from __future__ import annotations

from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import pandas as pd
from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from consensus.errors import DataError
from consensus.settings import Settings
from consensus.tally import Tally, tally

__all__ = ["tally_files", "tally_parts", "task_runner"]

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
    get_run_logger().info("%d files tallied: %d ballots", len(parts), int(whole.n.sum()))
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
    return pd.read_parquet(part) if part.suffix == ".parquet" else pd.read_csv(part, dtype=AS_TEXT)
