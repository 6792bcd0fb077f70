"""What counts at a round's close, as commitments: the receipts of those who took part, and those made for imports."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

from sqlmodel import Session, col, select

from consensus import models, receipts

__all__ = [
    "IMPORTED",
    "LATE",
    "add_to_chain",
    "load_chain",
    "load_responses",
    "load_timely_words",
    "save_imported_response",
    "stands_for",
]

IMPORTED = "import"
"""The mode of a response that was collected elsewhere and imported; nobody holds its receipt."""

LATE = "received after the close"
"""The status of an answer that came after the close; it is kept and never counts."""


def load_responses(session: Session, round_id: str) -> list[models.Response]:
    """Return every version of every response of a round, in the order of response and version."""
    query = (
        select(models.Response)
        .where(models.Response.round_id == round_id)
        .order_by(col(models.Response.response_id), col(models.Response.version))
    )
    return list(session.exec(query))


def load_chain(session: Session, round_id: str) -> list[str]:
    """Return the commitments in a round's chain, in their order; empty before the round is frozen."""
    query = select(models.ChainEntry.commitment).where(models.ChainEntry.round_id == round_id)
    return sorted(session.exec(query))


def add_to_chain(session: Session, row: models.Round, commitments: Collection[str]) -> str:
    """Add commitments to a round's chain and return its root, which is kept with the round."""
    session.add_all(models.ChainEntry(round_id=row.round_id, commitment=one) for one in commitments)
    session.flush()
    row.root = receipts.root(row.round_id, receipts.chain(row.round_id, load_chain(session, row.round_id)))
    session.add(row)
    return row.root


def save_imported_response(session: Session, ballot: models.Ballot) -> models.Response:
    """Give a ballot that was imported a commitment of its own, as those have who took part here."""
    response = models.Response(
        round_id=ballot.round_id,
        response_id=ballot.ballot_id,
        version=ballot.version,
        partnership=ballot.partnership,
        group=ballot.group,
        mode=IMPORTED,
        survey_hash="",
        nonce=receipts.new_nonce(),
        commitment="",
        began_at=ballot.began_at,
        received_at=ballot.received_at,
    )
    response.commitment = receipts.commit(response.nonce, _content(response, {}, ballot))
    session.add(response)
    return response


def stands_for(response: models.Response, answers: Mapping[str, str], ballot: models.Ballot | None) -> bool:
    """Return whether what is stored of a response, its answers and its ballot is what its commitment was made of."""
    return receipts.commit(response.nonce, _content(response, answers, ballot)) == response.commitment


def load_timely_words(session: Session, partnership: str) -> dict[str, dict[str, str]]:
    """Return, by response and by answer, the words of the last version that did not come after the close."""
    query = (
        select(models.Answer.response_id, models.Answer.answer_id, models.Answer.text)
        .where(models.Answer.partnership == partnership, models.Answer.status != LATE)
        .order_by(col(models.Answer.answer_id), col(models.Answer.version))
    )
    words: dict[str, dict[str, str]] = {}
    for response_id, answer_id, text in session.exec(query):
        words.setdefault(response_id, {})[answer_id] = text
    return words


def _content(response: models.Response, answers: Mapping[str, str], ballot: models.Ballot | None) -> dict[str, object]:
    """Return what a response says, as its receipt stands for it."""
    choices: Sequence[Mapping[str, object]] = json.loads(ballot.choices) if ballot else ()
    return receipts.response_content(
        round_id=response.round_id,
        response_id=response.response_id,
        version=response.version,
        group=response.group,
        replies=json.loads(response.replies),
        answers=answers,
        choices=choices,
    )
