"""Words that may tell of a risk: a flag for the role that the protocol names, who is told at once, and what was done.

Nobody else is told, nothing is left out because of a flag, and no letter repeats a word of what was written.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from consensus import models, store, tokens
from consensus.errors import ConsensusError, DataError
from consensus.mail import Postbox, Sender, write_notice
from consensus.protocol import Protocol
from consensus.risk import KINDS, VERSION, risks_in
from consensus.settings import Settings
from consensus.store import Store

__all__ = ["Flagged", "flag_risks", "flagged", "flags_wait", "record_risk", "risk_partnership", "tell_role", "untold"]


@dataclass(frozen=True)
class Flagged:
    """A flag as the role sees it; `words` is empty where the person withdrew them since."""

    flag_id: str
    about: str
    words: str
    language: str
    flagged_at: datetime
    done: str
    by: str


def flag_risks(session: Session, protocol: Protocol, answers: Iterable[models.Answer], now: datetime) -> None:
    """Flag the answers just received that may tell of a risk, in the caller's transaction; where no role is named none.

    The kind is kept with the version of the lists that found it.
    """
    for answer in answers if protocol.risk.email else ():
        for kind in risks_in(answer.text):
            session.add(
                models.RiskFlag(
                    flag_id=f"f{secrets.token_hex(10)}",
                    partnership=protocol.id,
                    answer_id=answer.answer_id,
                    version=answer.version,
                    kind=f"{kind}/{VERSION}",
                    flagged_at=now,
                )
            )


def untold(session: Session, partnership: str) -> list[models.RiskFlag]:
    """Return the flags of which the role has not been told."""
    query = select(models.RiskFlag).where(
        models.RiskFlag.partnership == partnership, col(models.RiskFlag.told_at).is_(None)
    )
    return list(session.exec(query))


def flags_wait(db: Store, partnership: str) -> bool:
    """Tell whether there are flags of which the role has not been told."""
    with db.reading() as session:
        return bool(untold(session, partnership))


def tell_role(db: Store, partnership: str, settings: Settings, *, now: datetime) -> str:
    """Tell the role that there are new flags, in one letter with a link and without a word of them.

    A flag counts as told once the mail server took the letter; until then every sweep tries again, and no other letter
    waits for it. Returns why the role could not be told, or nothing.

    Raises
    ------
    DataError
        No mail server is set, or letters have no sender.
    """
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        waiting = [flag.flag_id for flag in untold(session, partnership)]
    if not waiting or not protocol.risk.email:
        return ""
    if not settings.smtp_url:
        raise DataError("No mail server is set, so nobody is told of words that may tell of a risk.")
    sender = Sender.of(settings.mail_from, protocol.partnership.contact, protocol.partnership.title)
    try:
        notice = _notice(protocol, sender, settings, now)
        with Postbox(settings.smtp_url) as postbox:
            answer = postbox.hand_over(sender.address, protocol.risk.email, notice)
    except ConsensusError as error:
        return f"The role '{protocol.risk.role}' could not be told of something that waits for it: {error}"
    if answer.verdict != "sent":
        return (
            f"The role '{protocol.risk.role}' could not be told of something that waits for it: the mail server does "
            f"not take the letter ({answer.why}). Look at risk.email in protocol.toml."
        )
    with db.writing() as session:
        for flag in untold(session, partnership):
            if flag.flag_id in waiting:
                flag.told_at = now
                session.add(flag)
    return ""


def _notice(protocol: Protocol, sender: Sender, settings: Settings, now: datetime) -> bytes:
    token = tokens.role_token(tokens.load_secret(settings.home), protocol.id)
    return write_notice(
        f"{protocol.partnership.title}: words that may tell of a risk",
        f"To the role '{protocol.risk.role}'.\n\nSomething was written in the survey that may tell of a risk to "
        f"somebody. What it says, and what was done about it, stands on this page, which is for you alone:\n\n"
        f"{settings.links_url}/r/{token}\n",
        sender,
        protocol.risk.email,
        at=now,
    )


def risk_partnership(db: Store, secret: bytes, token: str) -> Protocol | None:
    """Return the protocol whose role a link belongs to, or None."""
    name = token.partition(".")[0]
    with db.reading() as session:
        known = session.get(models.Partnership, name) is not None
        if not known or not tokens.same_token(token, tokens.role_token(secret, name)):
            return None
        return store.load_protocol(session, name)


def flagged(db: Store, partnership: str) -> list[Flagged]:
    """Return every flag, those on which nothing is recorded yet first; for the role alone."""
    with db.reading() as session:
        flags = session.exec(select(models.RiskFlag).where(models.RiskFlag.partnership == partnership))
        found = []
        for flag in flags:
            answer = session.get(models.Answer, (partnership, flag.answer_id, flag.version))
            about = KINDS.get(flag.kind.partition("/")[0], flag.kind)
            words, language = (answer.text, answer.language) if answer else ("", "")
            found.append(Flagged(flag.flag_id, about, words, language, flag.flagged_at, flag.done, flag.by))
    return sorted(found, key=lambda one: (bool(one.done), one.flagged_at, one.flag_id))


def record_risk(db: Store, partnership: str, flag_id: str, *, done: str, by: str, now: datetime) -> bool:
    """Record what was done about a flag, once; return False where there is no such flag or something is amiss."""
    with db.writing() as session:
        flag = session.get(models.RiskFlag, flag_id)
        if flag is None or flag.partnership != partnership or not done.strip() or not by.strip():
            return False
        if not flag.done:
            flag.done, flag.by, flag.done_at = done.strip(), by.strip(), now
            session.add(flag)
        return True
