"""People who take part in the small partnership: each with a link, a draft, and what they sent, as pages store it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import Session, select

from consensus import models, receipts, steps, tokens
from consensus.store import Store
from tests import walk
from tests.builders import small_folder

GATHER, INTERIM = "small-gather-1", "small-interim-1"
OPENS = datetime(2026, 1, 5, 9, tzinfo=UTC)
GATHER_ENDS = datetime(2026, 2, 27, 17, tzinfo=UTC)
INTERIM_CLOSES = datetime(2026, 5, 8, 16, tzinfo=UTC)
INTERIM_ENDS = INTERIM_CLOSES + timedelta(minutes=30)


@dataclass(frozen=True)
class Taken:
    """What somebody has after taking part: their link's token, their receipt, and (told by nobody) their response."""

    token: str
    code: str
    response_id: str
    person_id: str | None
    words: str = ""


def registered(home: Path) -> Store:
    """Return a store in which the small partnership is registered and its gathering round has opened."""
    db = Store.open(f"sqlite:///{home / 'consensus.db'}")
    steps.register(db, small_folder(home / "in" / "small"), by="tester", now=OPENS)
    steps.advance_rounds(db, now=OPENS)
    return db


def ranking_is_open(home: Path) -> Store:
    """Return a store in which the small partnership's interim round is open, without any ballot."""
    db = Store.open(f"sqlite:///{home / 'consensus.db'}")
    for stage in walk.STAGES[: walk.STAGES.index("import-ballots")]:
        walk.run_stage(stage, db, home)
    return db


def invited(db: Store, round_id: str, *, email: str, group: str = "carer") -> tuple[str, str]:
    """Invite somebody into a round; return their token and their id."""
    token, person_id = tokens.open_token(), tokens.new_person_id()
    with db.writing() as session:
        session.add(models.Person(person_id=person_id, partnership="small", email=email, group=group, added_at=OPENS))
        session.flush()
        session.add(
            models.Participation(
                token_hash=tokens.token_hash(token), round_id=round_id, partnership="small", person_id=person_id
            )
        )
    return token, person_id


def send(
    db: Store,
    round_id: str,
    *,
    at: datetime,
    began_at: datetime | None = None,
    words: str = "",
    choices: Iterable[str] = (),
    group: str = "carer",
    email: str = "",
    token: str = "",
    person_id: str | None = None,
    age: str = "40-49",
) -> Taken:
    """Let somebody send their words or their choices, the most favoured first; with a `token` they change them."""
    if not token:
        token, person_id = invited(db, round_id, email=email or f"{secrets.token_hex(4)}@example.org", group=group)
    ranked = [
        {"question_id": "ranking", "item_id": question, "rank": place}
        for place, question in enumerate(choices, start=1)
    ]
    with db.writing() as session:
        row = session.get(models.Participation, tokens.token_hash(token))
        assert row is not None
        began = row.began_at or began_at or at - timedelta(minutes=5)
        response_id = row.response_id or f"w{secrets.token_hex(10)}"
        version = 1 + max((one.version for one in _versions(session, response_id)), default=0)
        answers = {f"{response_id}-question": words} if words else {}
        nonce = receipts.new_nonce()
        content = receipts.response_content(
            round_id=round_id,
            response_id=response_id,
            version=version,
            group=group,
            replies={"age": age} if age else {},
            answers=answers,
            choices=ranked,
        )
        response = models.Response(
            round_id=round_id,
            response_id=response_id,
            version=version,
            partnership="small",
            group=group,
            survey_hash="x",
            replies=json.dumps({"age": age} if age else {}),
            nonce=nonce,
            commitment=receipts.commit(nonce, content),
            began_at=began,
            received_at=at,
        )
        session.add(response)
        if words:
            session.add(_answer(response, answers))
        if ranked:
            session.add(_ballot(response, ranked))
        row.state, row.response_id, row.began_at, row.seed = "sent", response_id, began, secrets.randbelow(2**31)
        row.draft = json.dumps({"question": words, "choices": ranked})
        session.add(row)
    return Taken(token, receipts.receipt_code(response.commitment), response_id, person_id, words)


def _versions(session: Session, response_id: str) -> list[models.Response]:

    return list(session.exec(select(models.Response).where(models.Response.response_id == response_id)))


def _answer(response: models.Response, answers: dict[str, str]) -> models.Answer:
    ((answer_id, words),) = answers.items()
    return models.Answer(
        partnership="small",
        answer_id=answer_id,
        version=response.version,
        source="survey",
        response_id=response.response_id,
        box="question",
        group=response.group,
        language="en",
        text=words,
        received_at=response.received_at,
    )


def _ballot(response: models.Response, ranked: list[dict[str, object]]) -> models.Ballot:
    return models.Ballot(
        round_id=response.round_id,
        ballot_id=response.response_id,
        version=response.version,
        partnership="small",
        source="survey",
        group=response.group,
        choices=json.dumps(ranked, sort_keys=True, separators=(",", ":")),
        began_at=response.began_at,
        received_at=response.received_at,
    )
