"""Each stage as a flow: what it does to the partnership, and what it shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import State
from sqlmodel import col, update

from consensus import models, steps
from consensus.errors import StageError
from consensus.store import Store
from flows.advance_rounds import advance_rounds
from flows.approve_shortlist import approve_shortlist
from flows.close_round import close_round
from flows.deduplicate import deduplicate
from flows.final_workshop import final_workshop
from flows.gather_uncertainties import gather_uncertainties
from flows.interim_ranking import interim_ranking
from flows.open_round import open_round
from flows.priority_setting_partnership import priority_setting_partnership
from flows.publish import publish
from tests.flows.conftest import artifacts_of, everything_shown
from tests.walk import ANSWERED, ASKED, MET, OPENED, RANKED, REVIEWED, answers_file, answers_mapping, small_folder

pytestmark = pytest.mark.server

AtStage = Callable[[str], Store]


def run(flow: Any, **parameters: Any) -> State[Any]:
    """Run a flow in this process and return its final state."""
    state: State[Any] = flow(**parameters, return_state=True)
    return state


def round_state(db: Store, round_id: str = "small-interim-1") -> str:
    """Return the state of a round."""
    return next(view.state for view in steps.list_rounds(db) if view.round_id == round_id)


@pytest.mark.parametrize(
    ("flow", "stage", "now", "tables", "plot"),
    [
        (gather_uncertainties, "gather-uncertainties", ANSWERED, ["people-by-stakeholder-group"], True),
        (deduplicate, "deduplicate", REVIEWED, ["size-of-the-proposed-groups"], True),
        (interim_ranking, "interim-ranking", RANKED, ["interim-ranking", "shortlist", "still-in-the-top-3"], True),
        (final_workshop, "final-workshop", MET, ["top-3", "final-order"], True),
        (publish, "publish", MET, [], False),
    ],
)
def test_an_analyst_finds_summary_tables_and_plot_of_a_stage(
    flow: Any, stage: str, now: datetime, tables: list[str], plot: bool, at_stage: AtStage, api: SyncPrefectClient
) -> None:
    at_stage(stage)

    state = run(flow, partnership="small", now=now)

    shown = artifacts_of(api, state.state_details.flow_run_id)
    key = f"small-{stage}"
    assert state.is_completed()
    assert shown[key]["type"] == "markdown"
    assert state.message in shown[key]["data"]
    assert all(shown[f"{key}-{table}"]["type"] == "table" for table in tables)
    assert not plot or shown[f"{key}-plot"]["data"].startswith("data:image/png;base64,")


def test_nobody_who_opens_the_ui_reads_what_a_participant_wrote(
    tmp_path: Path, at_stage: AtStage, api: SyncPrefectClient
) -> None:
    at_stage("import-answers")

    gathered = run(
        gather_uncertainties,
        partnership="small",
        answers=answers_file(tmp_path),
        mapping=answers_mapping(tmp_path),
        now=ANSWERED,
    )
    proposed = run(deduplicate, partnership="small", now=REVIEWED)

    shown = everything_shown(api, [state.state_details.flow_run_id for state in (gathered, proposed)])
    assert all(told in shown for told in (gathered.message, "size-of-the-proposed-groups", "answers.csv"))
    assert "07700" not in shown
    assert [text for texts in ASKED.values() for text in texts if text in shown] == []


def test_nobody_who_opens_the_ui_reads_a_small_count_of_people(at_stage: AtStage, api: SyncPrefectClient) -> None:
    at_stage("interim-ranking")

    state = run(interim_ranking, partnership="small", now=RANKED)

    shown = artifacts_of(api, state.state_details.flow_run_id)["small-interim-ranking"]["data"]
    assert "| late | <5 |" in shown
    assert "| shortlisted | 4 |" in shown


def test_a_partnership_is_taken_to_the_next_thing_a_person_must_do(at_stage: AtStage, api: SyncPrefectClient) -> None:
    db = at_stage("gather-uncertainties")

    state = run(priority_setting_partnership, partnership="small", now=REVIEWED)

    action = steps.next_action(db, "small", now=REVIEWED)
    assert (action.actor, action.stage) == ("person", "deduplicate")
    assert state.message == action.sentence
    told = artifacts_of(api, state.state_details.flow_run_id)["small-priority-setting-partnership"]["data"]
    assert "gather-uncertainties, deduplicate" in told
    assert action.command in told


def test_whoever_looks_at_the_parent_run_sees_the_rounds_too(at_stage: AtStage, api: SyncPrefectClient) -> None:
    at_stage("advance-rounds")

    state = run(priority_setting_partnership, partnership="small", now=OPENED + timedelta(days=1))

    shown = artifacts_of(api, state.state_details.flow_run_id)
    key = "small-priority-setting-partnership"
    assert "Ran: nothing" in shown[key]["data"]
    assert "closes Friday 8 May 2026" in shown[f"{key}-rounds"]["data"]
    assert shown[f"{key}-plot"]["data"].startswith("data:image/png;base64,")


def test_a_sweep_shows_the_rounds_in_a_summary_and_a_table_even_where_nothing_was_due(
    at_stage: AtStage, api: SyncPrefectClient
) -> None:
    at_stage("advance-rounds")

    idle = run(advance_rounds, now=OPENED + timedelta(days=1))
    acting = run(advance_rounds, now=RANKED)

    before, after = (artifacts_of(api, state.state_details.flow_run_id) for state in (idle, acting))
    key = "all-partnerships-advance-rounds"
    assert set(before) == {key, f"{key}-rounds"}
    assert "Nothing was due." in before[key]["data"]
    assert "closes Friday 8 May 2026" in before[f"{key}-rounds"]["data"]
    assert set(before) < set(after)
    assert after[f"{key}-small-rounds"]["data"].startswith("data:image/png;base64,")


def test_the_run_that_closes_a_round_is_planned_for_the_instant_it_closes(
    at_stage: AtStage, api: SyncPrefectClient
) -> None:
    db = at_stage("open-round")
    now = datetime.now(UTC)
    closes = now + timedelta(days=20)

    run(open_round, partnership="small", kind="interim", closes_at=closes, now=now)

    planned = _planned(api)
    assert round_state(db) == "open"
    assert [(r.name, r.next_scheduled_start_time) for r in planned] == [("small-interim-1: close", closes)]
    api.delete_flow_run(planned[0].id)


def test_a_round_stays_open_until_its_close_and_closes_once(at_stage: AtStage) -> None:
    db = at_stage("advance-rounds")

    before = run(close_round, round_id="small-interim-1", now=OPENED + timedelta(days=1))
    state_before = round_state(db)
    first = run(close_round, round_id="small-interim-1", now=RANKED)
    second = run(close_round, round_id="small-interim-1", now=RANKED + timedelta(minutes=5))

    assert (before.name, state_before) == ("NotDue", "open")
    assert first.is_completed()
    assert second.is_completed()
    assert closings(db) == 1


def closings(db: Store, partnership: str = "small") -> int:
    """Return how often a round's close was recorded."""
    from consensus import store

    with db.reading() as session:
        decisions = store.load_decisions(session, partnership)
    return sum(value.get("act") == "close" for value in decisions["value"])


