"""Taking part: what somebody meets at their link, beginning, filling in, sending, and changing it until the close.

Reading changes nothing; each act is one short transaction, and can be asked for twice. What was filled in is kept.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from consensus import models, receipts, store, survey, tokens
from consensus.errors import StageError
from consensus.protocol import Protocol
from consensus.steps import following
from consensus.steps.capacity import is_full
from consensus.steps.following import carried_on
from consensus.steps.sending import items_from, says, send_response
from consensus.steps.timetable import Stand, grace_ends, stand
from consensus.steps.unlinking import unlinks_after
from consensus.steps.visits import AGREED, WORDS, Door, Onward, Sent, Visit
from consensus.store import Store, taking_part
from consensus.store.taking_part import Link

__all__ = [
    "Door",
    "Sent",
    "Stand",
    "Visit",
    "begin",
    "begin_invited",
    "change",
    "go_on",
    "open_door",
    "protocol_of",
    "send",
    "send_keyed",
    "visit",
]

LEAST_ONCE = 32
"""Characters of what a showing of the first page is known by; a link is not made from anything shorter."""

PRESSED_AGAIN = timedelta(minutes=1)
"""Within this time the same button pressed again is the same beginning."""


def open_door(db: Store, partnership: str, kind: str, partner: str, *, now: datetime) -> Door | None:
    """Return what an open link leads to, or None where it leads nowhere."""
    with db.looking() as session:
        row = taking_part.round_of_kind(session, partnership, kind)
        if row is None:
            return None
        protocol = store.load_protocol(session, partnership)
        if partner and partner not in [each.id for each in protocol.partners]:
            return None
        return Door(**_door(session, row, protocol, None, now), partner=partner)


def visit(db: Store, token: str, *, now: datetime) -> Visit | None:
    """Return what a personal link leads to, or None where it leads nowhere. Nothing is changed."""
    with db.looking() as session:
        found = _find(session, token)
        return _visit(session, *found, now) if found else None


def begin(
    db: Store,
    partnership: str,
    kind: str,
    partner: str,
    said: Mapping[str, Any],
    *,
    once: str = "",
    language: str,
    now: datetime,
) -> str:
    """Let somebody begin who came by an open link, and return the token of the link that is now their own.

    Parameters
    ----------
    once
        What one showing of the first page is known by. Who presses its button again at once, before anything else was
        said, gets the same link; somebody else who comes back to that page in the same browser gets their own.

    Raises
    ------
    StageError
        The round takes nobody new now.
    """

    def act(session: Session) -> str:
        row = taking_part.round_of_kind(session, partnership, kind)
        if row is None or _stand(session, row, None, now) != "open":
            raise StageError("The round takes nobody new now; look again when it is open.")
        protocol = store.load_protocol(session, partnership)
        draft = {**_agreed(protocol, row.kind), **said, **_partner_reply(protocol, row.kind, partner)}
        token = tokens.beginning_token(once) if len(once) >= LEAST_ONCE else tokens.open_token()
        found = _find(session, token)
        if found is not None:
            if _just_begun(found[0], row, draft, now):
                return token
            token = tokens.open_token()
        taking_part.add_link(
            session,
            Link(
                tokens.token_hash(token),
                row.round_id,
                row.partnership,
                partner=partner,
                language=language,
                state="begun",
                seed=_seed(),
                draft=_json(draft),
                began_at=now,
            ),
        )
        return token

    return db.write(act)


def _just_begun(person: Link, row: models.Round, draft: Mapping[str, Any], now: datetime) -> bool:
    """Tell whether somebody has begun a moment ago with what `draft` says, and said nothing since."""
    if (person.round_id, person.state) != (row.round_id, "begun") or person.began_at is None:
        return False
    before, after = ({**each, "_flags": ""} for each in (json.loads(person.draft), draft))
    return now - person.began_at <= PRESSED_AGAIN and before == after


def begin_invited(db: Store, token: str, said: Mapping[str, Any], *, language: str, now: datetime) -> Visit | None:
    """Let somebody begin who has a link of their own, or agree anew to other words; twice changes nothing."""

    def act(session: Session) -> Visit | None:
        found = _find(session, token)
        if found is None:
            return None
        person, row = found
        protocol = store.load_protocol(session, row.partnership)
        begins = person.state == "invited" and _stand(session, row, None, now) == "open"
        before = _visit(session, person, row, now)
        changes: dict[str, Any] = {}
        reply: dict[str, Any] = {}
        if begins:
            earlier, response_id = carried_on(session, person, row, protocol)
            reply = _partner_reply(protocol, row.kind, person.partner) | earlier
            changes = {"state": "begun", "began_at": now, "seed": _seed(), "language": language or person.language}
            changes |= {"response_id": response_id} if response_id else {}
        elif not before.asked_anew or before.stand not in ("open", "grace", "late"):
            return before
        agreed = _agreed(protocol, row.kind)
        draft = _json({**agreed, **before.said, AGREED: agreed[AGREED], **said, **reply})
        person = taking_part.change_link(session, person, draft=draft, **changes)
        return _visit(session, person, row, now)

    return db.write(act)


def go_on(db: Store, token: str, *, now: datetime) -> str:
    """Return the token of somebody's link into the round that follows, which they reach from their link into this one.

    The same link always leads to the same one. Returns nothing where no such round is open, or where a letter brings
    the link.
    """
    with db.writing() as session:
        found = _find(session, token)
        onward = _onward(session, *found, now) if found else ""
        if found is None or onward != "link":
            return ""
        person, row = found
        later, next_token = following.later_round(session, row), tokens.next_token(token)
        if later is not None and _find(session, next_token) is None:
            taking_part.add_link(
                session,
                Link(
                    tokens.token_hash(next_token),
                    later.round_id,
                    later.partnership,
                    partner=person.partner,
                    language=person.language,
                    response_id=following.later_id(person.response_id or "", later),
                ),
            )
        return next_token


def _onward(session: Session, person: Link, row: models.Round, now: datetime) -> Onward:
    """Return how somebody comes from this round into the one that follows, if they can now."""
    later = following.later_round(session, row)
    if later is None or not person.response_id or person.state != "sent" or _stand(session, later, None, now) != "open":
        return ""
    return "letter" if person.person_id else "link"


def change(
    db: Store, token: str, act: Callable[[Visit], Mapping[str, Any] | None], *, language: str = "", now: datetime
) -> Visit | None:
    """Keep what `act` makes of what a person has said so far (None: nothing changes), and return how it stands then."""

    def keep(session: Session) -> Visit | None:
        found = _find(session, token)
        if found is None:
            return None
        person, row = found
        before, last = _begun(session, person, row, now)
        shut = person.state in ("invited", "withdrawn") or before.stand == "closed"
        said = None if shut else act(_with_sent(before, last, row))
        if said is not None:
            draft, spoken = _json(said), language or person.language
            if (draft, spoken) != (person.draft, person.language):
                taking_part.change_link(session, person, draft=draft, language=spoken)
            before = replace(before, said=json.loads(draft), language=spoken)
        return _with_sent(before, last, row)

    return db.write(keep)


def send(db: Store, token: str, *, flags: Collection[str] = (), read: str = "", now: datetime) -> Visit | None:
    """Send what a person filled in, if nothing is amiss: a version of their response with its answers or its ballot.

    The same content again changes nothing. What comes after the close is kept as well, and never counts. `read` is the
    hash of the survey whose words the person saw beside the answers; where they changed meanwhile nothing is sent.
    """

    def act(session: Session) -> Visit | None:
        found = _find(session, token)
        if found is None:
            return None
        person, row = found
        there, last = _begun(session, person, row, now)
        ready = person.state in ("begun", "sent") and there.stand in ("open", "grace", "late")
        if ready and not there.faults and not there.asked_anew and read in ("", there.survey.hash):
            last = send_response(session, person, row, there, last, set(flags), now)
            there = replace(there, state="sent")
            if there.reworded:
                there = replace(there, said={**there.said, WORDS: there.survey.hash})
                taking_part.change_link(session, person, draft=_json(there.said))
        return _with_sent(there, last, row)

    return db.write(act)


def send_keyed(
    session: Session, person: Link, row: models.Round, *, mode: str, received_at: datetime, asked: str
) -> str:
    """Send what was keyed in for a person within a transaction, as of when it was received; return its receipt code.

    `asked` is the hash of the survey that they were asked by.
    """
    there, last = _begun(session, person, row, received_at)
    sent = send_response(session, person, row, there, last, set(), received_at, mode=mode, asked=asked)
    return receipts.receipt_code(sent.commitment)


def protocol_of(db: Store, partnership: str) -> Protocol | None:
    """Return the protocol of a partnership, or None where there is no such one."""
    with db.reading() as session:
        return store.load_protocol(session, partnership) if session.get(models.Partnership, partnership) else None


def _find(session: Session, token: str) -> tuple[Link, models.Round] | None:
    return taking_part.find_link(session, tokens.token_hash(token))


def _visit(session: Session, person: Link, row: models.Round, now: datetime) -> Visit:
    return _with_sent(*_begun(session, person, row, now), row)


def _begun(session: Session, person: Link, row: models.Round, now: datetime) -> tuple[Visit, models.Response | None]:
    """Return how it stands with a person, but for what they have sent, and the last version of that."""
    protocol = store.load_protocol(session, row.partnership)
    again = {} if not protocol.rounds.delphi else _again(session, person, row, protocol, now)
    there = Visit(
        **_door(session, row, protocol, person.began_at, now),
        **again,
        partner=person.partner,
        state=person.state,
        language=person.language,
        seed=person.seed,
        said=json.loads(person.draft),
        questions=survey.in_own_order(taking_part.ballot_questions(row.questions), person.seed),
        began_at=person.began_at,
    )
    return there, taking_part.last_response(session, row.round_id, person.response_id)


def _again(session: Session, person: Link, row: models.Round, protocol: Protocol, now: datetime) -> dict[str, Any]:
    """Return what somebody meets where rounds follow one another."""
    return {
        "feedback": following.feedback_on(session, row, protocol),
        "onward": _onward(session, person, row, now),
    }


def _with_sent(there: Visit, last: models.Response | None, row: models.Round) -> Visit:
    if last is None:
        return there
    sent = Sent(receipts.receipt_code(last.commitment), last.received_at, last.version, _is_late(last, row))
    return replace(there, sent=sent, unsent=not says(last, there))


def _door(
    session: Session, row: models.Round, protocol: Protocol, began_at: datetime | None, now: datetime
) -> dict[str, Any]:
    follow = protocol.rounds.delphi and row.kind == "interim"
    joined_until = grace_ends(unlinks_after(session, row)) if follow else None
    return {
        "joined_until": joined_until,
        "protocol": protocol,
        "survey": survey.with_moments(
            getattr(protocol, row.kind),
            protocol.zone,
            closes=row.closes_at,
            unlinked=joined_until or grace_ends(row),
        ),
        "round_id": row.round_id,
        "kind": row.kind,
        "stand": _stand(session, row, began_at, now),
        "opens_at": row.opens_at,
        "closes_at": row.closes_at,
        "grace_ends": grace_ends(row),
    }


def _stand(session: Session, row: models.Round, began_at: datetime | None, now: datetime) -> Stand:
    """Return where a round stands for somebody who began then."""
    if row.unlinked_at is not None:
        return "closed"
    return stand(row, now, began_at=began_at, full=began_at is None and is_full(session, row))


def _is_late(response: models.Response, row: models.Round) -> bool:
    begun = response.began_at is not None and response.began_at <= row.closes_at
    return response.received_at > (grace_ends(row) if begun else row.closes_at)


def _partner_reply(protocol: Protocol, kind: str, partner: str) -> dict[str, str]:
    """Return the reply that the link itself gives to the question which organisation somebody came through."""
    return {item.id: partner for item in items_from(getattr(protocol, kind), "partners")} if partner else {}


def _agreed(protocol: Protocol, kind: str) -> dict[str, str]:
    """Return what a draft keeps of the words on which its person agrees and by which they begin."""
    return {AGREED: survey.opening_hash(getattr(protocol, kind)), WORDS: getattr(protocol, kind).hash}


def _seed() -> int:
    return secrets.randbelow(2**31)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
