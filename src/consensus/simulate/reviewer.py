"""A scripted reviewer: stands in for people where a demonstration or a test needs their decisions, and is named so.

It reads what a person would be shown - submissions, proposals, flagged identifiers, the protocol - and never the truth
of a simulation. Each decision says by which declared rule it was made.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from consensus.digest import short_id
from consensus.duplicates import ReviewQueue, normalise, propose_categories
from consensus.embedding import Embedder, default_embedder
from consensus.errors import ProtocolError
from consensus.protocol import Protocol
from consensus.questions import question_id
from consensus.simulate.reading import Glossary, Review, asked, likeness, merged
from consensus.simulate.sorting import answer_all, groups_of, meaning, sorted_into
from consensus.simulate.summary_wording import Wordsmith
from consensus.vocabulary import COLUMNS

__all__ = ["REVIEWER", "ScriptedReviewer"]

REVIEWER = "scripted reviewer"
KEEP_TOGETHER, MEANING, PLACE = 0.3, 0.4, 0.1
FROM_TOP = 5
FEW = 2
ENOUGH_PHRASES = 2


@dataclass(frozen=True)
class ScriptedReviewer:
    """Decides by declared rules on what a person would be shown.

    Parameters
    ----------
    protocol
        Its scope says what is out, its categories name the words that belong to them.
    glossary
        Lay and clinical words that speak of the same; without one, likeness is by words alone.
    reviews
        What is searched at the evidence check.
    questions
        About how many summary questions to end with. None: the machine's proposals, as far as they read alike; a
        submission that is near no other ends in a question alone.
    embedder
        What the review queue compares texts by; the default one without.
    """

    protocol: Protocol
    glossary: Glossary = field(default_factory=Glossary)
    reviews: tuple[Review, ...] = ()
    questions: int | None = None
    embedder: Embedder | None = None

    @classmethod
    def read(cls, folder: Path | str, protocol: Protocol) -> ScriptedReviewer:
        """Return the reviewer that `reviewer.toml` in a partnership's folder declares, or a plain one without it.

        Raises
        ------
        ProtocolError
            The file is not readable, or lacks what it should hold.
        """
        path = Path(folder) / "reviewer.toml"
        if not path.is_file():
            return cls(protocol)
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
            terms = {term: tuple(words) for term, words in content.get("terms", {}).items()}
            reviews = tuple(
                Review(str(row["citation"]), tuple(tuple(line) for line in row["words"]))
                for row in content.get("reviews", ())
            )
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
            raise ProtocolError(f"reviewer.toml cannot be read ({error}); mend what it names.") from error
        glossary = Glossary(terms, tuple(content.get("informal", ())), dict(content.get("plainer", {})))
        return cls(protocol, glossary, reviews, content.get("questions"))

    def decide(
        self, submissions: pd.DataFrame, proposals: pd.DataFrame, identifiers: pd.DataFrame, *, at: datetime
    ) -> pd.DataFrame:
        """Return the decisions frame on every submission that no source has set aside.

        Flagged identifiers are redacted. What the protocol's scope rules out is out of scope. On the rest
        the review queue is asked, screen by screen, and answered by what the reviewer takes to ask the same after it
        has read all; each group that came together so is accepted as a summary question.

        Parameters
        ----------
        submissions, proposals, identifiers
            The frames of those names; rows in any order.
        at
            The instant of the decisions.
        """
        heard = submissions[submissions["status"] == ""].sort_values("submission_id", ignore_index=True)
        rows = list(self._redactions(identifiers))
        outside = [self._outside(text) for text in heard["text"]]
        rows += [
            ("out_of_scope", submission, {}, f"Ruled out by the protocol's scope: {reason}.")
            for submission, reason in zip(heard["submission_id"], outside, strict=True)
            if reason
        ]
        inside = heard[[not reason for reason in outside]].reset_index(drop=True)
        if not inside.empty:
            rows += self._summarise(inside, proposals, at)
        return _decisions(rows, at)

    def check_evidence(self, questions: pd.DataFrame, *, at: datetime) -> pd.DataFrame:
        """Return a decision for each summary question: a review on the list answers it, or none does."""
        rows = []
        for question, wording in questions.sort_values("question_id")[["question_id", "wording"]].itertuples(
            index=False
        ):
            review = next((review for review in self.reviews if review.settles(wording)), None)
            if review:
                why = "The list of reviews holds one on just this question."
                rows.append(("answered", question, {"review": review.citation}, why))
            else:
                searched = f"the example's list of {len(self.reviews)} reviews"
                rows.append(("unanswered", question, {"searched": searched}, "No review on the list settles it."))
        return _decisions(rows, at)

    def approve(self, ranking_id: str, *, at: datetime) -> pd.DataFrame:
        """Return the sign-off of a shortlist."""
        why = "Rule of the demonstration: a shortlist that was made by the protocol's rule is approved."
        return _decisions([("approval", ranking_id, {"decision": "approve"}, why)], at)

    def move_in_plenary(self, order: pd.DataFrame, group_positions: pd.DataFrame, *, at: datetime) -> pd.DataFrame:
        """Return the plenary's move, or no row.

        The question just below the published priorities takes the last place among them if more stakeholder groups had
        it in their own first five than the one that stands there. Where the two are level and that does not decide,
        the one with the lower sum of group positions has the place.

        Parameters
        ----------
        order
            Index question, column `rank`, the first first, as `workshop.combine_rankings` gives it.
        group_positions
            Index question, a column a stakeholder group, 1 is most favoured.
        """
        top = self.protocol.publication.top
        if len(order) <= top:
            return _decisions([], at)
        last, below = order.index[top - 1], order.index[top]
        first_five = (group_positions <= FROM_TOP).sum(axis=1)
        if first_five[below] > first_five[last]:
            why = (
                f"{first_five[below]} stakeholder groups had this question in their own first {FROM_TOP}, "
                f"and {first_five[last]} the one that stood at place {top}."
            )
            return _decisions([("plenary_move", below, {"to": top}, why)], at)
        if order["rank"].iloc[top - 1] != order["rank"].iloc[top]:
            return _decisions([], at)
        total = group_positions.sum(axis=1)
        kept = min((last, below), key=lambda question: (total[question], question))
        why = f"Level with another question at place {top}; the groups' positions in the interim round add up to less."
        return _decisions([("plenary_move", kept, {"to": top}, why)], at)

    def _redactions(self, identifiers: pd.DataFrame) -> Iterator[tuple[str, str, dict[str, Any], str]]:
        columns = ["submission_id", "start", "end", "kind"]
        ordered = identifiers.sort_values(columns)[columns]
        for submission, start, end, kind in ordered.itertuples(index=False, name=None):
            value = {"start": int(start), "end": int(end), "kind": kind}
            yield "redact", submission, value, "Every flagged identifier is redacted."

    def _outside(self, text: str) -> str:
        """Return the head of the scope sentence that rules a submission out, or nothing.

        Two of the sentence's examples do, or one in what is asked, if that speaks of nothing in the glossary.
        """
        question = asked(text)
        of_the_field = bool(self.glossary.terms_in(question))
        said, in_question = _letters(text), _letters(question)
        for head, phrases in self._ruled_out:
            if sum(phrase in said for phrase in phrases) >= ENOUGH_PHRASES:
                return head
            if not of_the_field and any(phrase in in_question for phrase in phrases):
                return head
        return ""

    @cached_property
    def _ruled_out(self) -> list[tuple[str, list[str]]]:
        """Return each sentence of the scope that rules out, and the examples behind its colon."""
        parted = [sentence.partition(":") for sentence in self.protocol.scope.outside]
        return [(head, [_letters(each) for each in examples.split(",") if each]) for head, _, examples in parted]

    def _summarise(self, inside: pd.DataFrame, proposals: pd.DataFrame, at: datetime) -> list[tuple[Any, ...]]:
        """Return the answers to the review queue's screens, and then the summary questions."""
        texts, ids = list(inside["text"]), list(inside["submission_id"])
        table = likeness(texts, self.glossary)
        groups, left = self._idea(inside, proposals, table)
        queue = ReviewQueue(inside, self.embedder)
        number = {ids[place]: n for n, group in enumerate(groups) for place in group}
        why = f"Reads like no question that others ask (likeness below {PLACE:g}); kept for a second reading."
        if left:
            queue.set_aside([ids[place] for place in left], why, by=REVIEWER, at=at)
        answer_all(queue, number, by=REVIEWER, at=at)
        found = groups_of(queue, ids)
        wordsmith = Wordsmith.of(texts, self.glossary)
        categories = self._categories(inside, groups)
        rows = list(queue.log[["kind", "subject", "value", "why"]].itertuples(index=False, name=None))
        for n, group in enumerate(groups):
            wording = wordsmith.wording([texts[place] for place in group])
            rows += _accepted(group, _seed(group, found), ids, table, wording, categories.get(str(n), ""))
        return rows

    def _idea(
        self, inside: pd.DataFrame, proposals: pd.DataFrame, table: np.ndarray
    ) -> tuple[list[list[int]], list[int]]:
        """Return which submissions are taken to ask the same, as places, and which are not.

        Not taken are those that are like no others in their group, and one or two together that ask nothing.

        Those of one wording are always together.
        """
        if self.questions is None:
            return _of_one_wording(_proposed(inside, proposals, table), inside["text"]), []
        near = meaning([asked(text) for text in inside["text"]], self.embedder or default_embedder())
        table = (1 - MEANING) * table + MEANING * near
        groups = _of_one_wording(sorted_into(table, self.questions), inside["text"])
        told = list(inside["text"])
        left = {place for group in groups for place in group if _mean_likeness(place, group, table) < PLACE}
        kept = [[place for place in group if place not in left] for group in groups]
        few = [group for group in kept if len(group) <= FEW and not any("?" in told[place] for place in group)]
        return [group for group in kept if group and group not in few], sorted(left.union(*few))

    def _categories(self, inside: pd.DataFrame, groups: list[list[int]]) -> dict[str, str]:
        """Return the category of each group by its number, from what is asked, or else from all that is said."""
        number = {place: str(n) for n, group in enumerate(groups) for place in group}
        told = inside.iloc[sorted(number)]
        grouped = pd.DataFrame({"submission_id": told["submission_id"], "group": [number[n] for n in sorted(number)]})
        questions = told.assign(text=[asked(text) for text in told["text"]])
        by_question, by_text = (
            propose_categories(texts, grouped, self.protocol.categories) for texts in (questions, told)
        )
        return {group: by_question[group] or by_text[group] for group in by_text}


