"""From a priority back to the words people wrote, and every decision between; and what moved between two orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from consensus.decisions import merged, taken_back
from consensus.errors import DataError
from consensus.vocabulary import how_many

__all__ = ["Trace", "compare", "say_decision", "trace"]

_OF_THE_ORDER = ("approval", "dissent")  # decisions about the order in which the question stands
_SAID_AS = {
    "out_of_scope": "out of scope",
    "in_scope": "in scope again",
    "same_question": "accepted as one question",
    "set_aside": "set aside",
    "shortlist_by_hand": "shortlisted by hand",
    "plenary_move": "moved by the plenary",
}
_DETAILS = ("act", "wording", "category", "to", "into", "decision", "closes_at")


@dataclass(frozen=True)
class Trace:
    """One summary question's whole lineage. It holds what people wrote: restricted, never public.

    Parameters
    ----------
    question_id, wording, category, status
        As agreed.
    place, tied
        Its final place; 1 is the highest priority. None before the workshop.
    interim_place, score
        Its place and score in the interim ranking. None before it.
    positions
        Its position in each stakeholder group's list, 1 is most favoured; ties may give halves.
    firmness
        How firm its interim place is, as `stress` tells it: `low`, `high`, `p_top`, `acceptability`, and for each group
        `influence_<group>` and `without_<group>`. Empty before the ranking.
    top, keep, drop
        How many places make the Top 10; rules that have it there, and rules that have not.
    decisions
        Every decision that bears on it, in the order in which they were made: columns `decision_id`, `kind`, `subject`,
        `value`, `by`, `at`, `why`, and `stands`, false for one that was undone.
    submissions
        One row a submission behind it: `submission_id`, `answer_id`, `response_id`, `box`, `source`, `group`, `start`,
        `end`, `text`, `received_at`, and `through`, the question that brought it here (another one after a merge).
    """

    question_id: str
    wording: str
    category: str
    status: str
    place: int | None
    tied: bool
    interim_place: int | None
    score: float | None
    positions: Mapping[str, float]
    firmness: Mapping[str, float]
    top: int
    keep: tuple[str, ...]
    drop: tuple[str, ...]
    decisions: pd.DataFrame
    submissions: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, as a program reads it."""
        told = {name: getattr(self, name) for name in self.__dataclass_fields__}
        for name in ("decisions", "submissions"):
            rows = told[name].to_dict("records")
            told[name] = [{str(key): _plain(value) for key, value in row.items()} for row in rows]
        return {**told, "positions": dict(self.positions), "firmness": dict(self.firmness)}

    def to_lines(self, name: Callable[[str], str] = str) -> list[str]:
        """Return everything as lines for a person; `name` gives a stakeholder group's name for its id."""
        lines = [f"{self.question_id}: {self.wording}"]
        if self.place is not None:
            lines.append(f"  final place {self.place}{' (tied)' if self.tied else ''}")
        if self.interim_place is not None:
            lines.append(f"  interim place {self.interim_place}, score {_number(self.score)}")
            places = self.positions.items()
            lines += [f"    {name(group)}: position {_number(x)}{self._moved(group)}" for group, x in places]
            lines += self._firm_lines()
        if self.status != "open":
            lines.append(f"  {self.status}")
        lines.append(f"  {how_many(len(self.decisions), 'decision')}")
        lines += [f"    {_decision_line(row)}" for row in self.decisions.to_dict("records")]
        people = how_many(self.submissions["response_id"].nunique(), "person", "people")
        lines.append(f"  {how_many(len(self.submissions), 'submission')} by {people}")
        for row in self.submissions.to_dict("records"):
            where = f"{row['answer_id']}, characters {row['start']} to {row['end']}"
            lines.append(
                f"    {row['submission_id']} ({name(row['group'])}; {where}): {' '.join(str(row['text']).split())}"
            )
        return lines

    def _moved(self, group: str) -> str:
        """Return what a group did to the question's place, where that was worked out."""
        lift, without = (self.firmness.get(f"{name}_{group}") for name in ("influence", "without"))
        told = [] if lift is None else [f"lifts it {lift:+.1f} places"]
        told += [] if without is None else [f"without the group: place {without:g}"]
        return f" ({'; '.join(told)})" if told else ""

    def _firm_lines(self) -> list[str]:
        """Return the interval, the chance of the Top 10 and what other rules say."""
        lines = []
        if "low" in self.firmness:
            firm = self.firmness
            lines.append(
                f"  rank interval {firm['low']:g} to {firm['high']:g}; in the Top {self.top} in "
                f"{100 * firm['p_top']:.1f} % of draws and {100 * firm['acceptability']:.1f} % of weightings"
            )
        for said, rules in ((f"in the Top {self.top} by", self.keep), (f"not in the Top {self.top} by", self.drop)):
            lines += [f"  {said} {', '.join(rules)}"] if rules else []
        return lines


