"""What a store holds, to be compared before and after something that should change nothing."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import MetaData

from consensus.store import Store

__all__ = ["bytes_in", "everything_in"]


def everything_in(db: Store) -> dict[str, list[str]]:
    """Return every row of every table, in an order that does not depend on the database."""
    tables = MetaData()
    with db.engine.connect() as connection:
        tables.reflect(connection)
        return {
            table.name: sorted(str(tuple(row)) for row in connection.execute(table.select()))
            for table in tables.sorted_tables
        }


def bytes_in(home: Path) -> dict[str, bytes]:
    """Return every file of a home but SQLite's index of its log, which readers write as well."""
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }
