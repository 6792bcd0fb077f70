"""Who takes part by which link, what they have filled in so far, and each version of what they sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from consensus import models
from consensus.store.decided import remember_in_force

__all__ = [
    "add_participation",
    "answer_key",
    "ballot_questions",
    "find_participation",
    "last_response",
    "round_of_kind",
    "save_sent_answers",
    "save_sent_ballot",
]

SOURCE = "survey"
TAKEN_OUT = "taken out by the person who wrote it"
LATE = "received after the close"


# Every page that somebody opens asks these; a statement made once is not made and compiled for each.
_PARTICIPATION = (
    select(models.Participation, models.Round, models.Partnership.protocol_hash)
    .join(models.Round, col(models.Round.round_id) == col(models.Participation.round_id))
    .join(models.Partnership, col(models.Partnership.id) == col(models.Round.partnership))
    .where(col(models.Participation.token_hash) == bindparam("token_hash"))
)
_LAST_RESPONSE = (
    select(models.Response)
    .where(
        col(models.Response.round_id) == bindparam("round_id"),
        col(models.Response.response_id) == bindparam("response_id"),
    )
    .order_by(col(models.Response.version).desc())
    .limit(1)
)


def find_participation(session: Session, token_hash: str) -> tuple[models.Participation, models.Round] | None:
    """Return the participation whose token has this hash, with its round."""
    found = session.exec(_PARTICIPATION, params={"token_hash": token_hash}).first()
    if found is None:
        return None
    person, row, in_force = found
    remember_in_force(session, row.partnership, in_force)
    return person, row


def round_of_kind(session: Session, partnership: str, kind: str) -> models.Round | None:
    """Return the round of a kind that people are asked to now: the last that is more than a draft, else the first."""
    query = (
        select(models.Round)
        .where(models.Round.partnership == partnership, models.Round.kind == kind)
        .order_by(col(models.Round.opens_at), col(models.Round.round_id))
    )
    rounds = list(session.exec(query))
    begun = [row for row in rounds if row.state != "draft"]
    return begun[-1] if begun else rounds[0] if rounds else None


def last_response(session: Session, round_id: str, response_id: str | None) -> models.Response | None:
    """Return the last version of what a person sent in a round."""
    if not response_id:
        return None
    return session.exec(_LAST_RESPONSE, params={"round_id": round_id, "response_id": response_id}).first()


@lru_cache(maxsize=16)
def ballot_questions(frozen: str) -> tuple[tuple[str, str, str], ...]:
    """Return what stands on a ballot, from the round's frozen text: id, wording and category of each question."""
    return tuple((row[0], row[1], row[2] if len(row) > 2 else "") for row in json.loads(frozen))


def answer_key(response_id: str, box: str) -> str:
    """Return the id of the answer of a response in a box."""
    return f"{response_id}-{box}"


def save_sent_answers(
    session: Session, response: models.Response, words: Mapping[str, str], *, late: bool
) -> list[models.Answer]:
    """Add and return what one version of a response wrote in each box; late words never replace earlier ones.

    A box that is now empty gets a version without words, and a status that sets it aside.
    """
    added: list[models.Answer] = []
    before = {row.box: row for row in _answers(session, response)}
    for box in [*words, *(box for box in before if box not in words)]:
        text = words.get(box, "")
        last = before.get(box)
        if late:
            if text and not (last and last.text == text):
                key = f"{answer_key(response.response_id, box)}-late{response.version}"
                added.append(_answer(response, box, text, key=key, version=1, status=LATE))
        elif not last or last.text != text or last.group != response.group:
            status = "" if text else TAKEN_OUT
            version = last.version + 1 if last else 1
            key = answer_key(response.response_id, box)
            added.append(_answer(response, box, text, key=key, version=version, status=status))
    session.add_all(added)
    return added


def _answers(session: Session, response: models.Response) -> list[models.Answer]:
    """Return every version of a response's answers that came in time, the last one last."""
    if response.version == 1:
        return []
    query = (
        select(models.Answer)
        .where(
            models.Answer.partnership == response.partnership,
            models.Answer.response_id == response.response_id,
            models.Answer.status != LATE,
        )
        .order_by(col(models.Answer.version))
    )
    return list(session.exec(query))


def _source(response: models.Response) -> str:
    """Return where answers and ballots say that they came from: the survey pages, or how else they were given."""
    return SOURCE if response.mode == "web" else response.mode


def _answer(response: models.Response, box: str, text: str, *, key: str, version: int, status: str) -> models.Answer:
    return models.Answer(
        partnership=response.partnership,
        answer_id=key,
        version=version,
        source=_source(response),
        response_id=response.response_id,
        box=box,
        group=response.group,
        partner=response.partner,
        language=response.language,
        text=text,
        status=status,
        received_at=response.received_at,
    )


def save_sent_ballot(session: Session, response: models.Response, choices: list[dict[str, Any]]) -> None:
    """Add the ballot of one version of a response; whether it counts follows from the round's close."""
    session.add(
        models.Ballot(
            round_id=response.round_id,
            ballot_id=response.response_id,
            version=response.version,
            partnership=response.partnership,
            source=_source(response),
            group=response.group,
            choices=json.dumps(choices, sort_keys=True, separators=(",", ":")),
            began_at=response.began_at,
            received_at=response.received_at,
        )
    )


def add_participation(
    session: Session,
    round_: models.Round,
    token_hash: str,
    *,
    partner: str,
    language: str,
    seed: int | None,
    draft: str,
    began_at: datetime | None,
) -> models.Participation:
    """Add somebody who came by an open link and began, or whose sheet was keyed in."""
    row = models.Participation(
        token_hash=token_hash,
        round_id=round_.round_id,
        partnership=round_.partnership,
        partner=partner,
        language=language,
        state="begun",
        seed=seed,
        draft=draft,
        began_at=began_at,
    )
    session.add(row)
    return row
