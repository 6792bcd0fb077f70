"""Protocol text to a frozen `Protocol`, or every fault of the three files at once."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from consensus.errors import ProtocolError
from consensus.protocol.accepted import as_declared
from consensus.protocol.faults import disagreements, section, sentences
from consensus.protocol.model import Protocol
from consensus.protocol.translations import first_language, untranslated

__all__ = ["FILES", "parse_protocol", "protocol_hash", "read_accepted", "read_protocol"]

FILES = ("protocol.toml", "gather.toml", "interim.toml")


def read_protocol(folder: Path | str) -> Protocol:
    """Return the protocol in a partnership's folder.

    Raises
    ------
    ProtocolError
        Every fault of the three files at once, each with file, key and remedy.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ProtocolError(f"There is no folder {folder.name!r}; copy surveys/lanternfield to it and edit that.")
    texts, faults = {}, []
    for name in FILES:
        path = folder / name
        if not path.is_file():
            faults.append(
                f"{name}: the file is missing from the folder {folder.name!r}; copy the example's and edit it."
            )
            continue
        try:
            texts[name] = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            faults.append(f"{name}: the file is not UTF-8; save it again as UTF-8 text.")
    return parse_protocol(texts, faults=faults)


def parse_protocol(texts: Mapping[str, str], faults: list[str] | None = None) -> Protocol:
    """Return the protocol declared by the texts of its three files, keyed by file name.

    `faults` are those already found by the caller; they are told together with those found here.
    """
    content, unread, found = _declared(texts)
    faults = [*(faults or []), *found]
    protocol = None
    try:
        protocol = Protocol.model_validate(
            {**content, "hash": protocol_hash(content)}, context={"first": first_language(content)}
        )
        faults += untranslated(protocol)
    except ValidationError as error:
        faults += sentences(error, unread)
    faults += disagreements(content)
    if faults or protocol is None:
        raise ProtocolError.of("the protocol", faults)
    return protocol


def read_accepted(texts: Mapping[str, str], digest: str) -> tuple[Protocol, tuple[str, ...]]:
    """Return the protocol that an earlier version accepted under a hash, and what stands against it by today's rules.

    What was accepted is never refused: a value that breaks a rule of today is kept as it was declared, a key that
    nobody knows any more is passed over, and what has to be declared today and was not is empty.

    Raises
    ------
    ProtocolError
        It is not there at all: a file is missing, cannot be read as TOML, or gives a round no time.
    """
    try:
        protocol = parse_protocol(texts)
        faults: tuple[str, ...] = ()
    except ProtocolError as error:
        content, unread, found = _declared(texts)
        if unread:
            raise ProtocolError.of("the stored protocol", found) from None
        protocol, faults = as_declared(Protocol, content, first_language(content)), tuple(error.faults)
    return protocol.model_copy(update={"hash": digest}), faults


def _declared(texts: Mapping[str, str]) -> tuple[dict[str, Any], set[str], list[str]]:
    """Return what three files declare, with instants in UTC; the sections of files that cannot be read; and faults."""
    faults: list[str] = []
    parsed: dict[str, dict[str, Any]] = {}
    for name, text in texts.items():
        try:
            parsed[name] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            faults.append(f"{name}: not readable as TOML ({error}); mend the line it names.")
    content: dict[str, Any] = {**parsed.get("protocol.toml", {})}
    for reserved in ("gather", "interim", "hash"):
        if reserved in content:
            faults.append(f"protocol.toml: key '{reserved}' does not belong here; take the line out.")
            del content[reserved]
    content |= {name.removesuffix(".toml"): parsed[name] for name in FILES[1:] if name in parsed}
    unread = {name.removesuffix(".toml") for name in FILES if name not in parsed}
    return content, unread, faults + _instants_to_utc(content)


def protocol_hash(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of declared content, whatever the order of its keys."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(value: object) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _instants_to_utc(content: dict[str, Any]) -> list[str]:
    """Turn the local times of rounds and workshop into UTC, in place; return the faults found."""
    name = section(content, "partnership").get("time_zone", "Europe/London")
    try:
        zone = ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):
        return [f"protocol.toml: partnership.time_zone {name!r} is not a time zone; write one such as 'Europe/London'."]

    faults: list[str] = []

    def instant(value: Any, where: str) -> Any:
        if isinstance(value, date) and not isinstance(value, datetime):
            faults.append(f"protocol.toml: {where} {value} has no time; write one as well, such as {value}T09:00:00.")
            value = datetime(value.year, value.month, value.day)  # noqa: DTZ001  local, as every other time there
        if not isinstance(value, datetime):
            if isinstance(value, int | float) or str(value)[:1].isdigit():  # else read as UTC, or as seconds since 1970
                faults.append(
                    f"protocol.toml: {where} is {value!r}; write a date and time without quotes, as in "
                    "2026-03-02T09:00:00."
                )
            return value
        if not 1900 < value.year < 3000:
            faults.append(f"protocol.toml: {where} {value} is no time of ours; choose another year.")
            return value.replace(tzinfo=UTC)
        if value.tzinfo is not None:
            return value.astimezone(UTC)
        there_and_back = value.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
        if there_and_back != value:
            faults.append(
                f"protocol.toml: {where} {value} does not exist in {name} (clocks go forward); choose another time."
            )
        return value.replace(tzinfo=zone).astimezone(UTC)

    rounds = {key: dict(value) for key, value in section(content, "rounds").items() if isinstance(value, Mapping)}
    later = section(content, "rounds").get("delphi")
    if isinstance(later, list):
        rounds |= {f"delphi.{n}": dict(plan) for n, plan in enumerate(later, start=1) if isinstance(plan, Mapping)}
    for key, plan in rounds.items():
        for moment in ("opens", "closes"):
            if moment in plan:
                plan[moment] = instant(plan[moment], f"rounds.{key}.{moment}")
        if isinstance(plan.get("reminders"), list):
            plan["reminders"] = [instant(value, f"rounds.{key}.reminders") for value in plan["reminders"]]
    if rounds:
        again = [plan for key, plan in rounds.items() if key.startswith("delphi.")]
        first = {key: plan for key, plan in rounds.items() if not key.startswith("delphi.")}
        content["rounds"] = {**content["rounds"], **first, **({"delphi": again} if again else {})}
    workshop = section(content, "workshop")
    if "on" in workshop:
        content["workshop"] = {**workshop, "on": instant(workshop["on"], "workshop.on")}
    return faults
