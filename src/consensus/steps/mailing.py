"""Sending what is in the outbox: who still gets a letter is decided now, and no letter goes twice.

A mail is marked as sending, and that is committed, before it is handed to the mail server. If the process dies before
the answer is kept, nobody knows whether the letter went: the mail stays as it is, is reported as in doubt, and is not
sent again unless a person says so. At most once, by design.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from consensus import models, store, tokens
from consensus.errors import DataError
from consensus.interface import instant_in
from consensus.mail import Answer, Letter, MailServerAway, Postbox, Sender, spoken, write_letter
from consensus.protocol import Protocol
from consensus.settings import Settings
from consensus.steps.inviting import may_be_written_to, personal_link
from consensus.steps.outbox import in_doubt
from consensus.steps.outcome import Outcome, shown
from consensus.steps.reminders import groups_under_target, is_reminder
from consensus.steps.risks import flags_wait, tell_role
from consensus.store import Store

__all__ = ["BACK_OFF", "mail_is_due", "send_mail"]

STAGE = "send-mail"
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240, 480, 960))
"""How long a letter waits that the server did not take for now, after each attempt; then it has failed."""
LONGEST_SITTING = 300.0
"""Seconds after which sending stops until the next sweep, far below `outbox.IN_DOUBT_AFTER`."""
MOST_AT_ONCE = 2000


@dataclass(frozen=True)
class _Claimed:
    """A mail that is ours to hand over, with all that its letter says."""

    mail_id: str
    recipient: str
    letter: Letter


def mail_is_due(db: Store, partnership: str, *, now: datetime) -> bool:
    """Tell whether a partnership's outbox holds a mail whose turn has come."""
    with db.reading() as session:
        due = bool(store.due_mail(session, partnership, now, 1))
    return due or flags_wait(db, partnership)


def send_mail(db: Store, partnership: str, settings: Settings, *, now: datetime) -> Outcome:
    """Send what is due in a partnership's outbox, deciding for each mail now whether its person still gets it.

    A server that cannot be reached changes nothing: the mails wait for the next sweep.

    Raises
    ------
    DataError
        `CONSENSUS_SMTP_URL` is not set or cannot be understood, or letters have no sender.
    """
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        due = store.due_mail(session, partnership, now, MOST_AT_ONCE)
    counts: Counter[str] = Counter()
    stopped = ""
    told = tell_role(db, partnership, settings, now=now)
    if told:
        counts["of a flag"] = 1
    if due:
        if not settings.smtp_url:
            raise DataError("No mail server is set, so letters wait in the outbox; set CONSENSUS_SMTP_URL.")
        try:
            with Postbox(settings.smtp_url) as postbox:
                stopped = _send_each(db, due, protocol, settings, postbox, counts, _running(now))
        except MailServerAway as error:
            stopped = str(error)
    return _outcome(db, protocol, counts, stopped, now)


def _running(now: datetime) -> Callable[[], datetime]:
    """Return a clock that starts at `now` and goes on by itself."""
    began = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - began)


def _send_each(
    db: Store,
    due: list[str],
    protocol: Protocol,
    settings: Settings,
    postbox: Postbox,
    counts: Counter[str],
    clock: Callable[[], datetime],
) -> str:
    """Hand over one mail after the other; return why it stopped before the end, if it did."""
    secret = tokens.load_secret(settings.home)
    sender = Sender.of(settings.mail_from, protocol.partnership.contact, protocol.partnership.title)
    last = clock() + timedelta(seconds=LONGEST_SITTING)
    for mail_id in due:
        if clock() > last:
            return "The rest follows with the next sweep."
        claimed = _claim(db, mail_id, protocol, settings, secret, clock())
        if claimed is None:
            counts["left out"] += 1
            continue
        letter = write_letter(claimed.letter, sender, claimed.recipient, at=clock())
        answer = postbox.hand_over(sender.address, claimed.recipient, letter)
        counts[_settle(db, mail_id, answer, clock())] += 1
        if answer.verdict in ("away", "unknown"):
            return f"The mail server went away: {answer.why}. The rest follows with the next sweep."
    return ""


def _claim(
    db: Store, mail_id: str, protocol: Protocol, settings: Settings, secret: bytes, now: datetime
) -> _Claimed | None:
    """Mark a mail as sending and return its letter; or mark it as skipped, with the reason, and return None."""
    with db.writing() as session:
        if not store.claim_mail(session, mail_id, now):
            return None
        mail = session.get_one(models.Mail, mail_id, populate_existing=True)
        person = session.get_one(models.Person, mail.person_id)
        row = store.load_round(session, mail.round_id)
        token = tokens.invitation_token(secret, row.round_id, person.person_id)
        reason = _why_not(session, mail, person, row, protocol, tokens.token_hash(token), now)
        if reason:
            mail.state, mail.why = "skipped", reason
            session.add(mail)
            return None
        store.save_participation(session, row, person, tokens.token_hash(token))
        language = spoken(person.language or protocol.partnership.languages[0])
        letter = Letter(
            kind=mail.kind,
            survey=row.kind,
            mail_id=mail.mail_id,
            language=language,
            title=protocol.partnership.title.said(language),
            contact=protocol.partnership.contact,
            link=personal_link(settings, token),
            unsubscribe=f"{settings.links_url}/u/{tokens.unsubscribe_token(secret, person.person_id)}",
            closes=instant_in(language, row.closes_at, protocol.zone),
        )
        return _Claimed(mail_id, person.email, letter)


def _why_not(
    session: Session,
    mail: models.Mail,
    person: models.Person,
    row: models.Round,
    protocol: Protocol,
    token_hash: str,
    now: datetime,
) -> str:
    """Return why a person does not get a mail at this moment, or nothing."""
    if not may_be_written_to(person):
        return "the person wants no letters"
    if row.state != "open" or now >= row.closes_at:
        return "the round is over"
    taken = session.get(models.Participation, token_hash)
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


def _settle(db: Store, mail_id: str, answer: Answer, now: datetime) -> str:
    """Keep what the server said of a mail that was claimed; return the word under which it is counted."""
    with db.writing() as session:
        mail = session.get_one(models.Mail, mail_id)
        mail.why = answer.why
        if answer.verdict == "sent":
            mail.state, mail.sent_at = "sent", now
        elif answer.verdict == "never" or (answer.verdict == "later" and mail.attempts > len(BACK_OFF)):
            mail.state = "failed"
        elif answer.verdict == "later":
            mail.state, mail.next_try_at = "queued", now + BACK_OFF[mail.attempts - 1]
        elif answer.verdict == "away":
            mail.state, mail.attempts = "queued", mail.attempts - 1
        session.add(mail)
        return {"sending": "in doubt", "queued": "to be tried again"}.get(mail.state, mail.state)


def _outcome(db: Store, protocol: Protocol, counts: Counter[str], stopped: str, now: datetime) -> Outcome:
    told = ", ".join(f"{shown(counts[word], protocol)} {word}" for word in sorted(counts)) or "none was due"
    with db.reading() as session:
        doubt = any(in_doubt(mail, now) for mail in store.list_mail(session, protocol.id, ["sending"]))
    ask = f"Some letters are in doubt; look at `consensus mail list --partnership {protocol.id}`." if doubt else ""
    return Outcome(
        stage=STAGE,
        done=f"Letters: {told}. {stopped}".strip(),
        next=ask or "The sweep sends what comes due.",
        counts=dict(counts),
        ids={"partnership": protocol.id},
    )
