"""The command that `consensus backup` names copies a database that is in use; given back, everything is there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from datetime import timedelta

import psycopg
import pytest

from consensus import steps
from consensus.cli.main import main
from tests import people, postgres, walk
from tests.people import INTERIM, INTERIM_ENDS

SENT = walk.OPENED + timedelta(days=3)


@pytest.fixture
def place(server, tmp_path, address_of, monkeypatch):
    address = address_of(f"sqlite:///{tmp_path / 'consensus.db'}")
    monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", address)
    monkeypatch.setenv("PATH", f"{postgres.binaries()}{os.pathsep}{os.environ['PATH']}")
    db = people.ranking_is_open(tmp_path)
    yield db, address
    db.close()


def test_a_dump_put_into_a_new_database_is_where_the_system_goes_on(place, server, tmp_path, monkeypatch, capsys):
    db, _address = place
    question, *_ = [question for question, _ in steps.questions_on_ballot(db, "small")]
    code = people.send(db, INTERIM, at=SENT, choices=[question]).code
    steps.advance_rounds(db, now=INTERIM_ENDS, outputs=lambda _name: tmp_path / "outputs" / "small")
    commands = (["status"], ["verify", code], ["decisions"])

    status = main(["backup", str(tmp_path / "copy.dump")])
    (command,) = re.findall(r"pg_dump .*$", capsys.readouterr().err, re.MULTILINE)
    file = str(tmp_path / "copy.dump")
    subprocess.run(shlex.split(command), check=True)
    restored = server.database("restored")
    subprocess.run(["pg_restore", "--no-owner", "--exit-on-error", f"--dbname={restored}", file], check=True)
    before = [(main([*each, "--now", INTERIM_ENDS.isoformat()]), capsys.readouterr().out) for each in commands]
    monkeypatch.setenv("DATABASE_URL", restored)
    after = [(main([*each, "--now", INTERIM_ENDS.isoformat()]), capsys.readouterr().out) for each in commands]
    with psycopg.connect(restored) as connection:
        sampled = connection.execute(
            "SELECT count(*) FROM pg_attribute WHERE attrelid = 'answer'::regclass AND attname = 'text' "
            "AND attstattarget <> 0"
        ).fetchone()
    server.drop(restored)

    assert status == 3
    assert after == before
    assert "stands in the round small-interim-1" in after[1][1]
    assert sampled == (0,)


def test_the_command_tells_no_password(place, tmp_path, monkeypatch, capsys):
    _db, address = place
    monkeypatch.setenv("DATABASE_URL", address.replace("owner@", "owner:hush@"))

    main(["backup", str(tmp_path / "copy.dump")])

    assert "hush" not in capsys.readouterr().err
