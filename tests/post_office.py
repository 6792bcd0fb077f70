"""A real SMTP server for tests: what it took, and how it is told to fail."""

from __future__ import annotations

import socket
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

__all__ = ["PostOffice"]


class PostOffice:
    """An SMTP server on a free port of this machine; `letters` are those that it took, in their order.

    `says` is asked before each recipient and each letter, with the step ("RCPT" or "DATA") and the address, and may
    return what the server answers in place of taking it.
    """

    def __init__(self, says: Callable[[str, str], str | None] | None = None, port: int = 0) -> None:
        self.says = says or (lambda step, address: None)
        self.letters: list[tuple[str, EmailMessage]] = []
        self.port = port or _free_port()
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        """Return the address to set as CONSENSUS_SMTP_URL."""
        return f"smtp+plain://127.0.0.1:{self.port}"

    @property
    def addresses(self) -> list[str]:
        """Return to whom letters went, in their order."""
        return [address for address, _letter in self.letters]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or say what stands in the way."""
        refused = self.says("RCPT", address)
        if refused:
            return refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a letter, or say what stands in the way; `hang up` takes it and closes the line without a word."""
        (address,) = envelope.rcpt_tos
        said = self.says("DATA", address)
        if said in (None, "hang up"):
            content: Any = envelope.original_content
            self.letters.append((address, message_from_bytes(content, policy=default)))  # type: ignore[arg-type]
        if said == "hang up":
            server.transport.abort()
        return said or "250 OK"

    def start(self) -> PostOffice:
        """Open."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()
        return self

    def stop(self) -> None:
        """Close; what was taken stays."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def __enter__(self) -> PostOffice:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
