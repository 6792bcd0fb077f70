"""One screen of the review: an anchor, and candidates of which a person says which ask the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from consensus.errors import DataError

__all__ = ["Screen"]


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

    def value(self, chosen: set[int], also: Sequence[Sequence[int]] = ()) -> dict[str, Any]:
        """Return the answer that some candidates ask the same, as the log keeps it.

        Raises
        ------
        DataError
            A number is of no candidate; a pile of `also` is not of two or more that are in no other, or holds one that
            asks the same as the anchor.
        """
        faults = self._faults(chosen, also)
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
        if also:
            value["also"] = [[list(self.candidates[n]) for n in sorted(pile)] for pile in also]
        return value

    def _faults(self, chosen: set[int], also: Sequence[Sequence[int]]) -> list[str]:
        """Return what is wrong with an answer, a sentence each."""
        faults = []
        named = [*chosen, *(number for pile in also for number in pile)]
        if wrong := sorted(set(named) - set(range(len(self.candidates)))):
            told = ", ".join(map(str, wrong))
            faults.append(
                f"The screen has {len(self.candidates)} candidates, numbered from 0; there is no number {told}."
            )
        if twice := sorted(number for number in set(named) if named.count(number) > 1):
            told = ", ".join(map(str, twice))
            faults.append(f"A candidate is named once, in `same` or in one pile of `also`; named twice: {told}.")
        faults += [f"One candidate, {pile[0]}, is no pile: name two or more." for pile in also if len(pile) == 1]
        return faults
