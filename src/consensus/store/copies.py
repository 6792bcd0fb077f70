"""A copy of a whole database while people take part, and what makes one where the server has a program of its own."""

from __future__ import annotations

import os
import secrets
import shlex
import sqlite3
from pathlib import Path

from consensus.errors import DataError, StageError
from consensus.store.engine import Store

__all__ = ["copy_database", "dump_command"]


def copy_database(db: Store, path: Path) -> int:
    """Write a SQLite database as it stands at one moment into a new file, and return its size in bytes.

    Nobody waits for it, and nothing of what was deleted before is in it. The file can be read by its owner alone, has
    its name only once it is whole and on the disk, and never takes the place of another.

    Raises
    ------
    StageError
        The database is on PostgreSQL, whose own program copies it; the sentence says how.
    DataError
        A file of that name is there, or none can be written there.
    """
    if db.engine.dialect.name != "sqlite":
        raise StageError(
            f"The database is on PostgreSQL, whose own program copies it while it runs: {dump_command(db, path)}"
        )
    if path.exists():
        raise DataError(f"{path} is there already, and a backup is never overwritten; give another name.")
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # VACUUM takes a file that is empty
        _copy(db, part)
        _name(part, path)
    except FileExistsError:
        raise DataError(f"{path} was made by somebody else meanwhile; give another name.") from None
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise DataError(f"{path} cannot be written: {why}.") from None
    finally:
        part.unlink(missing_ok=True)
    return path.stat().st_size


def dump_command(db: Store, to: Path) -> str:
    """Return the command that copies a PostgreSQL database into a file, without the password."""
    url = db.engine.url.set(drivername="postgresql", password=None).render_as_string()
    return f"pg_dump --format=custom --no-owner --file={shlex.quote(str(to))} {shlex.quote(url)}"


def _copy(db: Store, to: Path) -> None:
    borrowed = db.engine.raw_connection()
    try:
        driver = borrowed.driver_connection
        assert driver is not None
        driver.execute("VACUUM INTO ?", (str(to),))
    finally:
        borrowed.close()
    copied = sqlite3.connect(to)
    try:
        (told,) = copied.execute("PRAGMA integrity_check").fetchone()
    finally:
        copied.close()
    if told != "ok":
        raise sqlite3.DatabaseError(f"the copy does not hold together ({told})")
    _sync(to)


def _name(part: Path, path: Path) -> None:
    """Give a whole file its name, which nothing has yet."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a disk on which a file has one name only
        part.rename(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    """Wait until a file, or which names a folder holds, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
