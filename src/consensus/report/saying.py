"""Places, chances and groups in words that anybody understands."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

__all__ = ["between", "chance", "listed", "who_put_it_there"]

NEARLY_NONE, NEARLY_ALL = 0.005, 0.995
MOST_NAMED = 3
MATTERS = 0.5
"""Half a place: what moves a question by less is not named."""


def listed(names: list[str]) -> str:
    """Return names as a person lists them.

    >>> listed(["Carers"]), listed(["Carers", "Nurses", "Public"])
    ('Carers', 'Carers, Nurses and Public')
    """
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def chance(part: float) -> str:
    """Return a part of draws in per cent; never all or none, which draws cannot tell.

    >>> chance(1.0), chance(0.973), chance(0.0), chance(float("nan"))
    ('over 99 %', '97 %', 'under 1 %', '')
    """
    if part != part:
        return ""
    if part >= NEARLY_ALL:
        return "over 99 %"
    return "under 1 %" if part < NEARLY_NONE else f"{100 * part:.0f} %"


def between(low: float, high: float) -> str:
    """Return a rank interval in words.

    >>> between(3, 9), between(1, 1), between(float("nan"), 2)
    ('3 to 9', '1', '')
    """
    if low != low or high != high:
        return ""
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def who_put_it_there(influence: pd.Series, positions: pd.Series, names: Mapping[str, str]) -> str:
    """Return which groups lifted a question most, and which held it down.

    Parameters
    ----------
    influence
        Index group: the places by which the group lifts the question; NaN where withheld.
    positions
        Index group: the group's position, NaN where withheld; told where influence is not.

    Examples
    --------
    >>> names = {"carer": "Carers", "nurse": "Nurses", "public": "Public"}
    >>> lifts = pd.Series({"carer": 7.3, "nurse": -1.2, "public": 4.0})
    >>> who_put_it_there(lifts, pd.Series(dtype=float), names)
    'Lifted by Carers (7 places) and Public (4); held down by Nurses (1 place).'
    >>> who_put_it_there(pd.Series(dtype=float), pd.Series({"carer": 2.0, "nurse": 30.5}), names)
    'Placed highest by Carers (2), lowest by Nurses (30.5).'
    """
    lifts = influence.dropna().sort_values(ascending=False, kind="stable")
    if lifts.empty:
        return _ends(positions.dropna().sort_values(kind="stable"), names)
    up, down = lifts[lifts >= MATTERS], lifts[lifts <= -MATTERS][::-1]
    parts = [
        f"{said} {_named(these, names)}" for said, these in (("lifted by", up), ("held down by", down)) if len(these)
    ]
    text = "; ".join(parts) or "no group moved it by more than half a place"
    return f"{text[0].upper()}{text[1:]}."


def _named(lifts: pd.Series, names: Mapping[str, str]) -> str:
    """Return groups with the places by which each moves a question; what the numbers are is said at the first."""
    places = [round(abs(x)) or 1 for x in lifts[:MOST_NAMED]]
    unit = [" place" if places[0] == 1 else " places", *[""] * MOST_NAMED]
    named = [f"{names[str(g)]} ({n}{u})" for g, n, u in zip(lifts.index, places, unit, strict=False)]
    return listed([*named, "others by less"] if len(lifts) > MOST_NAMED else named)


def _ends(positions: pd.Series, names: Mapping[str, str]) -> str:
    if positions.empty:
        return ""
    first, last = positions.index[0], positions.index[-1]
    best = f"Placed highest by {names[str(first)]} ({positions[first]:g})"
    if first == last or positions[first] == positions[last]:
        return f"{best}."
    return f"{best}, lowest by {names[str(last)]} ({positions[last]:g})."
