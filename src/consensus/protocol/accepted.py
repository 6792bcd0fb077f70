"""A declaration that was accepted once, read back as it was declared, whatever rules came later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from consensus.errors import ProtocolError
from consensus.protocol.words import Words

__all__ = ["as_declared"]

M = TypeVar("M", bound=BaseModel)


def as_declared(part: type[M], content: Mapping[str, Any], first: str) -> M:
    """Return a part of a protocol with every value as it was declared; what keeps the rules is checked, the rest kept.

    Parameters
    ----------
    part
        The section's type.
    content
        What was declared, by key; keys that the type does not have are passed over.
    first
        The language of texts without a table.

    Raises
    ------
    ProtocolError
        An instant is missing: nothing can stand for it.

    Examples
    --------
    >>> from consensus.protocol.model import Group
    >>> as_declared(Group, {"id": "Old Id", "name": "Carers", "colour": "red"}, "en").id
    'Old Id'
    """
    values: dict[str, Any] = {}
    for name, field in part.model_fields.items():
        key = field.alias or name
        if key in content:
            kind = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
            values[name] = _value(kind, content[key], first)
        elif field.is_required():
            values[name] = _nothing(field.annotation, key)
        else:
            values[name] = field.get_default(call_default_factory=True)
    return part.model_construct(**values)


def _value(kind: Any, value: Any, first: str) -> Any:
    """Return a value of a kind: checked where it keeps the rules, else as much of it as keeps them, else as it is."""
    try:
        return TypeAdapter(kind).validate_python(value, context={"first": first})
    except ValidationError:
        pass
    kinds = _kinds(kind)
    models = [each for each in kinds if isinstance(each, type) and issubclass(each, BaseModel)]
    if isinstance(value, list | tuple):
        within = next((get_args(each)[0] for each in kinds if get_origin(each) is tuple), Any)
        return tuple(_value(within, each, first) for each in value)
    if models:
        told = value if isinstance(value, Mapping) else {"id": value, "label": value}  # a choice written as a text
        return as_declared(models[0], told, first)
    if Words in kinds:
        texts = {str(language): str(text) for language, text in value.items()} if isinstance(value, Mapping) else value
        return Words.of(texts if isinstance(texts, dict) else str(texts), first=first)
    return value


def _kinds(kind: Any) -> list[Any]:
    """Return the kinds of which a value may be one."""
    if get_origin(kind) is Annotated:
        return _kinds(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return [one for each in get_args(kind) for one in _kinds(each)]
    return [kind]


def _nothing(kind: Any, key: str) -> Any:
    """Return what stands for a value that was not declared when nobody had to."""
    for one in _kinds(kind):
        if one is datetime:
            break
        if isinstance(one, type) and issubclass(one, BaseModel):
            return as_declared(one, {}, "en")
        empty: dict[Any, Any] = {tuple: (), str: "", int: 0, float: 0.0, bool: False, Words: Words("")}
        if (get_origin(one) or one) in empty:
            return empty[get_origin(one) or one]
    raise ProtocolError(f"The stored protocol has no {key!r}, for which nothing can stand; declare it anew.")
