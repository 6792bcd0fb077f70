"""One counted ballot a token; the last edit before the close counts; none after."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from consensus import models, steps
from consensus.steps import taking_part
from consensus.store import Store
from tests.visiting import EXAMPLE, Clock, put_questions

ROUND = "lanternfield-interim-1"
CLOSE = datetime(2026, 7, 27, 16, tzinfo=UTC)
SECOND = timedelta(seconds=1)
COUNT = 6


def opened(home: Path, at: datetime | None = None) -> tuple[Store, list[str]]:
    """Open the example's interim round over made-up questions."""
    db = Store.open(f"sqlite:///{home / 'consensus.db'}")
    now = at or CLOSE - timedelta(days=30)
    steps.register(db, EXAMPLE, by="tester", now=now)
    questions = put_questions(db, "lanternfield", COUNT, ("biological", "social", "services"))
    steps.open_round(db, "lanternfield", "interim", by="tester", now=now)
    return db, questions


def begin(db: Store, now: datetime) -> str:
    said = {"consent": "yes", "group": "lived_experience"}
    return taking_part.begin(db, "lanternfield", "interim", "", said, language="en", now=now)


def fill_and_send(db: Store, token: str, choices: list[str], now: datetime) -> None:
    taking_part.change(db, token, lambda there: {**there.said, "choices": choices}, now=now)
    taking_part.send(db, token, now=now)


def counted(db: Store) -> dict[str, list[str]]:
    """Return the choices that count by ballot, the most favoured first."""
    with db.reading() as session:
        found = steps.counted_ballots(session, session.get(models.Round, ROUND)).ballots
        ranked = {ballot.ballot_id: json.loads(ballot.choices) for ballot in found}
    return {
        ballot: [choice["item_id"] for choice in sorted(choices, key=lambda choice: choice["rank"])]
        for ballot, choices in ranked.items()
    }


