"""What goes on paper: one round's survey with the numbers by which its questions are known there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from consensus import models, store
from consensus.protocol import Protocol, Survey, SurveyItem
from consensus.steps.timetable import grace_ends
from consensus.steps.unlinking import unlinks_after
from consensus.store import Store, taking_part
from consensus.survey.choosing import ListedQuestion
from consensus.survey.moments import with_moments
from consensus.survey.paper import NumberedQuestion, numbered, version_mark
from consensus.survey.sets import set_count, set_size, sets_of

__all__ = ["PaperSurvey", "paper_of", "paper_survey"]


@dataclass(frozen=True)
class PaperSurvey:
    """A round's survey as it is printed and keyed in; `versions` are all that sheets may have been printed from."""

    protocol: Protocol
    survey: Survey
    round_id: str
    kind: str
    state: str
    closes_at: datetime
    questions: tuple[NumberedQuestion, ...]
    versions: Mapping[str, Survey]

    @property
    def version(self) -> str:
        """Return what stands on a sheet that is printed now, to tell by which words it asks."""
        return version_mark(self.survey)

    @property
    def can_be_printed(self) -> bool:
        """Tell whether what stands on paper is fixed: a ballot's questions are when its round opens."""
        return self.state != "draft" or not any(item.choices_from == "questions" for item in self.survey.items)

    @property
    def has_sets(self) -> bool:
        """Tell whether best and worst of small sets are picked, so that sheets have designs."""
        return any(item.type == "best_worst" for item in self.survey.items)

    def sets(self, item: SurveyItem, seed: int = 0) -> list[tuple[NumberedQuestion, ...]]:
        """Return the sets of questions on a sheet of the design with this seed, of which best and worst are picked."""
        listed = {question.id: question for question in self.questions}
        size, count = set_size(item, len(listed)), set_count(item, len(listed))
        return [tuple(listed[each] for each in shown) for shown in sets_of(listed, seed, size=size, count=count)]


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
        survey=with_moments(
            getattr(protocol, row.kind),
            protocol.zone,
            closes=row.closes_at,
            unlinked=grace_ends(unlinks_after(session, row)),
        ),
        round_id=row.round_id,
        kind=row.kind,
        state=row.state,
        closes_at=row.closes_at,
        questions=tuple(numbered(asked, themes)),
        versions={version_mark(one): one for one in _ever_asked(session, row)},
    )


def _ever_asked(session: Session, row: models.Round) -> list[Survey]:
    """Return every survey of a round's kind that there was, before it opened as well."""
    ever = datetime.min.replace(tzinfo=UTC)
    return [getattr(one, row.kind) for one in store.load_protocols(session, row.partnership, ever)]
