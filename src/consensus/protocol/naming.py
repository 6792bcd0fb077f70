"""Which rules a protocol may name, on ballots of which form, with which options; the functions are in `rules`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from consensus.vocabulary import BALLOT_FORMS, CONSENSUS_DEFINITIONS, RANKING_RULES

__all__ = [
    "ALSO",
    "BY_BALLOTS",
    "BY_BALLOTS_FORMS",
    "GAUSSIAN_FORMS",
    "OPTIONS",
    "RULE_FORMS",
    "ShortlistRule",
    "ballot_faults",
    "consensus_faults",
    "rule_faults",
]

ALSO = ("mean_points", "borda", "copeland", "schulze", "ranked_pairs", "kemeny", "plackett_luce", "maximin")
"""The rules shown beside the order unless a protocol names others: the usual questions of sensitivity."""

RULE_FORMS: dict[str, tuple[str, ...]] = {"group_informed_consensus": ("chosen",)}
"""Rules that not every form of ballot bears, with the forms that do."""

OPTIONS: dict[str, dict[str, tuple[str, ...] | type]] = {
    "borda": {"unranked": ("average", "zero", "last")},
    "kemeny": {"several": ("tied", "borda")},
    "plackett_luce": {"prior": float},
    "bradley_terry": {"prior": float},
}
"""Rule -> its options, each with the words it takes, or `float` for a number above 0."""

ShortlistRule = Literal[
    "combined",
    "union",
    "union_and_subgroup",
    "fill",
    "by_hand",
    "sequential_pav",
    "sequential_phragmen",
    "equal_shares",
]
BY_BALLOTS = ("sequential_pav", "sequential_phragmen", "equal_shares")
"""Shortlist rules that look at what each ballot approves."""
BY_BALLOTS_FORMS = ("ranked", "chosen", "points")

GAUSSIAN_FORMS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("jla_positions", "jla_top10", "maximin"), BALLOT_FORMS),
    "mean_points": ("ranked", "chosen", "rated", "points"),
    "borda": ("ranked", "points"),
}
"""Rules that the normal shortcut can draw again, with the forms for which it can."""


def rule_faults(ranking: Mapping[str, Any], shortlist: Mapping[str, Any], form: str, method: str) -> list[str]:
    """Return what is wrong with the rules that a protocol names, a sentence each."""
    also = ranking.get("also", [])
    named = [("ranking.rule", ranking.get("rule", RANKING_RULES[0]))]
    named += [("ranking.also", rule) for rule in also] if isinstance(also, list) else []
    faults = []
    for key, rule in named:
        if rule not in RANKING_RULES:
            faults.append(f"protocol.toml: {key} is {rule!r}; use one of {', '.join(RANKING_RULES)}.")
        elif form not in RULE_FORMS.get(rule, BALLOT_FORMS):
            needs = " or ".join(RULE_FORMS[rule])
            faults.append(f"protocol.toml: {key} is {rule!r}, which needs ballots of the form {needs}; name another.")
    faults += _option_faults(ranking.get("options", {}), [rule for _, rule in named], form)
    if shortlist.get("rule") in BY_BALLOTS and form not in BY_BALLOTS_FORMS:
        faults.append(
            f"protocol.toml: shortlist.rule is {shortlist['rule']!r}, which needs ballots of the form "
            f"{' or '.join(BY_BALLOTS_FORMS)}; name another."
        )
    rule = named[0][1]
    if method == "gaussian" and rule in RANKING_RULES and form not in GAUSSIAN_FORMS.get(rule, ()):
        faults.append(
            f"protocol.toml: firmness.method is 'gaussian', which the rule {rule!r} does not bear on {form} ballots; "
            "use 'exact'."
        )
    return faults


ITEM_OF: dict[str, str] = {
    "ranked": "rank",
    "chosen": "select_multiple",
    "rated": "rate",
    "best_worst": "best_worst",
}
"""Form of ballot -> the type of the item by which people give it on the survey pages; other forms are imported."""


def ballot_faults(ballot: Mapping[str, Any], form: str, interim: Mapping[str, Any]) -> list[str]:
    """Return where the form of ballots and the item by which people give them disagree, a sentence each."""
    listed = interim.get("items", [])
    items = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    about = [one for one in items if one.get("choices_from") == "questions"]
    if len(about) > 1:
        return [f"interim.toml: {len(about)} items are about the questions on the ballot; a ballot is given by one."]
    faults = []
    for item in about:
        wanted, given = ITEM_OF.get(form), item.get("type")
        where = f"interim.toml: the item {item.get('id')!r}"
        most, allowed = item.get("maximum", 0), ballot.get("max_choices", 10)
        if given != wanted:
            use = f"the type {wanted!r}" if wanted else "no item about the questions: such ballots are imported"
            faults.append(f"{where} is of the type {given!r}, but ballot.form is {form!r}, which needs {use}.")
        elif given in ("rank", "select_multiple") and _allows_more(most, allowed):
            faults.append(
                f"{where} lets people choose {most or 'any number'}, but ballot.max_choices is {allowed}; "
                "make the two the same."
            )
    return faults


def _allows_more(most: Any, allowed: Any) -> bool:
    """Return whether an item lets people choose more than a ballot may hold; what is no number is told elsewhere."""
    numbers = isinstance(most, int) and isinstance(allowed, int)
    return numbers and allowed > 0 and not 0 < most <= allowed


def _option_faults(options: Any, named: list[Any], form: str) -> list[str]:
    if not isinstance(options, Mapping):
        return []
    faults = []
    for rule, given in options.items():
        allowed = OPTIONS.get(rule, {})
        if rule not in named:
            faults.append(
                f"protocol.toml: ranking.options.{rule} is for a rule that the protocol does not name; "
                "name the rule or take the table out."
            )
        for option, value in given.items() if isinstance(given, Mapping) else ():
            where = f"protocol.toml: ranking.options.{rule}.{option}"
            if option not in allowed:
                takes = f"{rule!r} takes {', '.join(allowed)}" if allowed else f"{rule!r} takes none"
                faults.append(f"{where} is not an option; {takes}.")
            else:
                faults += [f"{where} is {value!r}; {told}" for told in _wrong(value, allowed[option])]
        unranked = given.get("unranked", "average") if isinstance(given, Mapping) else "average"
        if rule == "borda" and unranked in ("zero", "last") and form != "ranked":
            faults.append(f"protocol.toml: ranking.options.borda.unranked is {unranked!r}; on {form} ballots nothing "
                          "is left unranked, so use 'average'.")  # fmt: skip
    return faults


def _wrong(value: Any, allowed: tuple[str, ...] | type) -> list[str]:
    if isinstance(allowed, tuple):
        return [] if value in allowed else [f"use one of {', '.join(allowed)}."]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return [] if number and value > 0 else ["use a number above 0."]


VOTES = "Binary vote bands"
NINE = 9
"""The top of the scale for which every other definition of consensus is made."""


def consensus_faults(ranking: Mapping[str, Any], form: str, interim: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the definition of consensus that a protocol names, a sentence each."""
    name = ranking.get("consensus", "")
    if not name:
        return []
    where = f"protocol.toml: ranking.consensus is {name!r}"
    if name not in CONSENSUS_DEFINITIONS:
        return [f"{where}; use one of {', '.join(CONSENSUS_DEFINITIONS)}."]
    if form != "rated":
        return [f"{where}, which judges ratings; take the line out, or let people rate (ballot.form)."]
    if name == VOTES:
        return [f"{where}, which judges votes of 0 or 1; name a definition for ratings from 1 to 9."]
    items = interim.get("items", [])
    rates = [item for item in items if isinstance(item, Mapping) and item.get("type") == "rate"]
    if any(item.get("maximum", 0) not in (0, NINE) for item in rates):
        return [f"{where}, which is made for ratings from 1 to 9; let the rating's maximum in interim.toml be 9."]
    return []
