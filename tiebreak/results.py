"""Typed results as JSON, at the edge: the command line, the wire, files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any


def to_json(value: Any) -> Any:
    """A result as plain JSON types; the order of a dataclass's fields is the order of its keys.

    Tuples become lists, numpy's scalars and arrays Python's own, a number that is not finite the
    text ``inf``, ``-inf`` or ``nan``.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: to_json(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(part) for part in value]
    if hasattr(value, "tolist"):  # of numpy, which need not be loaded for this
        return to_json(value.tolist())
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return value
