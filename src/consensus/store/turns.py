"""Whose turn it is to write, among all the processes that share one SQLite file.

What keeps writers apart is SQLite's own lock. But who waits for that one sleeps ever longer, up to a tenth of a second,
while a process that never sleeps takes the lock again and again; so writers stand in line here first.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Turns"]

STEP = 0.0005
"""Seconds between two looks at whether it is somebody's turn."""


class Turns:
    """A line of two places before a database: one who writes, and one who is next.

    Whoever has written must become the next one before writing again, and cannot while somebody else is; so nobody is
    passed over. The places are locked files, which the system gives back when a process ends, however it ends.

    Parameters
    ----------
    database
        The database's file; the places lie beside it.
    patience
        Seconds to stand in line before going on without a turn, which leaves it to the database's own lock.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Turns(Path(folder) / "consensus.db").taken():
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['consensus.db-next', 'consensus.db-turn']
    """

    def __init__(self, database: Path, patience: float = 10.0) -> None:
        self._next, self._turn = (database.with_name(f"{database.name}-{place}") for place in ("next", "turn"))
        self._patience = patience

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the turn, and have it until the end."""
        until = time.monotonic() + self._patience
        with _place(self._turn) as turn:
            with _place(self._next) as following:
                if _locked(following, until):
                    _locked(turn, until)
            yield


@contextmanager
def _place(path: Path) -> Iterator[int | None]:
    """Yield the opened file of a place, or None where it cannot be opened: then there is no line to stand in."""
    try:
        place = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield None
        return
    try:
        yield place
    finally:
        os.close(place)  # which gives the lock back


def _locked(place: int | None, until: float) -> bool:
    while place is not None:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(STEP)
        else:
            return True
    return False
