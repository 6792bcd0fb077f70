"""Which items of a survey stand on which page, and what people agree to on the first one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from consensus.protocol import Survey, SurveyItem, Words

__all__ = ["Page", "PageKind", "opening", "opening_hash", "pages"]

PageKind = Literal["form", "choose", "rate", "sets"]
_KIND: dict[str, PageKind] = {"rank": "choose", "rate": "rate", "best_worst": "sets"}


@dataclass(frozen=True)
class Page:
    """One page of a survey: its items, and what stands above them.

    `kind` is `choose` for a page that finds and orders questions, `rate` for one that rates each of them,
    `sets` for one that shows a set of them after the other, else `form`.
    """

    id: str
    kind: PageKind
    items: tuple[SurveyItem, ...]
    heading: Words | None = None
    hint: Words | str = ""

    @property
    def item(self) -> SurveyItem:
        """Return the one item of a page that is about the questions on the ballot."""
        return self.items[-1]


def opening(survey: Survey) -> tuple[SurveyItem, ...]:
    """Return what stands on the first page: the notes at the head of the survey, and its consents."""
    head = []
    for item in survey.items:
        if item.type not in ("note", "consent"):
            break
        head.append(item)
    return tuple(head)


def opening_hash(survey: Survey) -> str:
    """Return the SHA-256 of what stands on the first page: of what people have read and agreed to when they begin."""
    return hashlib.sha256("".join(item.hash for item in opening(survey)).encode()).hexdigest()


def pages(survey: Survey) -> tuple[Page, ...]:
    """Return the pages behind the first one.

    A `group` begins a page. Otherwise a page goes on until the items turn from ticks to words or back; an item about
    every question on the ballot has a page of its own, with the notes that stand before it.

    Examples
    --------
    >>> survey = Survey.model_validate({"title": "Sleep", "items": [
    ...     {"id": "about", "type": "note", "label": "Hello"}, {"id": "q", "type": "text", "label": "What?"},
    ...     {"id": "age", "type": "select_one", "label": "Age", "choices": ["16 to 24", "25 or over"]}]})
    >>> [(page.id, page.kind) for page in pages(survey)]
    [('q', 'form'), ('age', 'form')]
    """
    made: list[Page] = []
    heading: SurveyItem | None = None
    current: list[SurveyItem] = []
    for item in survey.items[len(opening(survey)) :]:
        if item.type == "group":
            made += _page(current, heading)
            heading, current = item, []
            continue
        if _breaks(current, item, in_group=heading is not None):
            ends = max(place for place, each in enumerate(current, start=1) if each.type != "note")
            made += _page(current[:ends], heading)
            heading, current = None, current[ends:]  # notes go with what they stand before
        current.append(item)
    return tuple(made + _page(current, heading))


def _breaks(current: list[SurveyItem], item: SurveyItem, *, in_group: bool) -> bool:
    """Tell whether an item cannot stand on the page that has these items already."""
    before, sort = next((_sort(each) for each in current if _sort(each)), ""), _sort(item)
    if not before or not sort:
        return False
    return sort == "questions" or before == "questions" or (not in_group and before != sort)


def _sort(item: SurveyItem) -> str:
    """Return what an item asks for: words, ticks, or something about every question on the ballot."""
    if item.type == "note":
        return ""
    if item.choices_from == "questions":
        return "questions"
    return "words" if item.type == "text" else "ticks"


def _page(items: list[SurveyItem], heading: SurveyItem | None) -> list[Page]:
    if not items:
        return []
    about = items[-1] if items[-1].choices_from == "questions" else None
    kind: PageKind = "form" if about is None else _KIND.get(about.type, "choose")
    first = next((item for item in items if item.type != "note"), items[0])
    head, hint = (heading.label, heading.hint) if heading else (None, "")
    return [Page(heading.id if heading else first.id, kind, tuple(items), head, hint)]
