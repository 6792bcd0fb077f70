"""The tables of a database: made where there are none, and brought to this version where they are older.

Several processes may start on one database at once: whoever comes first does it, the others wait and find it done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, Text, inspect, text
from sqlmodel import SQLModel

from consensus import migrations, models
from consensus.errors import StageError
from consensus.store.transactions import WRITE

__all__ = ["bring_up_to_date", "version_of"]

STAMP = "alembic_version"
LOCK = 5_076_270
"""The number of the PostgreSQL advisory lock that a change of the tables holds."""


def bring_up_to_date(engine: Engine) -> None:
    """Make the tables of a database, or change them into those of this version; nothing when they are.

    A database without a stamp is that of the first version, which had none.

    Raises
    ------
    StageError
        The database belongs to a later version of Consensus, or to something else.
    """
    with engine.connect() as connection:
        if version_of(connection) == migrations.head():
            return
    with _locked(engine) as connection:
        version = version_of(connection)
        if version is None and not inspect(connection).get_table_names():
            SQLModel.metadata.create_all(connection)
            _stamp(connection, migrations.head())
        elif version != migrations.head():
            _upgrade(connection, version)
        if engine.dialect.name == "postgresql":
            _keep_no_samples(connection)


def version_of(connection: Connection) -> str | None:
    """Return the number of the version that a database's tables have; None where nothing says it."""
    if not inspect(connection).has_table(STAMP):
        return None
    return connection.execute(text(f"SELECT version_num FROM {STAMP}")).scalar()


def _upgrade(connection: Connection, version: str | None) -> None:
    names = set(inspect(connection).get_table_names())
    if version is None:
        if models.Partnership.__tablename__ not in names or models.Person.__tablename__ in names:
            raise StageError(
                "The database holds tables that no version of Consensus made; name an empty one with DATABASE_URL."
            )
        _stamp(connection, migrations.FIRST)
    elif version > migrations.head():
        raise StageError(
            f"The database has version {version} of the tables and this Consensus knows {migrations.head()}; "
            "start the newer Consensus that it belongs to."
        )
    from alembic import command  # costs a quarter of a second, which only an older database has to pay
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(migrations.FOLDER).replace("%", "%%"))
    command.upgrade(config, "head")


def _keep_no_samples(connection: Connection) -> None:
    """Let PostgreSQL's planner keep no sample of what people wrote: a withdrawal could not erase it there."""
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Text):
                connection.exec_driver_sql(f'ALTER TABLE "{table.name}" ALTER COLUMN "{column.name}" SET STATISTICS 0')


def _stamp(connection: Connection, version: str) -> None:
    name = "version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)"
    connection.execute(text(f"CREATE TABLE {STAMP} ({name})"))
    connection.execute(text(f"INSERT INTO {STAMP} VALUES (:version)"), {"version": version})


@contextmanager
def _locked(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in a transaction that no other change of the tables runs beside."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            yield connection
        return
    with engine.execution_options(**WRITE).connect() as connection:
        # A table is changed by making it anew, during which what refers to it hangs loose.
        _keep_references(connection, "OFF")
        try:
            with connection.begin():
                yield connection
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise AssertionError("A row refers to one that is not there; nothing was changed.")
        finally:
            _keep_references(connection, "ON")


def _keep_references(connection: Connection, switch: str) -> None:
    """Turn SQLite's check of references on or off, which it takes only outside a transaction."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(f"PRAGMA foreign_keys={switch}")
