"""A real server with the flows behind it: rounds close at their instant, and a sign-off waits, wakes, is never lost."""

from __future__ import annotations

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient

from consensus import orchestration, steps, store
from consensus.processes import Supervisor, environment, flows_child, server_child
from consensus.settings import Settings
from consensus.store import Store
from tests.builders import small_folder
from tests.post_office import PostOffice
from tests.walk import walk_until, write_csv

pytestmark = pytest.mark.server

FORM = {"decision": "approve", "signed_by": "steering group chair", "why": ""}


@dataclass
class System:
    """A running system: its settings, store and supervisor, and the SMTP server that its letters go to."""

    settings: Settings
    db: Store
    supervisor: Supervisor
    post: PostOffice

    def start(self) -> None:
        """Start server and flows."""
        self.supervisor = Supervisor(self.settings, (server_child(self.settings), flows_child(self.settings)))
        self.supervisor.__enter__()

    def stop(self) -> None:
        """Stop them."""
        self.supervisor.stop()

    def client(self) -> SyncPrefectClient:
        """Return a client of the server."""
        return SyncPrefectClient(self.settings.prefect_api_url)

    def resume(self, run_id: str, form: dict[str, str]) -> tuple[int, str, str]:
        """Return HTTP status, verdict and reason of a form sent in by somebody."""
        with self.client() as client:
            answer = client._client.post(f"/flow_runs/{run_id}/resume", json={"run_input": form})
        told = answer.json()
        return answer.status_code, told["status"], told["details"].get("reason") or ""

    def logs(self, run_id: str) -> str:
        """Return what a run logged."""
        with self.client() as client:
            query = {"logs": {"flow_run_id": {"any_": [run_id]}}}
            return str(client.request("POST", "/logs/filter", json=query).text)

    def exists(self, run_id: str) -> bool:
        """Return whether the server knows a run."""
        with self.client() as client:
            found = client.request("POST", "/flow_runs/filter", json={"flow_runs": {"id": {"any_": [run_id]}}}).json()
        return bool(found)

    def run(self, run_id: str) -> Any:
        """Return a flow run."""
        with self.client() as client:
            return client.request("GET", f"/flow_runs/{run_id}").json()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Yield a running system whose store holds the small partnership, ranked and waiting for sign-off."""
    home = tmp_path_factory.mktemp("home")
    post = PostOffice()
    settings = Settings.from_environment(
        {
            "CONSENSUS_HOME": str(home),
            "CONSENSUS_PREFECT_PORT": str(_free_port()),
            "CONSENSUS_SURVEYS": str(home),
            "CONSENSUS_SMTP_URL": post.url,
            "CONSENSUS_MAIL_FROM": "us@small.example.org",
        }
    )
    walk_until("approve-shortlist", home)
    with pytest.MonkeyPatch.context() as patch, post:
        patch.setenv("PREFECT_API_URL", settings.prefect_api_url)
        running = System(settings, Store.open(settings.database_url), Supervisor(settings), post)
        running.start()
        try:
            yield running
        finally:
            running.stop()


def opened(system: System, name: str, closes_in: float) -> str:
    """Register a partnership of its own, open its gathering round until `closes_in` seconds from now; return its id."""
    folder = small_folder(system.settings.home / name, **{'id = "small"': f'id = "{name}"'})
    now = datetime.now(UTC)
    steps.register(system.db, folder, by="tester", now=now)
    closes = now + timedelta(seconds=closes_in)
    return steps.open_round(system.db, name, "gather", closes_at=closes, by="tester", now=now).ids["round"]


def acts(system: System, round_id: str) -> list[tuple[str, str]]:
    """Return each act of a round, and who or what did it, up to its close; freezing and unlinking follow from that."""
    with system.db.reading() as session:
        rows = store.load_decisions(session, round_id.rsplit("-", 2)[0])
    rows = rows[rows["subject"] == round_id]
    done = [(value["act"], by) for value, by in zip(rows["value"], rows["by"], strict=True)]
    return [(act, by) for act, by in done if act not in ("freeze", "unlink")]


def view(system: System, round_id: str) -> steps.RoundView:
    """Return a round."""
    return next(view for view in steps.list_rounds(system.db) if view.round_id == round_id)


def until(condition: Any, seconds: float = 150) -> bool:
    """Return whether a condition became true in time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
    return bool(condition())


