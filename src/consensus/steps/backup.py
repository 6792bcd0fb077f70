"""A backup of a running system's database."""

from __future__ import annotations

from pathlib import Path

from consensus.steps.outcome import Outcome
from consensus.store import Store
from consensus.store.copies import copy_database

__all__ = ["back_up"]


def back_up(db: Store, path: Path) -> Outcome:
    """Copy the database into a new file, as it stands at one moment, while people go on taking part.

    Raises
    ------
    StageError
        It is on PostgreSQL; the sentence names the command that copies it.
    DataError
        The file is there already, or cannot be written.
    """
    size = copy_database(db, path)
    return Outcome(
        stage="backup",
        done=f"{path} holds the whole database as it was at one moment ({size:,} bytes); only you can read it.",
        next="keep it encrypted, secret.key apart from it, and delete it once a round that it holds is unlinked or "
        "somebody has withdrawn.",
        ids={"backup": str(path)},
    )
