"""Who holds a connection without end keeps nobody else waiting: on the real web app, over real sockets."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import ClassVar

import pytest
import uvicorn

from consensus import steps
from consensus.processes.children import web_child
from consensus.settings import Settings
from consensus.store import Store
from consensus.web.app import create_app
from consensus.web.patience import Patient
from tests.visiting import EXAMPLE, OPENED

DOOR = "/s/lanternfield/gather"
FORM = (
    f"POST {DOOR} HTTP/1.1\r\nHost: here\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n"
)


class Hurried(Patient):
    """As patient as the web app, but for a test."""

    seconds: ClassVar = {name: each / 40 for name, each in Patient.seconds.items()}


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    settings = Settings.from_environment({"CONSENSUS_HOME": str(home)})
    db = Store.open(settings.database_url)
    steps.register(db, EXAMPLE, by="tester", now=OPENED)
    steps.open_round(db, "lanternfield", "gather", by="tester", closes_at=OPENED.replace(year=2099), now=OPENED)
    db.close()
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(settings), http=Hurried, ws="none", log_level="error"))
    running = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
    running.start()
    while not server.started:
        time.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    running.join(30)
    listener.close()


def opened(port: int, *said: str) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=10)
    for each in said:
        line.sendall(each.encode())
    return line


def heard(line: socket.socket) -> bytes:
    """Return everything that comes until the connection is closed, or nothing where it is cut."""
    parts = []
    with line:
        while part := line.recv(65536):
            parts.append(part)
    return b"".join(parts)


def test_the_web_app_is_started_with_these_bounds():
    assert "consensus.web.patience:Patient" in web_child(Settings.from_environment({})).command


def test_a_connection_on_which_nothing_is_asked_is_closed(port):
    began = time.monotonic()

    assert heard(opened(port)) == b""
    assert time.monotonic() - began > 0.3


def test_a_head_that_drips_is_refused_although_something_always_comes(port):
    line = opened(port, f"GET {DOOR} HTTP/1.1\r\nHost: here\r\n")
    dripping = threading.Thread(target=lambda: [_drip(line) for _ in range(100)], daemon=True)
    dripping.start()

    assert heard(line).startswith(b"HTTP/1.1 408 ")


def _ask_on(line: socket.socket, asked: bytes) -> None:
    while True:
        line.sendall(asked)


def _drip(line: socket.socket) -> None:
    try:
        line.sendall(b"X-A: b\r\n")
        time.sleep(0.05)
    except OSError:
        pass


def test_a_form_that_never_ends_is_refused(port):
    assert heard(opened(port, FORM + "\r\n", "a.consent=")).startswith(b"HTTP/1.1 408 ")


def test_a_head_without_end_is_refused_before_it_is_kept(port):
    line = opened(port, f"GET {DOOR} HTTP/1.1\r\nX-A: ")
    for _ in range(3):
        line.sendall(b"b" * 16_000)
        time.sleep(0.05)

    assert heard(line).startswith(b"HTTP/1.1 431 ")


def test_a_form_larger_than_any_of_ours_is_refused_while_it_is_still_coming(port):
    line = opened(port, FORM.replace("500", "900000000") + "\r\n")
    sent = 0
    line.settimeout(0.2)
    try:
        while sent < 50_000_000:
            sent += line.send(b"a" * 65536)
    except OSError:
        pass
    line.settimeout(10)

    assert line.recv(15).startswith(b"HTTP/1.1 413 ")
    line.close()


def test_a_slow_person_within_the_bounds_is_answered_and_may_ask_again(port):
    line = opened(port)
    for _ in range(2):
        for part in (f"GET {DOOR} HTT", "P/1.1\r\nHo", "st: here\r\n", "\r\n"):
            line.sendall(part.encode())
            time.sleep(0.05)
        head = line.recv(65536)
        assert head.startswith(b"HTTP/1.1 200 ")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = head.partition(b"\r\n\r\n")[2]
        while len(body) < length:
            body += line.recv(65536)
    line.close()


def test_three_hundred_held_connections_keep_nobody_waiting(port):
    held = [opened(port, f"GET {DOOR} HTTP/1.1\r\nHost: h") for _ in range(300)]

    answer = heard(opened(port, f"GET {DOOR} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"))

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert all(heard(line).startswith(b"HTTP/1.1 408 ") for line in held)


def test_who_takes_nothing_of_many_answers_is_given_up(port):
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", port))
    line.settimeout(10)
    asked = f"GET {DOOR} HTTP/1.1\r\nHost: here\r\n\r\n".encode() * 800

    with line, pytest.raises(OSError, match=r"reset|[Bb]roken pipe"):
        _ask_on(line, asked)
