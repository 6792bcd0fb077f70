"""What a caller passes beside the data: checked for its kind before anything is worked out, all faults at once."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

from consensus.errors import DataError

__all__ = ["a_mapping", "a_tally", "check_whole"]


def check_whole(asked: str, **arguments: tuple[Any, int]) -> None:
    """Refuse arguments that are not whole numbers from the least that each may be.

    Parameters
    ----------
    asked
        The function that was called.
    arguments
        Name -> the value that was passed, and the least that is possible.

    Raises
    ------
    DataError
        A value is no whole number (a float is none, nor is True), or too small; every such argument is named.

    Examples
    --------
    >>> check_whole("stress", top=(10, 1), seed=(0, 0))
    >>> check_whole("stress", top=("ten", 1), seed=(-1, 0))
    Traceback (most recent call last):
    ...
    consensus.errors.DataError: 2 faults in the arguments of stress:
      top is 'ten'; pass a whole number from 1.
      seed is -1; pass a whole number from 0.
    """
    faults = [
        f"{name} is {value!r}; pass a whole number from {least}."
        for name, (value, least) in arguments.items()
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least
    ]
    if faults:
        raise DataError.of(f"the arguments of {asked}", faults)


def a_tally(asked: str, given: Any, kind: type) -> None:
    """Refuse what is not a tally where one is asked for.

    Raises
    ------
    DataError
        It is something else; the sentence says how a tally is made.
    """
    if not isinstance(given, kind):
        raise DataError(
            f"{asked} was given a {type(given).__name__} where it takes a tally; make one with tally(ballots) first."
        )


def a_mapping(asked: str, name: str, given: Any) -> None:
    """Refuse what is not a mapping, such as a list of shares without their groups.

    Raises
    ------
    DataError
        It is something else.
    """
    if given is not None and not isinstance(given, Mapping):
        raise DataError(f"{name} of {asked} is a {type(given).__name__}; pass a mapping, such as {{'carer': 1}}.")
