"""Everything that can be wrong with a protocol, a sentence each: file, key, what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from consensus.protocol.model import known_keys
from consensus.protocol.naming import ballot_faults, consensus_faults, rule_faults
from consensus.protocol.weighting import weighting_faults
from consensus.vocabulary import BALLOT_FORMS

__all__ = ["disagreements", "section", "sentences"]

SMALL_CELLS_FLOOR = 5


def section(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a table of the declared content; empty where there is none or it is no table."""
    value = content.get(name, {})
    return value if isinstance(value, Mapping) else {}


def _tables(content: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = content.get(name, [])
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def sentences(error: ValidationError, unread: set[str]) -> list[str]:
    """Return one sentence a fault: file, key, what is wrong, what to do."""
    sentences = []
    told = [fault["loc"] for fault in error.errors(include_url=False)]
    for fault in error.errors(include_url=False):
        keys = [str(key) for key in fault["loc"]]
        if keys[0] in unread or (keys[0] not in ("gather", "interim") and "protocol" in unread):
            continue
        inside = any(len(other) > len(fault["loc"]) and other[: len(fault["loc"])] == fault["loc"] for other in told)
        if fault["type"] == "too_short" and inside:
            continue  # pydantic counts entries that have faults of their own as absent
        file = f"{keys[0]}.toml" if keys[0] in ("gather", "interim") else "protocol.toml"
        where = ".".join(_place(keys[1:] if file != "protocol.toml" else keys))
        sentences.append(f"{file}: {where} {_remedy(fault, keys)}")
    return sentences


def _place(keys: list[str]) -> list[str]:
    """Count entries of a list from 1, as people do."""
    return [str(int(key) + 1) if key.isdigit() else key for key in keys]


def _remedy(fault: Any, keys: list[str]) -> str:
    match fault["type"]:
        case "missing":
            return "is missing; add it."
        case "extra_forbidden":
            close = get_close_matches(keys[-1], known_keys(), n=1)
            return f"is not a known key; {f'did you mean {close[0]!r}?' if close else 'take it out.'}"
        case "literal_error":
            return f"is {fault['input']!r}; use one of {fault['ctx']['expected']}."
        case "string_pattern_mismatch":
            return f"is {fault['input']!r}; use lower-case letters, digits and underscores, starting with a letter."
        case "too_short":
            return "is empty; list at least one."
        case _:
            return f"is {fault['input']!r}; {fault['msg'][0].lower()}{fault['msg'][1:]}."


def disagreements(content: Mapping[str, Any]) -> list[str]:
    """Return the faults that no single key shows: what one part of the protocol says against another."""
    groups = _tables(content, "groups")
    listed = [str(group.get("id")) for group in groups]
    say = f"the protocol lists {', '.join(listed) or 'none'}"
    faults = []
    for listed_as in ("groups", "categories", "partners"):
        ids = [row["id"] for row in _tables(content, listed_as) if isinstance(row.get("id"), str)]
        faults += [
            f"protocol.toml: {listed_as} id {i!r} stands twice; give each its own."
            for i in dict.fromkeys(ids)
            if ids.count(i) > 1
        ]
    ranking_groups = [group for group in groups if group.get("ranks", True)]
    if groups and not any(isinstance(g.get("share", 1), int) and g.get("share", 1) > 0 for g in ranking_groups):
        faults.append("protocol.toml: no stakeholder group that ranks has a share above 0; give at least one a share.")
    form = str(section(content, "ballot").get("form", "ranked"))
    method = str(section(content, "firmness").get("method", "exact"))
    if form in BALLOT_FORMS:
        faults += rule_faults(section(content, "ranking"), section(content, "shortlist"), form, method)
        faults += ballot_faults(section(content, "ballot"), form, section(content, "interim"))
        faults += consensus_faults(section(content, "ranking"), form, section(content, "interim"))
    faults += weighting_faults(content, [str(group.get("id")) for group in ranking_groups])
    subgroup = section(content, "shortlist").get("subgroup", "")
    if subgroup and subgroup not in listed:
        faults.append(f"protocol.toml: shortlist.subgroup is {subgroup!r}; {say}.")
    if not subgroup and section(content, "shortlist").get("rule") == "union_and_subgroup":
        faults.append("protocol.toml: shortlist.subgroup is missing; the rule 'union_and_subgroup' needs it.")
    for seats in _tables(section(content, "workshop"), "minimum"):
        named = seats.get("groups", [])
        unknown = [g for g in named if g not in listed] if isinstance(named, list) else []
        faults += [f"protocol.toml: workshop.minimum.groups names {g!r}; {say}." for g in unknown]
    cells = section(content, "publication").get("small_cells", 10)
    if isinstance(cells, int) and 0 < cells < SMALL_CELLS_FLOOR:
        faults.append(
            f"protocol.toml: publication.small_cells is {cells}; use {SMALL_CELLS_FLOOR} or more (0 switches it off)."
        )
    page = section(content, "publication").get("page", "")
    if page and not str(page).startswith(("https://", "http://")):
        faults.append(f"protocol.toml: publication.page is {page!r}; write an address that begins with https://.")
    rounds = section(content, "rounds")
    later = {f"delphi.{number}": plan for number, plan in enumerate(_tables(rounds, "delphi"), start=1)}
    faults += _round_faults({**rounds, **later})
    faults += _delphi_faults([section(rounds, "interim"), *later.values()], form)
    for name in ("gather", "interim"):
        ids = [item["id"] for item in _tables(section(content, name), "items") if isinstance(item.get("id"), str)]
        faults += [
            f"{name}.toml: item id {i!r} stands twice; give each item its own."
            for i in dict.fromkeys(ids)
            if ids.count(i) > 1
        ]
    return faults


def _delphi_faults(plans: list[Mapping[str, Any]], form: str) -> list[str]:
    """Return what is wrong with rounds that follow the first interim round, which is the first of `plans`."""
    faults = []
    if len(plans) > 1 and form != "rated":
        faults.append(f"protocol.toml: rounds.delphi needs ballots of the form 'rated'; ballot.form is {form!r}.")
    for number, (before, plan) in enumerate(pairwise(plans), start=1):
        where, wanted = f"protocol.toml: rounds.delphi.{number}", f"interim-{number}"
        if plan.get("follows", wanted) != wanted:
            faults.append(f"{where}.follows is {plan['follows']!r}; the round before it is '{wanted}'.")
        opens, closed, grace = plan.get("opens"), before.get("closes"), before.get("grace_minutes", 0)
        if not (isinstance(opens, datetime) and isinstance(closed, datetime) and isinstance(grace, int)):
            continue
        if opens <= closed + timedelta(minutes=grace):
            faults.append(f"{where}.opens is not after the close and grace of {wanted}; let it open later.")
    return faults


def _round_faults(rounds: Mapping[str, Any]) -> list[str]:
    faults = []
    for key, plan in rounds.items():
        if not isinstance(plan, Mapping):
            continue
        opens, closes = plan.get("opens"), plan.get("closes")
        if not (isinstance(opens, datetime) and isinstance(closes, datetime)):
            continue
        if closes <= opens:
            faults.append(f"protocol.toml: rounds.{key}.closes is not after rounds.{key}.opens; mend one of them.")
        reminders = plan.get("reminders", [])
        if isinstance(reminders, list) and any(isinstance(r, datetime) and not opens < r < closes for r in reminders):
            faults.append(f"protocol.toml: rounds.{key}.reminders lie outside the round; keep them between its ends.")
    return faults
