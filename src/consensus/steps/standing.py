"""Where a partnership stands, for the command line and the start page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlmodel import Session, col, select

from consensus import models, store
from consensus.errors import StageError
from consensus.protocol import Protocol
from consensus.report.tables import MODES, PARTNERS
from consensus.steps.amiss import amiss
from consensus.steps.ballots import interim_round, on_ballot
from consensus.steps.outcome import NextAction, worded
from consensus.steps.progress import next_action
from consensus.steps.ranked import public_shortlist
from consensus.steps.ranking import current_ranking
from consensus.steps.timetable import rounds_table
from consensus.steps.upcoming import Reach, next_acts, reach_of, received_counts, told
from consensus.steps.workshop import final_ranking
from consensus.store import Store

__all__ = [
    "Standing",
    "current_ranking_id",
    "listed_questions",
    "partnership_of",
    "protocol",
    "protocol_faults",
    "quarantine",
    "questions_on_ballot",
    "rounds_of",
    "shortlist_table",
    "shortlisted",
    "status",
    "top_table",
    "waiting_rounds",
]


@dataclass(frozen=True)
class Standing:
    """A partnership's rounds, counts and next action; what would tell how few people of a group sent is suppressed.

    Attributes
    ----------
    rounds
        One mapping a round: round, state, opens, closes, grace in minutes, and in `next` what it does next by itself.
    reach
        For each round that is more than a draft, how far it has reached people.
    amiss
        What waits for a person beside the next action, a sentence each.
    """

    partnership: str
    title: str
    next: NextAction
    rounds: list[dict[str, object]]
    counts: dict[str, int | str]
    rankings: list[str]
    reach: list[Reach]
    amiss: list[str]

    def to_dict(self) -> dict[str, object]:
        """Return the standing as plain values."""
        return {**self.__dict__, "next": self.next.__dict__, "reach": [reach.__dict__ for reach in self.reach]}

    def to_lines(self) -> list[str]:
        """Return the standing as lines for a person."""
        lines = [f"{self.partnership}: {self.title}"]
        lines += [f"  {what}: {count}" for what, count in self.counts.items()]
        for row in self.rounds:
            comes = f"by itself it {row['next']}" if row["next"] else f"its close was {row['closes']}"
            lines.append(f"  round {row['round']} is {row['state']}; {comes}")
            lines += [line for reach in self.reach if reach.round_id == row["round"] for line in _reached(reach)]
        lines += [f"  stored {ranking}" for ranking in self.rankings]
        lines += [f"  {sentence}" for sentence in self.amiss]
        lines.append(f"  Next ({self.next.actor}): {self.next.sentence}")
        return lines + ([f"  {self.next.command}"] if self.next.command else [])


def protocol(db: Store, partnership: str) -> Protocol:
    """Return the protocol in force."""
    with db.reading() as session:
        return store.load_protocol(session, partnership)


def protocol_faults(db: Store, partnership: str) -> tuple[str, ...]:
    """Return what in the protocol in force breaks rules that came after it was accepted, a sentence each."""
    with db.reading() as session:
        return store.load_protocol_faults(session, partnership)


def partnership_of(db: Store, round_id: str) -> str:
    """Return the partnership to which a round belongs."""
    with db.reading() as session:
        return store.load_round(session, round_id).partnership


def status(db: Store, partnership: str, *, now: datetime) -> Standing:
    """Return where a partnership stands and the next thing to happen in it."""
    action = next_action(db, partnership, now=now)
    with db.reading() as session:
        fixed = store.load_protocol(session, partnership)
        rows = store.list_rounds(session, partnership)
        rounds = _with_next(session, rows, fixed, now)
        counts = _counts(session, fixed)
        rankings = [f"{row.kind} ranking {row.ranking_id}" for row in store.list_rankings(session, partnership)]
        records = [{str(key): value for key, value in row.items()} for row in rounds.to_dict("records")]
        reach = [reach_of(session, row, fixed) for row in rows if row.state != "draft"]
        waits = amiss(session, fixed, now)
    return Standing(partnership, fixed.partnership.title, action, records, counts, rankings, reach, waits)


def _reached(reach: Reach) -> list[str]:
    funnel = ", ".join(f"{what} {count}" for what, count in reach.funnel.items())
    groups = [
        f"    {row['group']}: {row['people']}" + (f" of {row['target']}" if row["target"] else "")
        for row in reach.by_group
    ]
    full = ["    its cap is reached: nobody new may begin"] if reach.full else []
    ways = [
        f"    {said}: " + ", ".join(f"{way} {count}" for way, count in reach.by_way[name].items())
        for name, said in ((MODES, "answered"), (PARTNERS, "came"))
        if reach.by_way[name]
    ]
    return [f"    {funnel}", *full, *groups, *ways]


def quarantine(db: Store, partnership: str) -> pd.DataFrame:
    """Return every row and ballot that could not be taken: where it stands and why, without its words."""
    with db.reading() as session:
        store.load_protocol(session, partnership)
        rows = store.load_quarantine(session, partnership)[["kind", "row", "reason"]]
        try:
            checked = current_ranking(session, partnership).tables["quarantine"].reset_index()
        except StageError:
            return rows
    ballots = pd.DataFrame({"kind": "ballots", "row": checked["ballot"], "reason": checked["reason"]})
    return pd.concat([rows, ballots], ignore_index=True)


def _counts(session: Session, fixed: Protocol) -> dict[str, int | str]:
    partnership = fixed.id
    answers = len(store.load_answers(session, partnership))
    submissions = len(store.load_frame(session, "submissions", partnership))
    ballots = session.exec(
        select(models.Ballot.ballot_id).where(col(models.Ballot.partnership) == partnership).distinct()
    ).all()
    received = received_counts(session, fixed, answers, len(ballots))
    hidden = isinstance(received["answers"], str)
    return {
        "answers": received["answers"],
        "submissions": received["answers"] if hidden and submissions else submissions,
        "summary questions": len(store.load_frame(session, "questions", partnership)),
        "set aside": len(store.load_frame(session, "set_aside", partnership)),
        "ballots received": received["ballots received"],
        "decisions": len(store.load_decisions(session, partnership)),
    }


def rounds_of(db: Store, partnership: str) -> pd.DataFrame:
    """Return a partnership's rounds as people read them."""
    with db.reading() as session:
        fixed = store.load_protocol(session, partnership)
        return rounds_table(store.list_rounds(session, partnership), fixed)


