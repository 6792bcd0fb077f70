"""What was decided: protocols with their amendments, and the append-only decisions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from consensus import models
from consensus.errors import StageError
from consensus.protocol import Protocol, read_accepted
from consensus.questions import in_force
from consensus.store.frames import as_frame
from consensus.vocabulary import COLUMNS

__all__ = [
    "append_decision",
    "append_decisions",
    "list_partnerships",
    "load_decisions",
    "load_protocol",
    "load_protocol_faults",
    "load_protocols",
    "save_protocol",
]


def save_protocol(
    session: Session, protocol: Protocol, texts: Mapping[str, str], *, by: str, at: datetime, why: str = ""
) -> None:
    """Keep a protocol's files as the version now in force; the caller has decided that it may change."""
    partnership = session.get(models.Partnership, protocol.id)
    if partnership is None:
        partnership = models.Partnership(
            id=protocol.id, title=protocol.partnership.title, protocol_hash=protocol.hash, registered_at=at
        )
    elif partnership.protocol_hash == protocol.hash:
        return
    partnership.title, partnership.protocol_hash = protocol.partnership.title, protocol.hash
    session.add(partnership)
    session.flush()
    session.add(
        models.ProtocolVersion(
            partnership=protocol.id, hash=protocol.hash, texts=json.dumps(dict(texts)), by=by, at=at, why=why
        )
    )
    session.flush()


_IN_FORCE = (
    select(models.ProtocolVersion.id, models.ProtocolVersion.hash)
    .where(col(models.ProtocolVersion.partnership) == bindparam("partnership"))
    .order_by(col(models.ProtocolVersion.id).desc())
    .limit(1)
)
MOST_PARSED = 16
_PARSED: dict[str, tuple[Protocol, tuple[str, ...]]] = {}
"""Protocols by their hash, with what breaks today's rules in them.

Every page that somebody opens asks for one, and its three files take long to read.
"""


def remember_in_force(session: Session, partnership: str, digest: str) -> None:
    """Let a session that has read which protocol is in force not ask for it again; it sees one state."""
    session.info[partnership] = digest


def load_protocol(session: Session, partnership: str) -> Protocol:
    """Return the protocol in force, or raise a `StageError` that says how to register one."""
    remembered = _PARSED.get(session.info.get(partnership, ""))
    if remembered is not None:
        return remembered[0]
    return _in_force(session, partnership)[0]


def load_protocol_faults(session: Session, partnership: str) -> tuple[str, ...]:
    """Return what in the protocol in force breaks rules that came after it was accepted, a sentence each."""
    return _in_force(session, partnership)[1]


def _in_force(session: Session, partnership: str) -> tuple[Protocol, tuple[str, ...]]:
    version = session.exec(_IN_FORCE, params={"partnership": partnership}).first()
    if version is None:
        known = ", ".join(list_partnerships(session)) or "none yet"
        raise StageError(
            f"No partnership '{partnership}' is registered (there are: {known}); "
            "register its folder with `consensus init FOLDER` first."
        )
    return _parsed(session, *version)


def load_protocols(session: Session, partnership: str, since: datetime) -> list[Protocol]:
    """Return every protocol that was in force from an instant on, the one in force now last."""
    version = models.ProtocolVersion
    query = (
        select(version.id, version.hash, version.at).where(version.partnership == partnership).order_by(col(version.id))
    )
    rows = list(session.exec(query))
    first = max((place for place, (*_, at) in enumerate(rows) if at <= since), default=0)
    return [_parsed(session, number, digest)[0] for number, digest, _at in rows[first:]]


def _parsed(session: Session, number: int | None, digest: str) -> tuple[Protocol, tuple[str, ...]]:
    if digest not in _PARSED:
        texts = session.exec(select(models.ProtocolVersion.texts).where(models.ProtocolVersion.id == number)).one()
        if len(_PARSED) >= MOST_PARSED:
            _PARSED.clear()
        _PARSED[digest] = read_accepted(json.loads(texts), digest)
    return _PARSED[digest]


def list_partnerships(session: Session) -> list[str]:
    """Return the ids of the registered partnerships, in the order of the alphabet."""
    return list(session.exec(select(models.Partnership.id).order_by(col(models.Partnership.id))))


def append_decision(
    session: Session,
    partnership: str,
    kind: str,
    subject: str,
    value: Mapping[str, object] | None = None,
    *,
    by: str,
    at: datetime,
    why: str = "",
) -> str:
    """Append one person's act and return its id; the very same act at the same instant is kept once."""
    text = _json(value or {})
    content = "\x1f".join([partnership, kind, subject, text, by, at.astimezone(UTC).isoformat(), why])
    decision_id = "d" + hashlib.sha256(content.encode()).hexdigest()[:12]
    if session.exec(select(models.Decision.number).where(models.Decision.decision_id == decision_id)).first() is None:
        session.add(
            models.Decision(
                decision_id=decision_id,
                partnership=partnership,
                kind=kind,
                subject=subject,
                value=text,
                by=by,
                at=at,
                why=why,
            )
        )
        session.flush()
    return decision_id


def append_decisions(session: Session, partnership: str, rows: Iterable[Mapping[str, object]]) -> int:
    """Append the decisions of `rows` (kind, subject, value, by, at, why) that do not stand in force already.

    A row that says again, with the same reason, what was last said of its subject is left out, so that importing a
    reviewed workbook twice adds nothing. Returns how many were added.
    """
    standing = in_force(load_decisions(session, partnership))
    last: dict[tuple[str, ...], str] = {}
    for kind, subject, value, why in standing[["kind", "subject", "value", "why"]].itertuples(index=False, name=None):
        _say(last, kind, subject, value, why)
    added = 0
    for row in rows:
        kind, subject, value = str(row["kind"]), str(row["subject"]), dict(row.get("value") or {})  # type: ignore[call-overload]
        by, at, why = str(row["by"]), row["at"], str(row.get("why", ""))
        if not _say(last, kind, subject, value, why):
            continue
        append_decision(session, partnership, kind, subject, value, by=by, at=at, why=why)  # type: ignore[arg-type]
        added += 1
    return added


_PLACING = dict.fromkeys(("out_of_scope", "in_scope", "set_aside", "move"), "place")
_TOPICS = _PLACING | dict.fromkeys(("answered", "unanswered"), "evidence")
"""Kinds of decision of which the later one takes the place of the earlier."""


def _say(last: dict[tuple[str, ...], str], kind: str, subject: str, value: Mapping[str, Any], why: str) -> bool:
    """Take a decision into what was last said of each topic; return False when it says the same again."""
    topic: tuple[str, ...] = (_TOPICS.get(kind, kind), subject)
    if kind == "redact":  # a submission may be redacted at several places
        topic = (*topic, _json(value))
    said = _json([kind, value, why])
    if last.get(topic) == said:
        return False
    last[topic] = said
    if kind == "same_question":
        for submission in value.get("submissions", []):
            last.pop(("place", submission), None)
    return True


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def load_decisions(session: Session, partnership: str) -> pd.DataFrame:
    """Return every decision in the order in which it was made; `value` is a dict."""
    rows = []
    for decision in _decisions(session, partnership):
        row = {column: getattr(decision, column) for column in COLUMNS["decisions"]}
        rows.append(tuple({**row, "value": json.loads(decision.value)}.values()))
    return as_frame(rows, "decisions")


def _decisions(session: Session, partnership: str) -> list[models.Decision]:
    query = (
        select(models.Decision).where(models.Decision.partnership == partnership).order_by(col(models.Decision.number))
    )
    return list(session.exec(query))
