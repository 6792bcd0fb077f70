"""What the outbox holds, and the letters that wait for a person's say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
from sqlmodel import Session

from consensus import models, store
from consensus.errors import StageError
from consensus.protocol import Protocol
from consensus.steps.outcome import Outcome, shown
from consensus.store import Store

__all__ = ["IN_DOUBT_AFTER", "Outbox", "in_doubt", "mail_again", "mail_done", "outbox", "waiting_letters"]

IN_DOUBT_AFTER = timedelta(minutes=15)
"""After so long a mail that is still marked as sending belongs to a process that died."""


@dataclass(frozen=True)
class Outbox:
    """The outbox of a partnership; no address is in it.

    Attributes
    ----------
    counts
        Columns round, kind, state, letters; small counts are suppressed.
    waiting
        Letters that wait for a person: columns mail, round, kind, state, attempts, why.
    """

    counts: pd.DataFrame
    waiting: pd.DataFrame


def in_doubt(mail: models.Mail, now: datetime) -> bool:
    """Tell whether nobody knows if a mail went: it was being handed over, and nothing was heard of it since."""
    return mail.state == "sending" and (mail.claimed_at is None or now - mail.claimed_at > IN_DOUBT_AFTER)


def outbox(db: Store, partnership: str, *, now: datetime) -> Outbox:
    """Return how many letters are in which state, and those that wait for a person's say."""
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        counted = store.count_mail(session, partnership)
        stuck = store.list_mail(session, partnership, ["sending", "failed"])
    rows = [(*key, shown(count, protocol)) for key, count in sorted(counted.items())]
    waiting = [
        (m.mail_id, m.round_id, m.kind, _state(m, now), m.attempts, m.why)
        for m in stuck
        if _state(m, now) in ("failed", "in doubt")
    ]
    return Outbox(
        pd.DataFrame(rows, columns=["round", "kind", "state", "letters"]),
        pd.DataFrame(waiting, columns=["mail", "round", "kind", "state", "attempts", "why"]),
    )


def _state(mail: models.Mail, now: datetime) -> str:
    return "in doubt" if in_doubt(mail, now) else mail.state


def waiting_letters(session: Session, protocol: Protocol, now: datetime) -> pd.DataFrame:
    """Return the letters that could still go and wait for a person: kind, state, why, letters; no address is in it.

    Letters into a round that is over wait for nobody any more. Small counts are suppressed.
    """
    over = {row.round_id for row in store.list_rounds(session, protocol.id) if row.state in ("closed", "ranked")}
    counts = Counter(
        (mail.kind, _state(mail, now), mail.why)
        for mail in store.list_mail(session, protocol.id, ["sending", "failed"])
        if _state(mail, now) != "sending" and not (mail.person_id and mail.round_id in over)
    )
    rows = [(*key, shown(counts[key], protocol)) for key in sorted(counts)]
    return pd.DataFrame(rows, columns=["kind", "state", "why", "letters"])


def mail_again(db: Store, mail_ids: Sequence[str], *, by: str, why: str, now: datetime) -> Outcome:
    """Queue failed letters, or letters in doubt, once more, on a person's word.

    Raises
    ------
    StageError
        A mail is not known, or is neither failed nor in doubt; then nothing is queued.
    """

    def queue(mail: models.Mail) -> None:
        mail.state, mail.next_try_at, mail.attempts, mail.why = "queued", None, 0, ""

    return _decide(db, mail_ids, "mail-again", queue, ("failed", "in doubt"), by=by, why=why, now=now)


def mail_done(db: Store, mail_ids: Sequence[str], *, by: str, why: str, now: datetime) -> Outcome:
    """Take letters in doubt as sent, on a person's word.

    Raises
    ------
    StageError
        A mail is not known or not in doubt; then nothing is changed.
    """

    def settle(mail: models.Mail) -> None:
        mail.state, mail.sent_at, mail.why = "sent", mail.claimed_at, "a person said that it came"

    return _decide(db, mail_ids, "mail-done", settle, ("in doubt",), by=by, why=why, now=now)


def _decide(
    db: Store,
    mail_ids: Sequence[str],
    act: str,
    change: Callable[[models.Mail], None],
    takes: Sequence[str],
    *,
    by: str,
    why: str,
    now: datetime,
) -> Outcome:
    with db.writing() as session:
        mails = {mail_id: session.get(models.Mail, mail_id) for mail_id in dict.fromkeys(mail_ids)}
        faults, found = [], []
        for mail_id, mail in mails.items():
            state = "" if mail is None else _state(mail, now)
            if mail is None:
                faults.append(f"There is no mail '{mail_id}'; `consensus mail list` shows those that wait.")
            elif state not in takes:
                faults.append(f"The mail '{mail_id}' is {state}, not {' or '.join(takes)}.")
            else:
                found.append(mail)
        if faults:
            raise StageError.of("the mails named", faults)
        for mail in found:
            change(mail)
            value = {"act": act, "mail": mail.mail_id, "kind": mail.kind}
            store.append_decision(session, mail.partnership, "round", mail.round_id, value, by=by, at=now, why=why)
            session.add(mail)
        protocol = store.load_protocol(session, found[0].partnership)
    what = "queued again" if act == "mail-again" else "taken as sent"
    return Outcome(
        stage="send-mail",
        done=f"{shown(len(found), protocol)} letters are {what}.",
        next="`consensus mail send` sends what is queued.",
        counts={"letters": len(found)},
        ids={"partnership": protocol.id},
    )
