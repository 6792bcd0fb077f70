"""A PostgreSQL server of one's own on this machine's loopback, thrown away when it is stopped."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

__all__ = ["Server", "binaries"]

QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "default_toast_compression=lz4")
"""What a test of what is stored may go without, and long texts packed so that their beginning can be found."""


def binaries() -> Path | None:
    """Return the folder of a PostgreSQL installation, the latest where there are several, or None."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(folders, key=lambda folder: int(folder.parent.name), default=None)


class Server:
    """A running server with no database but its own; `database` makes one and returns its address."""

    def __init__(self, settings: tuple[str, ...] = QUICK) -> None:
        folder = binaries()
        assert folder is not None, "PostgreSQL is not installed"
        self.folder = Path(tempfile.mkdtemp(prefix="consensus-postgres-"))
        # The server refuses to run as root; it then runs as the user that its package made.
        self.owner = pwd.getpwnam("postgres").pw_uid if os.getuid() == 0 else None
        if self.owner is not None:
            os.chown(self.folder, self.owner, -1)
        self.data = self.folder / "data"
        self._run(folder / "initdb", "-D", self.data, "-A", "trust", "-U", "owner", "-E", "UTF8", "--locale=C", "-N")
        self.port = _free_port()
        options = [f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}"]
        options += ["max_connections=200", *settings]
        self.process = subprocess.Popen(
            [folder / "postgres", "-D", self.data, *(part for option in options for part in ("-c", option))],
            user=self.owner,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("w"),
        )
        self._wait()

    def database(self, name: str, template: str = "template0") -> str:
        """Make a database and return the address that `DATABASE_URL` takes."""
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self._address(name)

    def bytes_of(self, address: str) -> bytes:
        """Return what stands on the disk of a database: its tables, indexes and statistics, not the server's log."""
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("ANALYZE")
            connection.execute("CHECKPOINT")
            number = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
            assert number is not None
            files = sorted((self.data / "base" / str(number[0])).iterdir())
        return b"".join(path.read_bytes() for path in files)

    def drop(self, address: str) -> None:
        """Drop a database, whoever is still connected to it."""
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{address.rpartition("/")[2]}" WITH (FORCE)')

    def stop(self) -> None:
        """Stop the server and delete everything that it kept."""
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _address(self, name: str) -> str:
        return f"postgresql://owner@127.0.0.1:{self.port}/{name}"

    def _run(self, *command: object) -> None:
        done = subprocess.run([str(part) for part in command], user=self.owner, cwd=self.folder, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()

    def _wait(self, patience: float = 60) -> None:
        until = time.monotonic() + patience
        while True:
            try:
                psycopg.connect(self._address("postgres"), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < until, "PostgreSQL did not start"
                time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
