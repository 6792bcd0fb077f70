"""The exception tree: whose fault it is, and what they do next.

A sentence in an error never holds a participant's words, name or e-mail address.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["ConsensusError", "DataError", "ModelError", "ProtocolError", "StageError"]


class ConsensusError(Exception):
    """The root of everything that this package raises on purpose.

    Parameters
    ----------
    message
        One sentence: what is wrong, whose it is and what to do.
    faults
        All faults that were found at once, a sentence each; empty when there is only the message.

    Examples
    --------
    >>> raise DataError.of("answers.csv", ["row 2: no group", "row 9: no text"])
    Traceback (most recent call last):
    ...
    consensus.errors.DataError: 2 faults in answers.csv:
      row 2: no group
      row 9: no text
    """

    exit_status = 1

    def __init__(self, message: str, faults: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)

    @classmethod
    def of(cls, where: str, faults: Iterable[str]) -> ConsensusError:
        """Return one error that tells every fault found in `where`."""
        listed = tuple(faults)
        count = f"{len(listed)} fault{'s' if len(listed) != 1 else ''} in {where}:"
        return cls("\n".join([count, *(f"  {fault}" for fault in listed)]), listed)


class ProtocolError(ConsensusError):
    """The steering group's file is wrong: fix the file."""

    exit_status = 2


class DataError(ConsensusError):
    """The responses do not fit the protocol: fix the data."""

    exit_status = 2


class StageError(ConsensusError):
    """Asked too early or too late: do the named step first."""

    exit_status = 3


class ModelError(ConsensusError):
    """The language model on this machine is not the one expected: install it again, or name another."""

    exit_status = 2
