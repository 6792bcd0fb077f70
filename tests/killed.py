"""Run one stage many times, each time killed with SIGKILL at another statement, then again undisturbed.

`python -m tests.killed STAGE FOLDER` prints a JSON line: how many runs were killed, and where the tables of the run
after a kill differed from those of an undisturbed run. It is a process of its own, to fork before any thread starts.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import sys
from pathlib import Path

from sqlalchemy import event

from consensus import receipts
from consensus.store import Store
from tests.walk import FOLDERS, run_stage, walk_until

POINTS = 6


def tables(path: Path) -> dict[str, list[str]]:
    """Return every row of every table, as sorted text."""
    with sqlite3.connect(path) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"'))) for name in names}


def files(home: Path) -> dict[str, bytes]:
    """Return what a stage wrote outside the database."""
    written = [path for folder in FOLDERS for path in sorted((home / folder).rglob("*")) if path.is_file()]
    return {str(path.relative_to(home)): path.read_bytes() for path in written}


class Repeated:
    """Randomness that is the same in every run, so that two runs can be compared."""

    def __init__(self) -> None:
        self.drawn = 0

    def token_hex(self, size: int) -> str:
        self.drawn += 1
        return hashlib.sha256(str(self.drawn).encode()).hexdigest()[: 2 * size]

    def randbelow(self, _bound: int) -> int:
        return 0


def run(home: Path, stage: str, kill_at: int | None = None) -> int:
    """Run a stage on a home; with `kill_at` the process dies before that statement. Return the number of statements."""
    db = Store.open(f"sqlite:///{home / 'consensus.db'}")
    count = 0
    receipts.secrets = Repeated()  # type: ignore[assignment]

    def before(*_arguments: object) -> None:
        nonlocal count
        count += 1
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(db.engine, "before_cursor_execute", before)
    event.listen(db.engine, "commit", before)
    run_stage(stage, db, home)
    db.close()
    return count


def forked(home: Path, stage: str, kill_at: int | None, report: Path) -> bool:
    """Run a stage in a process of its own; return whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            report.write_text(str(run(home, stage, kill_at)))
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise SystemExit(f"{stage}: the run failed by itself")
    return os.WIFSIGNALED(status)


def main(stage: str, folder: Path) -> None:
    """Kill `stage` at points spread over all its statements, and compare."""
    before, undisturbed, report = folder / "before", folder / "undisturbed", folder / "statements"
    before.mkdir()
    child = os.fork()
    if child == 0:
        walk_until(stage, before)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        raise SystemExit(f"{stage}: the stages before it failed")
    shutil.copytree(before, undisturbed)
    forked(undisturbed, stage, None, report)
    statements = int(report.read_text())
    wanted, wanted_files = tables(undisturbed / "consensus.db"), files(undisturbed)
    points = sorted({1 + round(step * (statements - 1) / (POINTS - 1)) for step in range(POINTS)})
    killed, different = 0, []
    for point in points:
        home = folder / f"killed-{point}"
        shutil.copytree(before, home)
        killed += forked(home, stage, point, report)
        forked(home, stage, None, report)
        found, found_files = tables(home / "consensus.db"), files(home)
        different += [f"{point}: {name}" for name in wanted if found.get(name) != wanted[name]]
        different += [f"{point}: {name}" for name in wanted_files if found_files.get(name) != wanted_files[name]]
    print(json.dumps({"stage": stage, "statements": statements, "killed": killed, "different": different}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
