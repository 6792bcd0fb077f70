"""Ballots from a plain table with a mapping, in any of the three orientations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from consensus.importers.imported import Imported, no_responses, quarantine
from consensus.importers.mapping import BallotsMapping, Mapping
from consensus.importers.people import GroupFinder, affirms, columns_at_the_door, read_instant, response_ids
from consensus.importers.reading import Table, fold, require_columns
from consensus.protocol import Protocol
from consensus.vocabulary import COLUMNS

__all__ = ["read_plain_ballots"]

_DO_NOT_KNOW = frozenset(["don't know", "don’t know", "do not know", "dk", "not sure", "unsure"])
_TICKS = {"1": 1, "x": 1, "yes": 1, "true": 1, "✓": 1, "✔": 1, "agree": 1, "0": 0, "no": 0, "false": 0, "pass": 0}
_TICKS |= {"-1": -1, "disagree": -1}

Choice = tuple[str, int | None, int | None]  # question, rank, chosen


class _Refused(Exception):
    """A ballot that cannot be taken; the message is the reason."""


@dataclass(frozen=True)
class _Ballot:
    """One ballot, as it is taken."""

    number: int
    response: str
    group: str
    received_at: datetime | None
    choices: tuple[Choice, ...]

    @property
    def said(self) -> tuple[object, ...]:
        """Return what makes two ballots the same."""
        return self.group, tuple(sorted(self.choices, key=str))


def read_plain_ballots(table: Table, protocol: Protocol, mapping: Mapping) -> Imported:
    """Return the choices of a table of ballots: one row a ballot and question.

    A ballot whose group, consent, time or a choice cannot be read goes to quarantine whole. Of a response id that comes
    again the last by its time counts; where no time tells, none does. What a ballot may hold - ties, gaps, too many
    choices, a question nobody knows - is checked where ballots are checked, against the questions.

    Raises
    ------
    DataError
        The mapping names columns that the table lacks; all of them at once.
    """
    columns = mapping.ballots
    assert columns is not None
    require_columns(table, columns.columns())
    form = columns.form or protocol.ballot.form
    ballots, refused = _taken(table, protocol, columns, form)
    counted, repeats = _once_each(ballots)
    item = next((item.id for item in protocol.interim.items if item.choices_from == "questions"), "choices")
    rows = [
        (ballot.response, ballot.group, item, question, rank, chosen, ballot.received_at)
        for ballot in counted
        for question, rank, chosen in ballot.choices
    ]
    frame = no_responses()
    if rows:
        named = zip([*COLUMNS["responses"], "received_at"], zip(*rows, strict=True), strict=True)
        frame = pd.DataFrame({name: pd.Series(list(values), dtype=object) for name, values in named})
    return Imported(
        source=columns.source,
        sha256=table.sha256,
        responses=frame,
        quarantine=quarantine(refused + repeats),
        dropped_columns=columns_at_the_door(table.frame.columns, [*columns.columns(), *columns.keep]),
        warnings=(*table.warnings, *_warnings(columns, protocol)),
        mapping=mapping,
    )


def _warnings(columns: BallotsMapping, protocol: Protocol) -> Iterator[str]:
    if not columns.group:
        yield "No column tells the stakeholder group."
    if protocol.weighting.margins:
        yield (
            "The protocol weights people by what they say of themselves on the survey pages, which no file of ballots "
            "tells: each ballot of this one counts as one person in its group."
        )


def _taken(
    table: Table, protocol: Protocol, columns: BallotsMapping, form: str
) -> tuple[list[_Ballot], list[tuple[int, str]]]:
    """Return the ballots that can be read, and the rows of the others with the reason."""
    finder = GroupFinder(protocol, columns.groups, "ranks")
    read = _down if columns.question_column else _across
    ballots, refused = [], []
    for response, rows in _by_ballot(table, columns):
        number = int(rows.index[0])
        try:
            group, received_at = _person(rows, columns, finder, protocol)
            choices = tuple(read(rows, columns, form))
            if not choices:
                raise _Refused("nothing is chosen")
            ballots.append(_Ballot(number, response, group, received_at, choices))
        except _Refused as reason:
            refused.append((number, str(reason)))
    return ballots, refused


def _by_ballot(table: Table, columns: BallotsMapping) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each ballot's id and rows: one row, or all rows of a response id in a file of one row a question."""
    responses = response_ids(table, columns.response_id, columns.columns())
    if columns.question_column:
        yield from ((str(response), rows) for response, rows in table.frame.groupby(responses, sort=True))
    else:
        yield from ((responses[number], table.frame.loc[[number]]) for number in table.frame.index)


