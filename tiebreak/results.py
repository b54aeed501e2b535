"""Results at the edge: from typed results to what JSON holds. Nothing else turns one into JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any


def to_json(value: Any) -> Any:
    """A result in plain JSON types.

    A dataclass becomes a mapping in the order of its fields; tuples and sets become lists, numpy
    scalars Python's; a number that JSON lacks (an infinity, nan) becomes its text.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_json(item) for item in value]
    if hasattr(value, "item") and not isinstance(value, str | bytes):  # a numpy scalar
        value = value.item()
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return value
