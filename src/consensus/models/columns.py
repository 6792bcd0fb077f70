"""The types of columns: instants in UTC, and text without a limit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData, String, Text, TypeDecorator
from sqlmodel import Field

__all__ = ["WITHOUT_ORDER", "Instant", "instant", "order_by_code_points", "text"]

WITHOUT_ORDER = {"sqlite_with_rowid": False}
"""Rows lie in the order of their keys, and nothing keeps the order in which they came; for tables with random keys."""


class Instant(TypeDecorator[datetime]):
    """An instant in UTC; a time without a zone is refused at the door of the table."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC, as the database keeps it."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant without a time zone cannot be stored; pass one in UTC.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored instant with its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def instant(**options: Any) -> Any:
    """Return a field that holds an instant in UTC."""
    return Field(sa_type=Instant, **options)


def text(**options: Any) -> Any:
    """Return a field that holds text of any length."""
    return Field(sa_type=Text, **options)


def order_by_code_points(tables: MetaData) -> None:
    """Let PostgreSQL order text as SQLite and Python do, whatever language its database was made for."""
    for table in tables.tables.values():
        for column in table.columns:
            if isinstance(column.type, String):
                kind = type(column.type)
                column.type = column.type.with_variant(kind(collation="C"), "postgresql")
