"""The types of columns: instants in UTC, and text without a limit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text, TypeDecorator
from sqlmodel import Field

__all__ = ["Instant", "instant", "text"]


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
