"""Handing a letter to a mail server, and knowing for certain whether it took it.

The one moment of doubt is between the last byte of a letter and the server's answer: if the connection breaks there,
the server may have taken the letter. That is told apart from every other failure.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Literal
from urllib.parse import unquote, urlsplit

from consensus.errors import ConsensusError, DataError

__all__ = ["Answer", "MailServerAway", "Postbox"]

Verdict = Literal["sent", "later", "never", "unknown", "dropped", "away"]

TIMEOUT = 30.0
"""Seconds for which an answer of the mail server is awaited."""

_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
_ENHANCED = re.compile(rb"^\d\.\d{1,3}\.\d{1,3}\b")
_READY, _GOING_AWAY = 354, 421


class MailServerAway(ConsensusError):
    """The mail server cannot be reached or does not take mail from us; nothing was handed over."""


@dataclass(frozen=True)
class Answer:
    """What the mail server said to one letter.

    Attributes
    ----------
    verdict
        `sent`: it took it. `later`: not now (4xx). `never`: it refuses this letter or its address (5xx). `away`: it
        went away, or refuses us, before anything of this letter was said. `dropped`: it went away over this letter's
        address or instead of taking the letter. `unknown`: nobody can tell whether it took it.
    why
        The codes alone; what a server writes beside them often repeats the address.
    """

    verdict: Verdict
    why: str = ""


@dataclass(frozen=True)
class _Server:
    scheme: str
    host: str
    port: int
    user: str
    password: str


class Postbox:
    """A connection to the mail server that a URL names; use it in a `with` block.

    `smtps://` speaks TLS from the first byte, `smtp://` demands STARTTLS, and `smtp+plain://` is without encryption,
    for a server on the same machine. User and password stand in the URL, percent-encoded.

    Raises
    ------
    DataError
        The URL cannot be understood; it is not repeated, for it may hold a password.
    MailServerAway
        On entering: the server cannot be reached, offers no encryption, or refuses user and password.
    """

    def __init__(self, url: str) -> None:
        self._server = _parse(url)
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Postbox:
        server = self._server
        try:
            if server.scheme == "smtps":
                context = ssl.create_default_context()
                self._smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=context)
            else:
                self._smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
            self._smtp.ehlo_or_helo_if_needed()
            if server.scheme == "smtp":
                self._smtp.starttls(context=ssl.create_default_context())
            if server.user:
                self._smtp.login(server.user, server.password)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise MailServerAway(_why_away(error)) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye, if anybody listens."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            smtp.quit()
        except (OSError, smtplib.SMTPException):
            smtp.close()

    def hand_over(self, sender: str, recipient: str, letter: bytes) -> Answer:
        """Return what the server says to one letter; `letter` has CRLF line ends and no bare address in its answer."""
        smtp = self._smtp
        if smtp is None:
            return Answer("away", "no connection")
        refused = _begin(smtp, sender) or _announce(smtp, recipient)
        if refused is not None:
            with suppress(OSError, smtplib.SMTPException):  # whoever comes next finds that the line is broken
                smtp.rset()
            return refused
        try:
            smtp.send(_stuffed(letter))
            code, said = smtp.getreply()
        except (OSError, smtplib.SMTPException):
            return Answer("unknown", "the connection broke before the server said whether it took the letter")
        if not (200 <= code < 300 or 400 <= code < 600):
            return Answer("unknown", "the server's answer cannot be understood")
        return _verdict(code, said)


def _begin(smtp: smtplib.SMTP, sender: str) -> Answer | None:
    """Name the sender; return why the server takes nothing from us, if it does not."""
    try:
        code, said = smtp.mail(sender)
    except (OSError, smtplib.SMTPException):
        return Answer("away", "the connection broke")
    return (
        None if code == 250 else Answer("away", f"the server does not take mail of this sender ({_codes(code, said)})")
    )


def _announce(smtp: smtplib.SMTP, recipient: str) -> Answer | None:
    """Name the recipient and begin the letter; return the refusal if there is one."""
    try:
        code, said = smtp.rcpt(recipient)
        if code not in (250, 251):
            return _verdict(code, said)
        code, said = smtp.docmd("DATA")
    except (OSError, smtplib.SMTPException):
        return Answer("dropped", "the connection broke")
    except ValueError:
        return Answer("never", "the address cannot be told to a mail server")
    return None if code == _READY else _verdict(code, said)


def _verdict(code: int, said: bytes) -> Answer:
    if 200 <= code < 300:
        return Answer("sent")
    if code in (_GOING_AWAY, -1):
        return Answer("dropped", _codes(code, said))
    return Answer("later" if 400 <= code < 500 else "never", _codes(code, said))


def _codes(code: int, said: bytes) -> str:
    enhanced = _ENHANCED.match(said or b"")
    return f"{code} {enhanced.group().decode()}" if enhanced else str(code)


def _stuffed(letter: bytes) -> bytes:
    """Return a letter as it goes over the line: a dot at a line's start doubled, a lone dot at the end."""
    body = re.sub(rb"(?m)^\.", b"..", letter)
    return body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _parse(url: str) -> _Server:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise DataError(
            "CONSENSUS_SMTP_URL is not the address of a mail server; write one such as smtps://user:password@host:465."
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return _Server(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], user, password)


def _why_away(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"The mail server refuses user and password ({error.smtp_code}); check CONSENSUS_SMTP_URL."
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "The mail server offers no STARTTLS or no login; check the scheme in CONSENSUS_SMTP_URL."
    if isinstance(error, ssl.SSLError):
        return "The mail server's certificate cannot be trusted; check the host in CONSENSUS_SMTP_URL."
    if isinstance(error, smtplib.SMTPResponseException):
        return f"The mail server does not take mail now ({error.smtp_code}); it is tried again at the next sweep."
    return "The mail server cannot be reached; check CONSENSUS_SMTP_URL. It is tried again at the next sweep."