@pytest.fixture
def no_sweep(system: System) -> Iterator[None]:
    """Have no sweep of its own time come between; one that is asked for still runs."""
    with system.client() as client:
        deployment = client.read_deployment_by_name("advance-rounds/advance-rounds").id
        client.pause_deployment(deployment)
        yield
        client.resume_deployment(deployment)


@pytest.mark.usefixtures("no_sweep")
def test_a_round_due_in_fifteen_seconds_is_closed_by_its_scheduled_run(system: System) -> None:
    round_id = opened(system, "punctual", 15)
    closes_at = view(system, round_id).closes_at

    planned = orchestration.schedule_close(round_id, closes_at)
    again = orchestration.schedule_close(round_id, closes_at)
    open_before = view(system, round_id).state
    ended = orchestration.wait_for(planned.run_id, 180)

    assert again.run_id == planned.run_id
    assert (open_before, ended.state) == ("open", "Completed")
    assert acts(system, round_id) == [("open", "tester"), ("close", "flow")]  # a sweep closes as the clock
    closed_at = view(system, round_id).closed_at
    assert closed_at is not None
    assert closes_at <= closed_at


def invited(system: System, name: str, reminds_in: float) -> str:
    """Open a round into which one person is invited by a letter, with a reminder so many seconds from now."""
    now = datetime.now(UTC)
    opens, reminds, closes = (now + timedelta(seconds=s) for s in (-3600, reminds_in, 3600))
    plan = f"opens = {opens.isoformat()}\ncloses = {closes.isoformat()}\nreminders = [{reminds.isoformat()}]"
    later = {f"2026-{day}": f"2036-{day}" for day in ("04-06T09", "05-08T17", "04-20T09")}
    changes = {'id = "small"': f'id = "{name}"', GATHER_PLAN: plan, **later}
    steps.register(system.db, small_folder(system.settings.home / name, **changes), by="tester", now=now)
    people = write_csv(system.settings.home / f"{name}.csv", ["email", "group"], [[f"{name}@example.org", "lived"]])
    steps.import_people(system.db, name, people, by="tester", now=now)
    round_id = steps.open_round(system.db, name, "gather", by="tester", now=opens).ids["round"]
    steps.send_mail(system.db, name, system.settings, now=now)
    return round_id


GATHER_PLAN = "opens = 2026-01-05T09:00:00\ncloses = 2026-02-27T17:00:00"


def test_a_reminder_due_in_twenty_seconds_goes_out_by_its_scheduled_run_and_once(system: System) -> None:
    round_id = invited(system, "reminded", 20)

    orchestration.reconcile(system.db, now=datetime.now(UTC))
    with system.client() as client:
        (planned,) = orchestration.list_runs(client, "advance-round", ["SCHEDULED"], tags=[f"round:{round_id}"])
    ended = orchestration.wait_for(str(planned.id), 90)
    orchestration.wait_for(orchestration.trigger("send-mail", {}).run_id, 90)

    assert planned.name == f"{round_id}: remind"
    assert ended.state == "Completed"
    assert acts(system, round_id) == [("open", "tester"), ("remind", "clock")]
    assert system.post.addresses.count("reminded@example.org") == 2
    assert "@example.org" not in system.logs(str(planned.id))


def test_a_reminder_for_which_no_run_was_planned_is_caught_by_the_sweep(system: System) -> None:
    round_id = invited(system, "swept", 1)
    time.sleep(1)

    orchestration.wait_for(orchestration.trigger("advance-rounds", {}).run_id, 90)
    orchestration.wait_for(orchestration.trigger("send-mail", {}).run_id, 90)

    assert until(lambda: acts(system, round_id) == [("open", "tester"), ("remind", "clock")])
    assert until(lambda: system.post.addresses.count("swept@example.org") == 2)


def test_an_extended_round_closes_at_its_new_close_alone_and_an_early_close_leaves_no_run(system: System) -> None:
    round_id = opened(system, "patient", 3600)
    first = orchestration.schedule_close(round_id, view(system, round_id).closes_at)
    later = view(system, round_id).closes_at + timedelta(days=1)

    steps.extend_round(system.db, round_id, later, by="tester", why="few carers yet", now=datetime.now(UTC))
    moved = orchestration.move_close(round_id, later)
    scheduled = datetime.fromisoformat(system.run(moved.run_id)["next_scheduled_start_time"])
    steps.close_round(system.db, round_id, by="tester", why="target met", now=datetime.now(UTC), early=True)
    orchestration.cancel_close(round_id)

    assert scheduled == later
    assert not system.exists(first.run_id)
    assert system.run(moved.run_id)["state_name"] == "Cancelled"


