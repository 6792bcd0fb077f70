"""`advance_rounds`: whatever is due in every partnership, by the clock alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from consensus import models, store
from consensus.errors import ConsensusError, StageError
from consensus.protocol import Protocol
from consensus.questions import NOT_YET_REVIEWED
from consensus.steps.capacity import record_full
from consensus.steps.faults import noting, unforeseen
from consensus.steps.following import later_round
from consensus.steps.freezing import freeze_round, publish_chain
from consensus.steps.outcome import Outcome
from consensus.steps.reminders import record_reminders
from consensus.steps.rounds import begin_round, end_round
from consensus.steps.timetable import CLOCK, grace_ends, local_time
from consensus.steps.unlinking import clear_traces, unlink_round
from consensus.store import Store

__all__ = ["advance_rounds"]


def advance_rounds(
    db: Store,
    *,
    now: datetime,
    rank: Callable[[Store, str, datetime], str] | None = None,
    outputs: Callable[[str], Path] | None = None,
) -> Outcome:
    """Do whatever is due in every partnership: open, remind, close, freeze, unlink, rank. Twice changes nothing.

    A fault in one round undoes that round's act alone; the others go on. `counts["faults"]` tells how many were of the
    program or the machine, and `next` what kind and where, without their words.

    `rank` takes the store, the partnership and `now` and returns the id of the ranking it stored; it is called for each
    interim round whose close and grace have passed. Without it nothing is ranked. `outputs` returns a partnership's
    folder, in which the chains of its frozen rounds are published; without it none is.
    """
    done: list[str] = []
    waiting: list[str] = []
    faults: list[str] = []
    stuck: set[str] = set()
    with db.writing() as session:
        partnerships = store.list_partnerships(session)
        for act in (_advance, _finish):
            for row in (each for each in store.list_rounds(session) if each.round_id not in stuck):
                try:
                    with session.begin_nested():  # one round's fault undoes its own act, and stops no other
                        done += act(session, row, store.load_protocol(session, row.partnership), now)
                except ConsensusError as error:
                    waiting.append(str(error))
                except Exception as error:
                    stuck.add(row.round_id)
                    faults.append(unforeseen(f"The round '{row.round_id}' was not brought on", error))
        due = [
            (row.round_id, row.partnership)
            for row in store.list_rounds(session)
            if row.round_id not in stuck
            and row.kind == "interim"
            and row.state == "closed"
            and grace_ends(row) <= now
            and later_round(session, row) is None
        ]
    for round_id, partnership in due if rank else []:
        try:
            done.append(f"The round '{round_id}' is ranked: {rank(db, partnership, now)}.")  # type: ignore[misc]
        except ConsensusError as error:
            waiting.append(f"The round '{round_id}' could not be ranked: {error}")
        except Exception as error:
            faults.append(unforeseen(f"The round '{round_id}' was not ranked", error))
    for name in partnerships if outputs else ():
        with noting(faults, f"The chains of '{name}' were not published"):
            publish_chain(db, name, folder=outputs(name))  # type: ignore[misc]
    with noting(faults, "Traces of what was withdrawn or unlinked were not cleared"):
        if not clear_traces(db, now=now):
            waiting.append("Traces of what was withdrawn or unlinked wait to be cleared while somebody reads.")
    return Outcome(
        stage="advance-rounds",
        done=" ".join(done) or "Nothing was due.",
        next=" ".join([*faults, *waiting, "The sweep looks again in five minutes."]),
        counts={"acts": len(done)} | ({"faults": len(faults)} if faults else {}),
    )


def _advance(session: Session, row: models.Round, protocol: Protocol, now: datetime) -> list[str]:
    done = []
    if row.state == "draft" and row.opens_at <= now < row.closes_at:
        waiting = store.load_frame(session, "set_aside", row.partnership)["reason"].eq(NOT_YET_REVIEWED).sum()
        if row.kind == "interim" and waiting:
            raise StageError(
                f"The round '{row.round_id}' does not open by itself while submissions wait for review: "
                f"`consensus review export --partnership {row.partnership}`."
            )
        why = "its opening came"
        begin_round(session, row, opens_at=row.opens_at, closes_at=row.closes_at, by=CLOCK, now=now, why=why)
        done.append(f"The round '{row.round_id}' opened.")
    if row.state in ("open", "paused") and row.closes_at <= now:
        end_round(session, row, by=CLOCK, now=now, why="its close came")
        done.append(f"The round '{row.round_id}' closed {local_time(row.closes_at, protocol)}.")
    if row.state == "open":
        done += record_reminders(session, row, protocol, now)
    if row.state in ("open", "paused") and record_full(session, row, now):
        done.append(f"The round '{row.round_id}' has reached its cap and takes no new starters.")
    return done


def _finish(session: Session, row: models.Round, protocol: Protocol, now: datetime) -> list[str]:
    """Freeze and unlink a round that is over, once every round stands where the clock has brought it."""
    done = []
    if not row.root and freeze_round(session, row, protocol, now=now):
        done.append(f"What counts in the round '{row.round_id}' is frozen; its root is {row.root}.")
    if unlink_round(session, row, now=now):
        done.append(f"The round '{row.round_id}' is unlinked: nothing joins people to what they sent.")
    return done
