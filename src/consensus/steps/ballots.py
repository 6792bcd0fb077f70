"""Importing ballots into the interim round, and which of them count."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sqlmodel import Session

from consensus import importers, models, store
from consensus.errors import StageError
from consensus.steps.answers import keep_upload
from consensus.steps.outcome import Outcome, shown
from consensus.steps.timetable import in_time
from consensus.store import Store
from consensus.vocabulary import COLUMNS

__all__ = ["CountedBallots", "counted_ballots", "import_ballots", "interim_round", "on_ballot"]

CHOICE = ("question_id", "item_id", "rank", "chosen")
OF_SETS = ("set", "value")
"""What a choice has beside these where the best and the worst of small sets were picked."""


def interim_round(session: Session, partnership: str) -> models.Round:
    """Return the partnership's interim round; of several that follow one another, the last that has opened."""
    rounds = [row for row in store.list_rounds(session, partnership) if row.kind == "interim" and row.state != "draft"]
    return rounds[-1] if rounds else store.load_round(session, f"{partnership}-interim-1")


def on_ballot(row: models.Round) -> pd.DataFrame:
    """Return what stands on a round's ballot as it was when the round opened: question_id, wording."""
    asked = [question[:2] for question in json.loads(row.questions)]  # a third entry is the question's theme
    return pd.DataFrame(asked, columns=["question_id", "wording"], dtype=object)


def import_ballots(
    db: Store,
    partnership: str,
    path: Path | str,
    *,
    mapping: Path | str | None = None,
    source: str = "auto",
    by: str,
    now: datetime,
) -> Outcome:
    """Import a file of ballots into the interim round and keep them as received; importing it twice changes nothing.

    A ballot without a time of its own is received now. Ballots after the close are kept, and never counted.

    Raises
    ------
    StageError
        The interim round has not opened.
    DataError
        The file as a whole cannot be taken. Single ballots that cannot be taken go to quarantine.
    """
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        row = interim_round(session, partnership)
    if row.state == "draft":
        raise StageError(
            f"The round '{row.round_id}' has not opened; open it first: "
            f"`consensus round open interim --partnership {partnership}`."
        )
    imported = importers.read_ballots(path, protocol, mapping=mapping, source=source)
    ballots = _as_ballots(imported.responses, imported.source, now)
    with db.writing() as session:
        row = store.load_round(session, row.round_id)
        keep_upload(session, partnership, "ballots", Path(path), imported, by=by, now=now)
        received = store.save_ballots(session, row, ballots)
        counted = counted_ballots(session, row)
    late = counted.late
    return Outcome(
        stage="interim-ranking",
        done=f"Imported {shown(len(ballots), protocol)} ballots ({shown(received.new, protocol)} new, "
        f"{shown(received.changed, protocol)} changed, {shown(received.unchanged, protocol)} there already), "
        f"{shown(late, protocol)} ballots came late and do not count; "
        f"{shown(len(imported.quarantine), protocol)} rows in quarantine. " + " ".join(imported.warnings),
        next=f"The round closes by itself; then rank: `consensus rank --partnership {partnership}`.",
        counts={
            "ballots": len(ballots),
            "new": received.new,
            "changed": received.changed,
            "there already": received.unchanged,
            "late": late,
            "in quarantine": len(imported.quarantine),
        },
        ids={"partnership": partnership, "round": row.round_id, "upload": imported.sha256},
    )


def _as_ballots(responses: pd.DataFrame, source: str, now: datetime) -> list[dict[str, Any]]:
    """Return one mapping a ballot, in the order of their ids; choices keep only what was said."""
    ballots: list[dict[str, Any]] = []
    for ballot_id, rows in responses.groupby("response_id", sort=True):
        first = rows.iloc[0]
        at = first.get("received_at")
        choices = [
            {key: _plain(value) for key, value in choice.items() if _said(value)}
            for choice in rows[list(CHOICE)].to_dict("records")
        ]
        ballots.append(
            {
                "ballot_id": str(ballot_id),
                "source": source,
                "group": str(first["group"]),
                "choices": sorted(choices, key=lambda choice: json.dumps(choice, sort_keys=True)),
                "received_at": at if _said(at) else now,
            }
        )
    return ballots


def _said(value: object) -> bool:
    return value is not None and value == value and value != "" and value is not pd.NaT


def _plain(value: object) -> object:
    value = value.item() if hasattr(value, "item") else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


class CountedBallots:
    """The ballots that count at a round's close, and how many came, or were changed, too late.

    The last version received in time counts. In time is up to and with the close; for somebody who had begun before the
    close it is up to the end of the grace.
    """

    def __init__(self, ballots: list[models.Ballot], late: int) -> None:
        self.ballots = ballots
        self.late = late

    @classmethod
    def of(cls, versions: list[models.Ballot], round_: models.Round) -> CountedBallots:
        """Return what counts of every version of every ballot in a round."""
        last: dict[str, models.Ballot] = {}
        late = set()
        for ballot in versions:
            if in_time(round_, ballot.received_at, ballot.began_at):
                last[ballot.ballot_id] = ballot
            else:
                late.add(ballot.ballot_id)
        return cls([last[key] for key in sorted(last)], len(late))

    def responses(self) -> pd.DataFrame:
        """Return the long frame of responses: response_id, group, question_id, item_id, rank, chosen.

        Where best and worst were picked also `set`, the number of the set, and `value`: 1 best, -1 worst, 0 shown.
        """
        rows = [
            {"response_id": ballot.ballot_id, "group": ballot.group, **choice}
            for ballot in self.ballots
            for choice in json.loads(ballot.choices)
        ]
        also = [column for column in OF_SETS if any(column in row for row in rows)]
        return pd.DataFrame(rows, columns=[*COLUMNS["responses"], *also])


def counted_ballots(session: Session, row: models.Round) -> CountedBallots:
    """Return the ballots of a round that count."""
    return CountedBallots.of(store.load_ballots(session, row.round_id), row)