class TakingPart(RuleBasedStateMachine):
    """People begin, send, change, withdraw, while time passes, the close moves and the program is started anew."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())

    @initialize()
    def open(self) -> None:
        self.db, self.questions = opened(self.home)
        self.close_at, self.grace = CLOSE, self._grace()
        self.now = CLOSE - timedelta(hours=1)
        self.began: dict[str, datetime] = {}
        self.counts: dict[str, list[str]] = {}
        self.gone: set[str] = set()

    def _grace(self) -> timedelta:
        with self.db.reading() as session:
            return timedelta(minutes=session.get(models.Round, ROUND).grace_minutes)

    @rule(seconds=st.sampled_from([1, 60, 1799, 1800, 3600]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(before=st.sampled_from([-1, 0, 1]))
    def the_close_comes(self, before: int) -> None:
        self.now = max(self.now, self.close_at + before * SECOND)

    @precondition(lambda self: self.now <= self.close_at)
    @rule()
    def somebody_begins(self) -> None:
        self.began[begin(self.db, self.now)] = self.now

    @precondition(lambda self: self.began)
    @rule(data=st.data())
    def somebody_sends(self, data: st.DataObject) -> None:
        token = data.draw(st.sampled_from(list(self.began)))
        choices = data.draw(st.permutations(self.questions))[: data.draw(st.integers(1, 3))]
        fill_and_send(self.db, token, choices, self.now)
        if self.now <= self.close_at + self.grace and token not in self.gone:
            self.counts[token] = list(choices)

    @precondition(lambda self: self.began)
    @rule(data=st.data())
    def somebody_withdraws(self, data: st.DataObject) -> None:
        token = data.draw(st.sampled_from(list(self.began)))
        steps.withdraw(self.db, token, folder=self.home / "outputs", now=self.now)
        self.gone.add(token)
        self.counts.pop(token, None)

    @precondition(lambda self: self.now < self.close_at)
    @rule()
    def the_close_is_moved(self) -> None:
        self.close_at = self.close_at + timedelta(minutes=10)
        steps.extend_round(self.db, ROUND, self.close_at, by="tester", why="few answers", now=self.now)

    @rule()
    def the_program_is_started_anew(self) -> None:
        self.db.close()
        self.db = Store.open(f"sqlite:///{self.home / 'consensus.db'}")

    @invariant()
    def what_counts_is_what_each_sent_last_in_time(self) -> None:
        if hasattr(self, "db"):
            assert sorted(counted(self.db).values()) == sorted(self.counts.values())

    def teardown(self) -> None:
        if hasattr(self, "db"):
            self.db.close()
        shutil.rmtree(self.home)


TestTakingPart = pytest.mark.slow(TakingPart.TestCase)
TestTakingPart.settings = settings(
    max_examples=10, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize(
    ("after", "counts"), [(-SECOND, True), (0 * SECOND, True), (SECOND, False)], ids=["-1 s", "close", "+1 s"]
)
def test_who_had_not_begun_by_the_close_does_not_count_a_second_after_it(tmp_path, after, counts):
    db, questions = opened(tmp_path)
    clock = Clock(CLOSE + after)

    try:
        fill_and_send(db, begin(db, clock()), questions[:2], clock())
    except steps.taking_part.StageError:
        assert not counts

    assert bool(counted(db)) == counts
    db.close()


@pytest.mark.parametrize(("after", "counts"), [(-SECOND, True), (0 * SECOND, True), (SECOND, False)])
def test_the_last_edit_until_the_end_of_the_grace_counts_and_none_after(tmp_path, after, counts):
    db, questions = opened(tmp_path)
    with db.reading() as session:
        over = steps.grace_ends(session.get(models.Round, ROUND))
    token = begin(db, CLOSE - timedelta(minutes=5))
    fill_and_send(db, token, questions[:2], CLOSE - timedelta(minutes=4))

    fill_and_send(db, token, questions[2:4], over + after)

    assert list(counted(db).values()) == [questions[2:4] if counts else questions[:2]]
    db.close()


@pytest.mark.parametrize(
    ("local", "utc"),
    [("2026-10-25T17:00:00", datetime(2026, 10, 25, 17, tzinfo=UTC)), ("2027-03-28T17:00:00", None)],
    ids=["clocks went back that morning", "clocks went forward that morning"],
)
def test_a_close_on_the_day_the_clocks_change_is_at_its_local_time(tmp_path, local, utc):
    home = tmp_path / "survey"
    shutil.copytree(EXAMPLE, home)
    text = (home / "protocol.toml").read_text()
    (home / "protocol.toml").write_text(text.replace("2026-07-27T17:00:00", local))
    closes = utc or datetime(2027, 3, 28, 16, tzinfo=UTC)
    db = Store.open(f"sqlite:///{tmp_path / 'consensus.db'}")
    steps.register(db, home, by="tester", now=CLOSE - timedelta(days=30))
    questions = put_questions(db, "lanternfield", COUNT, ("biological", "social", "services"))
    steps.open_round(db, "lanternfield", "interim", by="tester", now=closes - timedelta(days=2))

    fill_and_send(db, begin(db, closes), questions[:1], closes)
    with pytest.raises(steps.taking_part.StageError):
        begin(db, closes + SECOND)

    assert len(counted(db)) == 1
    db.close()


def test_fifty_sendings_of_one_token_at_once_leave_one_counted_ballot(tmp_path):
    db, questions = opened(tmp_path)
    now = CLOSE - timedelta(days=1)
    token = begin(db, now)
    start = threading.Barrier(50)
    failed: list[BaseException] = []

    def act(n: int) -> None:
        start.wait()
        try:
            fill_and_send(db, token, [questions[n % COUNT]], now + n * SECOND)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=act, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert len(counted(db)) == 1
    db.close()


def test_a_restart_between_two_edits_loses_neither(tmp_path):
    db, questions = opened(tmp_path)
    token = begin(db, CLOSE - timedelta(hours=2))
    fill_and_send(db, token, questions[:1], CLOSE - timedelta(hours=2))
    db.close()
    db = Store.open(f"sqlite:///{tmp_path / 'consensus.db'}")

    fill_and_send(db, token, questions[1:2], CLOSE - timedelta(hours=1))

    with db.reading() as session:
        versions = [session.get(models.Ballot, (ROUND, ballot, 1)) for ballot in counted(db)]
    assert list(counted(db).values()) == [questions[1:2]]
    assert len(versions) == 1
    db.close()
