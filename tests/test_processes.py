"""What a person notices of a running system's processes: they come up, say what is wrong, and none stays behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from consensus.errors import StageError
from consensus.processes import Child, Supervisor, environment
from consensus.settings import Settings

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
PARENT = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', {inner!r}]); "
READY = "open({path!r}, 'w').close(); import time; time.sleep(300)"


def child(home: Path, name: str, before: str = "", **options: object) -> Child:
    """Return a program that is ready once it has written a file named for it."""
    mark = home / f"{name}.ready"
    code = before + READY.format(path=str(mark))
    return Child(name, (sys.executable, "-c", code), lambda _since: mark.exists(), **options)  # type: ignore[arg-type]


def settings(home: Path) -> Settings:
    """Return the settings of a home of its own."""
    return Settings.from_environment({"CONSENSUS_HOME": str(home)})


def alive(pid: int) -> bool:
    """Return whether a process still runs."""
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0]
    return False


def until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Return whether a condition became true in time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def test_every_program_is_ready_when_the_system_is_and_none_is_left_when_it_stops(tmp_path: Path) -> None:
    programs = (child(tmp_path, "server"), child(tmp_path, "web"))

    with Supervisor(settings(tmp_path), programs) as system:
        pids = system.pids()
        running = [alive(pid) for pid in pids.values()]

    assert list(pids) == ["server", "web"]
    assert running == [True, True]
    assert not any(alive(pid) for pid in pids.values())


def test_the_first_program_stops_last_because_the_others_lean_on_it(tmp_path: Path) -> None:
    log = tmp_path / "stopped"
    tell = (
        f"import os, signal; signal.signal(signal.SIGTERM, lambda *_: (open({str(log)!r}, 'a').write({{name!r}}), "
        "os._exit(0)))\n"
    )
    programs = tuple(child(tmp_path, name, tell.format(name=f"{name} ")) for name in ("server", "flows", "web"))

    with Supervisor(settings(tmp_path), programs):
        pass

    assert log.read_text().split() == ["flows", "web", "server"]


def test_a_program_that_does_not_stop_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    inner = f"import os, time; open({str(tmp_path / 'inner')!r}, 'w').write(str(os.getpid())); time.sleep(300)"
    programs = (child(tmp_path, "server", STUBBORN + PARENT.format(inner=inner), stop_deadline=0.5),)

    began = time.monotonic()
    with Supervisor(settings(tmp_path), programs) as system:
        pid = system.pids()["server"]
        assert until(lambda: (tmp_path / "inner").exists() and (tmp_path / "inner").read_text() != "")

    assert time.monotonic() - began < 10
    assert not alive(pid)
    assert until(lambda: not alive(int((tmp_path / "inner").read_text())))


def test_a_taken_port_gets_a_sentence_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        programs = (child(tmp_path, "web", port=port, port_setting="CONSENSUS_WEB_PORT"),)

        with pytest.raises(StageError, match=f"Port {port}.* is taken.*set CONSENSUS_WEB_PORT"):
            Supervisor(settings(tmp_path), programs).__enter__()

    assert not (tmp_path / "web.ready").exists()


def test_two_systems_never_share_a_home(tmp_path: Path) -> None:
    with (
        Supervisor(settings(tmp_path), (child(tmp_path, "server"),)),
        pytest.raises(StageError, match=r"is running on .* already"),
    ):
        Supervisor(settings(tmp_path), (child(tmp_path, "another"),)).__enter__()


def test_a_program_that_fails_to_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    failing = Child("web", (sys.executable, "-c", "raise SystemExit('the disk is full')"), lambda _since: False)

    with pytest.raises(StageError, match=r"web: ended with status 1.*the disk is full"):
        Supervisor(settings(tmp_path), (child(tmp_path, "server"), failing)).__enter__()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells a child of its parent's death on Linux alone")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_program_outlives_the_supervisor_however_it_ends(number: signal.Signals, tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from tests.test_processes import child, settings\n"
        "from consensus.processes import Supervisor, install_signals\n"
        f"home = pathlib.Path({str(tmp_path)!r})\n"
        "install_signals()\n"
        "try:\n"
        "    with Supervisor(settings(home), (child(home, 'server'), child(home, 'web'))) as system:\n"
        "        print(*system.pids().values(), flush=True)\n"
        "        system.wait()\n"
        "except KeyboardInterrupt:\n"
        "    pass\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        pids = [int(pid) for pid in supervisor.stdout.readline().split()]

        supervisor.send_signal(number)
        supervisor.wait(30)

        assert len(pids) == 2
        assert until(lambda: not any(alive(pid) for pid in pids))


def test_children_are_told_where_everything_is_and_to_keep_it_to_themselves(tmp_path: Path) -> None:
    told = environment(settings(tmp_path), {"CONSENSUS_HOME": "elsewhere", "PATH": "/bin"})

    assert told["CONSENSUS_HOME"] == str(tmp_path)
    assert told["PREFECT_API_URL"] == "http://127.0.0.1:4200/api"
    assert told["PREFECT_HOME"] == str(tmp_path / "prefect")
    assert told["PATH"] == "/bin"
    assert (told["DO_NOT_TRACK"], told["PREFECT_SERVER_ANALYTICS_ENABLED"]) == ("1", "false")
