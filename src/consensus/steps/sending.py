"""Sending: a version of somebody's response with its answers or its ballot, and the receipt that stands for it."""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import Any

from sqlmodel import Session

from consensus import models, receipts, survey
from consensus.protocol import Survey
from consensus.steps.risks import flag_risks
from consensus.steps.visits import Visit
from consensus.store import taking_part
from consensus.store.taking_part import Link
from consensus.vocabulary import NOT_STATED

__all__ = ["LEAST_SECONDS", "WEB", "items_from", "says", "send_response"]

WEB = "web"
"""The mode of what people send themselves."""

LEAST_SECONDS = {"gather": 20, "interim": 30}
"""Who sends faster than this after beginning is flagged, for a person to look at; it counts all the same."""


def send_response(
    session: Session,
    person: Link,
    row: models.Round,
    there: Visit,
    last: models.Response | None,
    flags: set[str],
    now: datetime,
    *,
    mode: str = WEB,
    asked: str = "",
) -> models.Response:
    """Add a version of a response unless the last one says the same, and return what is the last one then.

    `asked` is the hash of the survey whose words the person saw, where that is not the one in force.
    """
    response_id = person.response_id or f"w{secrets.token_hex(10)}"
    if last and says(last, there):
        return last
    flags = flags | set(there.said.get("_flags", ()))  # of the moment at which they began
    version, nonce = (last.version + 1 if last else 1), receipts.new_nonce()
    if person.began_at and (now - person.began_at).total_seconds() < LEAST_SECONDS.get(row.kind, 0) and not last:
        flags.add("fast")
    response = models.Response(
        round_id=row.round_id,
        response_id=response_id,
        version=version,
        partnership=row.partnership,
        group=_group(there),
        partner=_partner(there) or person.partner,
        language=person.language,
        mode=mode,
        survey_hash=asked or there.survey.hash,
        replies=json.dumps(survey.replies(there.survey, there.said), ensure_ascii=False, separators=(",", ":")),
        nonce=nonce,
        commitment=receipts.commit(nonce, _content(there, response_id, version)),
        began_at=person.began_at,
        received_at=now,
        flags=" ".join(sorted(flags)),
    )
    taking_part.save_sent_response(session, response)
    if survey.takes_ballots(there.survey):
        taking_part.save_sent_ballot(session, response, survey.sent_choices(there.survey, there.said))
    words = survey.words_of(there.survey, there.said)
    added = taking_part.save_sent_answers(session, response, words, late=there.stand == "late")
    flag_risks(session, there.protocol, added, now)
    taking_part.change_link(session, person, response_id=response_id, state="sent")
    return response


def _content(there: Visit, response_id: str, version: int) -> dict[str, object]:
    """Return what a receipt for what a person has filled in stands for."""
    words = survey.words_of(there.survey, there.said)
    return receipts.response_content(
        round_id=there.round_id,
        response_id=response_id,
        version=version,
        group=_group(there),
        replies=survey.replies(there.survey, there.said),
        answers={taking_part.answer_key(response_id, box): text for box, text in words.items()},
        choices=survey.sent_choices(there.survey, there.said),
    )


def says(response: models.Response, there: Visit) -> bool:
    """Tell whether a version of a response says exactly what is filled in."""
    if not response.nonce:
        return False
    content = _content(there, response.response_id, response.version)
    return receipts.commit(response.nonce, content) == response.commitment


def _group(there: Visit) -> str:
    return next(
        (there.said[item.id] for item in items_from(there.survey, "groups") if there.said.get(item.id)), NOT_STATED
    )


def _partner(there: Visit) -> str:
    return next((there.said[item.id] for item in items_from(there.survey, "partners") if there.said.get(item.id)), "")


def items_from(asked: Survey, what: str) -> list[Any]:
    """Return the items of a survey that offer the groups, the partners or the questions."""
    return [item for item in asked.items if item.choices_from == what]
