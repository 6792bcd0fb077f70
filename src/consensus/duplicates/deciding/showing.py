"""Screens as people see them: which texts stand for a group, and why they are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from consensus.duplicates.deciding.checking import drawn
from consensus.duplicates.deciding.choosing import Chooser, Plan
from consensus.duplicates.deciding.doubting import Doubt
from consensus.duplicates.deciding.said import Contest
from consensus.duplicates.deciding.screens import Screen
from consensus.duplicates.deciding.standing import Standing

__all__ = ["THOUSAND", "Showing"]

THOUSAND = 1000
"""Evidence is kept in the log in so manieth parts, so that it is read back as it was written."""

WHOLE = 0.8
"""The least chance of every candidate with which a screen says that they look like one group."""


@dataclass(frozen=True)
class Showing:
    """What screens are made from: the groups as they stand, their wordings, and what was said."""

    chooser: Chooser
    standing: Standing
    wordings: Mapping[str, str]
    order: Sequence[str]
    groups: Mapping[str, list[str]]

    def plan(self, plan: Plan) -> Screen:
        """Return the screen of a plan: each group by its most central wording."""
        asked = f"{len(plan.candidates)} candidates, {plan.chances.sum():.1f} of them expected to ask the same"
        if plan.chances.min(initial=1.0) >= WHOLE:
            asked = f"{asked}: they look like one group, to be taken whole but for what asks something else"
        return Screen(
            self._shown(plan.anchor),
            [self._shown(group) for group in plan.candidates],
            f"{asked}; most to be gained for what there is to read.",
            tuple(plan.chances.tolist()),
            _parts(plan),
        )

    def check(self, answers: Sequence[Mapping[str, Any]], out: Sequence[str]) -> Screen | None:
        """Return the check that follows some answers; None where what was drawn cannot be asked about now."""
        there = [each for group in sorted(self.groups) for each in self.groups[group] if self.wordings[each]]
        draw = drawn(there, self.wordings, answers)
        if draw is None or (home := self.standing.home(draw.submission)) in out or home not in self.chooser:
            return None
        pairs = [pair for pair in draw.repeated if self._can_repeat(draw.submission, pair)]
        plan = self.chooser.check(home, self.standing.apart(home), len(answers))
        if not pairs and not plan.candidates:
            return None
        return Screen(
            self._beside(draw.submission),
            [*(self._beside(other) for _, other in pairs), *(self._shown(group) for group in plan.candidates)],
            "A check, drawn at random: it tells how far the review is, and how sure its answers are.",
            (*(0.0 for _ in pairs), *plan.chances.tolist()),
            (*(() for _ in pairs), *_parts(plan)),
            again=tuple((draw.submission, other) for _, other in pairs),
            check=True,
        )

    def doubts(self, plan: Plan, doubts: Sequence[Doubt]) -> Screen:
        """Return the screen on what was answered on one group and looks wrong, and on what is new beside it."""
        new = f"{len(plan.candidates)} candidates are new. " if plan.candidates else ""
        return Screen(
            self._beside(doubts[0].one),
            [*(self._shown(group) for group in plan.candidates), *(self._beside(doubt.other) for doubt in doubts)],
            f"{new}Shown again: {len(doubts)} of which the texts say otherwise than was said, or hardly the same. "
            "What is said now stands.",
            (*plan.chances.tolist(), *(doubt.chance for doubt in doubts)),
            (*_parts(plan), *(() for _ in doubts)),
            again=tuple((doubt.one, doubt.other) for doubt in doubts),
        )

    def contest(self, contest: Contest) -> Screen:
        """Return the screen that settles a contest: the two, and all by which they hang together."""
        one, other = contest.pair
        together = self.standing.home(one) == self.standing.home(other)
        steps = self.standing.links.path(one, other)[1:] if together else [other]
        said = "first the same, then not" if together else "first not the same, then the same"
        return Screen(
            self._beside(one),
            [self._beside(step) for step in steps if self.wordings[step] != self.wordings[one]],
            f"Decisions contradict each other: {said}. What is said now stands.",
            settles=contest.pair,
        )

    def _can_repeat(self, submission: str, pair: tuple[str, str]) -> bool:
        """Return whether an earlier answer stands as it was given: nothing in it was set aside or is in no group."""
        homes = [self.standing.home(each) for each in (submission, pair[0])]
        return homes[0] == homes[1] and not any(each in self.standing.aside for each in (*pair, submission))

    def _shown(self, group: str) -> tuple[str, ...]:
        """Return the submissions of a group's most central wording."""
        rows = self.chooser.rows(group)
        wording = self.order[rows[self.chooser.land.central(rows)]]
        return tuple(each for each in self.groups[group] if self.wordings[each] == wording)

    def _beside(self, submission: str) -> tuple[str, ...]:
        """Return a submission and those of its wording in its group, itself first."""
        same = [each for each in self.groups[self.standing.home(submission)] if each != submission]
        return (submission, *(each for each in same if self.wordings[each] == self.wordings[submission]))


def _parts(plan: Plan) -> tuple[tuple[int, ...], ...]:
    """Return the evidence on a plan's candidates in thousandths."""
    return tuple(tuple(row) for row in np.rint(plan.evidence * THOUSAND).astype(int).tolist())
