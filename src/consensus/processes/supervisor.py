"""Starting the programs of a running system, and stopping them in the order in which they lean on one another.

Each child leads a process group of its own, so that Ctrl-C in a terminal reaches only the supervisor, and so that
nothing a child has started can outlive it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType, TracebackType

from consensus.errors import StageError
from consensus.processes.children import Child, children, environment
from consensus.settings import Settings

__all__ = ["Supervisor", "install_signals"]

START_DEADLINE = 180.0
"""Seconds that a child has to become ready; a fresh home on two busy cores takes 11 to 32."""


def install_signals() -> None:
    """Make SIGTERM end the program as Ctrl-C does, so that `with Supervisor(...)` stops its children."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)


@dataclass
class Supervisor:
    """The running system: entering starts every child, leaving stops them, whatever happened in between.

    Raises
    ------
    StageError
        On entering: a port is taken, the home is in use, or a child ended before it was ready.
    """

    settings: Settings
    programs: Sequence[Child] = ()
    say: Callable[[str], None] = lambda _line: None
    _running: dict[str, tuple[Child, subprocess.Popen[bytes]]] = field(default_factory=dict, repr=False)
    _lock: int | None = field(default=None, repr=False)

    def __enter__(self) -> Supervisor:
        self.programs = tuple(self.programs) or children(self.settings)
        self._lock = _lock_home(self.settings.home)
        try:
            _refuse_taken_ports(self.programs, self.settings.host)
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> None:
        """Start everything at once, because importing takes most of the time, and wait for each in turn."""
        began, since = time.monotonic(), datetime.now(UTC)
        for child in self.programs:
            self._running[child.name] = (child, self._spawn(child))
        for child in self.programs:
            while not child.ready(since):
                self.check()
                if time.monotonic() - began > START_DEADLINE:
                    raise StageError(f"{child.name}: not ready after {START_DEADLINE:.0f} s; see {self.log(child)}.")
                time.sleep(0.1)
            self.say(f"{child.name}: ready after {time.monotonic() - began:.0f} s")

    def _spawn(self, child: Child) -> subprocess.Popen[bytes]:
        self.log(child).parent.mkdir(parents=True, exist_ok=True)
        with self.log(child).open("ab") as log:
            return subprocess.Popen(
                child.command,
                env=environment(self.settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent(child.stop_signal) if sys.platform == "linux" else None,
            )

    def log(self, child: Child) -> Path:
        """Return the file that holds what a child says."""
        return self.settings.home / "logs" / f"{child.name}.log"

    def pids(self) -> dict[str, int]:
        """Return the process id of each running child, by name."""
        return {name: process.pid for name, (_child, process) in self._running.items()}

    def check(self) -> None:
        """Raise a `StageError` when a child has ended by itself."""
        for child, process in self._running.values():
            if process.poll() is not None:
                raise StageError(
                    f"{child.name}: ended with status {process.returncode}; {self.log(child)} says why "
                    f"(its last line: {_last_line(self.log(child))!r})."
                )

    def wait(self) -> None:
        """Return never, but raise when a child ends by itself; Ctrl-C raises `KeyboardInterrupt` here."""
        while True:
            self.check()
            time.sleep(0.5)

    def stop(self) -> None:
        """Stop the children, the first one last because the others lean on it; kill what does not stop in time."""
        with _undisturbed():
            started = [*self._running.values()]
            for child, process in started[1:] + started[:1]:
                _stop(child, process)
            self._running.clear()
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None


def _end_with_parent(number: signal.Signals) -> Callable[[], None]:
    """Return what a child does first of all: ask the kernel for a signal should the supervisor be killed."""
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork, where taking a lock could block for ever
    set_parent_death_signal = 1
    return lambda: prctl(set_parent_death_signal, int(number))


def _stop(child: Child, process: subprocess.Popen[bytes]) -> None:
    """Ask a child to stop, and kill its whole group when the deadline is over or once it has gone."""
    with suppress(ProcessLookupError):
        process.send_signal(child.stop_signal)
    with suppress(subprocess.TimeoutExpired):
        process.wait(child.stop_deadline)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class _undisturbed:  # noqa: N801 (reads as a statement)
    """Hold off Ctrl-C and SIGTERM while children are stopped; their deadlines bound the time."""

    def __enter__(self) -> None:
        self._before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in self._before:
            with suppress(ValueError):  # not in the main thread: signals do not come here
                signal.signal(number, signal.SIG_IGN)

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            with suppress(ValueError):
                signal.signal(number, handler)


def _refuse_taken_ports(programs: Sequence[Child], host: str) -> None:
    """Raise a `StageError` that names every port that somebody else listens on."""
    taken = []
    for child in programs:
        if child.port is None:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, child.port))
            except OSError:
                taken.append(
                    f"Port {child.port}, wanted for '{child.name}', is taken by another program; "
                    f"stop that, or set {child.port_setting} to a free port."
                )
    if taken:
        raise StageError(" ".join(taken), taken)


def _lock_home(home: Path) -> int | None:
    """Return a lock on the home for as long as this process lives, so that two systems never share one."""
    home.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        return None
    import fcntl

    lock = os.open(home / "running.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise StageError(f"Consensus is running on {home} already; stop that, or set CONSENSUS_HOME.") from None
    return lock


def _last_line(log: Path) -> str:
    with suppress(OSError):
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
    return ""
