"""The desk's pages have no accounts: they answer to this machine alone, asked for by a name of this machine."""

from __future__ import annotations

from ipaddress import ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from consensus.web.pages import wrong

__all__ = ["DESK", "LoopbackOnly", "is_loopback"]

DESK = "/desk"
PASSED_ON = (b"forwarded", b"x-forwarded-for", b"x-real-ip")


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine: `localhost` or a loopback address.

    Examples
    --------
    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "192.0.2.7", "desk.example.org", "")]
    [True, True, True, False, False, False]
    """
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


class LoopbackOnly:
    """Refuses whoever asks for the desk from another machine, through a proxy, or by another machine's name.

    The last keeps out pages of other sites that let their own name lead to this machine.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        path = scope.get("path", "")
        at_desk = path == DESK or path.startswith(f"{DESK}/")
        if scope["type"] == "http" and at_desk and not _from_here(scope):
            await wrong("away", 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _from_here(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    if any(name in headers for name in PASSED_ON):
        return False
    client = (scope.get("client") or ("", 0))[0]
    host = headers.get(b"host", b"").decode("latin-1")
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return is_loopback(client) and is_loopback(name)
