"""What goes on paper: one round's survey with the numbers by which its questions are known there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from consensus import models, store
from consensus.protocol import Protocol, Survey
from consensus.store import Store, taking_part
from consensus.survey.choosing import ListedQuestion
from consensus.survey.paper import NumberedQuestion, numbered

__all__ = ["PaperSurvey", "paper_of", "paper_survey"]


@dataclass(frozen=True)
class PaperSurvey:
    """A round's survey as it is printed and keyed in."""

    protocol: Protocol
    survey: Survey
    round_id: str
    kind: str
    state: str
    closes_at: datetime
    questions: tuple[NumberedQuestion, ...]

    @property
    def can_be_printed(self) -> bool:
        """Tell whether what stands on paper is fixed: a ballot's questions are when its round opens."""
        return self.state != "draft" or not any(item.choices_from == "questions" for item in self.survey.items)


def paper_of(db: Store, partnership: str, kind: str) -> PaperSurvey | None:
    """Return what is printed for the round of a kind, or None where there is no such round."""
    with db.reading() as session:
        row = taking_part.round_of_kind(session, partnership, kind)
        return paper_survey(session, row) if row else None


def paper_survey(session: Session, row: models.Round) -> PaperSurvey:
    """Return what is printed and keyed in for a round."""
    protocol = store.load_protocol(session, row.partnership)
    asked = [ListedQuestion(*each) for each in taking_part.ballot_questions(row.questions)]
    themes = [category.id for category in protocol.categories]
    return PaperSurvey(
        protocol=protocol,
        survey=getattr(protocol, row.kind),
        round_id=row.round_id,
        kind=row.kind,
        state=row.state,
        closes_at=row.closes_at,
        questions=tuple(numbered(asked, themes)),
    )
