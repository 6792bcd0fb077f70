"""What is amiss in a partnership and waits for a person, beside the next thing to do: a sentence each, for anybody."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from consensus import store
from consensus.protocol import Protocol
from consensus.steps.outbox import waiting_letters
from consensus.steps.risks import untold

__all__ = ["amiss"]


def amiss(session: Session, protocol: Protocol, now: datetime) -> list[str]:
    """Return what waits: letters that did not go, a role that is not told, a protocol that breaks a rule."""
    letters = [
        f"{row.letters!s} letters of the kind '{row.kind}' wait for a person "
        f"({row.state}: {str(row.why) or 'no word came'}); `consensus mail list --partnership {protocol.id}`."
        for row in waiting_letters(session, protocol, now).itertuples(index=False)
    ]
    role = [f"The role '{protocol.risk.role}' has not been told yet that something waits for it."]
    broken = [
        f"The protocol was accepted before a rule that it breaks: {fault} It stays in force as it is; amend it with "
        "`consensus init FOLDER --why WHY`."
        for fault in store.load_protocol_faults(session, protocol.id)
    ]
    return letters + (role if protocol.risk.email and untold(session, protocol.id) else []) + broken