def _person(
    rows: pd.DataFrame, columns: BallotsMapping, finder: GroupFinder, protocol: Protocol
) -> tuple[str, datetime | None]:
    """Return the group and time of a ballot."""
    told = {name: set(rows[name]) for name in (columns.group, columns.received_at, columns.consent) if name}
    consents = (*columns.consent_values, *(item.label for item in protocol.interim.items if item.type == "consent"))
    if columns.consent and not all(affirms(cell, consents) for cell in told[columns.consent]):
        raise _Refused("consent is not affirmed")
    if columns.group and len(told[columns.group]) > 1:
        raise _Refused("the rows of this ballot name different stakeholder groups")
    group, reason = finder.find(next(iter(told[columns.group])) if columns.group else "")
    if reason:
        raise _Refused(reason)
    try:
        times = [read_instant(cell, protocol.zone) for cell in told.get(columns.received_at, ())]
    except ValueError:
        raise _Refused("the time cannot be read; write it as 2026-02-03 10:00") from None
    return group, max((time for time in times if time), default=None)


def _across(rows: pd.DataFrame, columns: BallotsMapping, form: str) -> Iterator[Choice]:
    """Yield the choices of a ballot that is one row."""
    cells = rows.iloc[0]
    labels = {fold(label): question for label, question in columns.labels.items()}
    for place, name in enumerate(columns.ranks, start=1):
        if cells[name].strip():
            yield labels.get(fold(cells[name]), cells[name].strip()), place if form == "ranked" else None, 1
    for name, question in columns.questions.items():
        yield from _choice(question, cells[name], form, name)


def _down(rows: pd.DataFrame, columns: BallotsMapping, form: str) -> Iterator[Choice]:
    """Yield the choices of a ballot of one row a question; the very same row again says nothing new."""
    labels = {fold(label): question for label, question in columns.labels.items()}
    seen: dict[str, Choice] = {}
    for number, cells in zip(rows.index, rows.to_dict("records"), strict=True):
        told = cells[columns.question_column]
        question = labels.get(fold(told), told.strip())
        cell = cells[columns.value_column] if columns.value_column else "1"
        for choice in _choice(question, cell, form, f"row {number}") if question else ():
            if seen.setdefault(question, choice) != choice:
                raise _Refused(f"row {number} says of a question what another row of this ballot says differently")
    yield from seen.values()


def _choice(question: str, cell: str, form: str, where: str) -> Iterator[Choice]:
    """Yield what a cell says of a question; a blank one says nothing."""
    said = fold(cell)
    if not said:
        return
    if form == "chosen":
        if said not in _TICKS:
            raise _Refused(f"{where}: neither a tick (1, x, yes), 0 nor -1")
        yield question, None, _TICKS[said]
    elif form == "rated" and said in _DO_NOT_KNOW:
        yield question, None, None
    else:
        number = int(said) if said.removeprefix("-").isdecimal() else None
        if number is None or number < (0 if form in ("points", "rated") else 1):
            raise _Refused(f"{where}: not a whole number{' from 1' if form == 'ranked' else ''}")
        yield question, number, 1


def _once_each(ballots: list[_Ballot]) -> tuple[list[_Ballot], list[tuple[int, str]]]:
    """Return the ballot that counts of each response id, and the others with the reason why they do not."""
    counted, repeats = [], []
    by_response: dict[str, list[_Ballot]] = {}
    for ballot in ballots:
        by_response.setdefault(ballot.response, []).append(ballot)
    for same in by_response.values():
        times = [ballot.received_at for ballot in same]
        last = max((time for time in times if time), default=None)
        latest = [ballot for ballot in same if None in times or ballot.received_at == last]
        if len({ballot.said for ballot in latest}) > 1:
            rows = ", ".join(str(ballot.number) for ballot in same)
            reason = f"rows {rows} have one response id and differ, and no time tells which came last"
            repeats += [(ballot.number, reason) for ballot in same]
            continue
        kept = min(latest, key=lambda ballot: ballot.number)
        counted.append(kept)
        again = f"repeats the response id of row {kept.number}, which counts"
        repeats += [(ballot.number, again) for ballot in same if ballot is not kept]
    return counted, repeats
