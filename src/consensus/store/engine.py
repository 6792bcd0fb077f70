"""Opening the database: the only place where a session begins."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL, make_url
from sqlmodel import Session, SQLModel, create_engine

from consensus.store.schema import bring_up_to_date

__all__ = ["Store"]


class Store:
    """The database of one running system: SQLite by default, PostgreSQL by its URL.

    SQLite runs with a write-ahead log and full synchronisation, and a writer takes its lock when it begins, so that two
    writers wait for one another instead of failing half-way.

    Examples
    --------
    >>> from consensus import models
    >>> db = Store.open("sqlite://")
    >>> with db.reading() as session:
    ...     session.get(models.Partnership, "nobody") is None
    True
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = engine.execution_options(consensus_write=True)

    @classmethod
    def open(cls, url: str) -> Store:
        """Return the store at a database URL, with its tables made, or brought to this version.

        Raises
        ------
        StageError
            The database belongs to a later version of Consensus, or to something else.
        """
        parts = _with_driver(make_url(url))
        options: dict[str, Any] = {}
        if parts.get_backend_name() == "sqlite":
            if parts.database and parts.database != ":memory:":
                Path(parts.database).parent.mkdir(parents=True, exist_ok=True)
            else:
                from sqlalchemy.pool import StaticPool

                options["poolclass"] = StaticPool
            options["connect_args"] = {"timeout": 60, "check_same_thread": False}
        engine = create_engine(parts, **options)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _set_up_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        bring_up_to_date(engine)
        return cls(engine)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session whose work is kept whole or not at all."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that sees one state of the database."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def scrub(self, patience: float = 10.0) -> bool:
        """Rewrite the whole database file, so that nothing of what was deleted is left in it or in its log.

        Returns False when somebody kept reading for longer than `patience` seconds, so that the log could not be
        emptied; call it again then. PostgreSQL rewrites the tables of what people sent in the order of their keys; what
        its own log and backups hold is the operator's to expire.
        """
        if self.engine.dialect.name == "postgresql":
            with self.engine.begin() as connection:
                for table in SQLModel.metadata.sorted_tables:
                    if not table.dialect_options["sqlite"]["with_rowid"]:
                        connection.exec_driver_sql(f'CLUSTER "{table.name}" USING "{table.name}_pkey"')
            return True
        borrowed = self.engine.raw_connection()
        try:
            driver: Any = borrowed.driver_connection
            driver.execute("VACUUM")
            until = time.monotonic() + patience
            while driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                if time.monotonic() > until:
                    return False
                time.sleep(0.05)
            return True
        finally:
            borrowed.close()

    def close(self) -> None:
        """Give back the database's connections."""
        self.engine.dispose()


def _with_driver(url: URL) -> URL:
    """Return a PostgreSQL address, which hosts give without a driver's name, with that of the driver that we have."""
    if url.drivername in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    return url


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's `begin` event says BEGIN, not the driver
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("consensus_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
