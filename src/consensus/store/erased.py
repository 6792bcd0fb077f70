"""What is taken out again: a person's words when they withdraw, and what joins a person to a response."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func
from sqlmodel import Session, SQLModel, col, select

from consensus import models
from consensus.store.chained import IMPORTED, LATE

__all__ = ["Erased", "delete_orphans", "erase_response", "erased_so_far", "forget_times", "orphans", "separate"]

OF_SUBMISSIONS: tuple[type[SQLModel], ...] = (
    models.Identifier,
    models.Proposal,
    models.Lineage,
    models.SetAside,
    models.Submission,
)


@dataclass(frozen=True)
class Erased:
    """What a withdrawal took out, for finding copies of it elsewhere; never to be shown or kept."""

    words: tuple[str, ...] = ()
    ids: frozenset[str] = field(default_factory=frozenset)


def erase_response(session: Session, row: models.Participation, *, at: datetime) -> Erased:
    """Take out everything that a person wrote or chose in a round; their commitments alone stay.

    The link stays as withdrawn, so that nothing can be sent by it again, and nobody writes to the person any more.
    """
    erased = Erased()
    if row.response_id:
        erased = _erase_answers(session, row.partnership, row.response_id)
        for ballot in session.exec(select(models.Ballot).where(models.Ballot.ballot_id == row.response_id)):
            session.delete(ballot)
        for response in session.exec(select(models.Response).where(models.Response.response_id == row.response_id)):
            response.replies, response.nonce, response.withdrawn, response.began_at = "{}", "", True, None
            session.add(response)
    row.state, row.draft, row.response_id, row.seed, row.began_at = "withdrawn", "{}", None, None, None
    session.add(row)
    person = session.get(models.Person, row.person_id) if row.person_id else None
    if person is not None:
        person.withdrew_at = at
        session.add(person)
    session.flush()
    return erased


def _erase_answers(session: Session, partnership: str, response_id: str) -> Erased:
    """Delete a response's answers with all that was derived from them."""
    answers = session.exec(
        select(models.Answer).where(models.Answer.partnership == partnership, models.Answer.response_id == response_id)
    ).all()
    cut = session.exec(
        select(models.Submission).where(
            models.Submission.partnership == partnership, models.Submission.response_id == response_id
        )
    ).all()
    words = {text for text in (*(row.text for row in answers), *(row.text for row in cut)) if text.strip()}
    submissions = {row.submission_id for row in cut}
    for answer in answers:
        session.delete(answer)
    _delete_submissions(session, partnership, submissions)
    return Erased(tuple(sorted(words)), frozenset({response_id, *submissions, *(row.answer_id for row in answers)}))


def _delete_submissions(session: Session, partnership: str, submissions: Collection[str]) -> None:
    for table in OF_SUBMISSIONS if submissions else ():
        there: Any = table
        session.execute(
            delete(table).where(there.partnership == partnership, there.submission_id.in_(submissions)),
            execution_options={"synchronize_session": False},
        )


def orphans(session: Session, partnership: str) -> list[str]:
    """Return the submissions whose answer is gone: a stage that had read it may keep them after a withdrawal."""
    known = select(models.Answer.answer_id).where(models.Answer.partnership == partnership)
    return list(
        session.exec(
            select(models.Submission.submission_id).where(
                models.Submission.partnership == partnership, col(models.Submission.answer_id).not_in(known)
            )
        )
    )


def delete_orphans(session: Session, partnership: str) -> None:
    """Delete the submissions whose answer is gone."""
    _delete_submissions(session, partnership, orphans(session, partnership))


def separate(session: Session, round_id: str) -> None:
    """Take from every link into a round what joins it to a response: the id, the beginning, the seed, the draft."""
    for row in session.exec(select(models.Participation).where(models.Participation.round_id == round_id)):
        row.response_id, row.began_at, row.seed, row.draft = None, None, None, "{}"
        session.add(row)
    session.flush()


def forget_times(
    session: Session, row: models.Round, counts: Callable[[datetime, datetime | None], bool], *, late: datetime
) -> None:
    """Take the times from what people sent in a round; of each is kept only whether it came in time.

    Parameters
    ----------
    counts
        Whether what was received then, and begun then, counts.
    late
        What is written for what does not count; the opening of the round is written for what does.
    """
    in_round = models.Response.round_id == row.round_id, models.Response.mode != IMPORTED
    responses = session.exec(select(models.Response).where(*in_round)).all()
    mine = {response.response_id for response in responses}
    ballots = session.exec(select(models.Ballot).where(models.Ballot.round_id == row.round_id))
    received: list[Any] = [*responses, *(ballot for ballot in ballots if ballot.ballot_id in mine)]
    for sent in received:
        sent.received_at = row.opens_at if counts(sent.received_at, sent.began_at) else late
        sent.began_at = None
    answers = session.exec(select(models.Answer).where(models.Answer.partnership == row.partnership))
    theirs = [answer for answer in answers if answer.response_id in mine]
    for answer in theirs:
        answer.received_at = late if answer.status == LATE else row.opens_at
    flags = session.exec(select(models.RiskFlag).where(models.RiskFlag.partnership == row.partnership))
    flagged = {answer.answer_id for answer in theirs}
    for flag in (one for one in flags if one.answer_id in flagged):
        flag.flagged_at, flag.told_at = _day(flag.flagged_at), flag.told_at and _day(flag.told_at)
    session.flush()


def _day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def erased_so_far(session: Session, partnership: str) -> list[object]:
    """Return what was erased in a partnership as a few numbers, to tell whether its traces were cleared since."""
    withdrawn = session.exec(
        select(func.count())
        .select_from(models.Participation)
        .where(models.Participation.partnership == partnership, models.Participation.state == "withdrawn")
    ).one()
    unlinked = session.exec(
        select(models.Round.round_id).where(
            models.Round.partnership == partnership, col(models.Round.unlinked_at).is_not(None)
        )
    )
    return [withdrawn, sorted(unlinked)]
