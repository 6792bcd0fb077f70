"""Registering a partnership, and amending its protocol once a round has opened."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from consensus import models, store
from consensus.errors import ProtocolError, StageError
from consensus.protocol import FILES, Protocol, Survey, read_protocol, reworded_items, version_faults
from consensus.steps.outcome import Outcome
from consensus.store import Store

__all__ = ["ROUND_KINDS", "freeze_protocol", "register"]

ROUND_KINDS = ("gather", "interim")


def register(db: Store, folder: Path | str, *, by: str, now: datetime, why: str = "") -> Outcome:
    """Register a partnership's folder, or take in what changed in it.

    Before the first round opens a changed protocol simply replaces the one there is. Afterwards it is an amendment, and
    needs `why`.

    Raises
    ------
    ProtocolError
        Every fault of the folder's files at once; or a survey by which people could answer already has other words
        under the same version.
    StageError
        The protocol changed after its first round opened, and no reason was given.
    """
    folder = Path(folder)
    protocol = read_protocol(folder)
    texts = {name: (folder / name).read_text(encoding="utf-8-sig") for name in FILES}
    with db.writing() as session:
        before = session.get(models.Partnership, protocol.id)
        changed = before is not None and before.protocol_hash != protocol.hash
        if changed and before is not None and before.frozen_at is not None:
            _amend(session, protocol, by=by, now=now, why=why)
        store.save_protocol(session, protocol, texts, by=by, at=now, why=why)
        _plan_rounds(session, protocol)
    what = "is registered" if before is None else "has a changed protocol" if changed else "was registered already"
    return Outcome(
        stage="init",
        done=f"The partnership '{protocol.id}' ({protocol.partnership.title}) {what}: "
        f"{len(protocol.groups)} stakeholder groups, protocol {protocol.hash[:12]}.",
        next=f"Its first survey opens by itself at its date, while `consensus up` runs; or import answers collected "
        f"elsewhere: `consensus import answers FILE --partnership {protocol.id}`.",
        counts={"stakeholder groups": len(protocol.groups), "categories": len(protocol.categories)},
        ids={"partnership": protocol.id, "protocol": protocol.hash},
    )


def _amend(session: Session, protocol: Protocol, *, by: str, now: datetime, why: str) -> None:
    if not why.strip():
        raise StageError(
            f"The protocol of '{protocol.id}' is frozen since its first round opened; give the reason of the "
            "amendment (`consensus init FOLDER --why '...'`) and it is recorded."
        )
    reworded, faults = {}, []
    for kind, asked in _asked_so_far(session, protocol.id).items():
        after: Survey = getattr(protocol, kind)
        faults += version_faults(f"{kind}.toml", asked, after)
        if after.hash != asked[-1].hash:
            reworded[kind] = {"version": after.version, "items": reworded_items(asked[-1], after)}
    if faults:
        raise ProtocolError.of("the amendment", faults)
    value = {"hash": protocol.hash, **({"reworded": reworded} if reworded else {})}
    store.append_decision(session, protocol.id, "amendment", protocol.id, value, by=by, at=now, why=why)


def _asked_so_far(session: Session, partnership: str) -> dict[str, list[Survey]]:
    """Return, for each kind of round that has opened, the surveys by which people could answer, the last one last."""
    opened: dict[str, datetime] = {}
    for row in store.list_rounds(session, partnership):
        if row.state != "draft":
            opened[row.kind] = min(row.opens_at, opened.get(row.kind, row.opens_at))
    return {
        kind: [getattr(one, kind) for one in store.load_protocols(session, partnership, since)]
        for kind, since in opened.items()
    }


def _plan_rounds(session: Session, protocol: Protocol) -> None:
    """Write every round of the protocol as a draft, or move a draft to the protocol's new dates."""
    for name, plan in protocol.rounds.named().items():
        round_id, kind = f"{protocol.id}-{name}", name.partition("-")[0]
        row = session.get(models.Round, round_id) or models.Round(
            round_id=round_id, partnership=protocol.id, kind=kind, opens_at=plan.opens, closes_at=plan.closes
        )
        if row.state == "draft":
            row.opens_at, row.closes_at = plan.opens, plan.closes
            row.grace_minutes, row.cap = plan.grace_minutes, plan.cap
            session.add(row)


def freeze_protocol(session: Session, partnership: str, now: datetime) -> None:
    """Freeze the protocol when the first round opens; later changes are amendments."""
    row = session.get(models.Partnership, partnership)
    if row is not None and row.frozen_at is None:
        row.frozen_at = now
        session.add(row)
