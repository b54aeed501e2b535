"""Column types: Python values to what both engines hold, and back without loss."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Dialect, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

from tiebreak.store.jsontext import decode_json, encode_json, storable

ESCAPE = "\ufdd0"
"""Starts a text that is stored as JSON. Unicode keeps this code point for internal use."""


class AnyText(TypeDecorator[str]):
    """Any Python text. PostgreSQL refuses NUL and both engines lone surrogates, and a paid reply
    or a user's record must not be lost for one: such texts are stored as JSON behind `ESCAPE`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or (not value.startswith(ESCAPE) and storable(value)):
            return value
        return ESCAPE + encode_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is not None and value.startswith(ESCAPE):
            return str(decode_json(value.removeprefix(ESCAPE)))
        return value


class Json(TypeDecorator[Any]):
    """Anything that JSON can hold, as text: both engines then keep the very same bytes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        return None if value is None else encode_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else decode_json(value)


class JsonTuple(Json):
    """A flat tuple (label values, ids, probabilities) as a JSON list."""

    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else tuple(decode_json(value))


class JsonOf(Json):
    """A flat dataclass as a JSON object."""

    cache_ok = True

    def __init__(self, cls: type[Any]) -> None:
        super().__init__()
        self.cls = cls

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        return None if value is None else encode_json(asdict(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else self.cls(**decode_json(value))


class HexBytes(TypeDecorator[str]):
    """A hash: hexadecimal in Python, raw bytes in the database (half the space, and the index)."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else bytes(value).hex()
