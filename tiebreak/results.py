"""From typed results to JSON: at the edge alone, in the command line, the app and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any


def to_json(value: Any) -> Any:
    """A result as plain JSON types: dict, list, str, int, float, bool, None.

    A dataclass becomes a dict whose keys are its fields, in their order; mappings, tuples, lists
    and sets (sorted) are gone through; numpy's arrays and scalars become Python's. A number that is
    not finite, for which JSON has no word, becomes the text ``inf``, ``-inf`` or ``nan``. Anything
    else, such as a path, becomes its text.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (tuple, list, set, frozenset)):
        items = sorted(value) if isinstance(value, (set, frozenset)) else value
        return [to_json(item) for item in items]
    if isinstance(value, float):  # numpy's float64 among them
        return float(value) if isfinite(value) else str(float(value))
    if hasattr(value, "tolist"):  # numpy's other types, without an import of it
        return to_json(value.tolist())
    return value if value is None or isinstance(value, (str, int)) else str(value)
