"""Who takes part by which link, what they have filled in so far, and each version of what they sent.

Every page that somebody opens asks for these: statements are made once, and rows come as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, CursorResult, Executable, bindparam, insert, select, update
from sqlmodel import Session, SQLModel, col

from consensus import models
from consensus.store.decided import remember_in_force

__all__ = [
    "Link",
    "add_link",
    "answer_key",
    "ballot_questions",
    "change_link",
    "find_link",
    "last_response",
    "round_of_kind",
    "save_sent_answers",
    "save_sent_ballot",
    "save_sent_response",
]

SOURCE = "survey"
TAKEN_OUT = "taken out by the person who wrote it"
LATE = "received after the close"


class Link(NamedTuple):
    """One link into one round as it was read: a row of `models.Participation`."""

    token_hash: str
    round_id: str
    partnership: str
    person_id: str | None = None
    partner: str = ""
    language: str = ""
    state: str = "invited"
    seed: int | None = None
    draft: str = "{}"
    response_id: str | None = None
    began_at: datetime | None = None


def _table(model: type[SQLModel]) -> Any:
    return model.__table__  # type: ignore[attr-defined]


_LINKS, _ROUNDS, _RESPONSES = _table(models.Participation), _table(models.Round), _table(models.Response)
_LINK = (
    select(*(_LINKS.c[name] for name in Link._fields), col(models.Partnership.protocol_hash), *_ROUNDS.c)
    .join(_ROUNDS, _ROUNDS.c.round_id == _LINKS.c.round_id)
    .join(_table(models.Partnership), col(models.Partnership.id) == _ROUNDS.c.partnership)
    .where(_LINKS.c.token_hash == bindparam("token_hash"))
)
_ROUNDS_OF_KIND = (
    select(*_ROUNDS.c)
    .where(_ROUNDS.c.partnership == bindparam("partnership"), _ROUNDS.c.kind == bindparam("kind"))
    .order_by(_ROUNDS.c.opens_at, _ROUNDS.c.round_id)
)
_LAST_RESPONSE = (
    select(*_RESPONSES.c)
    .where(_RESPONSES.c.round_id == bindparam("round_id"), _RESPONSES.c.response_id == bindparam("response_id"))
    .order_by(_RESPONSES.c.version.desc())
    .limit(1)
)
_CHANGE = update(_LINKS).where(_LINKS.c.token_hash == bindparam("link"))
_ADD = {model: insert(_table(model)) for model in (models.Participation, models.Response, models.Ballot)}


@lru_cache(maxsize=64)
def _round(*values: Any) -> models.Round:
    """Return a round from what was read of it, for reading alone: the same object as long as nothing has changed."""
    return models.Round(**dict(zip(_ROUNDS.c.keys(), values, strict=True)))


def _execute(session: Session, statement: Executable, values: Mapping[str, Any]) -> CursorResult[Any]:
    """Execute a statement on a session's connection, which a reader's has from the start."""
    connection = session.bind if isinstance(session.bind, Connection) else session.connection()
    return connection.execute(statement, values)


def find_link(session: Session, token_hash: str) -> tuple[Link, models.Round] | None:
    """Return the link whose token has this hash, with its round, which is for reading alone."""
    found = _execute(session, _LINK, {"token_hash": token_hash}).first()
    if found is None:
        return None
    size = len(Link._fields)
    link, row = Link._make(found[:size]), _round(*found[size + 1 :])
    remember_in_force(session, row.partnership, found[size])
    return link, row


def round_of_kind(session: Session, partnership: str, kind: str) -> models.Round | None:
    """Return the round of a kind that people are asked to now: the last that is more than a draft, else the first.

    It is for reading alone.
    """
    found = _execute(session, _ROUNDS_OF_KIND, {"partnership": partnership, "kind": kind})
    rounds = [_round(*each) for each in found]
    begun = [row for row in rounds if row.state != "draft"]
    return begun[-1] if begun else rounds[0] if rounds else None


def add_link(session: Session, link: Link) -> None:
    """Add the link of somebody who came by an open link, or whose sheet was keyed in."""
    _execute(session, _ADD[models.Participation], link._asdict())


def change_link(session: Session, link: Link, **values: Any) -> Link:
    """Change some columns of a link's row, and return it as it is then."""
    _execute(session, _CHANGE, {"link": link.token_hash, **values})
    return link._replace(**values)


def last_response(session: Session, round_id: str, response_id: str | None) -> models.Response | None:
    """Return the last version of what a person sent in a round, for reading alone."""
    if not response_id:
        return None
    wanted = {"round_id": round_id, "response_id": response_id}
    found = _execute(session, _LAST_RESPONSE, wanted).mappings().first()
    return models.Response(**found) if found else None


def save_sent_response(session: Session, response: models.Response) -> None:
    """Add one version of what a person sent."""
    _execute(session, _ADD[models.Response], _values(response))


def _values(row: SQLModel) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in _table(type(row)).columns}


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
            col(models.Answer.partnership) == response.partnership,
            col(models.Answer.response_id) == response.response_id,
            col(models.Answer.status) != LATE,
        )
        .order_by(col(models.Answer.version))
    )
    return list(session.scalars(query))


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
    _execute(
        session,
        _ADD[models.Ballot],
        {
            "round_id": response.round_id,
            "ballot_id": response.response_id,
            "version": response.version,
            "partnership": response.partnership,
            "source": _source(response),
            "group": response.group,
            "choices": json.dumps(choices, sort_keys=True, separators=(",", ":")),
            "began_at": response.began_at,
            "received_at": response.received_at,
        },
    )
