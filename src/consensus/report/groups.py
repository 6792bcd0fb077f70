"""How stakeholder groups look: the same letter, marker and colour in every plot and table of a partnership."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from consensus.protocol import Protocol
from consensus.vocabulary import NOT_STATED

__all__ = ["group_looks", "looks_of"]

# Okabe and Ito's palette, told apart with every common form of colour blindness; markers and letters tell them apart
# without colour. The second of each pair is the colour of the letter on it.
COLOURS = (
    ("#0072B2", "#FFFFFF"),
    ("#D55E00", "#FFFFFF"),
    ("#009E73", "#FFFFFF"),
    ("#F0E442", "#000000"),
    ("#000000", "#FFFFFF"),
    ("#CC79A7", "#000000"),
    ("#56B4E9", "#000000"),
    ("#E69F00", "#000000"),
)
MARKERS = ("o", "s", "D", "h", "p", "8", "H", "d")


def looks_of(names: Sequence[tuple[str, str, str]]) -> pd.DataFrame:
    """Return how groups are shown, from (id, name, short name) of each.

    Examples
    --------
    >>> looks_of([("carers", "Family and carers", "Carers"), ("chiefs", "Chiefs", "")])[["short", "letter"]]
             short letter
    group
    carers  Carers      C
    chiefs  Chiefs      H
    """
    rows, taken = [], set[str]()
    for place, (group, name, short) in enumerate(names):
        label = short or name
        letter = next((c for c in _letters(label) if c not in taken), str(place + 1))
        taken.add(letter)
        colour, ink = COLOURS[place % len(COLOURS)]
        marker = MARKERS[(place + place // len(COLOURS)) % len(MARKERS)]
        rows.append((group, name, label, letter, marker, colour, ink))
    columns = ["group", "name", "short", "letter", "marker", "colour", "ink"]
    return pd.DataFrame(rows, columns=columns).set_index("group")


def group_looks(protocol: Protocol) -> pd.DataFrame:
    """Return name, short name, letter, marker and colours of each group, in the order of the protocol."""
    looks = looks_of([(group.id, group.name, group.short) for group in protocol.groups])
    apart = looks_of([(NOT_STATED, "Not stated", "Not stated")]).assign(letter="–", colour="#777777")
    return pd.concat([looks, apart])


def _letters(label: str) -> list[str]:
    """Return the letters that may stand for a label: initials of its words first."""
    words = label.upper().split()
    return [c for c in [word[0] for word in words] + [c for word in words for c in word] if c.isalpha()]