def _letters(text: str) -> str:
    """Return a text's words in small letters, a space before and behind each."""
    return f" {re.sub(r'[^a-z]+', ' ', text.casefold()).strip()} "


def _proposed(inside: pd.DataFrame, proposals: pd.DataFrame, table: np.ndarray) -> list[list[int]]:
    """Return the proposed groups, taken apart where they do not read alike; without a proposal, one is alone."""
    group = inside["submission_id"].map(proposals.set_index("submission_id")["group"])
    group = group.where(group.notna(), inside["submission_id"])
    kept: list[list[int]] = []
    for _, places in sorted(group.groupby(group).groups.items()):
        members = list(places)
        alike = merged(table[np.ix_(members, members)], [[n] for n in range(len(members))], KEEP_TOGETHER)
        kept += [[members[n] for n in part] for part in alike]
    return kept


def _of_one_wording(groups: list[list[int]], texts: pd.Series) -> list[list[int]]:
    """Return the groups with all texts of one wording where the first of them is, the largest group first."""
    wordings = texts.map(normalise)
    first = wordings.map({wording: place for place, wording in reversed([*enumerate(wordings)])})
    group_of = {place: n for n, group in enumerate(groups) for place in group}
    kept: dict[int, list[int]] = {}
    for place, leads in enumerate(first):
        kept.setdefault(group_of[leads], []).append(place)
    return sorted(kept.values(), key=lambda group: (-len(group), group))


