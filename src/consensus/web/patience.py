"""Connections of people who may be slow, but not without end: a bad line is waited for, a held socket is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

__all__ = ["Patient"]


class Patient(HttpToolsProtocol):
    """Reads requests as uvicorn does, each within bounds of time and size, and gives up who takes nothing of an answer.

    Attributes
    ----------
    seconds
        For the head of a request from its first byte, or from the connection; for all of it from the end of its head;
        for taking an answer once more of it waits than the machine buffers.
    most_head
        Bytes of a request's line and headers.
    """

    seconds: ClassVar[dict[str, float]] = {"head": 20.0, "body": 60.0, "answer": 60.0}
    most_head: ClassVar[int] = 32 * 1024

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._deadlines: dict[str, asyncio.TimerHandle] = {}
        self._head: int | None = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait("head", self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        for each in [*self._deadlines]:
            self._had(each)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came, unless the head of a request has no end."""
        super().data_received(data)
        if self._head is None or self.transport.is_closing():
            return
        self._head += len(data)
        if self._head > self.most_head:
            self._refuse(431)

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a request's head."""
        super().on_message_begin()
        self._head = 0
        self._wait("head", self._too_slow)

    def on_headers_complete(self) -> None:
        """Begin to wait for the rest of a request."""
        self._head = None
        self._had("head")
        self._wait("body", self._too_slow)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Have a whole request."""
        self._had("body")
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Begin to wait until an answer is taken."""
        super().pause_writing()
        self._wait("answer", self._give_up)

    def resume_writing(self) -> None:
        """Have an answer taken, but for what the machine buffers."""
        self._had("answer")
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which nothing more was asked, whether or not the last answer is taken in the end."""
        super().timeout_keep_alive_handler()
        if self.transport.get_write_buffer_size():
            self._wait("answer", self._give_up)

    def _wait(self, what: str, late: Callable[[], None]) -> None:
        self._had(what)
        self._deadlines[what] = self.loop.call_later(self.seconds[what], late)

    def _had(self, what: str) -> None:
        if deadline := self._deadlines.pop(what, None):
            deadline.cancel()

    def _too_slow(self) -> None:
        """Say that it took too long, where somebody had begun to ask and no answer has begun."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._give_up() if self.cycle.response_started else self._refuse(408)
        elif self._head:
            self._refuse(408)
        else:
            self.transport.close()

    def _refuse(self, status: int) -> None:
        self.transport.write(STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.close()

    def _give_up(self) -> None:
        self.transport.abort()
