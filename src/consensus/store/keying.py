"""Sheets that were keyed in: each entry of each sheet; and what was kept or withdrawn of them."""

from __future__ import annotations

from sqlmodel import Session, col, select

from consensus import models

__all__ = [
    "commitments_keyed",
    "entries_of",
    "list_entries",
    "sheet_key",
    "sheet_of",
    "withdrawn_sheets",
]

KEYED = ("paper", "telephone", "assisted")


def sheet_key(round_id: str, sheet: str) -> str:
    """Return under what a sheet is known among the links of a round; no token has it as its digest."""
    return f"sheet {round_id} {sheet}"


def sheet_of(session: Session, round_id: str, commitment: str) -> str | None:
    """Return the number of the sheet that was kept with this commitment, while the two are still joined."""
    query = (
        select(models.Participation.token_hash)
        .join(models.Response, col(models.Response.response_id) == col(models.Participation.response_id))
        .where(models.Participation.round_id == round_id, models.Response.commitment == commitment)
    )
    prefix = sheet_key(round_id, "")
    found = session.exec(query).first()
    return found.removeprefix(prefix) if found and found.startswith(prefix) else None


def withdrawn_sheets(session: Session, round_id: str) -> set[str]:
    """Return the numbers of the sheets of a round that were withdrawn."""
    prefix = sheet_key(round_id, "")
    query = select(models.Participation.token_hash).where(
        models.Participation.round_id == round_id,
        models.Participation.state == "withdrawn",
        col(models.Participation.token_hash).startswith(prefix, autoescape=True),
    )
    return {key.removeprefix(prefix) for key in session.exec(query)}


def entries_of(session: Session, round_id: str, sheet: str) -> list[models.PaperEntry]:
    """Return the entries of one sheet in their order."""
    return [entry for entry in list_entries(session, round_id) if entry.sheet == sheet]


def list_entries(session: Session, round_id: str) -> list[models.PaperEntry]:
    """Return every entry of a round by sheet and order."""
    query = select(models.PaperEntry).where(models.PaperEntry.round_id == round_id)
    return list(session.exec(query.order_by(col(models.PaperEntry.sheet), col(models.PaperEntry.entry))))


def commitments_keyed(session: Session, round_id: str) -> list[str]:
    """Return the commitments of what was keyed in for a round."""
    query = select(models.Response.commitment).where(
        models.Response.round_id == round_id, col(models.Response.mode).in_(KEYED)
    )
    return list(session.exec(query))
