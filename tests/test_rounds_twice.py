"""Every act on a round: stamped with who, when and why, the same when asked for twice, and told before it comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from consensus import models, steps, store
from consensus.cli.main import main
from consensus.errors import DataError, ProtocolError, StageError
from consensus.settings import Settings
from consensus.steps import taking_part
from consensus.store import Store
from tests import walk
from tests.builders import small_folder, small_protocol
from tests.promises.kept import everything_in
from tests.test_rounds import ROUND, SECOND, acts, folder

NOW = datetime(2026, 1, 10, 9, tzinfo=UTC)
CLOSES = datetime(2026, 2, 27, 17, tzinfo=UTC)
REMINDER = datetime(2026, 2, 12, 9, tzinfo=UTC)


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def db(tmp_path, home):
    opened = Store.open(Settings.from_environment({"CONSENSUS_HOME": str(home)}).database_url)
    path = folder(tmp_path / "in", "2026-01-05T09:00:00", "2026-02-27T17:00:00", ["2026-02-12T09:00:00"])
    steps.register(opened, path, by="ann", now=walk.ANSWERED - timedelta(days=60))
    rows = [["a@example.org", "lived"], ["b@example.org", "carer"]]
    people = walk.write_csv(tmp_path / "people.csv", ["email", "group"], rows)
    steps.import_people(opened, "small", people, by="ann", now=NOW - timedelta(days=10))
    yield opened
    opened.close()


def opened(db):
    return steps.open_round(db, "small", "gather", by="ann", now=NOW)


ACTS = {
    "open": lambda db, at: steps.open_round(db, "small", "gather", by="bea", now=at),
    "extend": lambda db, at: steps.extend_round(db, ROUND, CLOSES + timedelta(days=7), by="bea", why="snow", now=at),
    "cap": lambda db, at: steps.cap_round(db, ROUND, 20, by="bea", why="money", now=at),
    "pause": lambda db, at: steps.pause_round(db, ROUND, by="bea", why="a fault", now=at),
    "close": lambda db, at: steps.close_round(db, ROUND, by="bea", why="enough", now=at, early=True),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_asked_for_twice_is_done_and_recorded_once_with_who_when_and_why(db, act):
    if act != "open":
        opened(db)
    at = NOW + timedelta(hours=1)
    ACTS[act](db, at)
    once = everything_in(db)

    again = ACTS[act](db, at + timedelta(hours=1))

    assert everything_in(db) == once
    assert again.next
    recorded = steps.decisions(db, "small")
    (row,) = [one for one in recorded.itertuples() if one.subject == ROUND and one.value["act"] == act]
    assert (row.by, row.at.astimezone(UTC)) == ("bea", at)
    assert bool(row.why) == (act != "open")


def test_resuming_twice_changes_nothing_and_neither_does_pausing_what_is_paused(db):
    opened(db)
    steps.pause_round(db, ROUND, by="bea", why="a fault", now=NOW)
    steps.resume_round(db, ROUND, by="bea", why="mended", now=NOW + SECOND)
    once = everything_in(db)

    steps.resume_round(db, ROUND, by="bea", why="mended", now=NOW + 2 * SECOND)

    assert everything_in(db) == once


@pytest.mark.parametrize("at", [NOW, REMINDER, CLOSES, CLOSES + timedelta(minutes=30)])
def test_a_sweep_that_runs_twice_changes_nothing_the_second_time(db, at):
    opened(db)
    steps.advance_rounds(db, now=at)
    once = everything_in(db)

    for later in (0, 1):
        done = steps.advance_rounds(db, now=at + later * SECOND)

    assert done.done == "Nothing was due."
    assert everything_in(db) == once


def told(db, at):
    (row,) = [one for one in steps.status(db, "small", now=at).rounds if one["round"] == ROUND]
    shown = steps.waiting_rounds(db, "small", now=at)
    assert shown.set_index("round").loc[ROUND, "by itself"] == row["next"]  # the sweep's artifact tells the same
    return row["next"]


def test_status_and_artifact_tell_the_next_automatic_act_at_every_stage(db):
    before = told(db, NOW - timedelta(days=9))
    opened(db)
    steps.cap_round(db, ROUND, 20, by="bea", why="money", now=NOW)
    during = told(db, NOW)
    steps.pause_round(db, ROUND, by="bea", why="a fault", now=NOW)
    paused = told(db, NOW)
    steps.resume_round(db, ROUND, by="bea", why="mended", now=NOW)
    steps.advance_rounds(db, now=REMINDER)
    reminded = told(db, REMINDER)
    steps.extend_round(db, ROUND, CLOSES + timedelta(days=7), by="bea", why="snow", now=REMINDER)
    extended = told(db, REMINDER)
    steps.close_round(db, ROUND, by="bea", why="enough", now=REMINDER, early=True)
    grace = told(db, REMINDER + SECOND)
    steps.advance_rounds(db, now=REMINDER + timedelta(minutes=30))
    over = told(db, REMINDER + timedelta(minutes=30))

    assert before == "opens Monday 5 January 2026 at 09:00 (Europe/London)"
    assert during == (
        "reminds groups under target Thursday 12 February 2026 at 09:00 (Europe/London); "
        "then closes Friday 27 February 2026 at 17:00 (Europe/London); takes nobody new from 20 responses on"
    )
    assert paused.startswith("closes Friday 27 February 2026 at 17:00")
    assert reminded.startswith("closes Friday 27 February 2026 at 17:00")
    assert extended.startswith("closes Friday 6 March 2026 at 17:00")
    assert grace == "parts people from what they sent Thursday 12 February 2026 at 09:30 (Europe/London)"
    assert over == ""


def test_a_paused_round_sends_its_reminder_when_it_is_resumed_and_not_before(db):
    opened(db)
    steps.pause_round(db, ROUND, by="bea", why="a fault", now=NOW)
    steps.advance_rounds(db, now=REMINDER)
    paused = acts(db)
    steps.resume_round(db, ROUND, by="bea", why="mended", now=REMINDER + timedelta(hours=1))
    steps.advance_rounds(db, now=REMINDER + timedelta(hours=1))

    assert [act for act, _ in paused] == ["open"]
    assert [act for act, _ in acts(db)] == ["open", "remind"]


def test_a_reminder_is_queued_for_the_invited_alone_and_never_for_whoever_left(db):
    opened(db)
    with db.writing() as session:
        people = {one.email[0]: one for one in session.exec(select(models.Person))}
        people["a"].unsubscribed_at = NOW
        session.add(people["a"])
        session.add(models.Person(person_id="p-late", partnership="small", email="c@example.org", added_at=NOW))
    steps.advance_rounds(db, now=REMINDER)

    with db.reading() as session:
        reminded = set(session.exec(select(models.Mail.person_id).where(models.Mail.kind == "reminder-1")))
    assert "p-late" not in reminded
    assert people["b"].person_id in reminded


def test_who_had_begun_has_the_grace_after_an_early_close_and_a_new_starter_has_not(db):
    opened(db)
    token = taking_part.begin(db, "small", "gather", "", {}, language="en", now=NOW)

    steps.close_round(db, ROUND, by="bea", why="enough", now=NOW + timedelta(hours=1), early=True)

    stands = [
        taking_part.visit(db, token, now=NOW + timedelta(hours=1, minutes=minutes)).stand for minutes in (0, 1, 30, 31)
    ]
    assert stands == ["open", "grace", "grace", "late"]
    assert taking_part.open_door(db, "small", "gather", "", now=NOW + timedelta(hours=1, minutes=1)).stand == "closed"


TWICE = [
    # zone, the hour that comes twice as written, its first and its second time in UTC
    ("Europe/London", "2026-10-25T01:30:00", "2026-10-25T00:30:00+00:00", "2026-10-25T01:30:00+00:00"),
    ("Australia/Sydney", "2026-04-05T02:30:00", "2026-04-04T15:30:00+00:00", "2026-04-04T16:30:00+00:00"),
]
SKIPPED = [
    ("Europe/London", "2026-03-29T01:30:00"),
    ("Australia/Sydney", "2026-10-04T02:30:00"),
]
PLACES = {
    "opens": lambda at: (at, "2026-11-30T17:00:00", []),
    "closes": lambda at: ("2026-01-05T09:00:00", at, []),
    "reminder": lambda at: ("2026-01-05T09:00:00", "2026-11-30T17:00:00", [at]),
}
DONE = {"opens": "open", "closes": "close", "reminder": "remind"}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("zone", "written", "first", "second"), TWICE)
@pytest.mark.parametrize("which", ["first", "second"])
def test_in_the_hour_that_comes_twice_an_instant_is_the_first_unless_its_offset_is_written(
    tmp_path, place, zone, written, first, second, which
):
    due = datetime.fromisoformat(first if which == "first" else second)
    path = folder(tmp_path, *PLACES[place](written if which == "first" else second), zone=zone)
    db = Store.open("sqlite://")
    steps.register(db, path, by="ann", now=NOW)
    if place != "opens":
        steps.open_round(db, "small", "gather", by="ann", now=NOW)

    seen = []
    for at in (due - SECOND, due, due, due + SECOND):
        before = len(acts(db))
        steps.advance_rounds(db, now=at)
        seen.append([act for act, _ in acts(db)[before:]])
    db.close()

    assert seen == [[], [DONE[place]], [], []]


@pytest.mark.parametrize(("zone", "written", "first", "second"), TWICE)
def test_where_an_hour_comes_twice_the_offset_is_told_beside_it(tmp_path, zone, written, first, second):
    told = []
    for number, at in enumerate((first, second)):
        db = Store.open("sqlite://")
        path = folder(tmp_path / str(number), "2026-01-05T09:00:00", at, [], zone=zone)
        steps.register(db, path, by="ann", now=NOW)
        (row,) = [one for one in steps.status(db, "small", now=NOW).rounds if one["round"] == ROUND]
        told.append(row["closes"])
        db.close()

    assert told[0] != told[1]
    assert all(f"{zone}, UTC+" in one and written[11:16] in one for one in told)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("zone", "written"), SKIPPED)
def test_an_instant_in_the_hour_that_is_skipped_is_refused_with_what_to_do(tmp_path, place, zone, written):
    with pytest.raises(ProtocolError, match=f"does not exist in {zone} .* choose another time"):
        steps.register(Store.open("sqlite://"), folder(tmp_path, *PLACES[place](written), zone=zone), by="a", now=NOW)


def test_the_workshop_in_a_skipped_hour_is_refused_as_well():
    with pytest.raises(ProtocolError, match=r"workshop.on 2026-03-29 01:30:00 does not exist in Europe/London"):
        small_protocol(**{"sessions = 2": "sessions = 2\non = 2026-03-29T01:30:00"})


@pytest.mark.parametrize(
    ("command", "when", "status", "sentence"),
    [
        (["round", "extend", ROUND], "2026-03-29T01:30", 2, "does not exist in Europe/London"),
        (["round", "extend", ROUND], "2026-10-25T01:30", 0, "at 01:30 (Europe/London, UTC+01:00)"),
        (["round", "extend", ROUND], "2026-10-25T01:30+00:00", 0, "at 01:30 (Europe/London, UTC+00:00)"),
        (["round", "open", "gather", "--closes"], "2026-03-29T01:30", 2, "does not exist in Europe/London"),
        (["round", "extend", ROUND], "9999-12-31T23:59", 2, "WHEN '9999-12-31T23:59' is no time of ours"),
        (["round", "extend", ROUND], "0001-01-01T00:00+02:00", 2, "is no time of ours; choose another year"),
        (["round", "cap", ROUND], "9223372036854775808", 3, "A cap of 9223372036854775808 is none"),
    ],
)
def test_a_close_that_is_typed_in_such_an_hour_is_read_as_one_that_is_written(
    db, home, monkeypatch, capsys, command, when, status, sentence
):
    monkeypatch.setenv("CONSENSUS_HOME", str(home))
    moves = "open" not in command
    if moves:
        opened(db)

    found = main([*command, when, "--now", NOW.isoformat(), *(["--why", "snow"] if moves else [])])

    assert found == status
    assert sentence in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("zone", "days"), [("Europe/London", ("03-29", "10-25")), ("Australia/Sydney", ("04-05", "10-04"))]
)
def test_the_grace_lasts_its_minutes_through_a_night_in_which_clocks_change(tmp_path, zone, days):
    for number, day in enumerate(days):
        db = Store.open("sqlite://")
        path = folder(tmp_path / str(number), "2026-01-05T09:00:00", f"2026-{day}T00:30:00", [], zone=zone, grace=180)
        steps.register(db, path, by="ann", now=NOW)
        steps.open_round(db, "small", "gather", by="ann", now=NOW)
        token = taking_part.begin(db, "small", "gather", "", {}, language="en", now=NOW)
        (row,) = [one for one in steps.list_rounds(db) if one.round_id == ROUND]
        ends = row.closes_at + timedelta(minutes=180)
        stands = [taking_part.visit(db, token, now=at).stand for at in (row.closes_at, ends, ends + SECOND)]
        db.close()

        assert stands == ["open", "grace", "late"]


@pytest.mark.parametrize("act", [act for act in ACTS if act != "open"])
def test_before_it_opens_and_after_it_closed_an_act_gets_a_sentence_and_changes_nothing(db, act):
    opened(db)
    ACTS["close"](db, NOW)
    before = everything_in(db)

    if act == "close":
        ACTS[act](db, NOW)
    else:
        with pytest.raises((StageError, DataError)):
            ACTS[act](db, NOW)

    assert everything_in(db) == before
    with db.reading() as session:
        assert store.load_round(session, ROUND).state == "closed"


def test_a_folder_with_other_rounds_moves_no_round_that_has_opened(db, tmp_path):
    opened(db)
    moved = small_folder(tmp_path / "moved", **{"2026-02-27T17": "2026-02-26T17"})

    steps.register(db, moved, by="ann", why="a slip", now=NOW)

    (row,) = [one for one in steps.list_rounds(db) if one.round_id == ROUND]
    assert row.closes_at == CLOSES
