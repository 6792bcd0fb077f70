"""Columns as the migrations write them: types under short names, which later versions leave as they are."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

__all__ = ["binary", "boolean", "instant", "integer", "number", "string", "text"]


def _text_type() -> Any:
    """Return text of any length, ordered by its code points in every database."""
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _string_type() -> Any:
    return sa.String().with_variant(sa.String(collation="C"), "postgresql")


def string(name: str, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    """Return a column of short text: an id, a name, a state."""
    return sa.Column(name, _string_type(), nullable=nullable, **options)


def text(name: str, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    """Return a column of text of any length."""
    return sa.Column(name, _text_type(), nullable=nullable, **options)


def instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    """Return a column of instants in UTC."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def integer(name: str, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    """Return a column of whole numbers."""
    return sa.Column(name, sa.Integer(), nullable=nullable, **options)


def number(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    """Return a column of floating numbers."""
    return sa.Column(name, sa.Float(), nullable=nullable)


def boolean(name: str, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    """Return a column of yes and no."""
    return sa.Column(name, sa.Boolean(), nullable=nullable, **options)


def binary(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    """Return a column of bytes."""
    return sa.Column(name, sa.LargeBinary(), nullable=nullable)
