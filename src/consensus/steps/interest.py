"""Those who want to hear the outcome or to come to the workshop; nothing joins them to an answer."""

from __future__ import annotations

import secrets

from consensus import models
from consensus.store import Store

__all__ = ["express_interest"]


def express_interest(db: Store, partnership: str, email: str, *, outcome: bool, workshop: bool) -> None:
    """Keep an address for the outcome or the workshop, by itself: no answer, link or time is beside it."""
    with db.writing() as session:
        session.add(
            models.Interest(
                interest_id=secrets.token_hex(10),
                partnership=partnership,
                email=email,
                outcome=outcome,
                workshop=workshop,
            )
        )
