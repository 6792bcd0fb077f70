"""What is still amiss in what a person has said: every fault at once, each with the field it is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from consensus.protocol import Protocol, SurveyItem
from consensus.survey.filling import LONGEST, MOST_BOXES, Said
from consensus.survey.pages import Page
from consensus.survey.sets import picked_all, set_count

__all__ = ["Fault", "choice_ids", "page_faults", "survey_faults"]


@dataclass(frozen=True)
class Fault:
    """One thing to mend: a key of the interface's catalogue with what it names, and the item and field it is about.

    `number` counts the boxes of a repeated text from 1.
    """

    item: str
    key: str
    named: Mapping[str, Any] = field(default_factory=dict)
    number: int = 1
    page: str = ""


def choice_ids(item: SurveyItem, protocol: Protocol, questions: Collection[str] = ()) -> list[str]:
    """Return what may be chosen of an item."""
    listed = {
        "groups": [group.id for group in protocol.groups],
        "partners": [partner.id for partner in protocol.partners],
        "questions": list(questions),
        "": [choice.id for choice in item.choices],
    }
    return listed[item.choices_from]


def survey_faults(pages: Iterable[Page], said: Said, protocol: Protocol, questions: Sequence[str] = ()) -> list[Fault]:
    """Return every fault of every page, in the order in which people meet the items."""
    return [fault for page in pages for fault in page_faults(page, said, protocol, questions)]


def page_faults(page: Page, said: Said, protocol: Protocol, questions: Sequence[str] = ()) -> list[Fault]:
    """Return every fault of one page: what is required and missing, too long, too many, or not on the list.

    Examples
    --------
    >>> item = SurveyItem(id="q", type="text", label="What?", required=True)
    >>> [fault.key for fault in page_faults(Page("q", "form", (item,)), {"q": " "}, None)]
    ['missing_text']
    """
    found = []
    for item in page.items:
        if check := _CHECKS.get(item.type):
            found += check(item, said.get(item.id), protocol, questions)
    return [Fault(fault.item, fault.key, fault.named, fault.number, page.id) for fault in found]


def _text(item: SurveyItem, given: Any, _protocol: Protocol, _questions: Sequence[str]) -> list[Fault]:
    texts = given if isinstance(given, list) else [given or ""]
    most = item.maximum or LONGEST
    found = [
        Fault(item.id, "too_long", {"most": most, "now": len(text)}, number)
        for number, text in enumerate(texts, start=1)
        if len(text) > most
    ]
    if len(texts) > MOST_BOXES:
        found.append(Fault(item.id, "too_many_boxes", {"most": MOST_BOXES}, MOST_BOXES))
    if item.required and not any(text.strip() for text in texts):
        found.append(Fault(item.id, "missing_text"))
    return found


def _consent(item: SurveyItem, given: Any, _protocol: Protocol, _questions: Sequence[str]) -> list[Fault]:
    return [Fault(item.id, "missing_consent")] if item.required and not given else []


def _one(item: SurveyItem, given: Any, protocol: Protocol, questions: Sequence[str]) -> list[Fault]:
    if not given:
        return [Fault(item.id, "missing_choice")] if item.required else []
    return [] if given in choice_ids(item, protocol, questions) else [Fault(item.id, "unknown_choice")]


def _several(item: SurveyItem, given: Any, protocol: Protocol, questions: Sequence[str]) -> list[Fault]:
    chosen = list(given or ())
    known = set(choice_ids(item, protocol, questions))
    found = []
    if item.required and not chosen:
        found.append(Fault(item.id, "missing_questions" if item.choices_from == "questions" else "missing_choice"))
    if item.maximum and len(chosen) > item.maximum:
        over = len(chosen) - item.maximum
        found.append(Fault(item.id, "too_many_chosen", {"most": item.maximum, "now": len(chosen), "over": over}))
    if any(each not in known for each in chosen):
        found.append(Fault(item.id, "unknown_choice"))
    return found


def _rates(item: SurveyItem, given: Any, _protocol: Protocol, questions: Sequence[str]) -> list[Fault]:
    missing = sum(question not in (given or {}) for question in questions)
    return [Fault(item.id, "missing_ratings", {"count": missing})] if item.required and missing else []


def _sets(item: SurveyItem, given: Any, _protocol: Protocol, questions: Sequence[str]) -> list[Fault]:
    found = []
    for number in range(1, set_count(item, len(questions)) + 1):
        picked = (given or {}).get(str(number), {})
        if picked_all(picked) or not (picked or item.required):
            continue
        same = picked.get("best") and picked.get("best") == picked.get("worst")
        found.append(Fault(item.id, "best_is_worst" if same else "missing_pick", {"set": number}, number))
    return found


_CHECKS = {
    "rate": _rates,
    "best_worst": _sets,
    "text": _text,
    "consent": _consent,
    "select_one": _one,
    "select_multiple": _several,
    "rank": _several,
}
