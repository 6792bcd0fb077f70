"""The headers that protect whoever reads: on every answer, and those of a page."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["OF_PAGES", "PROTECTING", "encoded"]

PROTECTING = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

OF_PAGES = {
    **PROTECTING,
    "Content-Security-Policy": f"{PROTECTING['Content-Security-Policy']}; script-src 'self'; connect-src 'self'",
    "Referrer-Policy": "same-origin",  # with `no-referrer` a browser would send `Origin: null` with our own forms
    "X-Robots-Tag": "noindex",
    "Content-Type": "text/html; charset=utf-8",
}


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return headers as they are sent.

    Examples
    --------
    >>> encoded({"Cache-Control": "no-store"})
    [(b'cache-control', b'no-store')]
    """
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
