"""Versions of a survey's words: what people have been asked stays what it was, and new wording is a new version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from consensus.protocol.survey import Survey

__all__ = ["reworded_items", "version_faults"]


def reworded_items(before: Survey, after: Survey) -> list[str]:
    """Return the ids of items that were reworded, added or taken out, in the order in which people meet them.

    Examples
    --------
    >>> item = {"id": "q", "type": "text", "label": "What?"}
    >>> asked = Survey.model_validate({"title": "Sleep", "items": [item]})
    >>> changed = Survey.model_validate({"title": "Sleep", "items": [item | {"label": "Why?"}]})
    >>> reworded_items(asked, changed)
    ['q']
    """
    was, now = ({item.id: item.hash for item in one.items} for one in (before, after))
    return [each for each in dict.fromkeys([*now, *was]) if was.get(each) != now.get(each)]


def version_faults(file: str, asked: Sequence[Survey], after: Survey) -> list[str]:
    """Return what stands against asking people by a survey who were asked by others before, a sentence each.

    Parameters
    ----------
    file
        The name of the survey's file.
    asked
        Every survey by which people could be asked since the round opened, the one in force last.
    after
        The survey by which they are to be asked from now on.

    Examples
    --------
    >>> asked = Survey.model_validate({"title": "Sleep", "items": [{"id": "q", "type": "text", "label": "What?"}]})
    >>> version_faults("gather.toml", [asked], asked.model_copy(update={"version": 2}))
    []
    """
    if any(after.hash == one.hash for one in asked):
        return []
    last = asked[-1]
    faults = [
        f"{file}: the item {item.id!r} was of the type {before.type!r} when people answered it, and is now "
        f"{item.type!r}; give what is new an id of its own."
        for item in after.items
        if (before := last.item(item.id)) is not None and before.type != item.type
    ]
    newest = max(one.version for one in asked)
    if after.version > newest:
        return faults
    changed = reworded_items(last, after)
    what = f"the wording of {_listed(changed)}" if changed else "its title or its version"
    return [
        f"{file}: {what} changed since people could answer by version {newest}; what they were asked must stay to be "
        f"seen, so write version = {newest + 1}, or put the words back.",
        *faults,
    ]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)
