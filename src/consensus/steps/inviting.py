"""Inviting: the address book, whose invitations are queued when a round opens, and the links of a round."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import pandas as pd
from sqlmodel import Session

from consensus import models, store
from consensus.errors import StageError
from consensus.importers import read_address_book
from consensus.settings import Settings
from consensus.steps.outcome import Outcome, shown
from consensus.store import Store

__all__ = [
    "import_people",
    "invite_round",
    "may_be_written_to",
    "open_link",
    "personal_link",
    "queue_invitations",
    "round_links",
]

STAGE = "invite"


def personal_link(settings: Settings, token: str) -> str:
    """Return the address of a person's own page in a round."""
    return f"{settings.links_url}/t/{token}"


def open_link(settings: Settings, round_: models.Round, partner: str = "") -> str:
    """Return the address by which anybody may take part in a round; with `partner`, that organisation's own."""
    return f"{settings.links_url}/s/{round_.partnership}/{round_.kind}" + (f"/{partner}" if partner else "")


def import_people(db: Store, partnership: str, path: Path | str, *, by: str, now: datetime) -> Outcome:
    """Take a file of people into the partnership's address book; importing it twice changes nothing.

    The file itself is not kept, and nothing that it says of a person is repeated.

    Raises
    ------
    DataError
        Every fault of the file at once, by row and column; then nothing of it is taken.
    """
    with db.writing() as session:
        protocol = store.load_protocol(session, partnership)
        people = read_address_book(path, protocol)
        received = store.save_people(session, partnership, [asdict(person) for person in people], now)
        value = {"act": "address-book", "people": len(people), "new": received.new, "changed": received.changed}
        if received.new or received.changed:
            store.append_decision(session, partnership, "round", partnership, value, by=by, at=now)
    return Outcome(
        stage=STAGE,
        done=f"The address book has {shown(received.new, protocol)} new people, {shown(received.changed, protocol)} "
        f"changed, {shown(received.unchanged, protocol)} there already.",
        next="Opening a round queues their invitations; for a round that is open: "
        f"`consensus invite send ROUND --partnership {partnership}`.",
        counts={"people": len(people), "new": received.new, "changed": received.changed},
        ids={"partnership": partnership},
    )


def may_be_written_to(person: models.Person) -> bool:
    """Tell whether somebody may get letters: neither forgotten, nor unsubscribed, nor withdrawn."""
    return bool(person.email) and person.unsubscribed_at is None and person.withdrew_at is None


def queue_invitations(session: Session, row: models.Round, now: datetime) -> int:
    """Queue the invitation of everybody in the address book who has none in this round; return how many were new."""
    people = [person.person_id for person in store.list_people(session, row.partnership) if may_be_written_to(person)]
    return store.queue_mail(session, row, people, "invitation", now)


def invite_round(db: Store, round_id: str, *, now: datetime) -> Outcome:
    """Queue the invitations of people who came into the address book after the round opened; twice changes nothing.

    Raises
    ------
    StageError
        The round is not open.
    """
    with db.writing() as session:
        row = store.load_round(session, round_id)
        protocol = store.load_protocol(session, row.partnership)
        if row.state not in ("open", "paused"):
            raise StageError(
                f"The round '{round_id}' is {row.state}; people are invited into an open one. "
                "Opening it queues the invitations by itself."
            )
        queued = queue_invitations(session, row, now)
    return Outcome(
        stage=STAGE,
        done=f"{shown(queued, protocol)} invitations of the round '{round_id}' were queued.",
        next="They go out with the next sweep, or at once: `consensus mail send`.",
        counts={"queued": queued},
        ids={"partnership": row.partnership, "round": round_id},
    )


def round_links(db: Store, settings: Settings, round_id: str) -> pd.DataFrame:
    """Return the open links of a round, one a partner organisation and one for everybody else: partner, name, link."""
    with db.reading() as session:
        row = store.load_round(session, round_id)
        protocol = store.load_protocol(session, row.partnership)
    rows = [(partner.id, partner.name, open_link(settings, row, partner.id)) for partner in protocol.partners]
    return pd.DataFrame([*rows, ("", "everybody", open_link(settings, row))], columns=["partner", "name", "link"])
