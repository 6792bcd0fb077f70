"""Opening the database: the only place where a session begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import make_url
from sqlmodel import Session, SQLModel, create_engine

from consensus import models  # noqa: F401  (the tables register themselves)

__all__ = ["Store"]


class Store:
    """The database of one running system: SQLite by default, PostgreSQL by its URL.

    SQLite runs with a write-ahead log and full synchronisation, and a writer takes its lock when it begins, so that two
    writers wait for one another instead of failing half-way.

    Examples
    --------
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
        """Return the store at a database URL, with its tables made where they are not there yet."""
        parts = make_url(url)
        options: dict[str, Any] = {}
        if parts.get_backend_name() == "sqlite":
            if parts.database and parts.database != ":memory:":
                Path(parts.database).parent.mkdir(parents=True, exist_ok=True)
            else:
                from sqlalchemy.pool import StaticPool

                options["poolclass"] = StaticPool
            options["connect_args"] = {"timeout": 60, "check_same_thread": False}
        engine = create_engine(url, **options)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _set_up_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        store = cls(engine)
        with store._writer.begin() as connection:
            SQLModel.metadata.create_all(connection)
        return store

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

    def close(self) -> None:
        """Give back the database's connections."""
        self.engine.dispose()


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's `begin` event says BEGIN, not the driver
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("consensus_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
