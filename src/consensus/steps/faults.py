"""Faults that stop nothing else: each is noted in a sentence, and what does not depend on it goes on."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from consensus.errors import ConsensusError

__all__ = ["noting", "unforeseen"]


@contextmanager
def noting(faults: list[str], what: str) -> Iterator[None]:
    """Note a fault of what is done meanwhile, and go on: what goes wrong in one partnership stops no other.

    Parameters
    ----------
    faults
        To which a sentence is added: `what` went wrong, and why.
    """
    try:
        yield
    except ConsensusError as error:
        faults.append(f"{what}: {error}")
    except Exception as error:
        faults.append(unforeseen(what, error))


def unforeseen(what: str, error: Exception) -> str:
    """Return a sentence on a fault of the program or the machine: its kind and place, never its words."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    kind = f"{type(error).__name__} at line {place.lineno} of {Path(place.filename).name}"
    return f"{what}: {kind}. Nobody who takes part did this; whoever runs the machine looks into it."
