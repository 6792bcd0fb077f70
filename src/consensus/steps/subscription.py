"""Whether an address gets letters of a partnership, found by the token that stands in each of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from consensus import models, store, tokens
from consensus.protocol import Protocol
from consensus.steps.interest import listed_interests
from consensus.steps.inviting import may_be_written_to
from consensus.store import Store

__all__ = ["Subscription", "subscription", "unsubscribe"]


@dataclass(frozen=True)
class Subscription:
    """What the page behind an unsubscribe link says; nothing of the person but their language, if it is known."""

    protocol: Protocol
    language: str
    ended: bool


@dataclass(frozen=True)
class _Found:
    """Whom a token belongs to, and wherever their address stands now in the partnership."""

    addressee: models.Person | models.Interest
    people: list[models.Person]
    listed: list[models.Interest]


def subscription(db: Store, secret: bytes, token: str) -> Subscription | None:
    """Return how it stands, or None where the token is nobody's. Nothing is changed."""
    with db.reading() as session:
        found = _find(session, secret, token)
        return _view(session, found) if found else None


def unsubscribe(db: Store, secret: bytes, token: str, *, now: datetime) -> Subscription | None:
    """Let an address get no more letters of a partnership; asking twice changes nothing.

    What is queued for it already is left out when its turn comes. Whichever letter the link stood in, and whether the
    address was signed up anew since, it is taken from both lists: the address book and those who asked to hear.
    """
    with db.writing() as session:
        found = _find(session, secret, token)
        if found is None:
            return None
        for person in found.people:
            person.unsubscribed_at = person.unsubscribed_at or now
            session.add(person)
        for one in found.listed:
            one.email, one.outcome, one.workshop = "", False, False
            session.add(one)
        return _view(session, found)


def _find(session: Session, secret: bytes, token: str) -> _Found | None:
    told = tokens.unsubscribing(secret, token)
    addressee = told and (session.get(models.Person, told[0]) or session.get(models.Interest, told[0]))
    if not told or not addressee:
        return None
    marks = {told[1], tokens.address_mark(secret, addressee.email) if addressee.email else ""} - {""}

    def theirs(email: str) -> bool:
        return bool(email) and tokens.address_mark(secret, email) in marks

    people = [one for one in store.list_people(session, addressee.partnership) if theirs(one.email)]
    return _Found(
        addressee, people, [one for one in listed_interests(session, addressee.partnership) if theirs(one.email)]
    )


def _view(session: Session, found: _Found) -> Subscription:
    protocol = store.load_protocol(session, found.addressee.partnership)
    ended = not any(one.email for one in found.listed) and not any(map(may_be_written_to, found.people))
    return Subscription(protocol, found.addressee.language, ended)
