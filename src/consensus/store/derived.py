"""What was derived: stored rankings with all that they were made from, rounds, and what each stage was made from."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlmodel import Session, col, select

from consensus import models
from consensus.digest import digest
from consensus.errors import DataError
from consensus.store.kept import pack_tables, unpack_tables

__all__ = [
    "StoredRanking",
    "list_rankings",
    "list_rounds",
    "load_derivation",
    "load_public_tables",
    "load_ranking",
    "load_round",
    "save_derivation",
    "save_public_table",
    "save_ranking",
]


class KeptTables(dict[str, pd.DataFrame]):
    """The tables of a stored order by name; asking for one that its version did not keep is a `DataError`."""

    def __init__(self, tables: Mapping[str, pd.DataFrame], row: models.Ranking) -> None:
        super().__init__(tables)
        self._row = row.ranking_id, row.package_version

    def __missing__(self, name: str) -> pd.DataFrame:
        """Raise, naming the table, the version and the remedy."""
        ranking_id, version = self._row
        raise DataError(
            f"The ranking '{ranking_id}' was stored by consensus-psp {version} without the table '{name}'; "
            "rank or combine again, which keeps the old one beside the new."
        )


@dataclass(frozen=True)
class StoredRanking:
    """An order as it was stored: what it was made from, and every table between by name."""

    ranking_id: str
    partnership: str
    round_id: str
    kind: str
    rule: str
    protocol_hash: str
    package_version: str
    ballots_digest: str
    tables: Mapping[str, pd.DataFrame]
    facts: Mapping[str, object]
    at: datetime


def save_ranking(
    session: Session, row: models.Ranking, tables: Mapping[str, pd.DataFrame], facts: Mapping[str, object]
) -> bool:
    """Keep an order under its id; return False when it is there already (the same inputs give the same id)."""
    if session.get(models.Ranking, row.ranking_id):
        return False
    row.tables = json.dumps({"frames": pack_tables(tables), "facts": dict(facts)})
    session.add(row)
    session.flush()
    return True


def load_ranking(session: Session, ranking_id: str) -> StoredRanking:
    """Return a stored order by its id, or raise a `DataError` that lists the ids there are."""
    row = session.get(models.Ranking, ranking_id)
    if row is None:
        known = ", ".join(session.exec(select(models.Ranking.ranking_id).order_by(col(models.Ranking.at)))) or "none"
        raise DataError(f"No ranking '{ranking_id}' is stored (there are: {known}).")
    try:
        kept = json.loads(row.tables)
        tables, facts = unpack_tables(kept["frames"], kept.get("index")), dict(kept.get("facts", {}))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DataError(
            f"The ranking '{ranking_id}' was stored by consensus-psp {row.package_version} in a form that this version "
            "does not read; rank or combine again, which keeps the old one beside the new."
        ) from None
    fields = {key: getattr(row, key) for key in models.Ranking.model_fields if key not in ("tables",)}
    return StoredRanking(**fields, tables=KeptTables(tables, row), facts=facts)


def list_rankings(session: Session, partnership: str, kind: str | None = None) -> list[models.Ranking]:
    """Return a partnership's stored orders, the oldest first."""
    query = select(models.Ranking).where(models.Ranking.partnership == partnership)
    if kind:
        query = query.where(models.Ranking.kind == kind)
    return list(session.exec(query.order_by(col(models.Ranking.at), col(models.Ranking.ranking_id))))


def load_round(session: Session, round_id: str) -> models.Round:
    """Return a round by its id, or raise a `DataError` that lists the rounds there are."""
    row = session.get(models.Round, round_id)
    if row is None:
        known = ", ".join(session.exec(select(models.Round.round_id).order_by(col(models.Round.round_id)))) or "none"
        raise DataError(f"No round '{round_id}' (there are: {known}).")
    return row


def list_rounds(session: Session, partnership: str | None = None) -> list[models.Round]:
    """Return the rounds of one partnership, or of all, in the order in which they open."""
    query = select(models.Round)
    if partnership:
        query = query.where(models.Round.partnership == partnership)
    return list(session.exec(query.order_by(col(models.Round.opens_at), col(models.Round.round_id))))


def save_derivation(session: Session, partnership: str, stage: str, inputs: str, at: datetime) -> None:
    """Keep the digest of what a stage's rows were just made from."""
    session.merge(models.Derivation(partnership=partnership, stage=stage, inputs=inputs, at=at))
    session.flush()


def load_derivation(session: Session, partnership: str, stage: str) -> str:
    """Return the digest of what a stage's rows were made from; empty when it never ran."""
    row = session.get(models.Derivation, (partnership, stage))
    return row.inputs if row else ""


def save_public_table(session: Session, partnership: str, name: str, table: pd.DataFrame, at: datetime) -> None:
    """Keep a table of counts as it was shown; the very same table is kept once."""
    key = (partnership, name, digest(table.reset_index()))
    if session.get(models.PublicTable, key) is None:
        content = table.to_json(orient="split")
        session.add(models.PublicTable(partnership=key[0], name=name, digest=key[2], content=content, at=at))
        session.flush()


def load_public_tables(session: Session, partnership: str, name: str) -> list[pd.DataFrame]:
    """Return every table of counts shown under a name, the oldest first; cells are text."""
    query = (
        select(models.PublicTable)
        .where(models.PublicTable.partnership == partnership, models.PublicTable.name == name)
        .order_by(col(models.PublicTable.at), col(models.PublicTable.digest))
    )
    tables = []
    for row in session.exec(query):
        table = pd.read_json(io.StringIO(row.content), orient="split", dtype=False, convert_axes=False)
        tables.append(table.astype(str))
    return tables
