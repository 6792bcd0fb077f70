"""Those who want to hear the outcome or to come to the workshop: their list, and the letters to it.

Nothing joins them to an answer: beside an address stands what its owner asked for, and no link, group or time.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from sqlmodel import Session, col, select

from consensus import models, store
from consensus.errors import StageError
from consensus.protocol import Protocol
from consensus.steps.addressing import published_priorities
from consensus.steps.ballots import interim_round
from consensus.steps.outcome import Outcome, shown
from consensus.store import Store

__all__ = ["ListLetter", "express_interest", "listed_interests", "write_to_list"]

ListLetter = Literal["workshop", "outcome"]


def express_interest(
    db: Store, partnership: str, email: str, *, outcome: bool, workshop: bool, language: str = ""
) -> None:
    """Keep an address for the outcome or the workshop; the same address again adds what is asked for now."""
    with db.writing() as session:
        known = [one for one in listed_interests(session, partnership) if one.email.casefold() == email.casefold()]
        row = (
            known or [models.Interest(interest_id=f"i{secrets.token_hex(10)}", partnership=partnership, email=email)]
        )[0]
        row.outcome, row.workshop = row.outcome or outcome, row.workshop or workshop
        row.language = language or row.language
        session.add(row)


def write_to_list(db: Store, partnership: str, kind: ListLetter, *, by: str, now: datetime) -> Outcome:
    """Queue the letter of a kind to everybody who asked for it and has none; asking twice changes nothing.

    Raises
    ------
    StageError
        The workshop has no date or is over; or nothing is published whose outcome could be told.
    """
    with db.writing() as session:
        protocol = store.load_protocol(session, partnership)
        reason = _NOT_YET[kind](session, protocol, now)
        if reason:
            raise StageError(reason)
        row = interim_round(session, partnership)
        asked = [one.interest_id for one in listed_interests(session, partnership) if getattr(one, kind)]
        queued = store.queue_mail(session, row, asked, kind, now, to="interest_id")
        if queued:
            value = {"act": f"{kind}-letters", "letters": queued}
            store.append_decision(session, partnership, "round", row.round_id, value, by=by, at=now)
    return Outcome(
        stage="send-mail",
        done=f"{shown(queued, protocol)} letters of the kind '{kind}' were queued, to those who asked for them.",
        next="They go out with the next sweep, or at once: `consensus mail send`.",
        counts={"queued": queued},
        ids={"partnership": partnership},
    )


def listed_interests(session: Session, partnership: str) -> list[models.Interest]:
    """Return the list in the order of its random ids, without those who were forgotten."""
    query = select(models.Interest).where(models.Interest.partnership == partnership, models.Interest.email != "")
    return list(session.exec(query.order_by(col(models.Interest.interest_id))))


def _no_workshop(_session: Session, protocol: Protocol, now: datetime) -> str:
    if protocol.workshop.on is None:
        return "The workshop has no date; write workshop.on in protocol.toml and `consensus init FOLDER --why '...'`."
    return "" if protocol.workshop.on > now else "The workshop is over; nobody can be invited to it any more."


def _no_outcome(session: Session, protocol: Protocol, _now: datetime) -> str:
    if published_priorities(session, protocol):
        return ""
    return f"Nothing is published yet; publish first: `consensus publish --partnership {protocol.id}`."


_NOT_YET: dict[str, Callable[[Session, Protocol, datetime], str]] = {"workshop": _no_workshop, "outcome": _no_outcome}
