"""The interim ranking to the shortlist: which summary questions go to the workshop, each with why it is in.

Source of the rules: JLA Guidebook's examples (METHODS, "Shortlist rules").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from consensus.arguments import a_mapping, a_tally, check_whole
from consensus.digest import digest
from consensus.errors import DataError, ProtocolError
from consensus.interim.proportional import PROPORTIONAL_RULES
from consensus.interim.ranking import InterimRanking
from consensus.rules import lowest_places
from consensus.tally import Tally
from consensus.version import __version__

__all__ = ["SHORTLIST_RULES", "shortlist"]

Subgroup = str | tuple[str, int] | None


@dataclass
class _Draw:
    """A ranking and the reasons found so far, by question; `cut` marks those level with the place of a cut."""

    ranking: pd.DataFrame
    voices: list[str]
    reasons: dict[Any, list[str]]
    cut: set[Any]
    tally: Tally | None = None

    def take(self, places: npt.NDArray[np.int64], first: int, sentence: str) -> None:
        """Take the first so many places; a tie across the cut is taken whole and flagged."""
        inside = places <= first
        last = places[inside].max(initial=0)
        straddles = last + (places == last).sum() - 1 > first
        for at in np.flatnonzero(inside):
            question = self.ranking.index[int(at)]
            self.reasons.setdefault(question, []).append(sentence.format(places[at]))
            if straddles and places[at] == last:
                self.cut.add(question)

    def take_group(self, group: str, first: int) -> None:
        """Take a group's first questions; one that nobody in the group chose is never among them."""
        total = self.ranking[f"total_{group}"].to_numpy()
        places = lowest_places(self.ranking[f"position_{group}"].mul(-1).tolist())
        if total.min(initial=0) == 0:
            places = np.where(total > 0, places, len(total) + first)
        self.take(places, first, f"place {{}} for stakeholder group '{group}'")

    def take_combined(self, first: int) -> None:
        """Take the first so many of the combined order."""
        self.take(self.ranking["rank"].to_numpy(), first, "place {} in the combined order")


def _combined(draw: _Draw, size: int, per_group: int, subgroup: Subgroup) -> None:
    draw.take_combined(size)


def _union(draw: _Draw, size: int, per_group: int, subgroup: Subgroup) -> None:
    for group in draw.voices:
        draw.take_group(group, per_group)


def _union_and_subgroup(draw: _Draw, size: int, per_group: int, subgroup: Subgroup) -> None:
    if subgroup is None or subgroup == "":
        raise ProtocolError("The shortlist rule 'union_and_subgroup' needs a subgroup; name it.")
    name, first = (subgroup, per_group) if isinstance(subgroup, str) else subgroup
    if f"position_{name}" not in draw.ranking:
        raise ProtocolError(f"The ranking has no positions of subgroup {name!r}; name a group that has ballots.")
    for group in draw.voices:
        if group != name:
            draw.take_group(group, per_group)
    draw.take_group(name, first)


def _fill(draw: _Draw, size: int, per_group: int, subgroup: Subgroup) -> None:
    _union(draw, size, per_group, subgroup)
    wanted = size - len(draw.reasons)
    left = ~draw.ranking.index.isin(list(draw.reasons))
    if wanted <= 0 or not left.any():
        return
    rank = draw.ranking["rank"].to_numpy()
    last = np.sort(rank[left])[min(wanted, int(left.sum())) - 1]
    taken = left & (rank <= last)
    for at in np.flatnonzero(taken):
        question = draw.ranking.index[int(at)]
        draw.reasons[question] = [f"place {rank[at]} in the combined order, to fill the shortlist to {size}"]
        if taken.sum() > wanted and rank[at] == last:
            draw.cut.add(question)


def _proportional(rule: str, draw: _Draw, size: int, per_group: int, subgroup: Subgroup) -> None:
    if draw.tally is None:
        raise ProtocolError(f"The shortlist rule '{rule}' reads the ballots; give the tally that keeps them.")
    questions = draw.tally.questions
    rank = draw.ranking["rank"].reindex(list(questions))
    if rank.isna().any():
        raise ProtocolError("The tally has questions that are not in the ranking; give the tally that was ranked.")
    shares = draw.ranking.attrs.get("shares", {})
    taken = PROPORTIONAL_RULES[rule](draw.tally.counting, shares, size, rank.to_numpy(np.int64))
    for chosen, why in taken:
        for at in chosen:
            draw.reasons[questions[at]] = [why]
    if len(draw.reasons) > size:
        draw.cut.update(questions[at] for at in taken[-1][0])


def _by_hand(draw: _Draw, size: int, per_group: int, subgroup: Subgroup) -> None:
    """Take none but those that people name."""


ShortlistRule = Callable[[_Draw, int, int, Subgroup], None]

SHORTLIST_RULES: dict[str, ShortlistRule] = {
    "combined": _combined,
    "union": _union,
    "union_and_subgroup": _union_and_subgroup,
    "fill": _fill,
    "by_hand": _by_hand,
    **{rule: partial(_proportional, rule) for rule in PROPORTIONAL_RULES},
}


