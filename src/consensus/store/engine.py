"""Opening the database: the only place where a session begins."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, event, text
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session, SQLModel, create_engine

from consensus.store.schema import bring_up_to_date
from consensus.store.transactions import LOOK, PATIENCE, READ, WRITE, begin_ours, kept_after_all
from consensus.store.turns import Turns
from consensus.store.writer import GroupWriter

__all__ = ["Store"]

T = TypeVar("T")

CONNECTIONS = 20
"""How many connections are kept open; as many again are opened while they are needed."""

LOCK_NOT_AVAILABLE = "55P03"
"""What PostgreSQL says when a lock was waited for too long."""


class Store:
    """The database of one running system: SQLite by default, PostgreSQL by its URL.

    SQLite runs with a write-ahead log and full synchronisation. On both, one writer works at a time: it takes a lock
    when it begins, so that two wait for one another instead of failing half-way, and what one has read stays true until
    it has written. Readers wait for nobody and see one state.

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
        file = engine.url.database if engine.dialect.name == "sqlite" else None
        self._turns = Turns(Path(file)) if file and file != ":memory:" else None
        self._looker, self._reader, self._writer = (engine.execution_options(**how) for how in (LOOK, READ, WRITE))
        self._group = GroupWriter(self.writing)

    @classmethod
    def open(cls, url: str) -> Store:
        """Return the store at a database URL, with its tables made, or brought to this version.

        Raises
        ------
        StageError
            The database belongs to a later version of Consensus, or to something else.
        """
        parts = _with_driver(make_url(url))
        options: dict[str, Any] = {"pool_size": CONNECTIONS, "max_overflow": CONNECTIONS, "pool_timeout": PATIENCE}
        if parts.get_backend_name() == "sqlite":
            if parts.database and parts.database != ":memory:":
                Path(parts.database).parent.mkdir(parents=True, exist_ok=True)
            else:
                from sqlalchemy.pool import StaticPool

                options = {"poolclass": StaticPool}
            options["connect_args"] = {"timeout": PATIENCE, "check_same_thread": False}
        else:
            # Transactions begin and end by what we say; connections used last are used first, for they know most.
            options |= {"isolation_level": "AUTOCOMMIT", "pool_use_lifo": True}
            options["connect_args"] = {"connect_timeout": 10} if "connect_timeout" not in parts.query else {}
        engine = create_engine(parts, hide_parameters=True, **options)  # an error's text holds nobody's words
        event.listen(engine, "handle_error", _tell_no_rows)
        begin_ours(engine)
        bring_up_to_date(engine)
        return cls(engine)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session whose work is kept whole or not at all.

        Raises
        ------
        InDoubt
            PostgreSQL went away while the work was being kept, and does not say whether it was.
        """
        turn: AbstractContextManager[None] = self._turns.taken() if self._turns else nullcontext()
        with turn, Session(self._writer, expire_on_commit=False) as session:
            connection = session.connection()  # waits for its turn now, not at the first statement
            number = connection.info.get("number", "")
            yield session
            try:
                session.commit()
            except DBAPIError as error:
                if not (number and error.connection_invalidated and kept_after_all(self.engine, number, error)):
                    raise

    def write(self, work: Callable[[Session], T]) -> T:
        """Do a short piece of work and return its result once it is kept; many callers' share one commit.

        For the acts of people who take part, which come by the hundred at the same moment. What one piece raises undoes
        that piece alone, and is raised to its caller.
        """
        return self._group.write(work)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that sees one state of the database.

        Its `bind` is the connection itself, for whom a session's own work is too much.
        """
        with _session_over(self._reader) as session:
            yield session

    @contextmanager
    def looking(self) -> Iterator[Session]:
        """Yield a session for a page that asks for a row or two, as `reading` does.

        On PostgreSQL each statement sees the state of its own moment, and nothing is said to begin and to end.
        """
        with _session_over(self._looker) as session:
            yield session

    def scrub(self, patience: float = 10.0) -> bool:
        """Rewrite the whole database file, so that nothing of what was deleted is left in it or in its log.

        Returns False when somebody kept reading for longer than `patience` seconds, so that the log could not be
        emptied; call it again then. PostgreSQL rewrites every table in the order of its keys; what its own log and
        backups hold is the operator's to expire.
        """
        if self.engine.dialect.name == "postgresql":
            return self._scrub_postgresql(patience)
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

    def _scrub_postgresql(self, patience: float) -> bool:
        try:
            with self.engine.begin() as connection:
                connection.execute(text(f"SET LOCAL lock_timeout = '{max(1, round(patience * 1000))}ms'"))
                for table in SQLModel.metadata.sorted_tables:
                    connection.exec_driver_sql(f'CLUSTER "{table.name}" USING "{table.name}_pkey"')
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", "") != LOCK_NOT_AVAILABLE:
                raise
            return False
        return True

    def close(self) -> None:
        """Give back the database's connections, after everything that was handed in is kept."""
        self._group.close()
        self.engine.dispose()


@contextmanager
def _session_over(engine: Engine) -> Iterator[Session]:
    with engine.connect() as connection, connection.begin(), Session(connection, expire_on_commit=False) as session:
        yield session


def _with_driver(url: URL) -> URL:
    """Return a PostgreSQL address, which hosts give without a driver's name, with that of the driver that we have."""
    if url.drivername in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    return url


def _tell_no_rows(context: ExceptionContext) -> None:
    """Keep to what went wrong: PostgreSQL's errors go on with the row that failed, and with it people's words."""
    diagnosis = getattr(context.original_exception, "diag", None)
    if diagnosis is None:
        return
    told = diagnosis.message_primary or "the database refused this"
    context.original_exception.args = (told,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(context.original_exception).__name__}) {told}",)
