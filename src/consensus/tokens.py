"""Tokens in links: made from a secret that never leaves the home folder, or by chance; stores keep only their SHA-256.

A personal invitation's token follows from the secret, the round and the person, so that a reminder can repeat the link
although the link itself is kept nowhere. Tokens are lower-case letters and digits: they survive being read aloud, typed
from paper and wrapped by a mail program.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from consensus.errors import DataError

__all__ = [
    "address_mark",
    "beginning_token",
    "invitation_token",
    "load_secret",
    "new_person_id",
    "next_token",
    "open_token",
    "role_token",
    "same_token",
    "token_hash",
    "unsubscribe_token",
    "unsubscribing",
]

SECRET_FILE = "secret.key"
_BYTES = 20  # 160 bits: 32 characters without padding


def load_secret(home: Path) -> bytes:
    """Return the installation's secret, 32 bytes; the first use makes it, readable by its owner alone (mode 0600).

    Two processes that come first at once end up with the same secret. Whoever loses the file loses the links that were
    mailed, and nothing else.

    Raises
    ------
    DataError
        The file can be read by others, or holds no secret.
    """
    path = home / SECRET_FILE
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        fresh = home / f".{SECRET_FILE}.{secrets.token_hex(8)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)  # whole or not at all; the first one wins
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise DataError(f"Others can read {SECRET_FILE} in the home folder; run `chmod 600` on it.")
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise DataError(f"{SECRET_FILE} in the home folder is damaged; put it back from the backup.")
    return secret


def invitation_token(secret: bytes, round_id: str, person_id: str) -> str:
    """Return the token of one person's own link into one round; the same three always give the same token.

    Examples
    --------
    >>> token = invitation_token(bytes(32), "lanternfield-gather-1", "p1")
    >>> token == invitation_token(bytes(32), "lanternfield-gather-1", "p1"), len(token)
    (True, 32)
    """
    return _signed(secret, "invitation", round_id, person_id)


def open_token() -> str:
    """Return a random token, for somebody who comes by an open link."""
    return _written(secrets.token_bytes(_BYTES))


def beginning_token(once: str) -> str:
    """Return the token of the link that one showing of a first page leads to, however often its button is pressed.

    Whoever was shown the page holds `once` and can work out the token; nobody finds `once` from the token.

    Examples
    --------
    >>> beginning_token("abc") == beginning_token("abc"), len(beginning_token("abc"))
    (True, 32)
    """
    return _signed(once.encode(), "beginning")


def next_token(token: str) -> str:
    """Return the token that leads from somebody's link in one round to theirs in the round that follows.

    Whoever holds the first can work out the second, and nobody the first from the second.

    Examples
    --------
    >>> next_token("abc") == next_token("abc"), len(next_token("abc"))
    (True, 32)
    """
    return _signed(token.encode(), "the round that follows")


def role_token(secret: bytes, partnership: str) -> str:
    """Return the token with which the role that a protocol names sees what may tell of a risk."""
    return f"{partnership}.{_signed(secret, 'risk', partnership)}"


def unsubscribe_token(secret: bytes, addressee: str, address: str = "") -> str:
    """Return the token with which whoever a letter went to wants no more: a random id, a mark of the address, signed.

    The mark finds the address again when it was forgotten under that id and signed up anew under another; nobody finds
    the address from the mark without the secret. Tokens without one stand in letters of before.
    """
    told = (addressee, address_mark(secret, address)) if address else (addressee,)
    return ".".join([*told, _signed(secret, "unsubscribe", *told)])


def address_mark(secret: bytes, address: str) -> str:
    """Return what an address is known by in a token; it is the same whatever the address's case."""
    return _signed(secret, "address", address.casefold())[:16]


def unsubscribing(secret: bytes, token: str) -> tuple[str, str] | None:
    """Return the id and the mark of the address in a token (empty in an old one), or None where it is not ours.

    Examples
    --------
    >>> mine, old = unsubscribe_token(bytes(32), "p1", "a@example.org"), unsubscribe_token(bytes(32), "p1")
    >>> unsubscribing(bytes(32), mine) == ("p1", address_mark(bytes(32), "A@example.org"))
    True
    >>> unsubscribing(bytes(32), old), unsubscribing(bytes(32), "p1.abc")
    (('p1', ''), None)
    """
    *told, _signature = token.split(".")
    if len(told) not in (1, 2) or not same_token(token, ".".join([*told, _signed(secret, "unsubscribe", *told)])):
        return None
    return told[0], (told[1] if len(told) == 2 else "")


def token_hash(token: str) -> str:
    """Return the SHA-256 under which a token is known in the store, 64 hexadecimal digits.

    Examples
    --------
    >>> token_hash("abc")[:16]
    'ba7816bf8f01cfea'
    """
    return hashlib.sha256(token.encode()).hexdigest()


def same_token(one: str, other: str) -> bool:
    """Tell whether two tokens are the same, in a time that says nothing of where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def new_person_id() -> str:
    """Return a fresh random id of a person, which says nothing of an address or of who came before."""
    return f"p{secrets.token_hex(10)}"


def _signed(secret: bytes, *parts: str) -> str:
    message = "\x1f".join(parts).encode()
    return _written(hmac.digest(secret, message, "sha256")[:_BYTES])


def _written(raw: bytes) -> str:
    return base64.b32encode(raw).decode().lower()
