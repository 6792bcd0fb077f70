"""What stands after a log of decisions: a function of the submissions and of the log alone.

Submissions that a decision named are held together by links, each of which a person made (or the same wording); so a
link that is doubted can be cut, and what hung together by it comes apart. One that no decision named yet is with the
first of its wording that one did. So it makes no difference whether an answer arrived before a decision or after it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd

from consensus.decisions import in_force
from consensus.digest import short_id
from consensus.duplicates.wording import normalise

__all__ = ["Aside", "Contest", "Doubt", "Standing", "standing_groups"]

Pair = tuple[str, str]

_ONE_WRONG, _OF = 1.0, 60.0
_DOUBT = 0.2


class Aside(NamedTuple):
    """Why a submission is set aside, and who decided so when."""

    reason: str
    by: str = ""
    at: datetime | None = None


class Doubt(NamedTuple):
    """What was said once of two submissions, with the chance that the machine gave it to be the same."""

    same: bool
    chance: float
    number: int


class Contest(NamedTuple):
    """Two submissions of which decisions say both: that they ask the same, and that they do not."""

    pair: Pair
    by: str


@dataclass
class Standing:
    """Groups, what was told apart, what was set aside and what is contested, as decisions are read one by one.

    Parameters
    ----------
    wording
        For each submission the form in which it is compared; "" for one that says nothing, which is with no other.
    """

    wording: Mapping[str, str]
    group: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    aside: dict[str, Aside] = field(default_factory=dict)
    contests: dict[Pair, Contest] = field(default_factory=dict)
    decided: set[str] = field(default_factory=set)
    said_once: dict[Pair, Doubt] = field(default_factory=dict)
    compared: int = 0
    repeats: int = 0
    contradictions: int = 0
    _named: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _links: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _apart: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _questions: dict[str, str] = field(default_factory=dict)

    def read(self, row: Mapping[str, Any]) -> None:
        """Take one decision; kinds that move no submission are passed over."""
        reader = getattr(self, f"_read_{row['kind']}", None)
        if reader is not None:
            reader(row)

    def home(self, submission: str) -> str:
        """Return the id of the group in which a submission is, or would be if it were not set aside."""
        if submission in self.group:
            return self.group[submission]
        wording = self.wording.get(submission, "")
        if not wording:
            return short_id("g", "", submission)
        named = self._named[wording]
        first = next((other for other in named if other not in self.aside), None)
        if first:
            return self.group[first]
        return short_id("g", wording, str(len(named))) if named else short_id("g", wording)

    def apart(self, group: str) -> set[str]:
        """Return the groups that were told apart from a group."""
        found = {self.group[other] for one in self.members.get(group, ()) for other in self._apart[one]}
        return found - {group}

    def open_contests(self) -> list[Contest]:
        """Return the contests that later decisions have not settled, the oldest first."""
        return [contest for contest in self.contests.values() if self._is_open(contest.pair)]

    def error(self) -> float:
        """Return how often an answer on one candidate is taken to be wrong, from what was asked more than once.

        Of two answers on the same that disagree one is wrong; before anything was asked twice it is 1 in 60.
        """
        return (self.contradictions + _ONE_WRONG) / (2 * self.repeats + _OF)

    def doubtful(self, patience: int) -> list[Pair]:
        """Return pairs that were judged once, some time ago, and more surely than not against all evidence."""
        error = self.error()
        found = []
        for (one, other), doubt in self.said_once.items():
            right, wrong = (doubt.chance, 1 - doubt.chance) if doubt.same else (1 - doubt.chance, doubt.chance)
            if self.compared - doubt.number < patience or wrong * error < _DOUBT * (
                wrong * error + right * (1 - error)
            ):
                continue
            if one in self.aside or other in self.aside:
                continue
            together = self.group[one] == self.group[other]
            if together == doubt.same:
                found.append((one, other))
        return found

    def path(self, one: str, other: str) -> list[str]:
        """Return the submissions by which two of a group hang together, from the one to the other."""
        before: dict[str, str] = {one: one}
        queue = [one]
        for each in queue:
            for near in sorted(self._links[each]):
                if near not in before:
                    before[near] = each
                    queue.append(near)
        steps = [other]
        while steps[-1] != one:
            steps.append(before[steps[-1]])
        return steps[::-1]

    # -- the acts ---------------------------------------------------------------------------------------------------

    def _read_compared(self, row: Mapping[str, Any]) -> None:
        value = row["value"]
        self.compared += 1
        anchor = self._name(value["anchor"])
        same = [self._name(candidate) for candidate in value["same"]]
        different = [self._name(candidate) for candidate in value["different"]]
        if anchor is None:
            return
        self.decided.update([anchor, *filter(None, same)])
        settled = tuple(value.get("settles", ()))
        if settled in self.contests and self._is_open(settled):
            self._settle(anchor, [s for s in same if s], [d for d in different if d])
            del self.contests[settled]
            return
        self._remember(anchor, same, different, value)
        for other in filter(None, same):
            self._say_same(anchor, other, row["by"])
        for other in filter(None, different):
            self._say_different(anchor, other, row["by"])

    def _read_split(self, row: Mapping[str, Any]) -> None:
        value = row["value"]
        leaving = self._name_all(value["submissions"])
        staying = self._name_all(value.get("left", ()))
        if leaving:
            self._gather(leaving, self._fresh(leaving))
            for other in staying[:1]:
                if self.group[other] != self.group[leaving[0]]:
                    self._tell_apart(leaving[0], other)

    def _read_move(self, row: Mapping[str, Any]) -> None:
        value = row["value"]
        beside = value.get("beside") or self._questions.get(value.get("to", ""))
        moved = self._name_all([row["subject"]], also_aside=True)
        target = self._name_all([beside]) if beside else []
        if moved and target and moved != target:
            self._join(moved, target[0])
        elif moved and "beside" not in value:
            self._questions[value["to"]] = moved[0]
            self._gather(moved, self._fresh(moved))

    def _read_same_question(self, row: Mapping[str, Any]) -> None:
        placed = self._name_all(row["value"].get("submissions", ()), also_aside=True)
        beside = self._questions.get(row["subject"])
        if not placed:
            return
        if beside and beside not in self.aside and beside not in placed:
            self._join(placed, beside)
            return
        if len({self.group[each] for each in placed}) > 1 or len(self.members[self.group[placed[0]]]) > len(placed):
            self._gather(placed, self._fresh(placed))
        self._questions[row["subject"]] = placed[0]

    def _read_set_aside(self, row: Mapping[str, Any]) -> None:
        for submission in self._name_all(row["value"].get("submissions", [row["subject"]]), also_aside=True):
            self.aside[submission] = Aside(row["why"] or "set aside", row["by"], row["at"])

    _read_out_of_scope = _read_set_aside

    def _read_in_scope(self, row: Mapping[str, Any]) -> None:
        for submission in self._name_all([row["subject"]], also_aside=True):
            self.aside.pop(submission, None)

    # -- what they are made of --------------------------------------------------------------------------------------

    def _name(self, submissions: Sequence[str]) -> str | None:
        """Return the first of those shown together that stands in a group."""
        return next(iter(self._name_all(submissions)), None)

    def _name_all(self, submissions: Iterable[str], *, also_aside: bool = False) -> list[str]:
        """Return those that there are, each from now on in a group of its own right."""
        there = [each for each in submissions if each in self.wording]
        for submission in there:
            if submission in self.group:
                continue
            home = self.home(submission)
            self.group[submission] = home
            beside = self.members.setdefault(home, [])
            if beside:
                self._link(submission, next(o for o in beside if self.wording[o] == self.wording[submission]))
            beside.append(submission)
            self._named[self.wording[submission]].append(submission)
        return [each for each in there if also_aside or each not in self.aside]

    def _fresh(self, submissions: Iterable[str]) -> str:
        identity = short_id("g", *sorted(submissions))
        while identity in self.members:
            identity = short_id("g", identity)
        return identity

    def _link(self, one: str, other: str) -> None:
        self._links[one].add(other)
        self._links[other].add(one)

    def _unlink(self, one: str, other: str) -> None:
        self._links[one].discard(other)
        self._links[other].discard(one)

    def _tell_apart(self, one: str, other: str) -> None:
        self._apart[one].add(other)
        self._apart[other].add(one)

    def _say_same(self, anchor: str, other: str, by: str) -> None:
        if self.group[anchor] == self.group[other]:
            self.repeats += 1
        elif self.group[other] in self.apart(self.group[anchor]):
            self._contest(anchor, other, by)
        else:
            self._merge(anchor, other)

    def _say_different(self, anchor: str, other: str, by: str) -> None:
        if self.group[anchor] == self.group[other]:
            self._contest(anchor, other, by)
            return
        self.repeats += self.group[other] in self.apart(self.group[anchor])
        self._tell_apart(anchor, other)

    def _remember(
        self, anchor: str, same: list[str | None], different: list[str | None], value: Mapping[str, Any]
    ) -> None:
        for pair in value.get("again", ()):
            self.said_once.pop((pair[0], pair[1]), None)
        chances = value.get("chances", ())
        said = [(other, True) for other in same] + [(other, False) for other in different]
        for (other, alike), chance in zip(said, chances, strict=False):
            if other:
                self.said_once[anchor, other] = Doubt(alike, chance, self.compared)

    def _contest(self, anchor: str, other: str, by: str) -> None:
        self.repeats += 1
        self.contradictions += 1
        self.contests[anchor, other] = Contest((anchor, other), by)

    def _is_open(self, pair: Pair) -> bool:
        if any(each in self.aside or each not in self.group for each in pair):
            return False
        one, other = (self.group[each] for each in pair)
        return one == other or other in self.apart(one)

    def _settle(self, anchor: str, same: list[str], different: list[str]) -> None:
        """Let the later word stand: links are cut where it says different, and what told apart is dropped for same."""
        for other in same:
            if self.group[other] != self.group[anchor]:
                self._reconcile(self.group[anchor], self.group[other])
                self._merge(anchor, other)
        judged = set(different)
        for other in different:
            if self.group[other] == self.group[anchor]:
                steps = self.path(anchor, other)
                cut = next(n for n, step in enumerate(steps) if step in judged)
                self._cut(steps[cut - 1], steps[cut])

    def _reconcile(self, one: str, other: str) -> None:
        inside = set(self.members[one])
        for each in self.members[other]:
            for told in self._apart[each] & inside:
                self._apart[each].discard(told)
                self._apart[told].discard(each)

    def _merge(self, anchor: str, other: str) -> None:
        """Join two groups; the larger keeps its id, of two alike the anchor's."""
        self._link(anchor, other)
        kept, gone = self.group[anchor], self.group[other]
        if len(self.members[gone]) > len(self.members[kept]):
            kept, gone = gone, kept
        for each in self.members.pop(gone):
            self.group[each] = kept
            self.members[kept].append(each)

    def _cut(self, kept: str, leaving: str) -> None:
        self._unlink(kept, leaving)
        reached = [leaving]
        for each in reached:
            reached += sorted(self._links[each] - set(reached))
        self._place(reached, self._fresh(reached))
        self._tell_apart(kept, leaving)

    def _gather(self, submissions: list[str], into: str) -> None:
        """Take submissions out of their groups into one of their own; those left behind stay together."""
        taken = set(submissions)
        self.decided |= taken
        for each in submissions:
            for near in list(self._links[each]):
                self._unlink(each, near)
        left = {self.group[each] for each in submissions}
        self._place(submissions, into)
        for group in sorted(left):
            self._hold_together(self.members.get(group, []))
        self._hold_together(submissions)
        for each in submissions:
            for told in self._apart[each] & taken:
                self._apart[each].discard(told)
                self._apart[told].discard(each)

    def _place(self, submissions: Sequence[str], into: str) -> None:
        for each in submissions:
            before = self.group[each]
            self.members[before].remove(each)
            if not self.members[before]:
                del self.members[before]
            self.group[each] = into
        self.members.setdefault(into, []).extend(submissions)

    def _hold_together(self, submissions: Sequence[str]) -> None:
        """Link the parts of a group that hang together no more to its first member."""
        for part in list(self._parts(submissions))[1:]:
            self._link(submissions[0], part)

    def _parts(self, submissions: Sequence[str]) -> Iterator[str]:
        seen: set[str] = set()
        for each in submissions:
            if each in seen:
                continue
            yield each
            reached = [each]
            seen.add(each)
            for one in reached:
                fresh = sorted(self._links[one] - seen)
                seen.update(fresh)
                reached += fresh

    def _join(self, submissions: list[str], beside: str) -> None:
        """Bring submissions to the group of another, whatever told them apart before."""
        coming = [each for each in submissions if self.group[each] != self.group[beside]]
        for each in submissions:
            self.aside.pop(each, None)
        if coming:
            self._gather(coming, self._fresh(coming))
            self._reconcile(self.group[beside], self.group[coming[0]])
            self._merge(beside, coming[0])


