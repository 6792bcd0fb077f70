"""A round closed when its close has come; the run for it is scheduled when the round opens."""

from __future__ import annotations

from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed

from consensus import orchestration, steps
from consensus.errors import ConsensusError, StageError
from consensus.steps import RoundView
from flows.parameters import Early, Now, Reason, RoundId, instant
from flows.priority_setting_partnership import priority_setting_partnership
from flows.running import BY, completed, open_store, run_step, show, wait_until

__all__ = ["close_round"]


@flow(name="close-round", flow_run_name="{round_id}: close")
def close_round(round_id: RoundId, early: Early = False, why: Reason = "", now: Now = None) -> State[Any]:
    """Close a round whose close has come, and take its partnership on from there.

    A round whose close was moved meanwhile stays open, and its closing run is scheduled anew. A closed round stays as
    it is, so two of these runs at once close it once.
    """
    log = get_run_logger()
    if now is None and not early:
        wait_until(_find(round_id).closes_at)
    round_, at = _find(round_id), instant(now)
    if round_.state in ("open", "paused") and at < round_.closes_at and not early:
        told = orchestration.schedule_close(round_id, round_.closes_at).sentence
        return Completed(name="NotDue", message=f"The close of '{round_id}' has not come: it was moved. {told}")
    outcome = run_step("close the round", steps.close_round, round_id=round_id, early=early, by=BY, why=why, now=at)
    if early:
        log.info(orchestration.cancel_close(round_id).sentence)
    show(outcome, round_.partnership, plot=True)
    if now is None:
        _carry_on(round_.partnership)
    return completed(outcome)


def _carry_on(partnership: str) -> None:
    """Take the partnership on from the close; what stands in the way is told, and the close stands."""
    try:
        priority_setting_partnership(partnership=partnership)
    except ConsensusError as error:
        get_run_logger().warning("'%s' could not be taken further: %s", partnership, error)


def _find(round_id: str) -> RoundView:
    with open_store() as db:
        rounds = steps.list_rounds(db)
    for view in rounds:
        if view.round_id == round_id:
            return view
    known = ", ".join(view.round_id for view in rounds) or "none"
    raise StageError(f"No round '{round_id}' (there are: {known}).")
