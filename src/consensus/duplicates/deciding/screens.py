"""One screen of the review: an anchor, and candidates of which a person says which ask the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from numbers import Integral
from typing import Any

from consensus.errors import DataError
from consensus.vocabulary import how_many

__all__ = ["Screen", "all_shown"]


@dataclass(frozen=True)
class Screen:
    """What a person is shown, and decides on at once.

    Parameters
    ----------
    anchor
        The submissions shown as the question to compare with. All of one wording, read once; or more wordings.
    candidates
        For each candidate the submissions shown for it; those of one wording are read once. The answer holds for the
        groups they stand for.
    why
        What the machine saw that made it ask; it holds no participant's word.
    chances
        How likely each candidate asks the same, as the machine sees it.
    evidence
        What that was taken from, in thousandths, kept in the decision so that the queue learns the same from the log.
    again
        The pairs that were judged before and are shown once more: on a check, or because the texts speak against what
        was said, and then what is said now stands.
    check
        Whether it is a check: earlier answers once more, unannounced, and groups drawn at random.
    settles
        The two submissions of a contest that this screen settles; empty for any other.
    """

    anchor: tuple[str, ...]
    candidates: list[tuple[str, ...]]
    why: str = ""
    chances: tuple[float, ...] = ()
    evidence: tuple[tuple[int, ...], ...] = ()
    again: tuple[tuple[str, str], ...] = ()
    check: bool = False
    settles: tuple[str, ...] = ()

    def value(self, same: Iterable[int], also: Iterable[Iterable[int]] = ()) -> dict[str, Any]:
        """Return the answer that some candidates ask the same, as the log keeps it.

        Raises
        ------
        DataError
            A number is of no candidate or named twice, or a pile of `also` holds a single one.
        """
        chosen, piles = set(_numbers(same, "same=[0, 3]")), _piles(also)
        faults = self._faults([*chosen, *chain(*piles)], piles)
        if faults:
            raise DataError.of("the answer", faults)
        order = sorted(range(len(self.candidates)), key=lambda number: number not in chosen)
        value: dict[str, Any] = {
            "anchor": list(self.anchor),
            "same": [list(self.candidates[n]) for n in order if n in chosen],
            "different": [list(self.candidates[n]) for n in order if n not in chosen],
        }
        if self.evidence:
            value["evidence"] = [list(self.evidence[n]) for n in order]
            value["chances"] = [round(self.chances[n], 4) for n in order]
        if self.again:
            value["again"] = [list(pair) for pair in self.again]
        if self.check:
            value["check"] = True
        if self.settles:
            value["settles"] = list(self.settles)
        if piles:
            value["also"] = [[list(self.candidates[n]) for n in sorted(pile)] for pile in piles]
        return value

    def _faults(self, named: list[int], piles: list[list[int]]) -> list[str]:
        """Return what is wrong with the numbers of an answer, a sentence each."""
        faults = []
        there = range(len(self.candidates))
        if wrong := sorted(set(named) - set(there)):
            told, count = ", ".join(map(str, wrong)), how_many(len(there), "candidate")
            faults.append(f"The screen has {count}, numbered from 0; there is no number {told}.")
        if twice := sorted(number for number in set(named) if named.count(number) > 1):
            told = ", ".join(map(str, twice))
            faults.append(f"A candidate asks the same as the anchor or is in one pile, not both or in two: {told}.")
        single = [pile[0] for pile in piles if len(pile) == 1 and pile[0] in there]
        return faults + [f"Number {number} alone is no pile: name two or more of which it is one." for number in single]


def all_shown(value: Mapping[str, Any]) -> list[list[str]]:
    """Return the submissions of an answer, those shown together together: anchor, candidates and what piles name."""
    return [value["anchor"], *value["same"], *value["different"], *chain(*value.get("also", ()))]


def _piles(also: Iterable[Iterable[int]]) -> list[list[int]]:
    if isinstance(also, str) or not isinstance(also, Iterable):
        raise DataError(f"Piles are lists of candidates' numbers, as in also=[[1, 4]]; this is {type(also).__name__}.")
    return [pile for pile in (_numbers(told, "also=[[1, 4]]") for told in also) if pile]


def _numbers(told: Iterable[int], form: str) -> list[int]:
    if not isinstance(told, str) and isinstance(told, Iterable):
        listed = list(told)
        if all(isinstance(each, Integral) and not isinstance(each, bool) for each in listed):
            return [int(each) for each in listed]
    raise DataError(f"Candidates are named by a list of whole numbers, as in {form}.")
