"""Small groups' orders to the final order: the sum of places, then the plenary's recorded moves and merges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd

from consensus.errors import DataError
from consensus.rules import lowest_places
from consensus.tally import index_labels, quoted, whole_numbers
from consensus.vocabulary import check_columns

__all__ = [
    "apply_merges",
    "apply_moves",
    "check_workshop_rankings",
    "combine_rankings",
    "compare_orders",
    "top",
]


def check_workshop_rankings(rankings: pd.DataFrame, questions: Iterable[Any]) -> list[str]:
    """Return a sentence for every fault of the workshop's sheet; empty when it can be combined.

    Each small group ranks the whole shortlist: every question once, places 1 to Q, none shared.

    Examples
    --------
    >>> sheet = pd.DataFrame({"session": 1, "small_group": "A", "question": ["q1", "q2"], "place": [1, 1]})
    >>> check_workshop_rankings(sheet, ["q1", "q2", "q3"])
    ["session 1, small group 'A': place 1 is given twice; give each question its own place.",
     "session 1, small group 'A': question 'q3' has no place; every group ranks the whole shortlist."]
    """
    check_columns(rankings, "workshop_rankings")
    known = index_labels(questions)
    if not len(rankings):
        return ["the sheet has no rows; fill in each small group's order."]
    faults: list[str] = []
    for session, sitting in rankings.groupby("session", dropna=False):
        lists = sitting.groupby("small_group", dropna=False, sort=False)
        for number, (small_group, rows) in enumerate(lists, start=1):
            where = f"session {session}, small group {quoted(small_group, f'number {number} of the sheet')}"
            faults += [f"{where}: {fault}" for fault in _list_faults(rows, known)]
    return faults


def _list_faults(rows: pd.DataFrame, known: Sequence[Any]) -> list[str]:
    place = whole_numbers(rows["place"])
    good = place.between(1, len(known))
    shared = place[good & place.duplicated()].unique()
    asked = rows["question"]
    stray = [label for label in asked.unique() if label not in known]
    return [
        *(f"a place is not a whole number from 1 to {len(known)}; mend it." for _ in range(int((~good).sum()))),
        *(f"place {int(p)} is given twice; give each question its own place." for p in sorted(shared)),
        *(f"question {quoted(q)} is not on the shortlist; take it out." for q in stray),
        *(f"question {quoted(q)} stands twice; keep one row." for q in asked[asked.duplicated()].unique()),
        *(
            f"question {quoted(q)} has no place; every group ranks the whole shortlist."
            for q in known
            if q not in set(asked)
        ),
    ]


def combine_rankings(rankings: pd.DataFrame, questions: Iterable[Any], session: int | None = None) -> pd.DataFrame:
    """Return the order of the questions by the sum of the small groups' places, lowest first.

    Parameters
    ----------
    rankings
        Columns `session, small_group, question, place`; 1 is most favoured.
    questions
        The shortlist.
    session
        Which sitting counts; None: the last, because groups that are re-mixed rank again.

    Returns
    -------
    DataFrame
        Index `question`: `rank` (the lowest place of a tie), `tied`, `score` (the sum of places), by rank, then
        question.

    Raises
    ------
    DataError
        Every fault of the sheet at once.

    Examples
    --------
    >>> sheet = pd.DataFrame({"session": 1, "small_group": ["A", "A", "B", "B"], "question": ["q1", "q2", "q1", "q2"],
    ...                       "place": [1, 2, 2, 1]})
    >>> combine_rankings(sheet, ["q1", "q2"])
              rank  tied  score
    question
    q1           1  True      3
    q2           1  True      3
    """
    faults = check_workshop_rankings(rankings, questions := index_labels(questions))
    sitting = rankings["session"].max() if session is None and len(rankings) else session
    rows = rankings[rankings["session"] == sitting]
    if len(rankings) and not len(rows):
        faults.append(f"there is no session {sitting}; name one of those on the sheet.")
    if faults:
        raise DataError.of("the workshop's rankings", faults)
    score = rows.assign(place=whole_numbers(rows["place"]).astype("int64")).groupby("question")["place"].sum()
    score = score.reindex(list(questions))
    return _ordered(list(questions), lowest_places([-int(total) for total in score]), score=score.to_numpy())


def _ordered(questions: Sequence[Any], place: np.ndarray, **columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"rank": place, "tied": np.bincount(place)[place] > 1, **columns},
        index=pd.Index(questions, name="question"),
    )
    return frame.iloc[np.lexsort((np.arange(len(frame)), place))]


def apply_moves(order: pd.DataFrame | Sequence[Any], moves: pd.DataFrame | Iterable[tuple[Any, int]]) -> pd.DataFrame:
    """Return the final order after the plenary's moves, carried out one after the other.

    A move puts a question at a place and the others close up. It parts the question from any tie it was in; a tie that
    no move touches stays a tie. Within a tie the list that the plenary works on is in the order of the questions' ids.

    Parameters
    ----------
    order
        A frame with `rank`, index `question`, as `combine_rankings` gives it; or questions, first to last.
    moves
        Pairs of question and place in the order in which they were decided, or decisions of kind `plenary_move`.

    Returns
    -------
    DataFrame
        Index `question`: `rank`, `tied`, `moved` (how many moves named it), by rank, then as the plenary left them.

    Raises
    ------
    DataError
        Every move at once that names an unknown question or a place outside 1 to Q.

    Examples
    --------
    >>> apply_moves(["q1", "q2", "q3"], [("q3", 1)])["rank"].to_dict()
    {'q3': 1, 'q1': 2, 'q2': 3}
    """
    listed, tie = _as_list(order)
    decided = list(_as_pairs(moves))
    faults = [
        f"move {at}: question {quoted(question)} is not in the order; name one that is."
        for at, (question, _) in enumerate(decided, 1)
        if question not in tie
    ] + [
        f"move {at}: place {to} is not a place from 1 to {len(listed)}; mend it."
        for at, (_, to) in enumerate(decided, 1)
        if not 1 <= to <= len(listed)
    ]
    if faults:
        raise DataError.of("the plenary's moves", faults)
    for at, (question, to) in enumerate(decided):
        listed.remove(question)
        listed.insert(to - 1, question)
        tie[question] = -1 - at
    ties = [tie[question] for question in listed]
    fresh = [at == 0 or ties[at] != ties[at - 1] for at in range(len(ties))]
    place = np.maximum.accumulate(np.where(fresh, np.arange(1, len(ties) + 1), 0))
    named = [question for question, _ in decided]
    frame = pd.DataFrame(index=pd.Index(listed, name="question"))
    return frame.assign(rank=place, tied=np.bincount(place)[place] > 1, moved=[named.count(q) for q in listed])


def _as_list(order: pd.DataFrame | Sequence[Any]) -> tuple[list[Any], dict[Any, int]]:
    """Return the questions first to last, and for each a number that those tied with it share."""
    if not isinstance(order, pd.DataFrame):
        return list(order), {question: at for at, question in enumerate(order)}
    listed = sorted(zip(order["rank"], order.index, strict=True))
    return [question for _, question in listed], {question: int(rank) for rank, question in listed}


def _as_pairs(moves: pd.DataFrame | Iterable[tuple[Any, int]]) -> Iterable[tuple[Any, int]]:
    if not isinstance(moves, pd.DataFrame):
        return ((question, int(to)) for question, to in moves)
    decisions = zip(moves["kind"], moves["subject"], moves["value"], strict=True)
    return ((subject, int(value["to"])) for kind, subject, value in decisions if kind == "plenary_move")


def apply_merges(order: pd.DataFrame | Sequence[Any], merges: Mapping[Any, Any]) -> pd.DataFrame:
    """Return the order without the questions merged into others, ranks closed up.

    `merges` is merged question -> the question it went into, which keeps its own place.

    Examples
    --------
    >>> apply_merges(["q1", "q2", "q3"], {"q1": "q3"})["rank"].to_dict()
    {'q2': 1, 'q3': 2}
    """
    listed, tie = _as_list(order)
    _ends(merges, listed)
    left = [question for question in listed if question not in merges]
    return _ordered(left, lowest_places([-tie[question] for question in left]))


def _ends(merges: Mapping[Any, Any], known: Iterable[Any]) -> dict[Any, Any]:
    """Return where each merged question ends when merges are followed through; raise on every fault at once."""
    there, faults, end = set(known), [], {}
    for question in merges:
        into, path = merges[question], {question}
        while into in merges and into not in path:
            path.add(into)
            into = merges[into]
        if into in path:
            faults.append(f"question {quoted(question)} is merged in a circle; undo one of the merges.")
        faults += [
            f"question {quoted(q)} is not there to be merged; mend its id." for q in (question, into) if q not in there
        ]
        end[question] = into
    if faults:
        raise DataError.of("the workshop's merges", dict.fromkeys(faults))
    return end


def top(order: pd.DataFrame | Sequence[Any], n: int = 10) -> pd.DataFrame:
    """Return the first `n` places of an order; a tie across the cut is published as a tie, so there may be more.

    Examples
    --------
    >>> top(["q1", "q2", "q3"], 2).index.tolist()
    ['q1', 'q2']
    """
    frame = order if isinstance(order, pd.DataFrame) else apply_moves(order, [])
    return frame[frame["rank"] <= n]


def compare_orders(before: Mapping[Any, int], after: Mapping[Any, int]) -> pd.DataFrame:
    """Return how far each question moved between two orders, those in both only.

    Returns
    -------
    DataFrame
        Index `question`: `before`, `after`, `moved` (places up; negative is down), by `after`. `attrs` holds
        `spearman`, the rank correlation over those rows (mean places for ties; NaN where undefined), and `left_out`,
        the questions that only one of the orders has.

    Examples
    --------
    >>> moved = compare_orders({"q1": 1, "q2": 2, "q3": 3}, {"q2": 1, "q1": 2, "q9": 3})
    >>> moved["moved"].to_dict(), moved.attrs
    ({'q2': 1, 'q1': -1}, {'spearman': -1.0, 'left_out': ['q3', 'q9']})
    """
    both = sorted(before.keys() & after.keys(), key=lambda question: (after[question], question))
    frame = pd.DataFrame(
        {"before": [before[q] for q in both], "after": [after[q] for q in both]}, index=pd.Index(both, name="question")
    )
    frame["moved"] = frame["before"] - frame["after"]
    frame.attrs |= {"spearman": _spearman(frame), "left_out": sorted(before.keys() ^ after.keys())}
    return frame


def _spearman(frame: pd.DataFrame) -> float:
    """Return the correlation of the two columns' ranks from whole numbers: doubled ranks, ties at their mean."""
    doubled = (2 * frame[["before", "after"]].rank()).astype("int64").to_numpy() - len(frame) - 1
    between, one, two = (int(doubled[:, a] @ doubled[:, b]) for a, b in ((0, 1), (0, 0), (1, 1)))
    return between / sqrt(one * two) if one and two else float("nan")
