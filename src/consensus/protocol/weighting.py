"""Respondent weights as a protocol declares them: the margins inside a group, and where people are told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from consensus.protocol.survey import Fixed, Identifier, Whole

__all__ = ["Margin", "MarginCategory", "Weighting", "weighting_faults"]


class MarginCategory(Fixed):
    """Some answers that count as one, and their whole-number part of the group."""

    levels: tuple[str, ...] = Field(min_length=1)
    part: Whole

    @property
    def name(self) -> str:
        """Return what the category is called where it is told: its levels."""
        return ", ".join(self.levels)


class Margin(Fixed):
    """How one stakeholder group is made up by one question about the person of the interim survey."""

    group: Identifier
    item: Identifier
    categories: tuple[MarginCategory, ...] = Field(min_length=1)


class Weighting(Fixed):
    """Which margins a group's ballots are weighted to, in which note people are told so, and the largest weight."""

    told_in: str = ""
    most: Annotated[float, Field(ge=1, le=100)] | None = None
    margins: tuple[Margin, ...] = ()

    @property
    def parts(self) -> dict[str, dict[str, dict[str, int]]]:
        """Return group -> item -> category -> part, as `weights.rake` takes margins."""
        found: dict[str, dict[str, dict[str, int]]] = {}
        for margin in self.margins:
            found.setdefault(margin.group, {})[margin.item] = {each.name: each.part for each in margin.categories}
        return found

    def of_group(self, group: str, item: str) -> dict[str, str]:
        """Return answer -> category of one group's margin; empty where it has none."""
        wanted = [margin for margin in self.margins if (margin.group, margin.item) == (group, item)]
        return {level: each.name for margin in wanted for each in margin.categories for level in each.levels}


def weighting_faults(content: Mapping[str, Any], groups: list[str]) -> Iterator[str]:
    """Yield what is wrong with the declared weighting against groups and interim survey, a sentence each."""
    weighting = _table(content.get("weighting"))
    margins = [_table(margin) for margin in _list(weighting.get("margins"))]
    if not margins:
        return
    items = {str(item.get("id")): item for item in map(_table, _list(_table(content.get("interim")).get("items")))}
    told = weighting.get("told_in", "")
    if _table(items.get(str(told))).get("type") != "note":
        yield (
            f"protocol.toml: weighting.told_in is {told!r}; name the note in interim.toml that tells people that what "
            "they say of themselves weights their ballot."
        )
    if _table(content.get("firmness")).get("method") == "gaussian":
        yield "protocol.toml: firmness.method is 'gaussian', which knows no respondent weights; use 'exact'."
    seen = []
    for number, margin in enumerate(margins, 1):
        where = f"protocol.toml: weighting.margins.{number}"
        group, item = str(margin.get("group")), str(margin.get("item"))
        if group not in groups:
            yield f"{where}.group is {group!r}; the groups that rank are {', '.join(groups)}."
        if (group, item) in seen:
            yield f"{where}: group {group!r} has a margin for {item!r} already; declare one."
        seen.append((group, item))
        yield from _category_faults(where, margin, _table(items.get(item)), item)


def _category_faults(where: str, margin: Mapping[str, Any], item: Mapping[str, Any], name: str) -> Iterator[str]:
    choices = [str(_table(each).get("id", each)) for each in _list(item.get("choices"))]
    if item.get("type") != "select_one" or not choices:
        yield f"{where}.item is {name!r}; name a select_one item of interim.toml with choices of its own."
        return
    categories = [_table(each) for each in _list(margin.get("categories"))]
    levels = [str(level) for each in categories for level in _list(each.get("levels"))]
    for level in dict.fromkeys(levels):
        if level not in choices:
            yield f"{where}: {level!r} is no choice of {name!r}; it has {', '.join(choices)}."
        if levels.count(level) > 1:
            yield f"{where}: {level!r} stands in two categories; leave it in one."
    if not any(each.get("part") for each in categories):
        yield f"{where}: no category has a part above 0; give at least one a part."


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
