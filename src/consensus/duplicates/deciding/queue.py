"""The review queue: what to ask next, what was decided, and what stands after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from consensus.decisions import in_force, taken_back
from consensus.duplicates.aligning import aligned, reads_tokens
from consensus.duplicates.arriving import received
from consensus.duplicates.combiner import Combiner
from consensus.duplicates.deciding.acts import as_log, decision, frame_of
from consensus.duplicates.deciding.checking import is_due
from consensus.duplicates.deciding.choosing import Chooser, Costs
from consensus.duplicates.deciding.doubting import Doubts
from consensus.duplicates.deciding.landscape import Landscape
from consensus.duplicates.deciding.likeness import EVIDENCE, prior
from consensus.duplicates.deciding.naming import rewording, wordings
from consensus.duplicates.deciding.progress import Progress, progress
from consensus.duplicates.deciding.said import Aside
from consensus.duplicates.deciding.screens import Screen, all_shown
from consensus.duplicates.deciding.showing import THOUSAND, Showing
from consensus.duplicates.deciding.standing import Standing
from consensus.duplicates.wording import normalise
from consensus.embedding import Embedder, Tokens, default_embedder
from consensus.embedding.encoding import read_by
from consensus.errors import DataError, StageError

__all__ = ["ReviewQueue"]

REFIT = 10
"""Screens between two times that the model of likeness learns from all answers."""

_BRINGS_BACK = ("move", "same_question", "in_scope")  # decisions after which a submission is no longer aside


class ReviewQueue:
    """Submissions to be put together by people, best question first.

    Parameters
    ----------
    submissions
        Columns `submission_id` and `text`, optionally `status`: what carries one is set aside from the start.
    embedder
        What turns texts into vectors; the default one without.
    log
        The decisions so far, as a decisions frame or its rows.

    Raises
    ------
    DataError
        An id or a text is missing, an id is there twice, or the log is not one.

    Examples
    --------
    >>> texts = ["What helps with sleep?", "what helps with sleep", "Does diet matter?", "How to sleep better?"]
    >>> submissions = pd.DataFrame({"submission_id": ["s1", "s2", "s3", "s4"], "text": texts})
    >>> from consensus.embedding import LexicalEmbedder
    >>> queue = ReviewQueue(submissions, LexicalEmbedder())
    >>> queue.groups()["group"].nunique()
    3
    >>> screen = queue.next()
    >>> queue.answer(screen, same=[], by="Ada")
    >>> queue.log["kind"].tolist()
    ['compared']
    """

    def __init__(
        self,
        submissions: pd.DataFrame,
        embedder: Embedder | None = None,
        log: pd.DataFrame | Iterable[Mapping[str, Any]] = (),
        *,
        costs: Costs | None = None,
    ) -> None:
        self._embedder = embedder or default_embedder()
        self._costs = costs or Costs()
        self._rows = as_log(log)
        self._texts: dict[str, str] = {}
        self._status: dict[str, str] = {}
        self._vectors: dict[str, np.ndarray] = {}
        self._take(submissions)
        self._out: dict[str, str] = {}
        self._survey()

    # -- deciding ---------------------------------------------------------------------------------------------------

    def next(self, by: str = "") -> Screen | None:
        """Return the screen to decide on; None when nothing is worth asking any more.

        Asked again without an answer in between, it is the same. A screen that was handed to another name is not
        handed out until it is answered.
        """
        contests = self._standing.open_contests()
        if contests:
            return self._showing.contest(contests[0])
        others = [group for name, group in self._out.items() if name != by and group in self._groups]
        best = self._chooser.best(self._standing.apart, others)
        chosen = self._doubts.best(best, others)
        if chosen is None:
            return None
        plan, doubts = chosen
        check = None
        if best and is_due(len(self._answers)):
            check = self._showing.check(self._answers, others)
        self._out[by] = plan.anchor if check is None else self._standing.home(check.anchor[0])
        return check or (self._showing.doubts(plan, doubts) if doubts else self._showing.plan(plan))

    def answer(
        self,
        screen: Screen,
        same: Iterable[int] = (),
        by: str = "",
        at: datetime | None = None,
        why: str = "",
        also: Iterable[Iterable[int]] = (),
    ) -> None:
        """Record which candidates ask the same as the anchor; the rest are recorded as different from it.

        Parameters
        ----------
        also
            Piles of two or more candidates that do not ask the same as the anchor, but as one another: whoever has read
            them can say so without reading more. Of the others it is recorded alone that they differ from the anchor.

        Raises
        ------
        DataError
            A number is of no candidate or named twice, or a pile holds a single one.
        """
        self._append("compared", screen.anchor[0], screen.value(same, also), by, at, why)

    def split(
        self, group: str, submissions: Iterable[str], by: str = "", at: datetime | None = None, why: str = ""
    ) -> None:
        """Record that some submissions of a group ask something else, together; they become a group of their own."""
        leaving = self._checked(submissions)
        inside = self._groups.get(group)
        if inside is None:
            raise DataError(f"There is no group '{group}'; `groups()` lists those that there are.")
        outside = [each for each in leaving if each not in inside]
        if outside:
            raise DataError.of("the split", [f"'{each}' is not in the group '{group}'." for each in outside])
        left = [each for each in inside if each not in leaving]
        self._append("split", group, {"submissions": leaving, "left": left}, by, at, why)

    def move(self, submission: str, group: str, by: str = "", at: datetime | None = None, why: str = "") -> None:
        """Record that a submission, whether set aside or not, belongs to a group."""
        (submission,) = self._checked([submission])
        inside = self._groups.get(group)
        if inside is None:
            raise DataError(f"There is no group '{group}'; `groups()` lists those that there are.")
        beside = next((each for each in inside if each != submission), submission)
        self._append("move", submission, {"to": group, "beside": beside}, by, at, why)

    def set_aside(self, submissions: Iterable[str], why: str, by: str = "", at: datetime | None = None) -> None:
        """Record that submissions belong to no group, and why."""
        aside = self._checked(submissions)
        if not why.strip():
            raise DataError("A submission is set aside with a reason; say why.")
        self._append("set_aside", aside[0], {"submissions": aside}, by, at, why)

    def reword(self, group: str, wording: str, by: str = "", at: datetime | None = None, why: str = "") -> None:
        """Record how the summary question of a group reads; of a group that is none yet, it makes one.

        `group` may be the id of a question as well, which it must be where several stand in one group.
        """
        kind, subject, value = rewording(group, wording, self._groups, self._standing)
        self._append(kind, subject, value, by, at, why)

    def undo(self, by: str = "", at: datetime | None = None, why: str = "") -> None:
        """Take back the last decision that stands, by another row of the log; one that stands again counts."""
        undone = taken_back(self.log)
        last = next((r for r in reversed(self._rows) if r["kind"] != "undo" and r["decision_id"] not in undone), None)
        if last is None:
            raise StageError("There is no decision to take back.")
        self._append("undo", last["decision_id"], {}, by, at, why)

    def add(self, new_submissions: pd.DataFrame) -> None:
        """Take submissions that arrived since; what was decided stands as it is."""
        self._take(new_submissions)
        self._survey()

    def read(self, log: pd.DataFrame | Iterable[Mapping[str, Any]]) -> None:
        """Take decisions that were made elsewhere; the queue is then as one made from the whole log."""
        self._rows = as_log([*self._rows, *as_log(log)])
        self._out.clear()
        self._read_again()

    # -- looking ----------------------------------------------------------------------------------------------------

    def groups(self) -> pd.DataFrame:
        """Return submission_id, group and whether a person decided on it, for all that are not set aside; by id."""
        rows = [
            (submission, group, not self._standing.decided.isdisjoint(self._standing.members.get(group, ())))
            for group, members in self._groups.items()
            for submission in members
        ]
        return pd.DataFrame(sorted(rows), columns=["submission_id", "group", "settled"])

    def aside(self) -> pd.DataFrame:
        """Return submission_id, reason, by and at for what is set aside; by id."""
        rows = [(each, *self._standing.aside[each]) for each in sorted(self._standing.aside) if each in self._texts]
        return pd.DataFrame(rows, columns=["submission_id", "reason", "by", "at"], dtype=object)

    def wordings(self) -> pd.DataFrame:
        """Return the summary questions that people made of groups: group, question_id, wording, by, at and why."""
        return wordings(self._standing_rows, self._groups, self._standing)

    @property
    def log(self) -> pd.DataFrame:
        """The decisions in the order in which they were appended, as the store keeps them."""
        return frame_of(self._rows)

    def progress(self) -> Progress:
        """Return how far the review is: decisions, texts shown, what is left, and how much is together by estimate."""
        answers = [row["value"] for row in self._standing_rows if row["kind"] == "compared"]
        return progress(answers, self._wordings, self._chooser, self._standing)

    # -- keeping it -------------------------------------------------------------------------------------------------

    def _take(self, submissions: pd.DataFrame) -> None:
        """Take submissions in; one that is there already with the same text is passed over."""
        frame = received(submissions)
        rows = list(zip(frame["submission_id"], frame["text"], frame["status"], strict=True))
        again = [each for each, text, _ in rows if self._texts.get(each, text) != text]
        if again:
            told = [f"'{each}' is there already with another text; give a new one an id of its own." for each in again]
            raise DataError.of("the submissions", told)
        self._texts.update({each: text for each, text, _ in rows})
        self._status.update({each: reason for each, _, reason in rows if reason})

    def _survey(self) -> None:
        """Lay out the wordings, and replay the log on them."""
        self._wordings = {each: normalise(text) for each, text in self._texts.items()}
        self._unheard = self._status.keys() - self._brought_back()
        spoken: dict[str, str] = {}
        for each, wording in sorted(self._wordings.items()):
            if wording and each not in self._unheard:
                spoken.setdefault(wording, self._texts[each])
        self._order = sorted(spoken)
        self._number = {wording: number for number, wording in enumerate(self._order)}
        texts = [spoken[wording] for wording in self._order]
        vectors, tokens = self._read_texts(texts)
        land = Landscape.of(self._order, vectors, lambda near: aligned(self._embedder, texts, near, tokens))
        self._chooser = Chooser(land, self._counts(), self._costs)
        self._replay()

    def _read_texts(self, texts: list[str]) -> tuple[np.ndarray, list[Tokens] | None]:
        """Return the vectors of texts, and their tokens where they have to be read: then both in one reading."""
        tokens = None
        if texts and reads_tokens(self._embedder, texts):
            rows, tokens = read_by(self._embedder, texts)
            self._vectors.update(zip(texts, rows, strict=True))
        fresh = sorted({text for text in texts if text not in self._vectors})
        if fresh:
            self._vectors.update(zip(fresh, np.asarray(self._embedder.encode(fresh)), strict=True))
        vectors = np.stack([self._vectors[text] for text in texts]) if texts else np.zeros((0, 1), np.float32)
        return vectors, tokens

    def _brought_back(self) -> set[str]:
        """Return what some decision brought back, taken back since or not, of all that is named in one."""
        rows = [row for row in self._rows if row["kind"] in _BRINGS_BACK]
        return {each for row in rows for each in (row["subject"], *row["value"].get("submissions", ()))}

    def _read_again(self) -> None:
        """Replay the log; where it brings back what was aside from the start, that wording is laid out first."""
        if self._unheard & self._brought_back():
            self._survey()
        else:
            self._replay()

    def _counts(self) -> np.ndarray:
        """Return how many submissions have each wording."""
        counts = np.zeros(len(self._order))
        for each, wording in self._wordings.items():
            if wording and each not in self._unheard:
                counts[self._number[wording]] += 1
        return counts

    def _replay(self) -> None:
        """Read the log from its beginning, without what was taken back.

        Everything is weighed anew at the last full ten answers, or where something else was decided since; the answers
        after that are taken in one by one. So a queue that was there all the time and one made from its log agree.
        """
        kept = set(in_force(frame_of(self._rows))["decision_id"])
        rows = [row for row in self._rows if row["decision_id"] in kept]
        answers = sum(row["kind"] == "compared" for row in rows)
        trailing = next((n for n, row in enumerate(reversed(self._rows)) if not self._is_plain(row)), len(self._rows))
        cut = len(rows) - min(trailing, answers % REFIT)
        self._standing_rows = rows[:cut]
        self._standing = Standing(self._wordings, aside={each: Aside(why) for each, why in self._status.items()})
        for row in self._standing_rows:
            self._standing.read(row)
        self._answers = [row["value"] for row in self._standing_rows if row["kind"] == "compared"]
        self._learn()
        self._regroup()
        self._showing = Showing(self._chooser, self._standing, self._wordings, self._order, self._groups)
        for row in rows[cut:]:
            self._take_in(row)

    def _regroup(self) -> None:
        """Lay out the groups as they stand."""
        self._groups: dict[str, list[str]] = {}
        for each in sorted(self._texts):
            if each not in self._standing.aside:
                self._groups.setdefault(self._standing.home(each), []).append(each)
        numbers = {
            group: sorted({self._number[self._wordings[each]] for each in members if self._wordings[each]})
            for group, members in self._groups.items()
        }
        self._chooser.arrange({group: rows for group, rows in numbers.items() if rows})
        self._chooser.weigh([group for group, rows in numbers.items() if len(rows) > 1], self._standing.apart)
        spoken = {each: self._number[wording] for each, wording in self._wordings.items() if wording in self._number}
        self._doubts = Doubts(self._chooser, self._standing, spoken)
        self._doubts.weigh({self._standing.home(each) for each in self._standing.decided - set(self._standing.aside)})
        self._refresh()

    def _learn(self) -> None:
        """Learn from the answers up to the last full ten, so that a replay learns the same."""
        count = len(self._answers) - len(self._answers) % REFIT
        told = [
            (row, number < len(value["same"]))
            for value in self._answers[:count]
            for number, row in enumerate(value.get("evidence", ()))
            if len(row) == len(EVIDENCE)
        ]
        model = Combiner.of(prior(self._chooser.land))
        if told:
            rows, same = zip(*told, strict=True)
            model = model.learn(np.array(rows, dtype=float) / THOUSAND, np.array(same))
        self._chooser.learn(model, self._standing.error())

    def _append(
        self, kind: str, subject: str, value: Mapping[str, Any], by: str, at: datetime | None, why: str
    ) -> None:
        known = [row["decision_id"] for row in self._rows]
        row = decision(kind, subject, value, by=by, at=at, why=why, known=known)
        self._rows.append(row)
        self._out.clear()
        if not self._is_plain(row) or (len(self._answers) + 1) % REFIT == 0:
            self._read_again()
        else:
            self._take_in(row)

    def _take_in(self, row: dict[str, Any]) -> None:
        """Take in an answer, and weigh anew what it touched and what is likeliest to be asked next."""
        value = row["value"]
        named = [shown[0] for shown in all_shown(value)]
        before = {each: self._standing.home(each) for each in named}
        self._standing.read(row)
        self._standing_rows.append(row)
        self._answers.append(value)
        for each, group in before.items():
            now = self._standing.home(each)
            if now != group and group in self._groups:
                self._groups[now] = sorted([*self._groups[now], *self._groups.pop(group)])
                self._chooser.join(now, group)
        touched = {self._standing.home(each) for each in named if each not in self._standing.aside}
        self._chooser.weigh(touched, self._standing.apart)
        self._doubts.weigh(touched)
        self._refresh()

    def _refresh(self) -> None:
        """Weigh anew what is likeliest to be asked next; asking for a screen and looking at progress change nothing."""
        self._chooser.refresh(self._standing.apart)
        self._doubts.refresh()

    def _is_plain(self, row: Mapping[str, Any]) -> bool:
        """Return whether a row is an answer on texts that say something, and neither settles nor was asked again."""
        value = row["value"]
        if row["kind"] != "compared" or value.get("settles") or value.get("again"):
            return False
        return all(self._wordings.get(each, "") for submissions in all_shown(value) for each in submissions)

    def _checked(self, submissions: Iterable[str]) -> list[str]:
        listed = list(dict.fromkeys(map(str, submissions)))
        unknown = [f"'{each}' is no submission of this queue." for each in listed if each not in self._texts]
        if unknown or not listed:
            raise DataError.of("the decision", unknown or ["It names no submission; name at least one."])
        return listed
