"""Whether somebody gets letters of a partnership, found by the token that stands in each of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from consensus import models, store, tokens
from consensus.protocol import Protocol
from consensus.steps.interest import forget_address
from consensus.store import Store

__all__ = ["Subscription", "subscription", "unsubscribe"]


@dataclass(frozen=True)
class Subscription:
    """What the page behind an unsubscribe link says; nothing of the person but their language."""

    protocol: Protocol
    language: str
    ended: bool


def subscription(db: Store, secret: bytes, token: str) -> Subscription | None:
    """Return how it stands, or None where the token is nobody's. Nothing is changed."""
    with db.reading() as session:
        found = _find(session, secret, token)
        return _view(session, found) if found else None


def unsubscribe(db: Store, secret: bytes, token: str, *, now: datetime) -> Subscription | None:
    """Let somebody get no more letters of a partnership; asking twice changes nothing.

    What is queued for them already is left out when its turn comes. Whichever letter the link stood in, the address
    is taken from both lists, the address book and those who asked to hear; who asks to hear anew is on that list again.
    """
    with db.writing() as session:
        found = _find(session, secret, token)
        if found is None:
            return None
        if found.email:
            people = store.list_people(session, found.partnership)
            for person in people:
                if person.email.casefold() == found.email.casefold() and person.unsubscribed_at is None:
                    person.unsubscribed_at = now
                    session.add(person)
            forget_address(session, found.partnership, found.email)
        return _view(session, found)


def _find(session: Session, secret: bytes, token: str) -> models.Person | models.Interest | None:
    addressee = tokens.unsubscribing_person(secret, token)
    if not addressee:
        return None
    return session.get(models.Person, addressee) or session.get(models.Interest, addressee)


def _view(session: Session, found: models.Person | models.Interest) -> Subscription:
    protocol = store.load_protocol(session, found.partnership)
    language = found.language or protocol.partnership.languages[0]
    ended = found.unsubscribed_at is not None if isinstance(found, models.Person) else not found.email
    return Subscription(protocol, language, ended)