def standing_groups(submissions: pd.DataFrame, decisions: pd.DataFrame) -> dict[str, str]:
    """Return the group of every submission on which people decided, from the decisions that stand; nothing is embedded.

    Examples
    --------
    >>> submissions = pd.DataFrame({"submission_id": ["s1", "s2", "s3"], "text": ["Sleep?", "Rest?", "Work?"]})
    >>> value = {"anchor": ["s1"], "same": [["s2"]], "different": []}
    >>> rows = [("d1", "compared", "s1", value, "Ada", None, "")]
    >>> from consensus.vocabulary import COLUMNS
    >>> groups = standing_groups(submissions, pd.DataFrame(rows, columns=COLUMNS["decisions"]))
    >>> sorted(groups), groups["s1"] == groups["s2"]
    (['s1', 's2'], True)
    """
    ids, texts = submissions["submission_id"], submissions["text"]
    standing = Standing({each: normalise(text) for each, text in zip(ids, texts, strict=True)})
    for row in in_force(decisions).to_dict("records"):
        standing.read({str(key): value for key, value in row.items()})
    homes = {each: standing.home(each) for each in ids if each not in standing.aside}
    decided = {standing.group[each] for each in standing.decided if each in standing.group}
    return {each: home for each, home in homes.items() if home in decided}
