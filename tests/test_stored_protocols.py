"""What an earlier version accepted is read back, whatever rules came since; what breaks them is told."""

from __future__ import annotations

import hashlib
import json

import pytest
from sqlmodel import select

from consensus import models, steps, store
from consensus.cli.main import main
from consensus.errors import ProtocolError
from consensus.protocol import parse_protocol, read_accepted
from consensus.settings import Settings
from consensus.store import Store
from tests import walk
from tests.builders import small_folder, texts

BROKEN = {
    "a limit": ("small_cells = 5", "small_cells = 2", "publication.small_cells is 2"),
    "a limit of a number": ("size = 4", "size = 0", "shortlist.size is 0"),
    "a name": ('form = "ranked"', 'form = "stars"', "ballot.form is 'stars'"),
    "a rule that is gone": ('rule = "jla_positions"', 'rule = "old_rule"', "ranking.rule is 'old_rule'"),
    "a key that is gone": ("[scope]", '[scope]\nmotto = "Sleep"', "scope.motto is not a known key"),
    "a section that is gone": ("[scope]", "[awards]\nfirst = 1\n[scope]", "awards is not a known key"),
    "an id": ('id = "carer"', 'id = "Family Carers"', "groups.2.id is 'Family Carers'"),
    "an id twice": ('id = "carer"', 'id = "lived"', "groups id 'lived' stands twice"),
    "an empty text": ('name = "Practitioners"', 'name = " "', "groups.3.name is ' '"),
    "a day without a time": (
        "opens = 2026-01-05T09:00:00",
        "opens = 2026-01-05",
        "rounds.gather.opens 2026-01-05 has no",
    ),
    "a skipped hour": ("opens = 2026-04-06T09:00:00", "opens = 2026-03-29T01:30:00", "does not exist in Europe/London"),
    "a reminder outside": ("2026-04-20T09:00:00", "2026-09-20T09:00:00", "reminders lie outside the round"),
    "a language": ('title = "A small', 'languages = ["en", "de"]\ntitle = "A small', "no text in 'de'"),
    "nothing": ('[[signposting]]\nname = "Samaritans"\ncontact = "116 123"', "", "signposting is missing"),
}


def hash_of(change):
    return hashlib.sha256(change.encode()).hexdigest()


def accepted_once(db, change):
    """Store a protocol as a version before the rule did, with its rounds."""
    old, new, _told = BROKEN[change]
    written = texts(**{old: new})
    with db.writing() as session:
        protocol, _faults = read_accepted(written, hash_of(change))
        store.save_protocol(session, protocol, written, by="ann", at=walk.ANSWERED)
    assert written != texts()


@pytest.fixture
def db(tmp_path):
    opened = Store.open(Settings.from_environment({"CONSENSUS_HOME": str(tmp_path / "home")}).database_url)
    yield opened
    opened.close()


@pytest.mark.parametrize("change", BROKEN)
def test_a_stored_protocol_that_breaks_a_later_rule_is_read_back_and_the_fault_is_told(db, change):
    old, new, told = BROKEN[change]
    with pytest.raises(ProtocolError):
        parse_protocol(texts(**{old: new}))

    accepted_once(db, change)
    protocol, status = steps.protocol(db, "small"), steps.status(db, "small", now=walk.ANSWERED)
    faults = steps.protocol_faults(db, "small")

    assert protocol.hash == hash_of(change)
    assert any(told in fault for fault in faults), faults
    assert any(told in line and "stays in force as it is" in line for line in status.to_lines())
    assert protocol.rounds.interim.closes.isoformat() == "2026-05-08T16:00:00+00:00"
    assert [item.id for item in protocol.gather.items] == ["question"]


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ("a limit", lambda protocol: protocol.publication.small_cells == 2),
        ("a limit of a number", lambda protocol: protocol.shortlist.size == 0),
        ("a name", lambda protocol: protocol.ballot.form == "stars"),
        ("an id", lambda protocol: list(protocol.shares) == ["lived", "Family Carers", "clinician"]),
        (
            "a day without a time",
            lambda protocol: protocol.rounds.gather.opens.isoformat() == "2026-01-05T00:00:00+00:00",
        ),
        ("nothing", lambda protocol: protocol.signposting == ()),
    ],
)
def test_what_was_declared_stands_as_it_was_declared(db, change, kept):
    accepted_once(db, change)

    assert kept(steps.protocol(db, "small"))


def test_a_protocol_without_a_fault_is_the_same_read_back_as_it_was_read_in(db, tmp_path):
    steps.register(db, small_folder(tmp_path / "small"), by="ann", now=walk.ANSWERED)

    assert steps.protocol(db, "small") == parse_protocol(texts())
    assert steps.protocol_faults(db, "small") == ()
    assert steps.status(db, "small", now=walk.ANSWERED).amiss == []


def test_a_new_version_must_keep_the_rule_and_mends_what_is_stored(db, tmp_path):
    accepted_once(db, "a limit")
    old, new, _told = BROKEN["a limit"]

    with pytest.raises(ProtocolError, match="small_cells is 2"):
        steps.register(
            db, small_folder(tmp_path / "again", **{old: new, "top = 3": "top = 2"}), by="ann", now=walk.ANSWERED
        )
    steps.register(db, small_folder(tmp_path / "mended"), by="ann", now=walk.ANSWERED)

    assert steps.protocol(db, "small").publication.small_cells == 5
    assert steps.protocol_faults(db, "small") == ()


def test_the_sweep_and_the_pages_go_on_for_such_a_partnership(db, tmp_path):
    steps.register(db, small_folder(tmp_path / "small"), by="ann", now=walk.ANSWERED)
    old, new, _told = BROKEN["a limit"]
    with db.writing() as session:
        version = session.exec(select(models.ProtocolVersion)).one()
        version.texts, version.hash = json.dumps(texts(**{old: new})), "1" * 64
        session.get_one(models.Partnership, "small").protocol_hash = "1" * 64
        session.add(version)

    done = steps.advance_rounds(db, now=walk.ANSWERED)

    assert done.done == "The round 'small-gather-1' opened."
    assert "wait" not in done.next.replace("looks again", "")


def test_check_without_a_folder_tells_what_is_stored(db, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path / "home"))
    accepted_once(db, "a limit")

    broken = main(["check", "--partnership", "small"])
    told = capsys.readouterr().err
    steps.register(db, small_folder(tmp_path / "mended"), by="ann", now=walk.ANSWERED)
    mended = main(["check", "--partnership", "small"])

    assert (broken, mended) == (2, 0)
    assert "publication.small_cells is 2; use 5 or more" in told
    assert "keeps every rule" in capsys.readouterr().out
