"""To whom a letter in the outbox goes at the moment of sending, and what it says; or why it does not go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from babel.dates import format_date
from sqlmodel import Session, col, select

from consensus import models, store, tokens
from consensus.interface import instant_in
from consensus.mail import Event, Letter, event_title, spoken
from consensus.protocol import Protocol, Words
from consensus.settings import Settings
from consensus.steps.ballots import interim_round, on_ballot
from consensus.steps.inviting import may_be_written_to, personal_link
from consensus.steps.reminders import groups_under_target, is_reminder
from consensus.tokens import token_hash

__all__ = ["Addressed", "Desk", "published_priorities", "to_listed", "to_person"]


@dataclass(frozen=True)
class Desk:
    """What every letter of a partnership needs."""

    protocol: Protocol
    settings: Settings
    secret: bytes

    def language(self, wished: str) -> str:
        """Return the language of a letter to somebody who wishes one, or none."""
        return spoken(wished or self.protocol.partnership.languages[0])

    def unsubscribe(self, addressee: str, address: str) -> str:
        """Return the link by which an address gets no more letters."""
        return f"{self.settings.links_url}/u/{tokens.unsubscribe_token(self.secret, addressee, address)}"


@dataclass(frozen=True)
class Addressed:
    """A letter with the address that it goes to."""

    recipient: str
    letter: Letter


def to_person(session: Session, mail: models.Mail, desk: Desk, now: datetime) -> Addressed | str:
    """Return the letter to somebody in the address book, whose link it makes sure of; or why it does not go."""
    person = session.get_one(models.Person, mail.person_id)
    row = store.load_round(session, mail.round_id)
    token = tokens.invitation_token(desk.secret, row.round_id, person.person_id)
    reason = _why_not(session, mail, person, row, desk.protocol, token_hash(token), now)
    if reason:
        return reason
    language = desk.language(person.language)
    letter = Letter(
        kind=mail.kind,
        survey=row.kind,
        mail_id=mail.mail_id,
        language=language,
        title=desk.protocol.partnership.title.said(language),
        contact=desk.protocol.partnership.contact,
        link=personal_link(desk.settings, token),
        unsubscribe=desk.unsubscribe(person.person_id, person.email),
        closes=instant_in(language, row.closes_at, desk.protocol.zone),
    )
    store.save_participation(session, row, person, token_hash(token))
    return Addressed(person.email, letter)


def _why_not(
    session: Session,
    mail: models.Mail,
    person: models.Person,
    row: models.Round,
    protocol: Protocol,
    link_hash: str,
    now: datetime,
) -> str:
    """Return why a person does not get a mail at this moment, or nothing."""
    if not may_be_written_to(person):
        return "the person wants no letters"
    if row.state != "open" or now >= row.closes_at:
        return "the round is over"
    taken = session.get(models.Participation, link_hash)
    if taken is not None and taken.state in ("sent", "withdrawn"):
        return "the person has answered or withdrawn"
    if is_reminder(mail.kind):
        invitation = store.find_mail(session, row.round_id, person.person_id, "invitation")
        if invitation is None or invitation.sent_at is None or invitation.sent_at >= mail.queued_at:
            return "the invitation has not gone before it"
        under = groups_under_target(session, row, protocol)
        if person.group not in under and (person.group or not under):
            return "the group has reached its target"
    return ""


def to_listed(session: Session, mail: models.Mail, desk: Desk, now: datetime) -> Addressed | str:
    """Return the letter to somebody who asked to hear the outcome or to come to the workshop; or why it does not go."""
    asked = session.get_one(models.Interest, mail.interest_id)
    if not asked.email or not getattr(asked, mail.kind):
        return "the person wants no letters"
    language = desk.language(asked.language)
    plain = Letter(
        kind=mail.kind,
        survey="interim",
        mail_id=mail.mail_id,
        language=language,
        title=desk.protocol.partnership.title.said(language),
        contact=desk.protocol.partnership.contact,
        link="",
        unsubscribe=desk.unsubscribe(asked.interest_id, asked.email),
    )
    made = _WRITTEN[mail.kind](session, plain, desk.protocol, now)
    return made if isinstance(made, str) else Addressed(asked.email, made)


def _workshop(_session: Session, letter: Letter, protocol: Protocol, now: datetime) -> Letter | str:
    workshop, language = protocol.workshop, letter.language
    if workshop.on is None or workshop.on <= now:
        return "the workshop has no date, or is over"
    place = _said(workshop.place, language)
    day = format_date(workshop.on.astimezone(protocol.zone), "d MMMM y", locale=language)
    event = Event(
        uid=f"{protocol.id}-workshop",
        title=event_title(language, letter.title),
        begins_at=workshop.on,
        minutes=workshop.minutes,
        place=place,
    )
    return replace(letter, event=event, when=instant_in(language, workshop.on, protocol.zone), day=day, place=place)


def _outcome(session: Session, letter: Letter, protocol: Protocol, _now: datetime) -> Letter | str:
    priorities = published_priorities(session, protocol)
    if not priorities:
        return "nothing is published"
    first = protocol.partnership.languages[0]
    return replace(letter, priorities=tuple(priorities), spoken_in=first, page=protocol.publication.page)


_WRITTEN: dict[str, Callable[[Session, Letter, Protocol, datetime], Letter | str]] = {
    "workshop": _workshop,
    "outcome": _outcome,
}


def published_priorities(session: Session, protocol: Protocol) -> list[str]:
    """Return the wording of each published priority, the first most favoured; empty while nothing is published."""
    publication = session.exec(
        select(models.Publication)
        .where(models.Publication.partnership == protocol.id)
        .order_by(col(models.Publication.at).desc(), col(models.Publication.inputs))
        .limit(1)
    ).first()
    if publication is None:
        return []
    final = store.load_ranking(session, publication.ranking_id).tables["final"]
    top = final[final["rank"] <= protocol.publication.top].sort_values("rank", kind="stable")
    now = store.load_frame(session, "questions", protocol.id)
    asked = on_ballot(interim_round(session, protocol.id))  # a question whose submissions were withdrawn stands there
    wording = {one.question_id: one.wording for frame in (asked, now) for one in frame.itertuples()}
    return [str(wording[question]) for question in top.index]


def _said(words: Words | str, language: str) -> str:
    return words.said(language) if isinstance(words, Words) else words
