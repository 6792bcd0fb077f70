"""What an import gives: the rows that could be taken, those that could not, and what was left at the door."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from consensus.importers.mapping import Mapping
from consensus.vocabulary import COLUMNS, empty

__all__ = ["Imported", "no_responses", "quarantine"]


def no_responses() -> pd.DataFrame:
    """Return a responses frame with no rows, with the time at which a ballot was received."""
    return empty("responses").assign(received_at=pd.Series(dtype=object))


def quarantine(rows: list[tuple[int, str]]) -> pd.DataFrame:
    """Return the quarantine frame: the row of the file and the reason, in the order of the rows.

    Examples
    --------
    >>> quarantine([(9, "no consent"), (4, "no group")]).values.tolist()
    [[4, 'no group'], [9, 'no consent']]
    """
    return pd.DataFrame(sorted(rows), columns=["row", "reason"]).astype(object)


@dataclass(frozen=True)
class Imported:
    """A file as it was read; nothing of it is lost, because what is not in a frame is told here.

    Parameters
    ----------
    source
        The kind of source, which is part of the ids of answers: "table", "polis" or what the mapping says.
    sha256
        The digest of the file, or of the files of a folder.
    answers
        The answers frame; `received_at` is in UTC, or None where the file tells no time.
    responses
        The responses frame with `received_at`. Form `ranked`: `rank` is the place and `chosen` 1; `chosen`: `chosen` is
        1, 0 or -1; `points` and `rated`: `rank` is the number, and None is "don't know".
    quarantine
        Columns `row` (of the file) and `reason`: what could not be taken.
    dropped_columns
        Columns with addresses, names or places of people, by name; their values are not kept.
    warnings
        A sentence each.
    mapping
        Which column was taken for what; `mapping.guessed` when no person confirmed it.
    """

    source: str
    sha256: str
    answers: pd.DataFrame = field(default_factory=lambda: empty("answers"))
    responses: pd.DataFrame = field(default_factory=no_responses)
    quarantine: pd.DataFrame = field(default_factory=lambda: quarantine([]))
    dropped_columns: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    mapping: Mapping | None = None

    def __post_init__(self) -> None:
        """Check that the frames have their columns in order."""
        assert list(self.answers.columns) == list(COLUMNS["answers"])
        assert list(self.responses.columns) == [*COLUMNS["responses"], "received_at"]
