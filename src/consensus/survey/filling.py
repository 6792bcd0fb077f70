"""What a posted form says, put with what the person said before; words are kept as they were written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from consensus.protocol import Survey, SurveyItem
from consensus.survey.pages import Page

__all__ = ["ADD", "DONT_KNOW", "MOST_BOXES", "TOP", "Form", "Said", "field", "fill_page", "replies", "words_of"]

Form = Mapping[str, Sequence[str]]
Said = Mapping[str, Any]

ADD = "add:"
"""What the button for another box is called before the item's id."""

MOST_BOXES = 50
TOP = 9
"""The top of a rating scale that declares none."""

DONT_KNOW = "dont_know"
"""A rating that is none: it is kept, and counts as not rated."""

LONGEST = 20_000
"""Characters of one box that are kept when no maximum is declared; a fault says so, and nothing is cut silently."""


def field(item: SurveyItem, part: str = "") -> str:
    """Return the name of an item's field in a form.

    Examples
    --------
    >>> field(SurveyItem(id="age", type="note", label="Age"))
    'a.age'
    """
    return f"a.{item.id}.{part}" if part else f"a.{item.id}"


def fill_page(page: Page, form: Form, said: Said, *, questions: Sequence[str] = ()) -> dict[str, Any]:
    """Return what a person has said, with what a page's form says in the place of what was said there before.

    An item whose fields the form does not hold keeps what was said. `questions` are the ids on the ballot.

    Examples
    --------
    >>> item = SurveyItem(id="q", type="text", label="What?", repeat=True)
    >>> fill_page(Page("q", "form", (item,)), {"a.q": ["Why?", "", "How?\\r\\nWhen?"]}, {})
    {'q': ['Why?', 'How?\\nWhen?']}
    """
    filled = dict(said)
    for item in page.items:
        if item.type not in _READ or (f"has.{item.id}" not in form and not _fields(item, form)):
            continue
        filled[item.id] = _READ[item.type](item, form, questions)
    return filled


def _fields(item: SurveyItem, form: Form) -> list[str]:
    name = field(item)
    return [key for key in form if key == name or key.startswith(f"{name}.")]


def _words(text: str) -> str:
    """Return words as they were typed: a form sends line ends as CR LF, and a database may hold no NUL."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def _read_text(item: SurveyItem, form: Form, _questions: Sequence[str]) -> Any:
    texts = [_words(text) for text in form.get(field(item), ())]
    if item.repeat:
        return [text for text in texts if text.strip()]
    return texts[0] if texts else ""


def _read_one(item: SurveyItem, form: Form, _questions: Sequence[str]) -> str:
    return _words((form.get(field(item)) or [""])[0])


def _read_several(item: SurveyItem, form: Form, _questions: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(_words(each) for each in form.get(field(item), ()) if each))


def _read_rates(item: SurveyItem, form: Form, questions: Sequence[str]) -> dict[str, str]:
    given = {question: (form.get(field(item, question)) or [""])[0] for question in questions}
    scale = {*map(str, range(1, (item.maximum or TOP) + 1)), DONT_KNOW}
    return {question: value for question, value in given.items() if value in scale}


_READ = {
    "consent": _read_one,
    "text": _read_text,
    "select_one": _read_one,
    "select_multiple": _read_several,
    "rank": _read_several,
    "rate": _read_rates,
}


def words_of(survey: Survey, said: Said) -> dict[str, str]:
    """Return the words a person wrote by the name of their box; boxes without a visible character are left out.

    Examples
    --------
    >>> survey = Survey.model_validate({"title": "Sleep", "items": [
    ...     {"id": "q", "type": "text", "label": "What?", "repeat": True}]})
    >>> words_of(survey, {"q": ["Why?", "How?"]})
    {'q1': 'Why?', 'q2': 'How?'}
    """
    boxes: dict[str, str] = {}
    for item in survey.items:
        given = said.get(item.id) if item.type == "text" else None
        texts = given if isinstance(given, list) else [given] if isinstance(given, str) else []
        boxes |= {item.box(number): text for number, text in enumerate(texts, start=1) if text.strip()}
    return boxes


def replies(survey: Survey, said: Said) -> dict[str, Any]:
    """Return what was said about the person: the selections and consents, by item id; what was skipped is left out."""
    kinds = ("consent", "select_one", "select_multiple")
    return {
        item.id: said[item.id]
        for item in survey.items
        if item.type in kinds and item.choices_from != "questions" and said.get(item.id)
    }
