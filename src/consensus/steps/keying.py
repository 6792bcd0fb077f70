"""Keying in what came on paper, by telephone or with help: twice, by two people, and settled where they differ.

A sheet is known by the number written on it. When two entries agree it is sent by the step that sends what people fill
in themselves. Whoever keys in cannot ask the person back, so what was left blank stays blank; consent alone must be
there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from consensus import interface, models, receipts, store, survey
from consensus.errors import StageError
from consensus.steps.paper import PaperSurvey, paper_survey
from consensus.steps.receiving import received_at, receiving_faults, version_faults
from consensus.steps.taking_part import send_keyed
from consensus.steps.timetable import record_act
from consensus.store import Store, keying, taking_part
from consensus.store.taking_part import Link
from consensus.survey.faults import Fault

__all__ = ["MODES", "Difference", "Entry", "KeyedIn", "Sheet", "is_receipt", "key_in", "listed_sheets", "paper_to_key"]
__all__ += ["discard", "find_kept", "settle", "to_settle"]

MODES = keying.KEYED
BLANK = ("missing_text", "missing_choice", "missing_questions", "missing_ratings", "missing_pick")
"""What a sheet may leave blank."""

PLAIN = ("mode", "language", "version", "day", "time")


@dataclass(frozen=True)
class Entry:
    """What one person keyed in from one sheet; `day` and `time` tell when it came, `vouched` who says so.

    `version` stands on the sheet, and tells by which words it asks; `older` is "yes" where somebody has said that an
    answer to other words than those in force is to be kept.
    """

    sheet: str
    mode: str
    by: str
    language: str
    day: str
    time: str = ""
    vouched: str = ""
    version: str = ""
    older: str = ""
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class KeyedIn:
    """What came of an entry: `first`, `differs`, `kept` with its receipt code, `again` (no change) or `faults`."""

    state: str
    code: str = ""
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """A field in which two entries of a sheet differ."""

    field: str
    first: Any
    second: Any


@dataclass(frozen=True)
class Sheet:
    """Where a sheet stands: `second` is awaited, it is `to settle`, it is `kept`, or `withdrawn` since."""

    sheet: str
    stand: str
    mode: str
    by: tuple[str, ...]


def paper_to_key(db: Store, round_id: str) -> PaperSurvey | None:
    """Return the survey of a round as it is keyed in, or None where there is no such round."""
    with db.reading() as session:
        row = session.get(models.Round, round_id)
        return paper_survey(session, row) if row else None


def listed_sheets(db: Store, round_id: str) -> list[Sheet]:
    """Return every sheet of a round with where it stands, by its number."""
    with db.reading() as session:
        sheets: dict[str, list[models.PaperEntry]] = {}
        for entry in keying.list_entries(session, round_id):
            sheets.setdefault(entry.sheet, []).append(entry)
        gone = keying.withdrawn_sheets(session, round_id)
    return [
        Sheet(sheet, "withdrawn" if sheet in gone else _stand(rows), rows[-1].mode, tuple(row.by for row in rows))
        for sheet, rows in sheets.items()
    ]


def find_kept(db: Store, round_id: str, written: str) -> str | None:
    """Return the number of the kept sheet that has this number or this receipt code, or None where there is none."""
    written = " ".join(written.split()).replace("/", "-")
    kept = {one.sheet for one in listed_sheets(db, round_id) if one.stand == "kept"}
    with db.reading() as session:
        codes = {receipts.receipt_code(one): one for one in keying.commitments_keyed(session, round_id)}
        sheet = written if written in kept else keying.sheet_of(session, round_id, codes.get(written.upper(), ""))
    return sheet if sheet in kept else None


def _stand(rows: list[models.PaperEntry]) -> str:
    return "kept" if rows[0].settled else "to settle" if len(rows) > 1 else "second"


def is_receipt(db: Store, round_id: str, code: str) -> bool:
    """Tell whether a code is the receipt of something keyed in for a round."""
    with db.reading() as session:
        return code in {receipts.receipt_code(one) for one in keying.commitments_keyed(session, round_id)}


def key_in(db: Store, round_id: str, entry: Entry, *, now: datetime, amiss: tuple[str, ...] = ()) -> KeyedIn:
    """Keep one entry of a sheet; the second that agrees with the first sends it.

    Entering a sheet again changes nothing, whether by the same person or once it is kept.

    Parameters
    ----------
    amiss
        Sentences about fields that could not be read; with any, nothing is kept.

    Raises
    ------
    StageError
        The round has not opened or is paused.
    """
    with db.writing() as session:
        row = _round_to_key(session, round_id)
        paper = paper_survey(session, row)
        before = keying.entries_of(session, round_id, entry.sheet) if entry.sheet else []
        mine = next((one for one in before if _name(one.by) == _name(entry.by)), None)
        if before and (before[0].settled or (mine and not _differences(paper, _entry(mine), entry))):
            return KeyedIn("again")
        seen = before[0].at if before else now
        faults = (*amiss, *_faults(paper, row, entry, seen), *_entry_faults(before, mine, entry))
        if faults:
            return KeyedIn("faults", faults=faults)
        before.append(_add(session, row, entry, len(before) + 1, now))
        if len(before) == 1:
            return KeyedIn("first")
        if _differences(paper, _entry(before[0]), entry):
            return KeyedIn("differs")
        return KeyedIn("kept", _send(session, row, before, _entry(before[0]), by=entry.by, now=now))


def to_settle(db: Store, round_id: str, sheet: str) -> tuple[Entry, Entry, list[Difference]] | None:
    """Return the two entries of a sheet that differ and where, or None where there is nothing to settle."""
    with db.reading() as session:
        row = session.get(models.Round, round_id)
        entries = keying.entries_of(session, round_id, sheet)
        if row is None or _waiting(entries) is None:
            return None
        first, second = _entry(entries[0]), _entry(entries[1])
        return first, second, _differences(paper_survey(session, row), first, second)


def settle(db: Store, round_id: str, sheet: str, chosen: Mapping[str, Any], *, by: str, now: datetime) -> KeyedIn:
    """Send a sheet with what a person chose for each field in which its two entries differ; twice changes nothing."""
    with db.writing() as session:
        row = _round_to_key(session, round_id)
        paper = paper_survey(session, row)
        entries = keying.entries_of(session, round_id, sheet)
        if _waiting(entries) is None:
            return KeyedIn("again")
        first = _entry(entries[0])
        differing = [one.field for one in _differences(paper, first, _entry(entries[1]))]
        faults = [f"{_label(paper, one)}: choose which entry is right." for one in differing if one not in chosen]
        older = first.older or _entry(entries[1]).older
        settled = replace(_with(first, {one: chosen[one] for one in differing if one in chosen}, by), older=older)
        faults = faults or _faults(paper, row, settled, entries[0].at)
        if faults:
            return KeyedIn("faults", faults=tuple(faults))
        entries.append(_add(session, row, settled, 3, now))
        return KeyedIn("kept", _send(session, row, entries, settled, by=by, now=now))


def discard(db: Store, round_id: str, sheet: str, *, by: str, now: datetime) -> bool:
    """Take out the entries of a sheet that is not kept yet, so that it can be keyed in anew; no words are recorded.

    Returns False where nothing waits under that number, or nobody says who discards it.
    """
    with db.writing() as session:
        row = store.load_round(session, round_id)
        entries = keying.entries_of(session, round_id, sheet)
        if not entries or entries[0].settled or not _name(by):
            return False
        for entry in entries:
            session.delete(entry)
        record_act(session, row, "discard", by=by.strip(), now=now, why=f"entries of sheet {sheet} were discarded")
        return True


def _waiting(entries: list[models.PaperEntry]) -> list[models.PaperEntry] | None:
    return entries if len(entries) == 2 and not entries[0].settled else None


def _with(first: Entry, chosen: Mapping[str, Any], by: str) -> Entry:
    plain = {name: value for name, value in chosen.items() if name in PLAIN}
    said = {**first.said, **{name: value for name, value in chosen.items() if name not in PLAIN}}
    return replace(first, **plain, by=by, said={name: value for name, value in said.items() if value})


def _round_to_key(session: Session, round_id: str) -> models.Round:
    row = store.load_round(session, round_id)
    if row.state == "draft":
        raise StageError(f"The round '{round_id}' has not opened; sheets are keyed in once it is open.")
    if row.state == "paused":
        raise StageError(
            f"The round '{round_id}' is paused; resume it, then key in: `consensus round resume {round_id}`."
        )
    return row


def _entry(row: models.PaperEntry) -> Entry:
    return Entry(sheet=row.sheet, mode=row.mode, by=row.by, **json.loads(row.content))


def _name(by: str) -> str:
    return " ".join(by.split()).casefold()


def _differences(paper: PaperSurvey, first: Entry, second: Entry) -> list[Difference]:
    """Return where two entries differ; spaces and line ends do not count."""
    found = [Difference(name, getattr(first, name), getattr(second, name)) for name in PLAIN]
    found += [Difference(one.id, first.said.get(one.id), second.said.get(one.id)) for one in paper.survey.items]
    return [one for one in found if _folded(one.first) != _folded(one.second)]


def _folded(value: Any) -> Any:
    if isinstance(value, list):
        return [_folded(each) for each in value]
    return " ".join(value.split()) if isinstance(value, str) else value or ""


def _label(paper: PaperSurvey, name: str) -> str:
    item = paper.survey.item(name)
    return str(item.label) if item else name.capitalize()


def _faults(paper: PaperSurvey, row: models.Round, entry: Entry, now: datetime) -> list[str]:
    """Return a sentence for everything amiss in an entry of a sheet that was there at `now`."""
    found = [] if entry.sheet.strip() else ["Write the number that stands on the sheet."]
    found += [] if _name(entry.by) else ["Write who keys this in."]
    found += [] if entry.mode in MODES else ["Choose how the person answered: on paper, by telephone or assisted."]
    found += [] if entry.language in paper.protocol.partnership.languages else ["Choose the language of the sheet."]
    found += version_faults(paper, entry.mode, entry.version, older=bool(entry.older))
    found += receiving_faults(row, paper.protocol, entry.day, entry.time, entry.vouched, now)
    pages = (survey.Page("opening", "form", survey.opening(paper.survey)), *survey.pages(paper.survey))
    ids = [question.id for question in paper.questions]
    faults = survey.survey_faults(pages, entry.said, paper.protocol, ids)
    found += [_sentence(paper, fault) for fault in faults if fault.key not in BLANK]
    consents = {item.id for item in paper.survey.items if item.type == "consent"}
    return found if set(entry.said) - consents else [*found, "Nothing is keyed in from the sheet yet."]


def _sentence(paper: PaperSurvey, fault: Fault) -> str:
    if fault.key == "missing_consent":
        return "The sheet has no tick for consent: without it nothing of it may be kept."
    return f"{_label(paper, fault.item)}: {interface.say('en', fault.key, **fault.named)}"


def _entry_faults(before: list[models.PaperEntry], mine: models.PaperEntry | None, entry: Entry) -> list[str]:
    if mine:
        return [
            f"The sheet {entry.sheet} was keyed in by {mine.by} before, otherwise; another person keys it in again."
        ]
    return [f"The sheet {entry.sheet} was keyed in twice already and waits to be settled."] if len(before) > 1 else []


def _add(session: Session, row: models.Round, entry: Entry, number: int, now: datetime) -> models.PaperEntry:
    content = {name: value for name, value in asdict(entry).items() if name not in ("sheet", "mode", "by")}
    added = models.PaperEntry(
        round_id=row.round_id,
        sheet=entry.sheet,
        entry=number,
        partnership=row.partnership,
        mode=entry.mode,
        content=json.dumps(content, ensure_ascii=False),
        by=entry.by,
        at=now,
    )
    session.add(added)
    return added


def _send(
    session: Session, row: models.Round, entries: list[models.PaperEntry], entry: Entry, *, by: str, now: datetime
) -> str:
    """Send a sheet on which all agree, empty its entries, and return the receipt code.

    In a round that is unlinked already nothing joins the sheet to its response from the start.
    """
    link = Link(
        keying.sheet_key(row.round_id, entry.sheet),
        row.round_id,
        row.partnership,
        language=entry.language,
        state="begun",
        draft=json.dumps(entry.said, ensure_ascii=False),
    )
    taking_part.add_link(session, link)
    seen = entries[0].at  # by then the sheet was there
    came = received_at(row, store.load_protocol(session, row.partnership), entry.day, entry.time, seen)
    if row.unlinked_at is not None:
        came = row.opens_at
    paper = paper_survey(session, row)
    asked = paper.versions.get(entry.version, paper.survey)
    code = send_keyed(session, link, row, mode=entry.mode, received_at=came, asked=asked.hash)
    if row.unlinked_at is not None:
        taking_part.change_link(session, link, response_id=None, draft="{}")
    for one in entries:
        one.content, one.settled = "{}", True
        session.add(one)
    if asked.hash != paper.survey.hash:
        why = f"sheet {entry.sheet} answers version {entry.version}; in force is {paper.version}"
        record_act(session, row, "key in", by=by, now=now, why=why)
    if seen > row.closes_at:
        why = f"sheet {entry.sheet} came {entry.day} {entry.time}".strip() + f", says {entry.vouched}"
        record_act(session, row, "key in", by=by, now=now, why=why)
    return code
