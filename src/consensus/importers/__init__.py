"""What people already collected, read into answers and ballots: one module for each survey tool.

A source is recognised by its headings, never by the name of its file; `source` overrides what was recognised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from consensus.errors import DataError
from consensus.importers.address_book import Invited, read_address_book
from consensus.importers.imported import Imported
from consensus.importers.mapping import Mapping, guess_answers, guess_ballots, read_mapping
from consensus.importers.people import GroupFinder
from consensus.importers.plain_answers import read_plain_answers
from consensus.importers.plain_ballots import read_plain_ballots
from consensus.importers.polis import SOURCE, PolisConversation, is_statements, is_votes, read_polis
from consensus.importers.reading import read_table
from consensus.protocol import Protocol
from consensus.vocabulary import NOT_STATED

__all__ = [
    "SOURCES",
    "Imported",
    "Invited",
    "Mapping",
    "read_address_book",
    "read_answers",
    "read_ballots",
    "read_mapping",
    "read_polis",
]

SOURCES = ("auto", "table", "polis")


def read_answers(
    path: Path | str, protocol: Protocol, mapping: Mapping | Path | str | None = None, source: str = "auto"
) -> Imported:
    """Return the answers in a file or, for a Polis conversation, in its folder or file of statements.

    Parameters
    ----------
    mapping
        Which column is what, or the file that says so; None: guessed from the headings, and told as guessed.
    source
        "table", "polis", or "auto" to recognise which by the headings.

    Raises
    ------
    DataError
        The file as a whole cannot be taken: empty, damaged, a column missing. Single rows go to quarantine.
    """
    told = _as_mapping(mapping)
    if _is_polis(Path(path), source):
        return _conversation(Path(path), protocol, told, "submits", lambda held: {"answers": held.answers})
    table = read_table(path, sheet=told.answers.sheet if told and told.answers else "")
    if told is None or told.answers is None:
        guessed = guess_answers(table, protocol)
        told = guessed if told is None else told.model_copy(update={"answers": guessed.answers, "guessed": True})
    return _told_as_guessed(read_plain_answers(table, protocol, told), str(told))


def read_ballots(
    path: Path | str, protocol: Protocol, mapping: Mapping | Path | str | None = None, source: str = "auto"
) -> Imported:
    """Return the ballots in a file or, for a Polis conversation, in its folder or file of votes.

    Parameters and errors as for `read_answers`.
    """
    told = _as_mapping(mapping)
    if _is_polis(Path(path), source):
        return _conversation(Path(path), protocol, told, "ranks", lambda held: {"responses": held.responses})
    table = read_table(path, sheet=told.ballots.sheet if told and told.ballots else "")
    if told is None or told.ballots is None:
        guessed = guess_ballots(table, protocol)
        told = guessed if told is None else told.model_copy(update={"ballots": guessed.ballots, "guessed": True})
    return _told_as_guessed(read_plain_ballots(table, protocol, told), str(told))


def _as_mapping(mapping: Mapping | Path | str | None) -> Mapping | None:
    return mapping if mapping is None or isinstance(mapping, Mapping) else read_mapping(mapping)


def _is_polis(path: Path, source: str) -> bool:
    """Tell whether a path holds a Polis conversation; a folder can be nothing else."""
    if source not in SOURCES:
        raise DataError(f"No source '{source}' is known; use one of {', '.join(SOURCES)}.")
    if source != "auto":
        return source == "polis"
    if path.is_dir():
        return True
    table = read_table(path)
    return is_statements(table) or is_votes(table)


def _conversation(
    path: Path,
    protocol: Protocol,
    mapping: Mapping | None,
    act: str,
    wanted: Callable[[PolisConversation], dict[str, pd.DataFrame]],
) -> Imported:
    """Return the wanted frame of a conversation, its opinion groups under the names of the protocol."""
    section = mapping and (mapping.answers if act == "submits" else mapping.ballots)
    source = section.source if section and section.source != "table" else SOURCE
    held = read_polis(path, source=source)
    ((name, frame),) = wanted(held).items()
    if frame.empty:
        what = "statements" if name == "answers" else "votes"
        raise DataError(f"{path.name} holds no {what} of a Polis conversation; name the file or folder that does.")
    finder = GroupFinder(protocol, section.groups if section else {}, act)
    frames = {name: frame.assign(group=_under_protocol(frame["group"], finder, path.name))}
    warnings = list(held.warnings)
    if act == "ranks" and protocol.ballot.form != "chosen":
        warnings.append(f"The protocol's ballots are '{protocol.ballot.form}'; a Polis conversation gives 'chosen'.")
    return Imported(
        source=source,
        sha256=held.sha256,
        quarantine=held.quarantine,
        dropped_columns=held.dropped_columns,
        warnings=tuple(warnings),
        mapping=mapping,
        **frames,
    )


def _under_protocol(groups: pd.Series, finder: GroupFinder, name: str) -> pd.Series:
    """Return opinion groups as the protocol's; there are few, so one that is unknown is a fault of the whole file."""
    found, faults = {NOT_STATED: NOT_STATED}, []
    for group in sorted(set(groups) - {NOT_STATED}):
        short = group.removeprefix("group_")
        found[group], reason = finder.find(short if short in finder.values else group)
        if reason:
            faults.append(f"the opinion group '{group}': {reason}; add it, or say in a mapping which group it is.")
    if faults:
        raise DataError.of(name, faults)
    return groups.map(found).astype(object)


def _told_as_guessed(imported: Imported, mapping: str) -> Imported:
    """Return the import with a sentence that shows the mapping, when no person has confirmed it."""
    if imported.mapping is None or not imported.mapping.guessed:
        return imported
    shown = "; ".join(line for line in mapping.splitlines() if " = " in line)
    return replace(imported, warnings=(*imported.warnings, f"The columns were guessed from the headings: {shown}."))
