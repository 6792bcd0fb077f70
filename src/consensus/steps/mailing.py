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

from sqlalchemy.exc import SQLAlchemyError

from consensus import models, store, tokens
from consensus.errors import ConsensusError, DataError
from consensus.mail import Answer, MailServerAway, Postbox, Sender, write_letter
from consensus.protocol import Protocol
from consensus.settings import Settings
from consensus.steps.addressing import Addressed, Desk, to_listed, to_person
from consensus.steps.outbox import waiting_letters
from consensus.steps.outcome import Outcome, shown
from consensus.steps.risks import flags_wait, tell_role
from consensus.store import Store

__all__ = ["BACK_OFF", "mail_is_due", "send_mail"]

STAGE = "send-mail"
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240, 480, 960))
"""How long a letter waits that the server did not take for now, after each attempt; then it has failed."""
AGAIN = ("later", "dropped")
"""What a letter is tried again after; it counts as an attempt, so that none is tried for ever."""
LONGEST_SITTING = 300.0
"""Seconds after which sending stops until the next sweep, far below `outbox.IN_DOUBT_AFTER`."""
MOST_AT_ONCE = 2000


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
    untold = tell_role(db, partnership, settings, now=now)
    stopped = ""
    if due:
        if not settings.smtp_url:
            raise DataError("No mail server is set, so letters wait in the outbox; set CONSENSUS_SMTP_URL.")
        try:
            with Postbox(settings.smtp_url) as postbox:
                stopped = _send_each(db, due, protocol, settings, postbox, counts, _running(now))
        except MailServerAway as error:
            stopped = str(error)
    return _outcome(db, protocol, counts, " ".join(filter(None, (stopped, untold))), now)


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
    desk = Desk(protocol, settings, tokens.load_secret(settings.home))
    sender = Sender.of(settings.mail_from, protocol.partnership.contact, protocol.partnership.title)
    last = clock() + timedelta(seconds=LONGEST_SITTING)
    for mail_id in due:
        if clock() > last:
            return "The rest follows with the next sweep."
        written = _claim(db, mail_id, desk, sender, clock())
        if isinstance(written, str):
            counts[written] += 1
            continue
        answer = postbox.hand_over(sender.address, written.recipient, written.letter)
        counts[_settle(db, mail_id, answer, clock())] += 1
        if answer.verdict in ("away", "dropped", "unknown"):
            return f"The mail server went away: {answer.why}. The rest follows with the next sweep."
    return ""


@dataclass(frozen=True)
class _Written:
    """A letter as it is handed over, and to which address."""

    recipient: str
    letter: bytes


def _claim(db: Store, mail_id: str, desk: Desk, sender: Sender, now: datetime) -> _Written | str:
    """Mark a mail as sending and return its letter; or skip it or set it aside, and return what it is counted under.

    What stands in the way of one letter, whatever it is, is kept with its mail and stops no other.
    """
    with db.writing() as session:
        if not store.claim_mail(session, mail_id, now):
            return "left out"
        mail = session.get_one(models.Mail, mail_id, populate_existing=True)
        try:
            addressed = (to_person if mail.person_id else to_listed)(session, mail, desk, now)
            if isinstance(addressed, Addressed):
                letter = write_letter(addressed.letter, sender, addressed.recipient, at=now)
                return _Written(addressed.recipient, letter)
            mail.state, mail.why = "skipped", addressed
        except (SQLAlchemyError, OSError):  # of the database or the machine, not of this letter
            raise
        except Exception as error:
            mail.state, mail.why = "failed", _why_unwritten(error)
        session.add(mail)
        return "left out" if mail.state == "skipped" else "set aside"


def _why_unwritten(error: Exception) -> str:
    """Return why a letter could not be made, without a word of what is in it: only our own sentences are repeated."""
    if isinstance(error, ConsensusError):
        return str(error)
    return f"The letter cannot be written ({type(error).__name__}): mend its words, or tell whoever runs the machine."


def _settle(db: Store, mail_id: str, answer: Answer, now: datetime) -> str:
    """Keep what the server said of a mail that was claimed; return the word under which it is counted."""
    with db.writing() as session:
        mail = session.get_one(models.Mail, mail_id)
        mail.why = answer.why
        if answer.verdict == "sent":
            mail.state, mail.sent_at = "sent", now
        elif answer.verdict == "never" or (answer.verdict in AGAIN and mail.attempts > len(BACK_OFF)):
            mail.state = "failed"
        elif answer.verdict in AGAIN:
            mail.state, mail.next_try_at = "queued", now + BACK_OFF[mail.attempts - 1]
        elif answer.verdict == "away":
            mail.state, mail.attempts = "queued", mail.attempts - 1
        session.add(mail)
        return {"sending": "in doubt", "queued": "to be tried again", "failed": "set aside"}.get(mail.state, mail.state)


def _outcome(db: Store, protocol: Protocol, counts: Counter[str], stopped: str, now: datetime) -> Outcome:
    told = ", ".join(f"{shown(counts[word], protocol)} {word}" for word in sorted(counts)) or "none was due"
    with db.reading() as session:
        waiting = waiting_letters(session, protocol, now)
    ask = f"Some letters wait for a person: `consensus mail list --partnership {protocol.id}`."
    return Outcome(
        stage=STAGE,
        done=f"Letters: {told}. {stopped}".strip(),
        next=ask if len(waiting) else "The sweep sends what comes due.",
        counts=dict(counts),
        tables={"Letters that wait for a person": waiting} if len(waiting) else {},
        ids={"partnership": protocol.id},
    )
