"""What counts in a round is frozen once its close and grace are over: its commitments are chained, their root is kept.

Freezing belongs to the sweep and to ranking; asking for it again changes nothing. Ballots that are imported afterwards
and were received in time count as well: they join the chain, which then has another root, and the record tells both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session

from consensus import models, receipts, store
from consensus.errors import StageError
from consensus.protocol import Protocol
from consensus.settings import Settings
from consensus.steps.ballots import counted_ballots
from consensus.steps.outcome import Outcome
from consensus.steps.timetable import grace_ends, in_time
from consensus.store import Store, chained
from consensus.workbooks import write_whole

__all__ = ["CHAIN", "counted_responses", "freeze_round", "publish_chain", "verify_store"]

CHAIN = "chain.json"
STAGE = "verify"


def counted_responses(session: Session, row: models.Round) -> list[models.Response]:
    """Return the last version in time of every response that counts in a round and has a commitment."""
    last: dict[str, models.Response] = {}
    for response in chained.load_responses(session, row.round_id):
        if in_time(row, response.received_at, response.began_at):
            last[response.response_id] = response
    return [response for response in last.values() if not response.withdrawn]


def freeze_round(session: Session, row: models.Round, protocol: Protocol, *, now: datetime) -> bool:
    """Chain what counts in a round whose close and grace are over, in the caller's transaction.

    Returns whether anything joined the chain. Until then nothing is frozen.
    """
    if row.state not in ("closed", "ranked") or now < grace_ends(row):
        return False
    _commit_imported(session, row)
    before = chained.load_chain(session, row.round_id)
    joining = {response.commitment for response in counted_responses(session, row)} - set(before)
    if row.root and not joining:
        return False
    blind = [] if before else receipts.blind_commitments(protocol.publication.small_cells)
    root = chained.add_to_chain(session, row, [*joining, *blind])
    value = {"act": "freeze", "closes_at": row.closes_at.astimezone(UTC).isoformat(), "root": root}
    why = "ballots received in time were imported after it" if before else "its close and grace are over"
    store.append_decision(session, row.partnership, "round", row.round_id, value, by="clock", at=now, why=why)
    return True


def _commit_imported(session: Session, row: models.Round) -> None:
    """Give each ballot that counts and was imported its commitment; one that changed since gets another."""
    known = {(one.response_id, one.version) for one in chained.load_responses(session, row.round_id)}
    for ballot in counted_ballots(session, row).ballots:
        if (ballot.ballot_id, ballot.version) not in known:
            chained.save_imported_response(session, ballot)
    session.flush()


def publish_chain(db: Store, partnership: str, *, folder: Path | str | None = None) -> Path | None:
    """Write the commitments and roots of a partnership's frozen rounds; return the file, or None when none is frozen.

    Without a `folder` it goes to the partnership's outputs. The same rounds give the same file.
    """
    folder = Path(folder or Settings.from_environment().outputs(partnership))
    with db.reading() as session:
        rounds = [
            (row.round_id, row.root, chained.load_chain(session, row.round_id))
            for row in store.list_rounds(session, partnership)
            if row.root
        ]
    if not rounds:
        return None
    path, content = folder / CHAIN, receipts.published_chain(rounds).encode()
    if not path.exists() or path.read_bytes() != content:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    return path


@dataclass(frozen=True)
class _Checked:
    """What a round's chain was found to be."""

    sentence: str
    faults: tuple[str, ...]


def verify_store(db: Store, partnership: str) -> Outcome:
    """Check that what is stored is what was frozen: every root, and every response that counts against its commitment.

    Raises
    ------
    StageError
        Something stored is not what it was when the round was frozen; all of it at once.
    """
    with db.reading() as session:
        rows = [row for row in store.list_rounds(session, partnership) if row.root]
        words = chained.load_timely_words(session, partnership)
        checked = [_check(session, row, words) for row in rows]
    faults = [fault for one in checked for fault in one.faults]
    if faults:
        raise StageError.of(f"what is stored of '{partnership}'", faults)
    return Outcome(
        stage=STAGE,
        done=" ".join(one.sentence for one in checked) or f"No round of '{partnership}' is frozen yet.",
        next=f"Anybody can check the published {CHAIN} with verify.py, and a receipt code in it.",
        counts={"rounds": len(rows)},
        ids={"partnership": partnership, **{row.round_id: row.root for row in rows}},
    )


def _check(session: Session, row: models.Round, words: dict[str, dict[str, str]]) -> _Checked:
    chain = chained.load_chain(session, row.round_id)
    faults = []
    if receipts.root(row.round_id, receipts.chain(row.round_id, chain)) != row.root:
        faults.append(f"The chain of the round '{row.round_id}' does not give its root; commitments were changed.")
    counted, held = counted_responses(session, row), set(chain)
    outside = sum(response.commitment not in held for response in counted)
    ballots = {ballot.ballot_id: ballot for ballot in counted_ballots(session, row).ballots}
    without = set(ballots) - {response.response_id for response in counted}
    if outside or without:
        faults.append(f"In the round '{row.round_id}' responses count that are not in its chain.")
    changed = sum(
        not chained.stands_for(one, words.get(one.response_id, {}), ballots.get(one.response_id)) for one in counted
    )
    if changed:
        faults.append(f"In the round '{row.round_id}' {changed} responses are not what their receipts stand for.")
    return _Checked(f"The round '{row.round_id}' holds: every response that counts is in its chain.", tuple(faults))
