"""What a caller passes beside the data: checked for its kind before anything is worked out, all faults at once."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from numbers import Integral
from typing import Any

from consensus.errors import DataError

__all__ = ["a_mapping", "a_tally", "check_whole", "check_word", "labels"]


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


def labels(asked: str, name: str, given: Any) -> list[Any] | None:
    """Return labels that were passed as a list; None where none were.

    Raises
    ------
    DataError
        They are one text, or no list at all, or one of them cannot be a label.

    Examples
    --------
    >>> labels("tally", "groups", ("carer", "nurse"))
    ['carer', 'nurse']
    >>> labels("tally", "questions", "q1")
    Traceback (most recent call last):
    ...
    consensus.errors.DataError: questions of tally is one text; pass a list, such as ['q1'].
    """
    if given is None:
        return None
    if isinstance(given, str):
        raise DataError(f"{name} of {asked} is one text; pass a list, such as ['q1'].")
    told = list(given) if isinstance(given, Iterable) else [[]]
    if not all(isinstance(label, Hashable) for label in told):
        raise DataError(f"{name} of {asked} is no list of labels; pass one, such as ['q1', 'q2'].")
    return told


def check_word(asked: str, name: str, given: Any, known: Collection[str]) -> None:
    """Refuse what is not one of the words that an argument knows.

    Raises
    ------
    DataError
        It is another; the sentence lists those there are.

    Examples
    --------
    >>> check_word("tally", "gaps", "shut", ("error", "close"))
    Traceback (most recent call last):
    ...
    consensus.errors.DataError: gaps of tally is 'shut'; pass 'error' or 'close'.
    """
    if not isinstance(given, str) or given not in known:
        raise DataError(f"{name} of {asked} is {given!r}; pass {' or '.join(map(repr, known))}.")
