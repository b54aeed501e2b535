"""From typed results to JSON: at the edge alone, in the command line, the app and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Result = TypeVar("Result", bound="DataclassInstance")
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
    """A result as plain JSON types: dict, list, str, int, float, bool, None.

    A dataclass becomes a dict whose keys are its fields, in their order; mappings, tuples, lists
    and sets (sorted) are gone through; numpy's arrays and scalars become Python's. A number that is
    not finite, for which JSON has no word, becomes the text ``inf``, ``-inf`` or ``nan``. Anything
    else, such as a path, becomes its text.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return _mapping_of(value)
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


def copied(kind: type[Result], source: object, **extra: Any) -> Result:
    """A dataclass *kind* with the fields of *source* that have the same names, and *extra* ones."""
    names = (field.name for field in fields(kind) if field.name not in extra)
    return kind(**{name: getattr(source, name) for name in names}, **extra)


def _mapping_of(result: Any) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for field in fields(result):
        item, prefix = to_json(getattr(result, field.name)), field.metadata.get(_PREFIX)
        if prefix is not None:
            made.update({f"{prefix}{key}": part for key, part in item.items()})
        elif item is not None or _OPTIONAL not in field.metadata:
            made[key_in_json(field)] = item
    return made
