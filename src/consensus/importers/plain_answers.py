"""Answers from a plain table with a mapping: one row a person, one column a box."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from consensus.gather import answer_id
from consensus.importers.imported import Imported, quarantine
from consensus.importers.mapping import AnswersMapping, Mapping
from consensus.importers.people import GroupFinder, affirms, columns_at_the_door, read_instant, response_ids
from consensus.importers.reading import Table, fold, require_columns
from consensus.protocol import Protocol
from consensus.vocabulary import COLUMNS, empty

__all__ = ["read_plain_answers"]


@dataclass(frozen=True)
class _Row:
    """One person's row, as it is taken."""

    number: int
    response: str
    group: str
    partner: str
    language: str
    received_at: datetime | None
    texts: tuple[str, ...]


def read_plain_answers(table: Table, protocol: Protocol, mapping: Mapping) -> Imported:
    """Return the answers of a table: one row a person and box in which something is written.

    A row without affirmed consent or with an unknown group goes to quarantine. A response id that comes again is kept:
    its texts are boxes of the same person, who counts once. A box that is left blank gives no answer.

    Raises
    ------
    DataError
        The mapping names columns that the table lacks; all of them at once.
    """
    columns = mapping.answers
    assert columns is not None
    require_columns(table, columns.columns())
    rows, refused, warnings = _taken(table, protocol, columns)
    turns = list(_turns(rows))
    answers = sorted(answer for row, turn in turns for answer in _answers(row, turn, columns))
    warnings += _blank_or_repeated(turns)
    named = zip(COLUMNS["answers"], zip(*answers, strict=True), strict=False)
    frame = pd.DataFrame({name: pd.Series(list(values), dtype=object) for name, values in named})
    return Imported(
        source=columns.source,
        sha256=table.sha256,
        answers=frame if answers else empty("answers"),
        quarantine=quarantine(refused),
        dropped_columns=columns_at_the_door(table.frame.columns, [*columns.columns(), *columns.keep]),
        warnings=(*table.warnings, *warnings),
        mapping=mapping,
    )


def _blank_or_repeated(turns: list[tuple[_Row, int]]) -> Iterator[str]:
    blank = sorted(row.number for row, _ in turns if not any(text.strip() for text in row.texts))
    repeated = sorted(row.number for row, turn in turns if turn > 1)
    if blank:
        yield f"{len(blank)} rows have nothing written in any box and give no answer, the first is row {blank[0]}."
    if repeated:
        yield (
            f"{len(repeated)} rows repeat a response id, the first is row {repeated[0]}; their texts are kept and "
            "their person counts once."
        )


def _taken(
    table: Table, protocol: Protocol, columns: AnswersMapping
) -> tuple[list[_Row], list[tuple[int, str]], list[str]]:
    """Return the rows that are taken, the numbers of the others with the reason, and warnings."""
    finder = GroupFinder(protocol, columns.groups, "submits")
    partners = {fold(name): partner.id for partner in protocol.partners for name in (partner.name, partner.id)}
    responses = response_ids(table, columns.response_id, [name for name in columns.columns() if name])
    consents = (*columns.consent_values, *(item.label for item in protocol.gather.items if item.type == "consent"))
    rows, refused, unread, unknown = [], [], [], []
    for number, cells in zip(table.frame.index, table.frame.to_dict("records"), strict=True):
        group, reason = finder.find(cells[columns.group]) if columns.group else finder.find("")
        if columns.consent and not affirms(cells[columns.consent], consents):
            reason = "consent is not affirmed"
        if reason:
            refused.append((number, reason))
            continue
        try:
            at = read_instant(cells[columns.received_at], protocol.zone) if columns.received_at else None
        except ValueError:
            at = None
            unread.append(number)
        said = fold(cells[columns.partner]) if columns.partner else ""
        if said and said not in partners:
            unknown.append(number)
        language = cells[columns.language].strip() if columns.language else ""
        texts = tuple(cells[name] for name in columns.texts)
        rows.append(_Row(number, responses[number], group, partners.get(said, ""), language, at, texts))
    return rows, refused, [*_unmapped(columns), *_unsure(table, unread, unknown)]


def _unmapped(columns: AnswersMapping) -> Iterator[str]:
    if not columns.response_id:
        yield "No column tells the responses apart; each row has an id made from what it says."
    if not columns.group:
        yield "No column tells the stakeholder group; everybody's is 'not stated'."
    if not columns.consent:
        yield "No column tells of consent; make sure that everybody in this file gave it."


def _unsure(table: Table, unread: list[int], unknown: list[int]) -> Iterator[str]:
    if unread:
        yield (
            f"{table.name}: the time of {len(unread)} rows cannot be read, the first is row {unread[0]}; write it as "
            "2026-02-03 10:00. They are kept without a time."
        )
    if unknown:
        yield (
            f"{table.name}: the partner of {len(unknown)} rows is not one of the protocol's, the first is row "
            f"{unknown[0]}; they are kept without a partner."
        )


def _turns(rows: list[_Row]) -> Iterator[tuple[_Row, int]]:
    """Yield each row with its turn among those of the same response id, whatever the order of the file."""
    turns: dict[str, int] = {}
    for row in sorted(rows, key=lambda row: (row.response, row.received_at is None, str(row.received_at), row.texts)):
        turns[row.response] = turns.get(row.response, 0) + 1
        yield row, turns[row.response]


def _answers(row: _Row, turn: int, columns: AnswersMapping) -> Iterator[tuple[object, ...]]:
    """Yield the answers of one row, in the columns of the answers frame."""
    for box, text in zip(columns.texts, row.texts, strict=True):
        if text.strip():
            box = f"{box} ({turn})" if turn > 1 else box
            answer = answer_id(columns.source, row.response, box)
            person = (row.response, box, row.group, row.partner, row.language)
            yield (answer, 1, columns.source, *person, text, "", row.received_at)