def test_the_next_sweeps_are_planned_five_minutes_apart(system: System) -> None:
    def planned() -> list[datetime]:
        with system.client() as client:
            runs = orchestration.list_runs(client, "advance-rounds", ["SCHEDULED"])
        return sorted(run.next_scheduled_start_time for run in runs if run.next_scheduled_start_time)

    assert until(lambda: len(planned()) >= 3), "the scheduler plans nothing; see the server's log"

    instants = planned()
    assert {(later - earlier).total_seconds() for earlier, later in itertools.pairwise(instants)} == {300}


def test_a_scheduled_run_and_a_sweep_at_once_close_a_round_once(system: System) -> None:
    round_id = opened(system, "twice", 6)
    closes_at = view(system, round_id).closes_at

    with system.client() as client:
        sweep = orchestration.create_run(client, "advance-rounds", {}, at=closes_at)
    planned = orchestration.schedule_close(round_id, closes_at)
    ends = [orchestration.wait_for(run_id, 180).state for run_id in (planned.run_id, str(sweep.id))]

    assert ends == ["Completed", "Completed"]
    assert [act for act, _by in acts(system, round_id)] == ["open", "close"]


def test_a_wrong_form_is_refused_with_a_sentence_and_the_sign_off_goes_on_waiting(system: System) -> None:
    ranking = steps.current_ranking_id(system.db, "small")
    asked = orchestration.ask_sign_off("small", ranking)
    asked_again = orchestration.ask_sign_off("small", ranking)
    waiting = orchestration.wait_for(asked.run_id, 180)

    unknown = system.resume(asked.run_id, {**FORM, "decision": "perhaps"})
    unsigned = system.resume(asked.run_id, {**FORM, "signed_by": "  "})
    no_reason = system.resume(asked.run_id, {**FORM, "decision": "reject"})

    assert asked_again.run_id == asked.run_id
    assert waiting.state == "Suspended"
    assert [verdict for _status, verdict, _why in (unknown, unsigned, no_reason)] == ["REJECT", "REJECT", "ACCEPT"]
    assert "'perhaps' is not one of" in unknown[2]
    assert until(lambda: _pauses(system, asked.run_id) == 2)
    assert until(lambda: "a rejected shortlist needs one" in system.logs(asked.run_id))
    assert steps.approval(system.db, ranking) is None


def _pauses(system: System, run_id: str) -> int:
    """Return how often a run has suspended, while it is suspended; 0 while it is not."""
    if system.run(run_id)["state_name"] != "Suspended":
        return 0
    with system.client() as client:
        states = client.request("GET", "/flow_run_states/", params={"flow_run_id": run_id}).json()
    return sum(state["name"] == "Suspended" for state in states)


def test_a_decision_in_prefects_own_form_is_recorded_in_our_store_and_a_second_click_is_harmless(
    system: System,
) -> None:
    ranking = steps.current_ranking_id(system.db, "small")
    run_id = orchestration.ask_sign_off("small", ranking).run_id
    assert orchestration.wait_for(run_id, 180).state == "Suspended"

    first = system.resume(run_id, FORM)
    second = system.resume(run_id, {**FORM, "decision": "reject", "why": "changed my mind"})
    ended = orchestration.wait_for(run_id, 180)

    decided = steps.approval(system.db, ranking)
    assert (first[1], second[1]) == ("ACCEPT", "ABORT")
    assert ended.state == "Completed"
    assert decided is not None
    assert (decided.decision, decided.by) == ("approve", "steering group chair")


def undo(system: System, ranking: str) -> None:
    """Take the decision on a ranking back, so that it waits again."""
    with system.db.writing() as session:
        rows = store.load_decisions(session, "small")
        last = rows[(rows["kind"] == "approval") & (rows["subject"] == ranking)].iloc[-1]
        store.append_decision(
            session, "small", "undo", str(last["decision_id"]), by="tester", at=datetime.now(UTC), why="a test"
        )


