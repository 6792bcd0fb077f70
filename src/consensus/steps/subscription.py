"""Whether somebody gets letters of a partnership, found by the token that stands in each of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from consensus import models, store, tokens
from consensus.protocol import Protocol
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
        person = _find(session, secret, token)
        return _view(session, person) if person else None


def unsubscribe(db: Store, secret: bytes, token: str, *, now: datetime) -> Subscription | None:
    """Let somebody get no more letters of a partnership; asking twice changes nothing.

    What is queued for them already is left out when its turn comes.
    """
    with db.writing() as session:
        person = _find(session, secret, token)
        if person is None:
            return None
        if person.unsubscribed_at is None:
            person.unsubscribed_at = now
            session.add(person)
        return _view(session, person)


def _find(session: Session, secret: bytes, token: str) -> models.Person | None:
    person_id = tokens.unsubscribing_person(secret, token)
    return session.get(models.Person, person_id) if person_id else None


def _view(session: Session, person: models.Person) -> Subscription:
    protocol = store.load_protocol(session, person.partnership)
    language = person.language or protocol.partnership.languages[0]
    return Subscription(protocol, language, person.unsubscribed_at is not None)