def shortlist(
    ranking: pd.DataFrame | InterimRanking,
    rule: str = "combined",
    size: int = 25,
    per_group: int = 10,
    subgroup: Subgroup = None,
    tally: Tally | None = None,
    *,
    by_hand: Mapping[Any, str] | None = None,
) -> pd.DataFrame:
    """Return the shortlist in the combined order, each question with why it is in.

    Parameters
    ----------
    ranking
        As `rank` gives it, or the interim ranking that holds it.
    rule
        `combined`: the first `size` of the combined order. `union`: every group's first `per_group`, of groups with a
        share. `union_and_subgroup`: that, and the first of a named subgroup. `fill`: the union, then the combined order
        up to `size`. `by_hand`: only those in `by_hand`. `sequential_pav`, `sequential_phragmen`, `equal_shares`
        (completed by sequential Phragmen): up to `size`, each group having equal money, times its share.
    subgroup
        A group with positions in the ranking, or that group and how many of its first questions to take.
    tally
        The tally ranked, with its ballots, which the proportional rules read; an interim ranking brings its own.
    by_hand
        Question -> the reason why people put it in; added to whatever the rule gives.

    Returns
    -------
    DataFrame
        Index `question`. `why`: every reason. `gap`: how far the score lies above the next question's in the combined
        order, 0 where the two are tied, empty for the last. `tied_at_cut`: it is level with another across a cut; such
        a tie is taken whole, never broken by the order of a file. `attrs`: `method`, `options`, `questions` (listed,
        of how many), `tied_at_cut` (how many), `order` (the rule that ranked), `version` and `digest`.

    Raises
    ------
    ProtocolError
        An unknown rule or subgroup, or a question put in by hand that is not in the ranking or has no reason.

    Examples
    --------
    >>> questions = pd.Index(["a", "b", "c"], name="question")
    >>> ranking = pd.DataFrame({"rank": [1, 2, 2], "score": [9.0, 4.0, 4.0]}, index=questions)
    >>> shortlist(ranking, size=2)
                                         why  gap  tied_at_cut
    question
    a         place 1 in the combined order  5.0        False
    b         place 2 in the combined order  0.0         True
    c         place 2 in the combined order  NaN         True
    """
    if not isinstance(rule, str) or rule not in SHORTLIST_RULES:
        raise ProtocolError(f"No shortlist rule {rule!r}; use one of {', '.join(SHORTLIST_RULES)}.")
    check_whole("shortlist", size=(size, 1), per_group=(per_group, 1))
    a_mapping("shortlist", "by_hand", by_hand)
    frame = ranking.ranking if isinstance(ranking, InterimRanking) else ranking
    if not isinstance(frame, pd.DataFrame) or not {"rank", "score"} <= set(frame):
        raise DataError("A shortlist is taken from a ranking; make one with rank(tally) first.")
    if tally is not None:
        a_tally("shortlist", tally, Tally)
    _check_by_hand(by_hand or {}, frame)
    if tally is None and isinstance(ranking, InterimRanking):
        tally = ranking.tally
    draw = _Draw(frame, _voices(frame), {}, set(), tally)
    SHORTLIST_RULES[rule](draw, size, per_group, subgroup)
    for question, reason in (by_hand or {}).items():
        draw.reasons.setdefault(question, []).append(f"by hand: {reason}")
    gap = frame["score"] - frame["score"].shift(-1)
    listed = [question for question in frame.index if question in draw.reasons]
    columns = {
        "why": pd.Series(["; ".join(draw.reasons[question]) for question in listed], dtype=str),
        "gap": gap.loc[listed].to_numpy(dtype=float),
        "tied_at_cut": pd.Series([question in draw.cut for question in listed], dtype=bool),
    }
    result = pd.DataFrame(columns).set_axis(pd.Index(listed, name="question"))
    options = {"rule": rule, "size": size, "per_group": per_group, "subgroup": subgroup}
    result.attrs = {
        "method": "shortlist",
        "options": options | {"by_hand": [str(question) for question in by_hand or {}]},
        "questions": (len(listed), len(frame)),
        "tied_at_cut": len(draw.cut),
        "order": frame.attrs.get("rule", ""),
        "version": __version__,
        "digest": frame.attrs.get("digest", tally.digest if tally is not None else digest(frame)),
    }
    if "weighting" in frame.attrs:
        result.attrs["weighting"] = frame.attrs["weighting"]
    return result


def _check_by_hand(by_hand: Mapping[Any, str], ranking: pd.DataFrame) -> None:
    faults = [
        f"question '{question}' put in by hand is not in the ranking; mend its id."
        for question in by_hand
        if question not in ranking.index
    ]
    faults += [
        f"question '{question}' is put in by hand without a reason; write why."
        for question, reason in by_hand.items()
        if not str(reason or "").strip()
    ]
    if faults:
        raise ProtocolError.of("the shortlist", faults)


def _voices(ranking: pd.DataFrame) -> list[str]:
    """Return the groups with positions, those with a share of 0 left out where the ranking says so."""
    groups = [str(column).removeprefix("position_") for column in ranking if str(column).startswith("position_")]
    shares = ranking.attrs.get("shares", {})
    return [group for group in groups if shares.get(group, 1)]