def waiting_rounds(db: Store, partnership: str, *, now: datetime) -> pd.DataFrame:
    """Return a partnership's rounds as people read them, each with what it does next by itself."""
    with db.reading() as session:
        fixed, rows = store.load_protocol(session, partnership), store.list_rounds(session, partnership)
        return _with_next(session, rows, fixed, now).rename(columns={"next": "by itself"})


def _with_next(session: Session, rows: list[models.Round], fixed: Protocol, now: datetime) -> pd.DataFrame:
    comes = [
        (told(next_acts(session, row, fixed, now), fixed) or _overdue(row, now)) + _until_full(row) for row in rows
    ]
    return rounds_table(rows, fixed).assign(next=comes)


def _overdue(row: models.Round, now: datetime) -> str:
    """Return what becomes of a draft whose opening has come and whose close has not."""
    if row.state != "draft" or not row.opens_at <= now < row.closes_at:
        return ""
    return "opens with the next sweep" + (", once nothing waits for review" if row.kind == "interim" else "")


def _until_full(row: models.Round) -> str:
    """Return what a round does once its cap is reached."""
    return f"; takes nobody new from {row.cap} responses on" if row.cap and row.state in ("open", "paused") else ""


def current_ranking_id(db: Store, partnership: str) -> str:
    """Return the id of the partnership's interim ranking as it stands."""
    with db.reading() as session:
        return current_ranking(session, partnership).ranking_id


def top_table(db: Store, partnership: str) -> pd.DataFrame:
    """Return the Top 10 with each group's position beside it; empty while there is no final order."""
    with db.reading() as session:
        fixed = store.load_protocol(session, partnership)
        try:
            final = final_ranking(session, partnership).tables["final"]
        except StageError:
            return pd.DataFrame()
        ranking = current_ranking(session, partnership).tables["ranking"]
        questions = store.load_frame(session, "questions", partnership).set_index("question_id")
    top = final[final["rank"] <= fixed.publication.top]
    table = pd.DataFrame({"rank": top["rank"].astype(int), "question": questions.loc[top.index, "wording"]})
    for group in fixed.shares:
        if f"position_{group}" in ranking:
            table[fixed.group_name(group)] = ranking.loc[top.index, f"position_{group}"]
    return table.reset_index(drop=True)


def questions_on_ballot(db: Store, partnership: str) -> list[tuple[str, str]]:
    """Return id and wording of what the interim round asks people to rank, in the order of ids."""
    with db.reading() as session:
        rows = on_ballot(interim_round(session, partnership))
    return [(str(question), str(wording)) for question, wording in rows.itertuples(index=False, name=None)]


def shortlisted(db: Store, partnership: str) -> list[str]:
    """Return the ids of the shortlist in the combined order."""
    with db.reading() as session:
        return [str(question) for question in current_ranking(session, partnership).tables["shortlist"].index]


def shortlist_table(db: Store, partnership: str) -> pd.DataFrame:
    """Return the shortlist as anybody may read it: rank, wording, why each question is on it, and its id."""
    with db.reading() as session:
        fixed = store.load_protocol(session, partnership)
        tables = current_ranking(session, partnership).tables
        wordings = on_ballot(interim_round(session, partnership)).set_index("question_id")["wording"]
    return worded(public_shortlist(fixed, tables), wordings)


def listed_questions(db: Store, partnership: str) -> pd.DataFrame:
    """Return the questions on the ballot: id, wording, interim rank and whether shortlisted, in the order of rank."""
    with db.reading() as session:
        rows = on_ballot(interim_round(session, partnership))
        try:
            tables = current_ranking(session, partnership).tables
        except StageError:
            return rows
    rank = tables["ranking"]["rank"].reindex(rows["question_id"]).to_numpy()
    listed = rows.assign(rank=rank, shortlisted=rows["question_id"].isin(tables["shortlist"].index))
    return listed.sort_values(["rank", "question_id"], ignore_index=True)
