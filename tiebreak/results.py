"""Results at the edge: dataclasses as the plain types of JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from typing import Any


def to_json(value: Any) -> Any:
    """The value in plain JSON types.

    A dataclass becomes an object with its fields in order, a mapping an object, a tuple, set or
    array a list, a numpy scalar Python's own, and a float that JSON cannot write (inf, nan) its
    name as a text.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | AbstractSet):
        items = sorted(value) if isinstance(value, AbstractSet) else value
        return [to_json(item) for item in items]
    if hasattr(value, "tolist"):  # numpy's arrays and scalars, without importing numpy
        return to_json(value.tolist())
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