def test_consensus_approve_wakes_the_waiting_run_and_a_second_approval_is_harmless(system: System) -> None:
    ranking = steps.current_ranking_id(system.db, "small")
    if steps.approval(system.db, ranking) is not None:
        undo(system, ranking)
    run_id = orchestration.ask_sign_off("small", ranking).run_id
    assert orchestration.wait_for(run_id, 180).state == "Suspended"
    command = [sys.executable, "-m", "consensus.cli", "approve", "--partnership", "small", "--by", "the chair"]

    first, second = (
        subprocess.run(command, env=environment(system.settings), capture_output=True, text=True, check=False)
        for _ in range(2)
    )
    ended = orchestration.wait_for(run_id, 180)

    assert first.returncode == 0, first.stderr
    assert "Woke" in first.stdout
    assert second.returncode == 0, second.stderr
    assert ended.state == "Completed"
    decided = steps.approval(system.db, ranking)
    assert decided is not None
    assert decided.by == "the chair"


def test_what_was_decided_and_what_fell_due_while_nothing_ran_is_done_once_things_are_back(system: System) -> None:
    ranking = steps.current_ranking_id(system.db, "small")
    if steps.approval(system.db, ranking) is not None:
        undo(system, ranking)
    waiting = orchestration.ask_sign_off("small", ranking).run_id
    assert orchestration.wait_for(waiting, 180).state == "Suspended"
    interrupted = opened(system, "interrupted", 29)
    cut_off = orchestration.trigger("close-round", {"round_id": interrupted}).run_id
    assert until(lambda: system.run(cut_off)["state_name"] == "Running")
    planned = opened(system, "missed", 15)
    due = view(system, planned).closes_at
    run_id = orchestration.schedule_close(planned, due).run_id
    unplanned = opened(system, "unplanned", 15)

    system.stop()
    now = datetime.now(UTC)
    steps.record_approval(system.db, "small", ranking, "reject", by="the chair", why="too long", now=now)
    told = orchestration.wake_approval(ranking)
    time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds() + 1))
    states_before = [view(system, planned).state, view(system, unplanned).state]
    system.start()

    assert re.match("Prefect is not reachable at .*; the decision stands", told)
    assert states_before == ["open", "open"]
    assert orchestration.wait_for(waiting, 180).state == "Rejected"
    assert orchestration.wait_for(run_id, 180).state == "Completed"
    assert orchestration.wait_for(cut_off, 180).state == "Completed"
    assert until(lambda: view(system, unplanned).state == "closed")
    assert acts(system, unplanned) == [("open", "tester"), ("close", "clock")]
    assert [act for act, _by in acts(system, planned)] == ["open", "close"]
    assert [act for act, _by in acts(system, interrupted)] == ["open", "close"]


def test_everything_killed_in_the_middle_of_a_stage_ends_as_if_undisturbed_once_it_is_back(system: System) -> None:
    before = steps.status(system.db, "small", now=datetime.now(UTC))
    stages = ("gather-uncertainties", "deduplicate", "interim-ranking")
    for stage in stages:
        run_id = orchestration.trigger(stage, {"partnership": "small"}).run_id
        assert until(lambda run_id=run_id: system.run(run_id)["state_name"] == "Running")

        for pid in system.supervisor.pids().values():
            os.killpg(pid, signal.SIGKILL)
        for pid in _runs_of(system):
            os.kill(pid, signal.SIGKILL)
        system.stop()
        system.start()

        assert orchestration.wait_for(run_id, 180).state == "Completed", stage
    after = steps.status(system.db, "small", now=datetime.now(UTC))
    assert (after.counts, after.rankings, after.reach) == (before.counts, before.rankings, before.reach)


def _runs_of(system: System) -> list[int]:
    """Return the processes that work for a system's home."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"CONSENSUS_HOME={system.settings.home}".encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return [pid for pid in found if pid != os.getpid()]


def test_the_list_of_deployments_can_be_deployed_to_a_work_pool(system: System) -> None:
    env = {**environment(system.settings), "PREFECT_CLI_PROMPT": "false"}
    prefect = [sys.executable, "-m", "prefect"]
    root = Path(__file__).resolve().parents[2]

    subprocess.run([*prefect, "work-pool", "create", "consensus", "--type", "process"], env=env, check=True)
    deployed = subprocess.run(
        [*prefect, "--no-prompt", "deploy", "--all"], cwd=root, env=env, capture_output=True, text=True, check=False
    )

    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    with system.client() as client:
        found = client.request("POST", "/deployments/filter", json={"limit": 50}).json()
    assert len(found) == 12
    assert {row["work_pool_name"] for row in found} == {"consensus"}
    assert os.fspath(root) not in (root / "prefect.yaml").read_text()
