"""Putting chosen questions in order: a step up or down, or by the positions that were selected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

__all__ = ["moved", "placed", "places_taken_twice"]


def moved(chosen: Sequence[str], question: str, by: int) -> list[str]:
    """Return the order after one question went `by` places down (up where negative), as far as there are places.

    Examples
    --------
    >>> moved(["q1", "q2", "q3"], "q3", -1), moved(["q1", "q2"], "q2", 1)
    (['q1', 'q3', 'q2'], ['q1', 'q2'])
    """
    order = [each for each in chosen if each != question]
    if question in chosen:
        order.insert(min(max(chosen.index(question) + by, 0), len(order)), question)
    return order


def places_taken_twice(chosen: Sequence[str], positions: Mapping[str, int]) -> list[int]:
    """Return the positions that were newly given to several questions, where no single order can be meant.

    Examples
    --------
    >>> places_taken_twice(["q1", "q2", "q3"], {"q1": 2, "q2": 2, "q3": 1})
    [2]
    """
    changed = [each for place, each in enumerate(chosen, start=1) if positions.get(each, place) != place]
    if len(changed) <= 1:
        return []
    taken = Counter(positions.get(each, place) for place, each in enumerate(chosen, start=1))
    return sorted(place for place, count in taken.items() if count > 1)


def placed(chosen: Sequence[str], positions: Mapping[str, int]) -> list[str]:
    """Return the order that the selected positions mean; one question alone that changed its position is moved there.

    Examples
    --------
    >>> placed(["q1", "q2", "q3"], {"q1": 3, "q2": 2, "q3": 3})
    ['q2', 'q3', 'q1']
    >>> placed(["q1", "q2", "q3"], {"q1": 2, "q2": 3, "q3": 1})
    ['q3', 'q1', 'q2']
    """
    changed = [each for place, each in enumerate(chosen, start=1) if positions.get(each, place) != place]
    if len(changed) == 1:
        return moved(chosen, changed[0], positions[changed[0]] - chosen.index(changed[0]) - 1)
    places = {each: place for place, each in enumerate(chosen, start=1)}
    return sorted(chosen, key=lambda each: (positions.get(each, places[each]), places[each]))
