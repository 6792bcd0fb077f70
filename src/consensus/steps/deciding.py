"""The review screen by screen: what to decide on next, and a person's answer kept among the decisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd
from sqlmodel import Session

from consensus import store
from consensus.decisions import in_force
from consensus.digest import short_id
from consensus.duplicates import ReviewQueue, Screen
from consensus.duplicates.deciding.progress import Progress
from consensus.embedding import CachedEmbedder, default_embedder
from consensus.errors import DataError, StageError
from consensus.provenance import say_decision
from consensus.steps.outcome import Outcome
from consensus.steps.review import OVERTAKEN, STAGE, record_decisions
from consensus.store import Store
from consensus.vocabulary import how_many

__all__ = [
    "Asked",
    "answer_screen",
    "move_submission",
    "next_screen",
    "review_progress",
    "reword_question",
    "screen_id",
    "set_submissions_aside",
    "split_group",
    "undo_decision",
]

ON_THE_SAME = (
    *("compared", "split", "move", "set_aside", "wording", "same_question"),
    *("out_of_scope", "in_scope", "category", "answered", "unanswered"),
)
"""The kinds of decision that are taken screen by screen or in the review workbook; the last one can be taken back."""


@dataclass(frozen=True)
class Asked:
    """A screen with the texts that a person reads: restricted, for these are participants' words."""

    screen: Screen | None
    texts: dict[str, str]


def screen_id(screen: Screen) -> str:
    """Return the id of a screen, which says that an answer is meant for it and not for one that came before."""
    return short_id("v", *screen.anchor, "", *(each for shown in screen.candidates for each in (*shown, "")))


def next_screen(db: Store, partnership: str, *, cache: Path) -> Asked:
    """Return what to decide on next, with its texts; no screen when nothing is worth asking any more."""
    with db.reading() as session:
        queue, texts = _queue(session, partnership, cache)
    screen = queue.next()
    shown = [] if screen is None else [*screen.anchor, *(each for ids in screen.candidates for each in ids)]
    return Asked(screen, {each: texts[each] for each in shown})


def answer_screen(
    db: Store,
    partnership: str,
    screen: str,
    same: Iterable[int],
    *,
    by: str,
    now: datetime,
    why: str = "",
    also: Iterable[Iterable[int]] = (),
    cache: Path,
) -> Outcome:
    """Record which candidates of the screen that is next ask the same as its anchor, and which also as one another.

    Raises
    ------
    StageError
        Somebody else decided in between, so that another screen is next; nothing is recorded then.
    """
    with db.reading() as session:
        queue, _ = _queue(session, partnership, cache)
    asked = queue.next()
    if asked is None or screen_id(asked) != screen:
        raise StageError(OVERTAKEN)
    seen = len(queue.log)
    queue.answer(asked, same, by=by, at=now, why=why, also=also)
    return _record(db, partnership, queue.log.iloc[-1:], now, seen=seen)


def split_group(
    db: Store, partnership: str, submissions: Sequence[str], *, by: str, now: datetime, why: str = "", cache: Path
) -> Outcome:
    """Record that submissions of one group ask something else, together; they leave the question they were in.

    Raises
    ------
    DataError
        One of them is unknown, or set aside, or not in the group of the first.
    """
    with db.reading() as session:
        queue, _ = _queue(session, partnership, cache)
    queue.split(_group_of(queue, submissions[0]), submissions, by=by, at=now, why=why)
    return _record(db, partnership, queue.log.iloc[-1:], now)


def move_submission(
    db: Store, partnership: str, submission: str, beside: str, *, by: str, now: datetime, why: str = "", cache: Path
) -> Outcome:
    """Record that a submission, whether set aside or not, belongs to the group in which `beside` is."""
    with db.reading() as session:
        queue, _ = _queue(session, partnership, cache)
    queue.move(submission, _group_of(queue, beside), by=by, at=now, why=why)
    return _record(db, partnership, queue.log.iloc[-1:], now)


def set_submissions_aside(
    db: Store, partnership: str, submissions: Sequence[str], why: str, *, by: str, now: datetime, cache: Path
) -> Outcome:
    """Record that submissions belong to no group, and why."""
    with db.reading() as session:
        queue, _ = _queue(session, partnership, cache)
    queue.set_aside(submissions, why, by=by, at=now)
    return _record(db, partnership, queue.log.iloc[-1:], now)