def _mean_likeness(place: int, group: list[int], table: np.ndarray) -> float:
    """Return how like a place is to the others of its group on average; 1 where it is alone."""
    others = [other for other in group if other != place]
    return float(table[place, others].mean().round(9)) if others else 1.0


def _seed(group: list[int], found: list[list[int]]) -> list[int]:
    """Return the largest group of the review queue that went into a summary question."""
    inside = set(group)
    parts = [sorted(part) for part in found if inside.issuperset(part)]
    return min(parts, key=lambda part: (-len(part), part))


def _accepted(
    group: list[int], seed: list[int], ids: Sequence[str], table: np.ndarray, wording: str, category: str
) -> list[tuple[str, str, dict[str, Any], str]]:
    """Return the decisions that make a summary question: what the queue put together, and what it did not."""
    first = sorted(ids[place] for place in seed)
    question = question_id(first)
    value = {"submissions": first, "wording": wording, "category": category}
    why = "Put together on the screens of the review." if len(first) > 1 else "Asks something of its own."
    rows = [("same_question", question, value, f"{why} Wording: the member that best reads as a question.")]
    for place in sorted(set(group) - set(seed)):
        near = table[place, [other for other in group if other != place]].mean()
        rows.append(("move", ids[place], {"to": question}, f"Asks the same in other words (likeness {near:.2f})."))
    return rows


def _decisions(rows: Iterable[tuple[str, str, Mapping[str, Any], str]], at: datetime) -> pd.DataFrame:
    """Return the decisions frame of (kind, subject, value, why), each with an id of its content."""
    told = [
        (short_id("d", kind, subject, json.dumps(value, sort_keys=True), REVIEWER), kind, subject, dict(value), why)
        for kind, subject, value, why in rows
    ]
    frame = pd.DataFrame(told, columns=["decision_id", "kind", "subject", "value", "why"]).astype(object)
    return frame.assign(by=REVIEWER, at=at)[list(COLUMNS["decisions"])]
