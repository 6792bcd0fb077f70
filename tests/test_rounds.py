"""Rounds that run themselves: by the instants alone, whatever ran when, in every time zone."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select, update

from consensus import models, steps, store
from consensus.cli import main
from consensus.errors import StageError
from consensus.settings import Settings
from consensus.steps import taking_part
from consensus.steps.timetable import stand
from consensus.store import Store
from consensus.web.app import create_app
from tests import walk
from tests.builders import small_folder
from tests.profiles import examples

ROUND = "small-gather-1"
SECOND = timedelta(seconds=1)
GATHER = "opens = 2026-01-05T09:00:00\ncloses = 2026-02-27T17:00:00"


def folder(path, opens, closes, reminders, *, zone="Europe/London", grace=30, cap=0):
    """Write the small partnership with a gathering round of these local times; the interim round is a year later."""
    told = ", ".join(reminders)
    plan = f"opens = {opens}\ncloses = {closes}\ngrace_minutes = {grace}\nreminders = [{told}]\ncap = {cap}"
    changes = {GATHER: plan, 'time_zone = "Europe/London"': f'time_zone = "{zone}"'}
    later = {f"2026-{day}": f"2028-{day}" for day in ("04-06T09", "05-08T17", "04-20T09")}
    return small_folder(path, **changes, **later)


def acts(db, round_id=ROUND):
    """Return what was recorded of a round, in the order of acts; a reminder with its instant."""
    with db.reading() as session:
        decisions = store.load_decisions(session, "small")
    told = zip(decisions["subject"], decisions["value"], strict=True)
    values = [value for subject, value in told if subject == round_id]
    return [
        (value["act"], value.get("reminder", "")) for value in values if value["act"] in ("open", "remind", "close")
    ]


@pytest.fixture
def db():
    opened = Store.open("sqlite://")
    yield opened
    opened.close()


CHANGES = [
    # zone, opening, reminder and close as people write them; reminder and close in UTC
    ("Europe/London", "2026-03-20T09:00:00", "2026-03-28T17:00:00", "2026-03-30T17:00:00", "28T17:00", "30T16:00"),
    ("Europe/London", "2026-03-20T09:00:00", "2026-03-28T09:00:00", "2026-03-29T00:45:00", "28T09:00", "29T00:45"),
    ("Europe/London", "2026-10-20T09:00:00", "2026-10-24T17:00:00", "2026-10-26T17:00:00", "24T16:00", "26T17:00"),
    ("Europe/London", "2026-10-20T09:00:00", "2026-10-24T09:00:00", "2026-10-25T01:30:00", "24T08:00", "25T00:30"),
    ("Australia/Sydney", "2026-04-01T09:00:00", "2026-04-04T17:00:00", "2026-04-06T17:00:00", "04T06:00", "06T07:00"),
    ("Australia/Sydney", "2026-10-01T09:00:00", "2026-10-03T17:00:00", "2026-10-05T17:00:00", "03T07:00", "05T06:00"),
    ("Pacific/Auckland", "2026-04-01T09:00:00", "2026-04-04T17:00:00", "2026-04-06T17:00:00", "04T04:00", "06T05:00"),
]


@pytest.mark.parametrize(("zone", "opens", "reminder", "closes", "reminder_utc", "closes_utc"), CHANGES)
def test_a_round_reminds_and_closes_by_the_local_clock_when_clocks_change(
    tmp_path, db, zone, opens, reminder, closes, reminder_utc, closes_utc
):
    steps.register(db, folder(tmp_path, opens, closes, [reminder], zone=zone), by="ann", now=walk.ANSWERED)
    reminded, closed = (
        datetime.fromisoformat(f"{opens[:8]}{instant}:00+00:00") for instant in (reminder_utc, closes_utc)
    )
    (row,) = [view for view in steps.list_rounds(db) if view.round_id == ROUND]
    seen = {}

    opened = row.opens_at
    for at in (opened - SECOND, opened, reminded - SECOND, reminded, closed - SECOND, closed, closed + SECOND):
        before = len(acts(db))
        steps.advance_rounds(db, now=at)
        steps.advance_rounds(db, now=at)
        seen[at] = [act for act, _key in acts(db)[before:]]

    assert row.closes_at == closed
    assert list(seen.values()) == [[], ["open"], [], ["remind"], [], ["close"], []]


@pytest.mark.parametrize(("zone", "opens", "reminder", "closes", "_reminder", "closes_utc"), CHANGES)
def test_what_people_meet_at_the_door_changes_with_the_second_after_the_close(
    tmp_path, zone, opens, reminder, closes, _reminder, closes_utc
):
    closed = datetime.fromisoformat(f"{opens[:8]}{closes_utc}:00+00:00")
    setting = Settings.from_environment({"CONSENSUS_HOME": str(tmp_path / "home")})
    db = Store.open(setting.database_url)
    steps.register(db, folder(tmp_path / "in", opens, closes, [reminder], zone=zone), by="ann", now=walk.ANSWERED)
    clock = {"now": closed - timedelta(days=1)}
    steps.advance_rounds(db, now=clock["now"])
    web = TestClient(create_app(setting, clock=lambda: clock["now"]))

    headings = []
    for at in (closed - SECOND, closed, closed + SECOND):
        clock["now"] = at
        headings.append("This survey is closed" in web.get("/s/small/gather").text)
    db.close()

    assert headings == [False, False, True]


@pytest.mark.parametrize("closes_utc", sorted({change[5] for change in CHANGES}))
def test_who_had_begun_has_the_grace_to_the_second_and_nobody_else(closes_utc):
    closed = datetime.fromisoformat(f"2026-10-{closes_utc}:00+00:00")
    row = models.Round(
        round_id="r", partnership="p", kind="gather", state="open", opens_at=closed, closes_at=closed, grace_minutes=30
    )
    ends = closed + timedelta(minutes=30)

    begun = [stand(row, at, began_at=closed) for at in (closed, closed + SECOND, ends, ends + SECOND)]
    too_late = [stand(row, at, began_at=closed + SECOND) for at in (closed + SECOND, ends)]

    assert begun == ["open", "grace", "grace", "late"]
    assert too_late == ["closed", "closed"]


OPENS, CLOSES = datetime(2026, 1, 5, 9, tzinfo=UTC), datetime(2026, 2, 27, 17, tzinfo=UTC)
REMINDERS = [datetime(2026, 1, 20, 9, tzinfo=UTC), datetime(2026, 2, 10, 9, tzinfo=UTC)]
HOURS = int((CLOSES - OPENS).total_seconds() // 3600)


def call_advance(db, now):
    steps.advance_rounds(db, now=now)


def call_close(db, now):
    with suppress(StageError):  # asked too early
        steps.close_round(db, ROUND, now=now)


@examples
@given(
    calls=st.lists(
        st.tuples(st.integers(-48, HOURS + 48), st.sampled_from([call_advance, call_close])), min_size=0, max_size=8
    ),
    awake=st.integers(0, HOURS - 1),
    place=st.integers(0, 8),
)
def test_whatever_ran_when_and_in_whatever_order_the_same_acts_are_done_once(tmp_path_factory, calls, awake, place):
    """Somebody looked at least once while the round should be open; everything else is arbitrary, clocks included."""
    db = Store.open("sqlite://")
    home = tmp_path_factory.getbasetemp() / "property"
    reminders = [f"{at:%Y-%m-%dT%H:%M:%S}" for at in REMINDERS]
    steps.register(
        db, folder(home, f"{OPENS:%Y-%m-%dT%H:%M:%S}", f"{CLOSES:%Y-%m-%dT%H:%M:%S}", reminders), by="ann", now=OPENS
    )
    rows = [["a@example.org", "lived"], ["b@example.org", ""]]
    people = walk.write_csv(home / "people.csv", ["email", "group"], rows)
    steps.import_people(db, "small", people, by="ann", now=OPENS)
    sequence = [*calls[:place], (awake, call_advance), *calls[place:], (HOURS + 72, call_advance)]

    for hour, call in sequence:
        for _twice in range(2):
            call(db, OPENS + timedelta(hours=hour))

    done = acts(db)
    with db.reading() as session:
        kinds = [(mail.person_id, mail.kind) for mail in session.exec(select(models.Mail))]
        closes_at = store.load_round(session, ROUND).closes_at
    db.close()
    assert sorted(done) == sorted([("open", ""), ("close", ""), *(("remind", at.isoformat()) for at in REMINDERS)])
    assert len(kinds) == len(set(kinds))
    assert {kind for _person, kind in kinds} <= {"invitation", "reminder-1", "reminder-2"}
    assert closes_at == CLOSES


def gathering(db, home, cap=0):
    """Open the gathering round of the small partnership, with a reminder and a cap."""
    path = folder(home, "2026-01-05T09:00:00", "2026-02-27T17:00:00", ["2026-02-12T09:00:00"], cap=cap)
    steps.register(db, path, by="ann", now=walk.ANSWERED)
    steps.open_round(db, "small", "gather", by="ann", now=walk.ANSWERED)


def full_acts(db):
    with db.reading() as session:
        values = store.load_decisions(session, "small")["value"]
    return [value["cap"] for value in values if value["act"] == "full"]


def test_a_reached_cap_lets_in_nobody_new_and_who_had_begun_may_still_send(tmp_path, db):
    gathering(db, tmp_path, cap=14)
    begun = taking_part.begin(db, "small", "gather", "", {}, language="en", now=walk.ANSWERED)
    before = taking_part.open_door(db, "small", "gather", "", now=walk.ANSWERED).stand

    walk.run_stage("import-answers", db, tmp_path)
    for minutes in (1, 6):
        steps.advance_rounds(db, now=walk.ANSWERED + timedelta(minutes=minutes))
    door = taking_part.open_door(db, "small", "gather", "", now=walk.ANSWERED).stand
    with pytest.raises(StageError, match="takes nobody new"):
        taking_part.begin(db, "small", "gather", "", {}, language="en", now=walk.ANSWERED)

    assert (before, door) == ("open", "full")
    assert taking_part.visit(db, begun, now=walk.ANSWERED).stand == "open"
    assert full_acts(db) == [14]
    assert "its cap is reached: nobody new may begin" in "\n".join(
        steps.status(db, "small", now=walk.ANSWERED).to_lines()
    )


def test_a_raised_cap_lets_people_in_again_and_is_recorded_with_its_reason(tmp_path, db):
    gathering(db, tmp_path, cap=14)
    walk.run_stage("import-answers", db, tmp_path)

    for _twice in range(2):
        steps.cap_round(db, ROUND, 20, by="ann", why="room for more", now=walk.ANSWERED)

    assert taking_part.open_door(db, "small", "gather", "", now=walk.ANSWERED).stand == "open"
    with db.reading() as session:
        decided = store.load_decisions(session, "small")
    caps = [(row.by, row.why, row.value["cap"]) for row in decided.itertuples() if row.value["act"] == "cap"]
    assert caps == [("ann", "room for more", 20)]


def test_a_full_round_says_so_on_its_page(tmp_path):
    setting = Settings.from_environment({"CONSENSUS_HOME": str(tmp_path / "home")})
    db = Store.open(setting.database_url)
    gathering(db, tmp_path / "in", cap=1)
    walk.run_stage("import-answers", db, tmp_path)
    db.close()

    page = TestClient(create_app(setting, clock=lambda: walk.ANSWERED)).get("/s/small/gather").text

    assert "This survey is full" in page


def test_status_names_the_next_automatic_acts_and_shows_no_small_count(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path / "home"))
    path = folder(tmp_path / "in", "2026-01-05T09:00:00", "2026-02-27T17:00:00", ["2026-02-12T09:00:00"])
    people = walk.write_csv(tmp_path / "people.csv", ["email", "group"], [["a@example.org", "lived"]])
    at = ["--now", walk.ANSWERED.isoformat()]
    main(["init", str(path), *at])
    main(["invite", "import", str(people), *at])
    main(["round", "open", "gather", *at])
    main(["import", "answers", str(walk.answers_file(tmp_path)), "--mapping", str(walk.answers_mapping(tmp_path)), *at])
    capsys.readouterr()

    main(["status", *at])
    said = capsys.readouterr().out

    assert (
        "by itself it reminds groups under target Thursday 12 February 2026 at 09:00 (Europe/London); "
        "then closes Friday 27 February 2026 at 17:00 (Europe/London)" in said
    )
    assert "invited 0, begun 0, sent 14" in said
    assert "Family and carers: <5" in said
    assert "Family and carers: 4" not in said


def test_the_links_of_a_round_are_one_a_partner_and_one_for_everybody(tmp_path, db):
    partner = '[[partners]]\nid = "sleep_well"\nname = "Sleep Well"\n\n[[signposting]]'
    steps.register(db, small_folder(tmp_path, **{"[[signposting]]": partner}), by="ann", now=walk.ANSWERED)
    setting = Settings.from_environment({"CONSENSUS_PUBLIC_URL": "https://small.example.org/"})

    links = steps.round_links(db, setting, ROUND)

    assert links["link"].tolist() == [
        "https://small.example.org/s/small/gather/sleep_well",
        "https://small.example.org/s/small/gather",
    ]


def test_how_many_have_begun_is_told_without_a_small_count(tmp_path, db):
    steps.register(db, small_folder(tmp_path / "in"), by="ann", now=walk.ANSWERED)
    steps.open_round(db, "small", "gather", by="ann", now=walk.ANSWERED)
    (before,) = steps.status(db, "small", now=walk.ANSWERED).reach
    for _ in range(3):
        taking_part.begin(db, "small", "gather", "", {}, language="en", now=walk.ANSWERED)

    (reach,) = steps.status(db, "small", now=walk.ANSWERED).reach

    assert (before.funnel["begun"], reach.funnel["begun"]) == ("0", "<5")


@pytest.mark.parametrize("kept", [timedelta(0), timedelta(minutes=31)], ids=["at the close", "after the grace"])
def test_a_fault_of_the_program_in_one_round_holds_up_no_other_and_leaves_nothing_half_done(tmp_path, db, kept):
    times = ("2026-01-05T09:00:00", "2026-02-27T17:00:00", [])
    steps.register(db, folder(tmp_path / "a", *times), by="ann", now=walk.ANSWERED)
    other = folder(tmp_path / "b", *times)
    plan = (other / "protocol.toml").read_text(encoding="utf-8").replace('id = "small"', 'id = "other"')
    (other / "protocol.toml").write_text(plan, encoding="utf-8")
    steps.register(db, other, by="ann", now=walk.ANSWERED)
    with db.writing() as session:  # a grace that no calendar holds, as an earlier version took it
        session.exec(update(models.Round).where(col(models.Round.partnership) == "other").values(grace_minutes=2**50))
    steps.advance_rounds(db, now=OPENS)

    outcome = steps.advance_rounds(db, now=CLOSES + kept)

    states = {row.round_id: row.state for row in steps.list_rounds(db)}
    assert outcome.counts["faults"] > 0
    assert "'other-gather-1' was not brought on: OverflowError at line" in outcome.next
    assert "'small-gather-1' closed" in outcome.done
    assert states["small-gather-1"] == "closed"
    with db.reading() as session:
        roots = {row.round_id: row.root for row in store.list_rounds(session)}
    assert bool(roots["small-gather-1"]) is bool(kept)
    assert not roots["other-gather-1"]
