"""How a transaction begins on each database, and how it is known whether one was kept whose commit got no answer."""

from __future__ import annotations

import select
import time
from typing import Any

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError

from consensus.errors import StageError

__all__ = ["LOOK", "PATIENCE", "READ", "WRITE", "InDoubt", "begin_ours", "kept_after_all"]

LOOK, READ, WRITE = ({"consensus_begins": how} for how in ("look", "read", "write"))
"""Execution options of an engine: what its transactions are for. Without one, a transaction is a plain one."""

PATIENCE = 60
"""Seconds that a writer waits for its turn, or anybody for a connection."""

WRITER = 5_076_271
"""The number of the PostgreSQL advisory lock that whoever writes holds."""

_TURN = (
    f"BEGIN; SET LOCAL lock_timeout = '{PATIENCE}s'; SELECT pg_advisory_xact_lock({WRITER}); "
    "SELECT pg_current_xact_id()::text"
)
_BEGINS = {"look": "", "read": "BEGIN ISOLATION LEVEL REPEATABLE READ", "write": _TURN, None: "BEGIN"}
"""What PostgreSQL is told. It shows a reader one state at that level alone; a writer must see what was kept before its
turn, and is given a number by which it can be asked for later. Each goes in one message."""

_WATCHED = "SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
"""Half a minute after a machine that wrote has gone without a word, its server lets the next one write."""


class InDoubt(StageError):
    """The database went away while something was being kept, and has not said since whether it was."""


def begin_ours(engine: Engine) -> None:
    """Let an engine's transactions begin as its execution options say, in words of ours instead of the driver's."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _set_up_postgresql)
        event.listen(engine, "checkout", _refuse_closed)
        event.listen(engine, "begin", _begin_postgresql)


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's `begin` event says BEGIN, not the driver
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    if _begins(connection) == "write":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:  # waits for nobody, so nothing can go wrong here that should be told in SQLAlchemy's words
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN")


def _set_up_postgresql(connection: Any, _record: Any) -> None:
    connection.execute(_WATCHED)


def _refuse_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    """Have another connection opened in the place of one that the server has closed while nobody used it.

    Nothing is said to the server for it: one that is well has nothing to say unasked.
    """
    watched = select.poll()
    watched.register(connection.fileno(), select.POLLIN)
    if watched.poll(0):
        raise DisconnectionError


def _begin_postgresql(connection: Connection) -> None:
    says = _BEGINS[_begins(connection)]
    if not says:
        return
    driver: Any = connection.connection.driver_connection
    try:
        cursor = driver.execute(says)
    except driver.Error as error:
        lost = bool(driver.closed)
        if lost:
            connection.invalidate(error)
        raise OperationalError(says, None, error, hide_parameters=True, connection_invalidated=lost) from None
    while cursor.nextset():
        pass
    connection.info["number"] = cursor.fetchone()[0] if says is _TURN else ""


def _begins(connection: Connection) -> str | None:
    how: str | None = connection.get_execution_options().get("consensus_begins")
    return how


def kept_after_all(engine: Engine, number: str, error: DBAPIError, patience: float = PATIENCE) -> bool:
    """Tell whether the transaction with a number was kept although its connection broke before it said so.

    Raises
    ------
    InDoubt
        The server could not be asked, for longer than `patience` seconds, or no longer knows.
    """
    asked, until = text("SELECT pg_xact_status(CAST(:number AS xid8))"), time.monotonic() + patience
    while True:
        try:
            with engine.execution_options(**LOOK).connect() as connection:
                state = connection.execute(asked, {"number": number}).scalar()
        except DBAPIError:
            state = "in progress"
        if state in ("committed", "aborted"):
            return state == "committed"
        if state is None or time.monotonic() > until:
            raise InDoubt(
                "The database went away while this was being kept, and does not say whether it was; "
                "look whether it is there before you do it again."
            ) from error
        time.sleep(0.1)
