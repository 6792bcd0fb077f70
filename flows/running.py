"""What every flow needs: the store, a task for one step, and the final state that says what was done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from prefect import Task, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import Completed, Failed
from sqlalchemy.exc import OperationalError

from consensus import steps
from consensus.settings import Settings
from consensus.steps import Outcome
from consensus.store import Store
from flows.artifacts import public_counts, show_outcome

__all__ = ["BY", "completed", "open_store", "run_step", "show", "show_review", "swept", "wait_until"]

BY = "flow"
"""Who acts where a flow does: people sign decisions, flows only carry them out."""

CLOCKS_APART = 30.0
"""Seconds that the clocks of server and runner may differ: so long does a run that comes early wait."""


def wait_until(due: datetime) -> None:
    """Wait for the instant a run was planned for: the server rounds to seconds, and so starts some runs too early."""
    early_by = (due - datetime.now(UTC)).total_seconds()
    time.sleep(early_by if 0 < early_by < CLOCKS_APART else 0)


@contextmanager
def open_store() -> Iterator[Store]:
    """Yield the store that the settings name, and give it back."""
    db = Store.open(Settings.from_environment().database_url)
    try:
        yield db
    finally:
        db.close()


def worth_retrying(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Tell whether trying again can help: when the disk or the database was busy, and not when anything is wrong."""
    try:
        state.result()
    except (OSError, OperationalError):
        return True
    except Exception:
        return False
    return False


@task(retries=2, retry_delay_seconds=[2, 10], retry_condition_fn=worth_retrying, cache_policy=NO_CACHE)
def _step(step: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    with open_store() as db:
        return step(db, **arguments)


def run_step(name: str, step: Callable[..., Outcome], **arguments: Any) -> Outcome:
    """Return a step's outcome, run as one task called `name`; every step is one transaction and may be retried."""
    outcome: Any = _step.with_options(name=name, task_run_name=name)(step, arguments)
    told = public_counts(outcome, _threshold(arguments.get("partnership")))
    get_run_logger().info("%s: %s", name, "; ".join(f"{what} {shown}" for what, shown in told.items()) or outcome.done)
    return outcome  # type: ignore[no-any-return]


def _threshold(partnership: str | None) -> int:
    """Return the count under which the partnership shows no number of people."""
    if partnership is None:
        return 0
    with open_store() as db:
        return steps.protocol(db, partnership).publication.small_cells


def show(outcome: Outcome, partnership: str, *, plot: bool = False) -> None:
    """Create an outcome's artifacts, with the stage's plots where it has any."""
    images: dict[str, bytes] = {}
    if plot:
        with open_store() as db:
            images = steps.plots(db, partnership, outcome.stage)
    show_outcome(outcome, partnership, threshold=_threshold(outcome.ids.get("partnership")), images=images)


def show_review(partnership: str) -> None:
    """Create the artifacts of how far the review queue is: a summary and a table, of numbers alone."""
    with open_store() as db:
        progress = steps.review_progress(db, partnership, cache=Settings.from_environment().embeddings)
    show_outcome(replace(progress, stage=f"{progress.stage} review"), partnership)


def completed(outcome: Outcome, *, name: str = "Completed") -> State[Any]:
    """Return the final state that shows what was done, with the outcome's ids for whoever called the flow."""
    return Completed(name=name, message=outcome.done.strip(), data=dict(outcome.ids))


def swept(outcome: Outcome, told: str, faults: Sequence[str] = ()) -> State[Any]:
    """Return the final state of a sweep in which all that could be done was: one with a fault is a failed run."""
    if outcome.counts.get("faults"):
        faults = [outcome.next, *faults]
    return Failed(message=" ".join([*faults, told])) if faults else Completed(message=told)
