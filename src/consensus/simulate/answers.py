"""Specification, protocol and seed to the answers of a gathering survey, with the truth behind them kept apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

from consensus.protocol import Protocol
from consensus.simulate.drawing import Draw
from consensus.simulate.specification import EXPERT, PLAIN, PLAIN_OF_OTHERS, LatentQuestion, Specification
from consensus.simulate.wording import Writer

__all__ = ["ANSWER_COLUMNS", "BOXES", "OUT_OF_SCOPE", "TRUTH_COLUMNS", "simulate_answers", "write_answers"]

BOXES = ("q1", "q2", "q3")
ANSWER_COLUMNS = ("response_id", "submitted_at", "group", "partner", "consent", *BOXES)
TRUTH_COLUMNS = ("response_id", "box", "start", "end", "latent", "text")
OUT_OF_SCOPE = "out_of_scope"
EXPERTS_FROM = 500
HEARD_BY = 2
RUNS_ON = (", ", " And ")
NAMES = frozenset({"Black", "Instagram"})


@dataclass(frozen=True)
class _Part:
    latent: str
    text: str


def simulate_answers(specification: Specification, protocol: Protocol, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what a survey tool would export, and apart from it the truth.

    The draws use nothing that differs between versions of Python, so that the same seed gives the same bytes.

    Parameters
    ----------
    specification
        The people, the latent questions and the words.
    protocol
        The groups' names and the opening times; answers come in between the opening and the close of the gathering.
    seed
        A whole number.

    Returns
    -------
    answers : DataFrame
        One row a respondent, columns `ANSWER_COLUMNS`, by time; `group` is the group's name, as people see it.
    truth : DataFrame
        One row a thing said, columns `TRUTH_COLUMNS`: from `start` to `end` of a box, in characters, somebody asked the
        `latent` question or made a remark that is `OUT_OF_SCOPE`. The parts of a box hold all its characters.
    """
    people = [(group.id, k) for group in protocol.groups for k in range(specification.groups[group.id].people)]
    draw = Draw(seed, "people")
    people = draw.shuffled(people)
    writer = Writer(specification, seed)
    rows, truths = [], []
    for number, ((group, _), at) in enumerate(zip(people, _instants(len(people), protocol, seed), strict=True), 1):
        response = f"R{number:04d}"
        boxes = _boxes(specification, protocol, group, writer, draw)
        truths += [row for box, parts in boxes.items() for row in _spans(response, box, parts)]
        texts = ["".join(part.text for part in boxes.get(box, [])) for box in BOXES]
        partner = _partner(specification, group, draw)
        rows.append([response, at, protocol.group(group).name, partner, "yes", *texts])
    return pd.DataFrame(rows, columns=list(ANSWER_COLUMNS)), pd.DataFrame(truths, columns=list(TRUTH_COLUMNS))


def write_answers(answers: pd.DataFrame, path: Path | str) -> None:
    """Write the answers as a survey tool would export them: CSV in UTF-8, one row a respondent."""
    Path(path).write_text(answers.to_csv(index=False, lineterminator="\n"), encoding="utf-8", newline="")


def _instants(n: int, protocol: Protocol, seed: int) -> list[str]:
    """Return n times in order: most people answer soon after the opening or a reminder."""
    draw = Draw(seed, "times")
    plan = protocol.rounds.gather
    starts = [plan.opens, *plan.reminders]
    length = int((plan.closes - plan.opens).total_seconds())
    times: list[datetime] = []
    for _ in range(n):
        if draw.chance(600):
            start = draw.pick(starts)
            left = min(int((plan.closes - start).total_seconds()), 6 * 86400)
            times.append(start + timedelta(seconds=draw.below(left) * draw.below(1000) // 1000))
        else:
            times.append(plan.opens + timedelta(seconds=draw.below(length)))
    return [at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in sorted(times)]


def _partner(specification: Specification, group: str, draw: Draw) -> str:
    if draw.chance(specification.chances.no_partner):
        return ""
    partners = specification.groups[group].partners
    return list(partners)[draw.weighted(list(partners.values()))]


def _boxes(
    specification: Specification, protocol: Protocol, group: str, writer: Writer, draw: Draw
) -> dict[str, list[_Part]]:
    """Return what one person writes in each box."""
    chances = specification.chances
    asked: set[str] = set()
    boxes = {}
    for box, chance in zip(BOXES, (1000, chances.second_box, chances.third_box), strict=True):
        if not draw.chance(chance):
            break
        if draw.chance(chances.out_of_scope) and writer.remarks_left():
            boxes[box] = [_Part(OUT_OF_SCOPE, writer.remark())]
            continue
        boxes[box] = _several(specification, protocol, group, writer, draw, asked)
    return boxes


def _several(
    specification: Specification, protocol: Protocol, group: str, writer: Writer, draw: Draw, asked: set[str]
) -> list[_Part]:
    """Return the parts of one box: one question, or two or three strung together."""
    kind = draw.below(1000)
    chances = specification.chances
    count = 3 if kind < chances.three_questions else 2 if kind < chances.three_questions + chances.two_questions else 1
    style = draw.pick(("sentences", "sentences", "numbers", "lines")) if count > 1 else "sentences"
    place = [each.id for each in protocol.groups].index(group)
    parts: list[_Part] = []
    for number in range(count):
        register = _register(specification, group, draw)
        question = _in_mind(specification, place, register, writer, asked, draw)
        asked.add(question.id)
        text = writer.ask(question, register, group, first=number == 0, draw=draw)
        mark = _mark(style, number, specification, draw)
        parts.append(_Part(question.id, mark + (_lowered(text) if mark.endswith(RUNS_ON) else text)))
    if draw.chance(chances.identifier):
        parts[-1] = _Part(parts[-1].latent, f"{parts[-1].text} {writer.identifier(draw)}")
    return parts


def _mark(style: str, number: int, specification: Specification, draw: Draw) -> str:
    """Return what stands before the question with that number, counted from 0."""
    if style == "numbers":
        return f"{chr(10) if number else ''}{number + 1}. "
    if number == 0:
        return ""
    return "\n" if style == "lines" else " " + draw.pick(specification.several.joiners)


def _lowered(text: str) -> str:
    """Return a sentence as it stands behind a comma or an "And"; a name or an I keeps its capital."""
    word = text.split(" ", 1)[0]
    return text if not word[1:].islower() or word in NAMES else text[0].lower() + text[1:]


def _register(specification: Specification, group: str, draw: Draw) -> str:
    expert = specification.groups[group].expert
    if draw.chance(expert):
        return EXPERT
    return PLAIN_OF_OTHERS if expert > EXPERTS_FROM else PLAIN


def _in_mind(
    specification: Specification, place: int, register: str, writer: Writer, asked: set[str], draw: Draw
) -> LatentQuestion:
    """Return the question a person of the group at that place has in mind, and has words for.

    What few have asked comes to mind more readily, so that each latent question is there to be recovered.
    """
    options = [
        question
        for question in specification.questions
        if question.id not in asked and writer.has_words_for(question, register)
    ]
    weights = [question.heard * (2 + question.importance[place]) for question in options]
    seldom = [HEARD_BY if writer.times_asked(question) < HEARD_BY else 1 for question in options]
    return options[draw.weighted([weight * more for weight, more in zip(weights, seldom, strict=True)])]


def _spans(response: str, box: str, parts: list[_Part]) -> list[tuple[str, str, int, int, str, str]]:
    rows, start = [], 0
    for part in parts:
        end = start + len(part.text)
        rows.append((response, box, start, end, part.latent, part.text))
        start = end
    return rows