def test_the_sweep_closes_and_ranks_what_is_due_and_a_second_sweep_changes_nothing(
    at_stage: AtStage, api: SyncPrefectClient
) -> None:
    db = at_stage("advance-rounds")

    run(advance_rounds, now=RANKED)
    first = (round_state(db), steps.current_ranking_id(db, "small"), closings(db))
    run(advance_rounds, now=RANKED + timedelta(minutes=5))

    assert first == ("ranked", steps.current_ranking_id(db, "small"), 1)
    assert closings(db) == 1
    asked = [r for r in _runs(api, "approve-shortlist") if r.parameters["ranking_id"] == first[1]]
    assert len(asked) == 1


def test_a_partnership_that_cannot_be_read_stops_no_other_and_fails_the_sweep_in_the_end(
    tmp_path: Path, at_stage: AtStage, api: SyncPrefectClient
) -> None:
    db = at_stage("advance-rounds")
    first_in_the_alphabet = small_folder(tmp_path / "in" / "other", **{'id = "small"': 'id = "other"'})
    steps.register(db, first_in_the_alphabet, by="ann", now=OPENED)
    with db.writing() as session:  # as a disk or a person who edits the database leaves it
        spoilt = update(models.ProtocolVersion).where(col(models.ProtocolVersion.partnership) == "other")
        session.exec(spoilt.values(texts="{", hash="spoilt"))

    state = run(advance_rounds, now=RANKED)

    told = artifacts_of(api, state.state_details.flow_run_id)
    assert (round_state(db), steps.current_ranking_id(db, "small") is not None) == ("ranked", True)
    assert state.is_failed()
    assert "The rounds of 'other' are not shown: " in str(state.message)
    assert "What the round 'other-gather-1' does next is not known: " in str(state.message)
    assert "small-interim-1" in told["all-partnerships-advance-rounds-rounds"]["data"]


def test_a_sign_off_is_not_waited_for_where_nothing_can_wake_it(at_stage: AtStage) -> None:
    at_stage("approve-shortlist")

    state = run(approve_shortlist, partnership="small")

    assert state.is_failed()
    with pytest.raises(StageError, match="consensus approve --partnership small"):
        state.result()


@pytest.mark.parametrize(("decision", "ends"), [("approve", "Completed"), ("reject", "Rejected")])
def test_a_decision_that_is_recorded_already_ends_the_sign_off(
    decision: str, ends: str, at_stage: AtStage, api: SyncPrefectClient
) -> None:
    db = at_stage("approve-shortlist")
    ranking = steps.current_ranking_id(db, "small")
    steps.record_approval(db, "small", ranking, decision, by="chair", why="as agreed", now=MET)

    state = run(approve_shortlist, partnership="small")

    assert (state.name, state.is_completed()) == (ends, True)
    shown = artifacts_of(api, state.state_details.flow_run_id)
    assert {"", "-shortlist", "-plot"} <= {what.removeprefix("small-approve-shortlist") for what in shown}


def _runs(api: SyncPrefectClient, deployment: str) -> list[Any]:
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName

    return api.read_flow_runs(deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=[deployment])))


def _planned(api: SyncPrefectClient) -> list[Any]:
    return [r for r in _runs(api, "close-round") if r.state_name == "Scheduled"]
