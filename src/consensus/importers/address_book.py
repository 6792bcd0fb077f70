"""The address book: whom to invite, from a plain table. Nothing that it says of a person reaches a message or a log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from email_validator import EmailNotValidError, validate_email

from consensus.errors import DataError
from consensus.importers.reading import Table, fold, read_table
from consensus.protocol import Protocol

__all__ = ["Invited", "read_address_book"]

COLUMNS = ("email", "group", "partner", "language")


@dataclass(frozen=True)
class Invited:
    """Somebody to invite; `group`, `partner` and `language` are ids of the protocol, or empty where nothing is said."""

    email: str
    group: str = ""
    partner: str = ""
    language: str = ""


def read_address_book(path: Path | str, protocol: Protocol) -> list[Invited]:
    """Return the people of a CSV or XLSX file with the columns email, group, partner and language, in its order.

    Only `email` must be there; other columns are not looked at. A group or partner may be told by its id or its name.
    A row that says again what an earlier one said is taken once.

    Raises
    ------
    DataError
        Every fault of the file at once, by row and column and without what stands there; then nothing is taken.
    """
    table = read_table(path)
    columns = {fold(str(name)): str(name) for name in table.frame.columns}
    if "email" not in columns:  # the headings are not listed: without a heading row they are people's addresses
        raise DataError(
            f"{table.name} has no column 'email'; its first row must hold the headings {', '.join(COLUMNS)}."
        )
    known = _known(protocol)
    people: dict[str, Invited] = {}
    faults: list[str] = []
    for number, cells in _rows(table, columns):
        person, amiss = _person(cells, known)
        same = people.setdefault(person.email.casefold(), person) if not amiss else person
        if same != person:
            amiss.append("the address stands in an earlier row with another group, partner or language")
        faults += [f"row {number}: {fault}." for fault in amiss]
    if faults:
        raise DataError.of(table.name, faults)
    return list(people.values())


def _rows(table: Table, columns: Mapping[str, str]) -> list[tuple[int, dict[str, str]]]:
    wanted = {name: columns[name] for name in COLUMNS if name in columns}
    return [
        (int(number), {name: str(row[column]).strip() for name, column in wanted.items()})  # type: ignore[call-overload]
        for number, row in table.frame.iterrows()
    ]


def _known(protocol: Protocol) -> dict[str, dict[str, str]]:
    """Return for each column but the address what a cell may say, folded, with the id that it means."""
    groups = {fold(name): group.id for group in protocol.groups for name in (group.short, group.name, group.id)}
    partners = {fold(name): partner.id for partner in protocol.partners for name in (partner.name, partner.id)}
    languages = {fold(language): language for language in protocol.partnership.languages}
    known = {"group": groups, "partner": partners, "language": languages}
    return {column: {said: meant for said, meant in names.items() if said} for column, names in known.items()}


def _person(cells: Mapping[str, str], known: Mapping[str, Mapping[str, str]]) -> tuple[Invited, list[str]]:
    """Return the person of a row and what is amiss with it, without what stands there."""
    told, amiss = {"email": ""}, []
    try:
        told["email"] = _address(cells["email"])
    except EmailNotValidError:
        amiss.append("the cell 'email' is empty" if not cells["email"] else "the cell 'email' holds no e-mail address")
    for column, names in known.items():
        said = fold(cells.get(column, ""))
        told[column] = names.get(said, "")
        if said and said not in names:
            ids = ", ".join(dict.fromkeys(names.values())) or "none"
            amiss.append(f"the {column} is not one of the protocol's, which lists {ids}")
    return Invited(**told), amiss


def _address(cell: str) -> str:
    """Return an address as a mail server takes it: its domain in ASCII, nothing asked of the network."""
    found = validate_email(cell, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    return found.ascii_email or found.normalized