def reword_question(
    db: Store, partnership: str, question: str, wording: str, *, by: str, now: datetime, why: str = "", cache: Path
) -> Outcome:
    """Record how a person words a summary question, or a submission's group, which becomes a question if it is none.

    Raises
    ------
    DataError
        There is no such question or submission, or the wording is empty.
    """
    with db.reading() as session:
        known = set(store.load_frame(session, "questions", partnership)["question_id"])
        there = set(store.load_frame(session, "submissions", partnership)["submission_id"])
    faults = []
    if question not in known | there:
        faults.append(f"There is no summary question '{question}'; `consensus questions` lists those that there are.")
    if not wording.strip():
        faults.append("The wording is empty; write the question as it should stand on the ballot.")
    if faults:
        raise DataError.of("the wording", faults)
    if question in known:
        row = {"kind": "wording", "subject": question, "value": {"wording": wording.strip()}}
        return _record(db, partnership, pd.DataFrame([{**row, "by": by, "at": now, "why": why}]), now)
    with db.reading() as session:
        queue, _ = _queue(session, partnership, cache)
    queue.reword(_group_of(queue, question), wording, by=by, at=now, why=why)
    return _record(db, partnership, queue.log.iloc[-1:], now)


def _group_of(queue: ReviewQueue, submission: str) -> str:
    """Return the group in which a submission is."""
    groups = queue.groups().set_index("submission_id")["group"]
    if submission not in groups.index:
        raise DataError(
            f"'{submission}' is in no group: it is unknown or set aside; `consensus review export` lists all with ids."
        )
    return str(groups[submission])


def undo_decision(
    db: Store, partnership: str, *, by: str, now: datetime, why: str = "", whole: bool = False, cache: Path
) -> Outcome:
    """Take back the last decision on what asks the same that stands, whoever made it, by another decision.

    With `whole`, all that was recorded with it is taken back too: what a workbook decided. Who decided it, and when, is
    told.

    Raises
    ------
    StageError
        No such decision stands.
    """
    with db.reading() as session:
        log = store.load_decisions(session, partnership)
    standing = in_force(log)
    standing = standing[standing["kind"].isin(ON_THE_SAME)]
    if standing.empty:
        raise StageError("There is no decision on what asks the same to take back.")
    last = standing.iloc[-1]
    taken = standing[(standing["by"] == last["by"]) & (standing["at"] == last["at"])] if whole else standing.iloc[-1:]
    rows = [
        {"kind": "undo", "subject": decision, "value": {}, "by": by, "at": now, "why": why}
        for decision in reversed(taken["decision_id"].tolist())
    ]
    what = say_decision(str(last["kind"]), {}) if len(taken) == 1 else how_many(len(taken), "decision")
    said = f"Taken back is what {last['by']} decided on {last['at']:%Y-%m-%d at %H:%M} UTC: {what}."
    return _record(db, partnership, pd.DataFrame(rows), now, said=said)


def review_progress(db: Store, partnership: str, *, cache: Path) -> Outcome:
    """Return how far the review is: decisions, texts shown, and how much of what belongs together is, by estimate."""
    with db.reading() as session:
        queue, _ = _queue(session, partnership, cache)
    told = queue.progress()
    groups = queue.groups()
    kept = groups.groupby("group")["settled"].first()
    return Outcome(
        stage=STAGE,
        done=f"{told.decisions} screens decided, {told.texts} texts shown. About {told.recall:.0%} of what belongs "
        f"together is together ({told.low:.0%} to {told.high:.0%}).",
        next=f"Decide on: `consensus review next --partnership {partnership}`.",
        counts={"decisions": told.decisions, "groups settled": int(kept.sum())},
        tables={"Progress of the review": _progress_table(told)},
        ids={"partnership": partnership},
    )


def _progress_table(told: Progress) -> pd.DataFrame:
    rows = [
        ("decisions that stand", str(told.decisions)),
        ("texts shown", str(told.texts)),
        ("screens that still pay, about", str(told.left)),
        ("together of what belongs together, estimate", f"{told.recall:.2f}"),
        ("its interval, nine times of ten", f"{told.low:.2f} to {told.high:.2f}"),
        ("answers that contradicted others", str(told.contradictions)),
        ("contradictions that wait to be settled", str(told.open_contests)),
        ("an answer on one candidate is wrong, estimate", f"{told.error:.3f}"),
    ]
    return pd.DataFrame(rows, columns=["what", "how much"])


def _queue(session: Session, partnership: str, cache: Path) -> tuple[ReviewQueue, dict[str, str]]:
    submissions = store.load_frame(session, "submissions", partnership)
    if submissions.empty:
        raise StageError(
            f"'{partnership}' has no submissions yet; cut its answers first: "
            f"`consensus deduplicate --partnership {partnership}`."
        )
    embedder = CachedEmbedder(default_embedder(), cache)
    queue = ReviewQueue(submissions, embedder, store.load_decisions(session, partnership))
    return queue, dict(zip(submissions["submission_id"], submissions["text"], strict=True))


def _record(
    db: Store, partnership: str, rows: pd.DataFrame, now: datetime, *, said: str = "", seen: int | None = None
) -> Outcome:
    told = [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]
    recorded = record_decisions(db, partnership, told, seen=seen, now=now)
    return Outcome(
        stage=recorded.stage,
        done=f"{said} {recorded.done}".strip(),
        next=f"The next screen: `consensus review next --partnership {partnership}`.",
        counts=recorded.counts,
        tables=recorded.tables,
        ids=recorded.ids,
    )
