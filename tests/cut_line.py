"""A line to a PostgreSQL server that a test cuts: where a commit is on its way, or its answer."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Literal

from sqlalchemy.engine import make_url

__all__ = ["Line"]

Cut = Literal["", "before the commit", "before its answer"]


class Line:
    """Passes on what a client and a server say, at an address of its own, until it is cut.

    `cut` says where the next commit breaks the line; only that connection goes. `dead` lets nobody through any more.
    """

    def __init__(self, address: str) -> None:
        self._server = make_url(address)
        self.cut: Cut = ""
        self.dead = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()
        self.address = self._server.set(port=self._listener.getsockname()[1]).render_as_string(hide_password=False)

    def close(self) -> None:
        self._listener.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.dead:
                    client.close()
                    continue
                server = socket.create_connection((self._server.host, self._server.port))
                for act in (self._to_server, self._to_client):
                    threading.Thread(target=self._until_gone, args=(act, client, server), daemon=True).start()

    def _until_gone(self, act, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while act(client, server):
                pass
        for each in (client, server):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _to_server(self, client: socket.socket, server: socket.socket) -> bool:
        return self._passed_on(client, server, cut="before the commit")

    def _to_client(self, client: socket.socket, server: socket.socket) -> bool:
        return self._passed_on(server, client, cut="before its answer")

    def _passed_on(self, one: socket.socket, other: socket.socket, *, cut: str) -> bool:
        said = one.recv(65536)
        if self.cut == cut and b"COMMIT" in said:
            self.cut = ""
            return False
        other.sendall(said)
        return bool(said)