def trace(
    question_id: str,
    questions: pd.DataFrame,
    lineage: pd.DataFrame,
    submissions: pd.DataFrame,
    answers: pd.DataFrame,
    decisions: pd.DataFrame,
    ranking: pd.DataFrame | None = None,
    final: pd.DataFrame | None = None,
    firmness: pd.DataFrame | None = None,
) -> Trace:
    """Return a summary question's places, every decision that bears on it, and the submissions behind it.

    What the workshop merged into the question counts as behind it. Decisions about the order as a whole (sign-off,
    dissent) are among its own once it is ranked.

    Parameters
    ----------
    questions, lineage, submissions, answers, decisions
        Frames of those names; decisions in the order in which they were made.
    ranking
        The interim ranking: index `question`, columns `rank`, `score` and one `position_<group>` a group.
    final
        The final order: index `question`, columns `rank` and `tied`.
    firmness
        How firm the interim ranking is, as `stress` gives it.

    Raises
    ------
    DataError
        There is no such question.
    """
    if question_id not in set(questions["question_id"]):
        raise DataError(f"There is no summary question '{question_id}'; {len(questions)} others are there.")
    told = questions.set_index("question_id").loc[question_id]
    last = merged(decisions)
    behind = lineage[[last(question) == question_id or question == question_id for question in lineage["question_id"]]]
    placed, ranked, firm = (_row(order, question_id) for order in (final, ranking, firmness))
    by_rule = {name.removeprefix("in_top_"): inside for name, inside in firm.items() if name.startswith("in_top_")}
    return Trace(
        question_id=question_id,
        wording=str(told["wording"]),
        category=str(told["category"]),
        status=str(told["status"]),
        place=int(placed["rank"]) if "rank" in placed else None,
        tied=bool(placed.get("tied", False)),
        interim_place=int(ranked["rank"]) if "rank" in ranked else None,
        score=float(ranked["score"]) if "score" in ranked else None,
        positions={
            name.removeprefix("position_"): float(value)
            for name, value in ranked.items()
            if name.startswith("position_") and value == value
        },
        firmness={name: float(x) for name, x in firm.items() if not name.startswith(("in_top_", "rank")) and x == x},
        top=int(firmness.attrs.get("options", {}).get("top", 10)) if firmness is not None else 10,
        keep=tuple(rule for rule, inside in by_rule.items() if inside is not pd.NA and inside),
        drop=tuple(rule for rule, inside in by_rule.items() if inside is not pd.NA and not inside),
        decisions=_decisions(question_id, behind, decisions, in_order=bool(ranked or placed)),
        submissions=_submissions(behind, submissions, answers),
    )


def _row(order: pd.DataFrame | None, question: str) -> dict[str, Any]:
    if order is None or question not in order.index:
        return {}
    return {str(name): value for name, value in order.loc[question].items()}


def _submissions(behind: pd.DataFrame, submissions: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    latest = answers.sort_values("version").drop_duplicates("answer_id", keep="last")
    told = behind.rename(columns={"question_id": "through"}).merge(submissions, on="submission_id")
    told = told.merge(latest[["answer_id", "box", "source", "received_at"]], on="answer_id", how="left")
    columns = ["submission_id", "answer_id", "response_id", "box", "source", "group", "start", "end", "text"]
    return told[[*columns, "received_at", "through"]].sort_values(["through", "submission_id"], ignore_index=True)


def _decisions(question: str, behind: pd.DataFrame, decisions: pd.DataFrame, in_order: bool) -> pd.DataFrame:
    """Return the decisions on the question, on what was merged into it and on its submissions, and their undoing."""
    about = {question, *behind["question_id"], *behind["submission_id"]}
    bears = []
    taken: set[str] = set()
    for row in decisions.to_dict("records"):
        value = row["value"]
        named = {row["subject"], value.get("to"), value.get("into"), *value.get("submissions", ())}
        named |= {each for pile in (value.get("same", ()), *value.get("also", ())) for shown in pile for each in shown}
        of_the_order = in_order and row["kind"] in _OF_THE_ORDER
        found = of_the_order or bool(named & about) or (row["kind"] == "undo" and row["subject"] in taken)
        if found:
            taken.add(row["decision_id"])
        bears.append(found)
    kept = decisions[pd.Series(bears, index=decisions.index, dtype=bool)].reset_index(drop=True)
    return kept.assign(stands=~kept["decision_id"].isin(taken_back(decisions)))


def say_decision(kind: str, value: Mapping[str, Any]) -> str:
    """Return in words what a decision says of its subject.

    Examples
    --------
    >>> say_decision("plenary_move", {"to": 4}), say_decision("approval", {"decision": "reject"})
    ('moved by the plenary, to: 4', 'approval, decision: reject')
    """
    said = _SAID_AS.get(kind, kind.replace("_", " "))
    return said + "".join(f", {key}: {value[key]}" for key in _DETAILS if value.get(key))


def _decision_line(row: Mapping[Any, Any]) -> str:
    said = say_decision(str(row["kind"]), row["value"])
    at = row["at"].strftime("%Y-%m-%d %H:%M UTC") if hasattr(row["at"], "strftime") else "time unknown"
    why = f" Why: {row['why']}" if row["why"] else ""
    return f"{at}, {row['by']}: {said} ({row['subject']}){'' if row['stands'] else ' (taken back)'}.{why}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _plain(value: Any) -> Any:
    if value is None or value is pd.NaT:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value.item() if hasattr(value, "item") else value


def compare(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return what moved between two orders: index `question`, by the place after, then before, then id.

    Parameters
    ----------
    before, after
        Orders: index `question`, column `rank`; 1 is the highest.

    Returns
    -------
    DataFrame
        Columns `before` and `after`, places or None where an order lacks the question, and `moved`, how many places
        up (more than 0) or down. Only questions that moved, came or went.

    Examples
    --------
    >>> one, other = (pd.DataFrame({"rank": ranks}, index=pd.Index(["q1", "q2", "q3"], name="question"))
    ...               for ranks in ([1, 2, 3], [1, 3, 2]))
    >>> compare(one, other).reset_index().values.tolist()
    [['q3', 3, 2, 1], ['q2', 2, 3, -1]]
    """
    places = pd.DataFrame({"before": before["rank"], "after": after["rank"]}).astype("Int64").rename_axis("question")
    places["moved"] = places["before"] - places["after"]
    changed = places[places["moved"].ne(0).fillna(True)]
    ordered = changed.reset_index().sort_values(["after", "before", "question"]).set_index("question").astype(object)
    return ordered.where(ordered.notna(), None)
