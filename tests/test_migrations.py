"""A database of an earlier version becomes one of this version, with all that stands in it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text
from sqlmodel import SQLModel

from consensus import migrations, steps, store
from consensus.errors import StageError
from consensus.store import Store
from tests import walk
from tests.builders import small_protocol, texts
from tests.killed import tables

WHAT_TO_DO = (
    "A table in consensus.models differs from what the migrations make. Add what changed to the newest file in "
    "src/consensus/migrations/versions where that version was not released yet, else write the next file beside it."
)
EXAMPLE = {"VARCHAR": "'x'", "TEXT": "'{}'", "INTEGER": "1", "FLOAT": "0.5", "BLOB": "x'00'"}


def migrated(url: str, until: str) -> None:
    """Make the tables of a version as that version's migrations do."""
    engine = create_engine(url)
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(migrations.FOLDER))
        command.upgrade(config, until)
    engine.dispose()


def first_version(path, stamped: bool) -> str:
    """Make a database as the first version left it, with a partnership in the middle of its way."""
    url = f"sqlite:///{path}"
    migrated(url, migrations.FIRST)
    if not stamped:
        with sqlite3.connect(path) as connection:
            connection.execute("DROP TABLE alembic_version")
    return url


def shape(path) -> dict[str, object]:
    """Return a SQLite database's columns, keys, references and indexes, whatever the order of columns."""
    with sqlite3.connect(path) as connection:
        found = {}
        for name, flag in connection.execute("SELECT name, wr FROM pragma_table_list WHERE schema = 'main'"):
            if name.startswith("sqlite_"):
                continue
            columns = {row[1:] for row in connection.execute(f'PRAGMA table_info("{name}")')}
            refers = {row[2:] for row in connection.execute(f'PRAGMA foreign_key_list("{name}")')}
            indexes = {row[1:] for row in connection.execute(f'PRAGMA index_list("{name}")') if row[3] == "c"}
            unique = sorted(
                tuple(part[2] for part in connection.execute(f'PRAGMA index_info("{row[1]}")'))
                for row in connection.execute(f'PRAGMA index_list("{name}")')
                if row[3] == "u"
            )
            found[name] = (columns, refers, indexes, unique, flag)
        return found


def test_the_migrations_make_the_tables_that_the_models_describe(tmp_path):
    url = f"sqlite:///{tmp_path / 'consensus.db'}"
    migrated(url, "head")
    engine = create_engine(url)

    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)

    assert differences == [], WHAT_TO_DO
    engine.dispose()


def test_a_new_database_and_an_upgraded_one_have_the_same_shape(tmp_path):
    Store.open(f"sqlite:///{tmp_path / 'new.db'}").close()
    Store.open(first_version(tmp_path / "old.db", stamped=True)).close()

    new, old = shape(tmp_path / "new.db"), shape(tmp_path / "old.db")

    assert {name for name in new.keys() | old.keys() if new.get(name) != old.get(name)} == set(), WHAT_TO_DO


@pytest.mark.parametrize("stamped", [True, False], ids=["stamped", "without a stamp"])
def test_a_database_of_the_first_version_is_brought_up_to_date(tmp_path, stamped):
    url = first_version(tmp_path / "old.db", stamped)

    db = Store.open(url)

    with db.reading() as session:
        assert session.execute(text("SELECT version_num FROM alembic_version")).scalar() == migrations.head()
    db.close()


def test_every_row_of_the_version_before_is_still_there(tmp_path):
    path = tmp_path / "old.db"
    url = first_version(path, stamped=True)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        names = [name for name in names if name != "alembic_version"]
        for name in names:
            kinds = [row[2].split("(")[0] for row in connection.execute(f'PRAGMA table_info("{name}")')]
            values = ", ".join(EXAMPLE.get(kind, "'2026-03-01 12:00:00.000000'") for kind in kinds)
            connection.execute(f'INSERT INTO "{name}" VALUES ({values})')
        connection.execute("UPDATE partnership SET id = 'x'")
    before = tables(path)

    Store.open(url).close()
    after = tables(path)

    for name in names:
        assert len(after[name]) == len(before[name]) == 1
        assert after[name][0].startswith(before[name][0].rstrip(")")), name


def test_a_partnership_of_the_version_before_walks_on_to_its_top_three(tmp_path):
    home, stage = tmp_path / "home", "import-ballots"
    walk.walk_until(stage, home)
    rows = tables_as_rows(home / "consensus.db")
    (home / "consensus.db").rename(home / "made-by-this-version.db")
    url = first_version(home / "consensus.db", stamped=False)
    put_rows(home / "consensus.db", rows)

    db = Store.open(url)
    for name in walk.STAGES[walk.STAGES.index(stage) :]:
        walk.run_stage(name, db, home)

    assert len(steps.top_table(db, "small")) == 3
    db.close()


def tables_as_rows(path) -> dict[str, list[dict[str, object]]]:
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')] for name in names}


def put_rows(path, rows: dict[str, list[dict[str, object]]]) -> None:
    """Put rows into the tables and columns that a database has."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        for name in [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]:
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')]
            for row in rows.get(name, []):
                names, marks = ", ".join(f'"{key}"' for key in columns), ", ".join("?" * len(columns))
                connection.execute(f'INSERT INTO "{name}" ({names}) VALUES ({marks})', [row[key] for key in columns])


def test_a_database_of_a_later_version_gets_a_sentence(tmp_path):
    path = tmp_path / "later.db"
    Store.open(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(StageError, match=r"version 9999 .* start the newer Consensus"):
        Store.open(f"sqlite:///{path}")


def test_a_database_of_something_else_is_left_alone(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")

    with pytest.raises(StageError, match="no version of Consensus made"):
        Store.open(f"sqlite:///{path}")

    assert inspect(create_engine(f"sqlite:///{path}")).get_table_names() == ["recipes"]


@pytest.mark.slow
@pytest.mark.parametrize("before", ["nothing", "the first version"])
def test_processes_that_start_at_once_on_one_database_do_not_race(tmp_path, before):
    path = tmp_path / "consensus.db"
    url = f"sqlite:///{path}" if before == "nothing" else first_version(path, stamped=False)
    program = (
        "import sys; from consensus.store import Store; sys.stdin.readline(); "
        "Store.open(sys.argv[1]).close(); print('ok')"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(6)
    ]

    said = []
    for process in started:
        process.stdin.write(b"go\n")
        process.stdin.flush()
    for process in started:
        said.append(process.communicate(timeout=120))

    assert [(out.strip(), err) for out, err in said] == [(b"ok", b"")] * 6


def test_a_change_that_fails_half_way_leaves_the_database_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "old.db"
    url = first_version(path, stamped=False)
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO answer VALUES ('nobody','a',1,'','','','','','','','','2026-03-01 12:00:00')")
    before = shape(path)

    with pytest.raises(AssertionError, match="nothing was changed"):
        Store.open(url)

    assert shape(path) == before


def test_what_was_received_is_kept_without_the_order_in_which_it_came(tmp_path):
    db = Store.open(f"sqlite:///{tmp_path / 'consensus.db'}")
    at = datetime(2026, 3, 1, tzinfo=UTC)
    with db.writing() as session:
        store.save_protocol(session, small_protocol(), texts(), by="tester", at=at)
    db.close()

    flags = {name: row[-1] for name, row in shape(tmp_path / "consensus.db").items()}

    for name in ("answer", "ballot", "response", "participation", "person", "interest", "mail", "riskflag"):
        assert flags[name] == 1, json.dumps(flags)
