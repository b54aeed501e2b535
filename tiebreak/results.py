"""Results at the edge: from typed results to what JSON holds. Nothing else turns one into JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from math import isfinite
from typing import Any

_KEY, _PREFIX, _OPTIONAL = "json_key", "json_prefix", "json_optional"


def json_key(key: str) -> Mapping[str, Any]:
    """Metadata of a field whose key in JSON is no name in Python."""
    return {_KEY: key}


def json_prefix(prefix: str) -> Mapping[str, Any]:
    """Metadata of a field that is a mapping or a dataclass: its items stand among the other fields,
    each key with *prefix* before it."""
    return {_PREFIX: prefix}


JSON_OPTIONAL: Mapping[str, Any] = {_OPTIONAL: True}
"""Metadata of a field that JSON leaves out where it is None."""


def key_in_json(field: Field[Any]) -> str:
    """The key of a dataclass's field in JSON; ``PREFIX…`` for one with a prefix."""
    if _PREFIX in field.metadata:
        return f"{field.metadata[_PREFIX]}…"
    return str(field.metadata.get(_KEY, field.name))


def to_json(value: Any) -> Any:
    """A result in plain JSON types.

    A dataclass becomes a mapping in the order of its fields; tuples and sets become lists, numpy
    scalars Python's; a number that JSON lacks (an infinity, nan) becomes its text.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return _mapping_of(value)
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_json(item) for item in value]
    if hasattr(value, "item") and not isinstance(value, str | bytes):  # a numpy scalar
        value = value.item()
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return value


def _mapping_of(result: Any) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for field in fields(result):
        item, prefix = to_json(getattr(result, field.name)), field.metadata.get(_PREFIX)
        if prefix is not None:
            made.update({f"{prefix}{key}": part for key, part in item.items()})
        elif item is not None or _OPTIONAL not in field.metadata:
            made[key_in_json(field)] = item
    return made
