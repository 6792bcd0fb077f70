"""What stands after a log of decisions: a function of the submissions and of the log alone.

Submissions that a decision named are held together by links, each of which a person made (or the same wording); so a
link that is doubted can be cut, and what hung together by it comes apart. One that no decision named yet is with the
first of its wording that one did. So it makes no difference whether an answer arrived before a decision or after it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from consensus.digest import short_id
from consensus.duplicates.deciding.erring import Asked, error_rate
from consensus.duplicates.deciding.links import Links
from consensus.duplicates.deciding.said import Aside, Contest, Pair, Said

__all__ = ["Standing"]


@dataclass
class Standing:
    """Groups, what was told apart, what was set aside and what is contested, as decisions are read one by one.

    Parameters
    ----------
    wording
        For each submission the form in which it is compared; "" for one that says nothing, which is with no other.
    links
        By which those in one group hang together.
    questions
        For each summary question that people made a submission in it.
    """

    wording: Mapping[str, str]
    group: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    aside: dict[str, Aside] = field(default_factory=dict)
    contests: dict[Pair, Contest] = field(default_factory=dict)
    decided: set[str] = field(default_factory=set)
    joined: dict[Pair, Said] = field(default_factory=dict)
    parted: dict[Pair, Said] = field(default_factory=dict)
    links: Links = field(default_factory=Links)
    questions: dict[str, str] = field(default_factory=dict)
    compared: int = 0
    repeats: int = 0
    disagreements: int = 0
    contradictions: int = 0
    asked: list[Asked] = field(default_factory=list)
    _named: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _apart: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _error: tuple[tuple[int, int, int], float] = ((-1, -1, -1), 0.0)

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
        """Return how often an answer on one candidate is taken to be wrong, from all that was asked more than once."""
        seen = (self.repeats, self.disagreements, len(self.asked))
        if self._error[0] != seen:
            self._error = (seen, error_rate(self.repeats, self.disagreements, self.asked))
        return self._error[1]

    def partings(self, group: str) -> dict[str, Said]:
        """Return for each group that was told apart from a group how often it was, and on which screen last.

        Of answers alone: what was split by hand is not among them.
        """
        found: dict[str, Said] = {}
        for one in self.members.get(group, ()):
            for other in self._apart[one]:
                said, home = self.parted.get(_named(one, other)), self.group[other]
                if home != group and said is not None:
                    before = found.get(home, Said(0, 0))
                    found[home] = Said(before.times + said.times, max(before.number, said.number))
        return found

    # -- the acts ---------------------------------------------------------------------------------------------------

    def _read_compared(self, row: Mapping[str, Any]) -> None:
        value = row["value"]
        self.compared += 1
        anchor = self._name(value["anchor"])
        same = [self._name(candidate) for candidate in value["same"]]
        different = [self._name(candidate) for candidate in value["different"]]
        if anchor is not None:
            self._read_answer(row, anchor, same, different)
        for pile in value.get("also", ()):
            heads = [head for head in map(self._name, pile) if head]
            self.decided.update(heads if len(heads) > 1 else ())
            for other in heads[1:]:
                self._say_same(heads[0], other, row["by"])

    def _read_answer(
        self, row: Mapping[str, Any], anchor: str, same: list[str | None], different: list[str | None]
    ) -> None:
        value = row["value"]
        self.decided.update([anchor, *filter(None, same)])
        settled = tuple(value.get("settles", ()))
        if settled in self.contests and self._is_open(settled):
            self._settle(anchor, [s for s in same if s], [d for d in different if d])
            del self.contests[settled]
            return
        again: set[str] = set()
        if value.get("check"):
            self._compare_repeats(value)
        elif value.get("again"):
            again = {other for _, other in value["again"]}
            self._note_asked(anchor, value)
            twice = [s for s in same if s in again], [d for d in different if d in again]
            self.contradictions += self._turned(anchor, *twice)
            self._settle(anchor, *twice)
        for other in filter(None, same):
            if other not in again:
                self._say_same(anchor, other, row["by"])
        for other in filter(None, different):
            if other not in again:
                self._say_different(anchor, other, row["by"])

    def _read_split(self, row: Mapping[str, Any]) -> None:
        value = row["value"]
        staying = self._name_all(value.get("left", ()))  # named first: more of their wording join those who stay
        leaving = self._name_all(value["submissions"])
        if leaving:
            self._gather(leaving, self._fresh(leaving))
            for other in staying[:1]:
                if self.group[other] != self.group[leaving[0]]:
                    self._tell_apart(leaving[0], other)

    def _read_move(self, row: Mapping[str, Any]) -> None:
        value = row["value"]
        beside = value.get("beside") or self.questions.get(value.get("to", ""))
        moved = self._name_all([row["subject"]], also_aside=True)
        target = self._name_all([beside]) if beside else []
        if moved and target and moved != target:
            self._join(moved, target[0])
        elif moved and "beside" not in value:
            self.questions[value["to"]] = moved[0]
            self._gather(moved, self._fresh(moved))

    def _read_same_question(self, row: Mapping[str, Any]) -> None:
        placed = self._name_all(row["value"].get("submissions", ()), also_aside=True)
        beside = self.questions.get(row["subject"])
        if not placed:
            return
        if beside and beside not in self.aside and beside not in placed:
            self._join(placed, beside)
            return
        if len({self.group[each] for each in placed}) > 1 or len(self.members[self.group[placed[0]]]) > len(placed):
            self._gather(placed, self._fresh(placed))
        self.questions[row["subject"]] = placed[0]

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
                self.links.tie(submission, next(o for o in beside if self.wording[o] == self.wording[submission]))
            beside.append(submission)
            self._named[self.wording[submission]].append(submission)
        return [each for each in there if also_aside or each not in self.aside]

    def _fresh(self, submissions: Iterable[str]) -> str:
        identity = short_id("g", *sorted(submissions))
        while identity in self.members:
            identity = short_id("g", identity)
        return identity

    def _tell_apart(self, one: str, other: str) -> None:
        self._apart[one].add(other)
        self._apart[other].add(one)

    def _say_same(self, anchor: str, other: str, by: str) -> None:
        if self.group[anchor] == self.group[other]:
            steps = self.links.path(anchor, other)
            for pair in pairwise(steps):
                self._count(self.joined, pair, known=True)
        elif self.group[other] in self.apart(self.group[anchor]):
            self._contest(anchor, other, by)
        else:
            self._merge(anchor, other)
            self._count(self.joined, (anchor, other))

    def _say_different(self, anchor: str, other: str, by: str) -> None:
        if self.group[anchor] == self.group[other]:
            self._contest(anchor, other, by)
            return
        self._tell_apart(anchor, other)
        self._count(self.parted, (anchor, other))

    def _count(self, said: dict[Pair, Said], pair: Pair, *, known: bool = False, before: int = 0) -> None:
        """Count one more time that two were said to be the same, or not; `known`: only if an answer ever said so.

        `before`: how often the opposite was said.
        """
        named = _named(*pair)
        if named in said or not known:
            said[named] = Said((said[named].times if named in said else -before) + 1, self.compared)

    def _note_asked(self, anchor: str, value: Mapping[str, Any]) -> None:
        """Note how answers that were asked for again, since they looked wrong, came out."""
        now = {each for shown in value["same"] for each in shown}
        shown = [ids[0] for ids in (*value["same"], *value["different"])]
        chances = dict(zip(shown, value.get("chances", ()), strict=False))
        apart = self.partings(self.group[anchor])
        for _, other in value["again"]:
            if other not in chances or other not in self.group:
                continue
            together = self.group[anchor] == self.group[other]
            said = self._last_link(anchor, other) if together else apart.get(self.group[other])
            if said is not None:
                chance = chances[other]
                self.asked.append(Asked(1 - chance if together else chance, said.times, (other in now) != together))

    def _last_link(self, anchor: str, other: str) -> Said | None:
        """Return what was said of the last link by which one hangs together with another."""
        steps = self.links.path(anchor, other)
        return self.joined.get(_named(*steps[-2:])) if len(steps) > 1 else None

    def _turned(self, anchor: str, same: list[str], different: list[str]) -> int:
        """Return of how many something else is said now than stands."""
        home = self.group[anchor]
        return sum(self.group[o] != home for o in same) + sum(self.group[o] == home for o in different)

    def _compare_repeats(self, value: Mapping[str, Any]) -> None:
        """Count how many answers that were asked for once more, unannounced, disagree with what stands."""
        now = {each for shown in value["same"] for each in shown}
        for one, other in value.get("again", ()):
            if one in self.group and other in self.group:
                self.repeats += 1
                self.disagreements += (self.group[one] == self.group[other]) != (other in now)

    def _contest(self, anchor: str, other: str, by: str) -> None:
        self.contradictions += 1
        self.contests[anchor, other] = Contest((anchor, other), by)

    def _is_open(self, pair: Pair) -> bool:
        if any(each in self.aside or each not in self.group for each in pair):
            return False
        one, other = (self.group[each] for each in pair)
        return one == other or other in self.apart(one)

    def _settle(self, anchor: str, same: list[str], different: list[str]) -> None:
        """Let the later word stand: links are cut where it says different, and what told apart is dropped for same."""
        judged = set(different)
        for other in same:
            steps = self.links.path(anchor, other) if self.group[other] == self.group[anchor] else []
            if beyond := [place for place, step in enumerate(steps) if step in judged]:
                self._cut(*steps[beyond[-1] : beyond[-1] + 2])  # it hangs together with the anchor by them alone
            if self.group[other] != self.group[anchor]:
                before = self.partings(self.group[anchor]).get(self.group[other], Said(0, 0)).times
                self._reconcile(self.group[anchor], self.group[other])
                self._merge(anchor, other)
                self._count(self.joined, (anchor, other), before=before)
            else:
                self._say_same(anchor, other, "")
        for other in different:
            if self.group[other] == self.group[anchor]:
                steps = self.links.path(anchor, other)
                cut = next(n for n, step in enumerate(steps) if step in judged)
                self._cut(steps[cut - 1], steps[cut])
            else:
                self._say_different(anchor, other, "")

    def _reconcile(self, one: str, other: str) -> None:
        inside = set(self.members[one])
        for each in self.members[other]:
            for told in self._apart[each] & inside:
                self._apart[each].discard(told)
                self._apart[told].discard(each)
                self.parted.pop(_named(each, told), None)

    def _merge(self, anchor: str, other: str) -> None:
        """Join two groups; the larger keeps its id, of two alike the anchor's."""
        self.links.tie(anchor, other)
        kept, gone = self.group[anchor], self.group[other]
        if len(self.members[gone]) > len(self.members[kept]):
            kept, gone = gone, kept
        for each in self.members.pop(gone):
            self.group[each] = kept
            self.members[kept].append(each)

    def _cut(self, kept: str, leaving: str) -> None:
        self.links.cut(kept, leaving)
        said = self.joined.pop(_named(kept, leaving), Said(0, 0))
        reached = self.links.reached(leaving)
        self._place(reached, self._fresh(reached))
        self._tell_apart(kept, leaving)
        self._count(self.parted, (kept, leaving), before=said.times)

    def _gather(self, submissions: list[str], into: str) -> None:
        """Take submissions out of their groups into one of their own; those left behind stay together."""
        taken = set(submissions)
        self.decided |= taken
        self._hand_over(taken)
        for each in submissions:
            self.links.free(each)
        left = {self.group[each] for each in submissions}
        self._place(submissions, into)
        for group in sorted(left):
            self._hold_together(self.members.get(group, []))
        self._hold_together(submissions)
        for each in submissions:
            for told in self._apart[each] & taken:
                self._apart[each].discard(told)
                self._apart[told].discard(each)

    def _hand_over(self, leaving: set[str]) -> None:
        """Let one that stays behind stand for a question whose submission leaves its group."""
        for question, each in self.questions.items():
            if each in leaving:
                self.questions[question] = next((o for o in self.members[self.group[each]] if o not in leaving), each)

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
        for part in list(self.links.parts(submissions))[1:]:
            self.links.tie(submissions[0], part)

    def _join(self, submissions: list[str], beside: str) -> None:
        """Bring submissions to the group of another, whatever told them apart before."""
        coming = [each for each in submissions if self.group[each] != self.group[beside]]
        for each in submissions:
            self.aside.pop(each, None)
        if coming:
            self._gather(coming, self._fresh(coming))
            self._reconcile(self.group[beside], self.group[coming[0]])
            self._merge(beside, coming[0])


def _named(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)
