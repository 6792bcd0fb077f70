"""The address book and the outbox: whom letters may go to, and each letter's state, so that none goes twice."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import func, or_, union, update
from sqlmodel import Session, col, select

from consensus import models
from consensus.store.received import Received
from consensus.tokens import new_person_id

__all__ = [
    "claim_mail",
    "count_mail",
    "count_participations",
    "count_people",
    "due_mail",
    "find_mail",
    "list_mail",
    "list_people",
    "people_by_group",
    "queue_mail",
    "save_participation",
    "save_people",
]


def save_people(session: Session, partnership: str, people: Iterable[Mapping[str, str]], at: datetime) -> Received:
    """Add people (email, group, partner, language) to a partnership's address book; the same row changes nothing.

    An address is the same whatever its case. Who unsubscribed or withdrew stays so.
    """
    known = {person.email.casefold(): person for person in list_people(session, partnership) if person.email}
    new = changed = unchanged = 0
    for row in people:
        person = known.get(row["email"].casefold())
        if person is None:
            person = models.Person(person_id=new_person_id(), partnership=partnership, added_at=at, **dict(row))  # type: ignore[arg-type]
            known[person.email.casefold()] = person
            new += 1
        elif all(getattr(person, key) == value for key, value in row.items() if key != "email"):
            unchanged += 1
        else:
            for key in ("group", "partner", "language"):
                setattr(person, key, row[key])
            changed += 1
        session.add(person)
    session.flush()
    return Received(new, changed, unchanged)


def list_people(session: Session, partnership: str) -> list[models.Person]:
    """Return a partnership's address book in the order of its random ids."""
    query = select(models.Person).where(models.Person.partnership == partnership)
    return list(session.exec(query.order_by(col(models.Person.person_id))))


def queue_mail(
    session: Session,
    round_: models.Round,
    ids: Sequence[str],
    kind: str,
    at: datetime,
    *,
    to: Literal["person_id", "interest_id"] = "person_id",
) -> int:
    """Put a letter of a kind into the outbox for each id that has none of that kind yet; return how many.

    The ids are of people in the address book, who get one in a round, or `to` those who asked to hear, who get one in
    all. The table takes no second letter, whoever asks for it.
    """
    query = select(getattr(models.Mail, to)).where(models.Mail.kind == kind)
    if to == "person_id":
        query = query.where(models.Mail.round_id == round_.round_id)
    there = set(session.exec(query))
    wanted = [each for each in dict.fromkeys(ids) if each not in there]
    for each in wanted:
        session.add(
            models.Mail(
                mail_id=f"m{secrets.token_hex(10)}",
                partnership=round_.partnership,
                round_id=round_.round_id,
                kind=kind,
                queued_at=at,
                **{to: each},  # type: ignore[arg-type]
            )
        )
    session.flush()
    return len(wanted)


def due_mail(session: Session, partnership: str, now: datetime, most: int) -> list[str]:
    """Return the ids of queued mails whose turn has come, the longest waiting first; a paused round's mails wait.

    A mail that is tried again waits since then, so that one over which the mail server goes away holds up no other.
    """
    query = (
        select(models.Mail.mail_id)
        .join(models.Round, col(models.Round.round_id) == col(models.Mail.round_id))
        .where(
            models.Mail.partnership == partnership,
            models.Mail.state == "queued",
            or_(col(models.Mail.next_try_at).is_(None), col(models.Mail.next_try_at) <= now),
            models.Round.state != "paused",
        )
        .order_by(func.coalesce(models.Mail.next_try_at, models.Mail.queued_at), col(models.Mail.mail_id))
        .limit(most)
    )
    return list(session.exec(query))


def claim_mail(session: Session, mail_id: str, now: datetime) -> bool:
    """Mark a queued mail as sending; return False when somebody else was first. Of two that try, one succeeds."""
    statement = (
        update(models.Mail)
        .where(col(models.Mail.mail_id) == mail_id, col(models.Mail.state) == "queued")
        .values(state="sending", claimed_at=now, attempts=col(models.Mail.attempts) + 1)
    )
    return bool(session.connection().execute(statement).rowcount == 1)


def find_mail(session: Session, round_id: str, person_id: str, kind: str) -> models.Mail | None:
    """Return the one mail of a kind to a person in a round, if there is one."""
    query = select(models.Mail).where(
        models.Mail.round_id == round_id, models.Mail.person_id == person_id, models.Mail.kind == kind
    )
    return session.exec(query).first()


def list_mail(session: Session, partnership: str, states: Sequence[str]) -> list[models.Mail]:
    """Return a partnership's mails in some states, the longest waiting first."""
    query = select(models.Mail).where(models.Mail.partnership == partnership, col(models.Mail.state).in_(states))
    return list(session.exec(query.order_by(col(models.Mail.queued_at), col(models.Mail.mail_id))))


def count_mail(session: Session, partnership: str) -> dict[tuple[str, str, str], int]:
    """Return how many mails there are by round, kind and state."""
    query = (
        select(models.Mail.round_id, models.Mail.kind, models.Mail.state, func.count())
        .where(models.Mail.partnership == partnership)
        .group_by(models.Mail.round_id, models.Mail.kind, models.Mail.state)
    )
    return {(round_id, kind, state): count for round_id, kind, state, count in session.exec(query)}


def save_participation(session: Session, round_: models.Round, person: models.Person, token_hash: str) -> None:
    """Let a person's own link lead into a round; it is known by the hash of its token, and made once."""
    if session.get(models.Participation, token_hash) is None:
        session.add(
            models.Participation(
                token_hash=token_hash,
                round_id=round_.round_id,
                partnership=round_.partnership,
                person_id=person.person_id,
                partner=person.partner,
                language=person.language,
            )
        )
        session.flush()


def count_participations(session: Session, round_id: str) -> dict[str, int]:
    """Return how many links of a round are in each state, personal and open ones together."""
    query = (
        select(models.Participation.state, func.count())
        .where(models.Participation.round_id == round_id)
        .group_by(models.Participation.state)
    )
    return dict(session.exec(query).all())


def count_people(session: Session, round_: models.Round) -> int:
    """Return how many people have sent something in a round, by whatever way; withdrawn ones are out."""
    response, answer, ballot = models.Response, models.Answer, models.Ballot
    of_round = response.round_id == round_.round_id
    if round_.kind == "gather":
        received = select(answer.response_id).where(answer.partnership == round_.partnership)
    else:
        received = select(ballot.ballot_id).where(ballot.round_id == round_.round_id)
    withdrawn = select(response.response_id).where(of_round, col(response.withdrawn))
    sent = union(received, select(response.response_id).where(of_round)).subquery()
    everybody = select(func.count()).select_from(sent).where(sent.c[0].not_in(withdrawn))
    return int(session.exec(everybody).one())


def people_by_group(session: Session, round_: models.Round) -> dict[str, int]:
    """Return how many people of each group have sent something in a round, by whatever way; withdrawn ones are out."""
    gather = round_.kind == "gather"
    table, key = (models.Answer, models.Answer.response_id) if gather else (models.Ballot, models.Ballot.ballot_id)
    where = table.partnership == round_.partnership if gather else models.Ballot.round_id == round_.round_id
    groups = dict(session.exec(select(key, table.group).where(where).order_by(col(table.version))).all())
    sent = select(models.Response).where(models.Response.round_id == round_.round_id)
    for response in session.exec(sent.order_by(col(models.Response.version))):
        groups[response.response_id] = response.group
        if response.withdrawn:
            del groups[response.response_id]
    counts: dict[str, int] = {}
    for group in groups.values():
        counts[group] = counts.get(group, 0) + 1
    return counts
