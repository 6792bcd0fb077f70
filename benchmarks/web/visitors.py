"""People who take part over real connections: each reads a page, fills in its form and sends it, as a browser does.

One program, one thread, as little work for each request as can be, because it shares its two cores with the server.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

__all__ = ["Journey", "Tally", "Visitor", "take_part"]

_FORM = re.compile(rb'<form method="post" action="([^"]+)"')
_SHOWN = re.compile(rb'name="shown" value="([^"]+)"')
_HIDDEN = re.compile(rb'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_PLACES = re.compile(rb'name="(place\.[^"]+)"')
_RADIO = re.compile(rb'type="radio"[^>]*name="a\.group" value="([^"]+)"')
_CODE = re.compile(rb'class="code"[^>]*>([^<]+)<')


@dataclass
class Tally:
    """What a crowd met: seconds of every request and of every sending, receipts, and everything that went wrong."""

    requests: list[float] = field(default_factory=list)
    sendings: list[float] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class Visitor:
    """A connection that is kept open, as a browser keeps it.

    `patience` is for how many seconds somebody asks again, each second, when there is no answer at all.
    """

    def __init__(self, host: str, port: int, tally: Tally, patience: float = 0.0) -> None:
        self.host, self.port, self.tally, self.patience = host, port, tally, patience
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def get(self, path: str) -> bytes:
        """Return a page."""
        _, _, body = await self._ask(f"GET {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n\r\n".encode())
        return body

    async def post(self, path: str, fields: list[tuple[str, str]]) -> str:
        """Send a form and return where the answer leads."""
        body = urlencode(fields).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nOrigin: http://{self.host}:{self.port}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        status, headers, _ = await self._ask(head.encode() + body)
        where = re.search(rb"(?i)\r\nlocation: ([^\r]+)", headers)
        if status != 303 or where is None:
            raise RuntimeError(f"a form was answered with {status}")
        return where[1].decode()

    async def close(self) -> None:
        """Close the connection."""
        if self.writer is not None:
            self.writer.close()
            self.writer = None

    async def _ask(self, request: bytes) -> tuple[int, bytes, bytes]:
        until = time.perf_counter() + self.patience
        while True:
            kept_open = self.writer is not None
            try:
                return await self._ask_once(request)
            except (OSError, asyncio.IncompleteReadError):
                await self.close()
                if kept_open:  # it was closed while somebody was reading, and a browser opens another
                    continue
                if time.perf_counter() > until:
                    raise
                await asyncio.sleep(1)

    async def _ask_once(self, request: bytes) -> tuple[int, bytes, bytes]:
        began = time.perf_counter()
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        assert self.reader is not None
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        body = await self.reader.readexactly(int(length[1])) if length else b""
        self.tally.requests.append(time.perf_counter() - began)
        if status >= 400:
            raise RuntimeError(f"a request was answered with {status}")
        return status, head, body


@dataclass(frozen=True)
class Journey:
    """A way through the survey: where it begins, how many questions are chosen, and how long somebody thinks."""

    door: str
    chosen: int = 10
    think: Callable[[], Awaitable[None]] | None = None


async def take_part(visitor: Visitor, journey: Journey) -> None:
    """Go from an open link to the receipt; what goes wrong is kept in the tally."""
    try:
        visitor.tally.receipts.append(await _journey(visitor, journey))
    except (OSError, RuntimeError, asyncio.IncompleteReadError, LookupError) as error:
        visitor.tally.errors.append(f"{type(error).__name__}: {error}")
    finally:
        await visitor.close()


async def _journey(visitor: Visitor, journey: Journey) -> str:
    page, path = await visitor.get(journey.door), journey.door
    chosen: list[str] = []
    while True:
        if journey.think is not None:
            await journey.think()
        fields = [(name.decode(), value.decode()) for name, value in _HIDDEN.findall(page)]
        if b'name="a.consent"' in page:
            fields.append(("a.consent", "yes"))
        elif groups := _RADIO.findall(page):
            fields += [("a.group", groups[len(visitor.tally.requests) % len(groups)].decode()), ("go", "next")]
        elif shown := [each.decode() for each in _SHOWN.findall(page)]:
            chosen += shown[: max(0, journey.chosen // 2 + 1 if not chosen else journey.chosen - len(chosen))]
            fields += [("a.choices", each) for each in chosen if each in shown]
            fields.append(("go", "order" if len(chosen) >= journey.chosen else "page:2"))
        elif places := _PLACES.findall(page):
            fields += [(name.decode(), str(n)) for n, name in enumerate(places, start=1)] + [("go", "next")]
        where = _FORM.search(page)
        if where is None:
            raise LookupError(f"there is no form on a page of {len(page)} bytes")
        began = time.perf_counter()
        to = await visitor.post(where[1].decode(), fields)
        if path.endswith("/check"):
            visitor.tally.sendings.append(time.perf_counter() - began)
        page, path = await visitor.get(to), to
        if path.endswith("/receipt"):
            code = _CODE.search(page)
            if code is None:
                raise LookupError("there is no code on the receipt")
            return code[1].decode().strip()
