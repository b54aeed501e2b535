"""JSON as text that every engine can hold."""

from __future__ import annotations

import json
from typing import Any

from tiebreak.errors import InputError

_READABLE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_ASCII = json.JSONEncoder(separators=(",", ":"))


def storable(text: str) -> bool:
    """Whether a database can hold the text as it is: no NUL, no half of a surrogate pair."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def encode_json(value: Any) -> str:
    """Compact JSON, readable unless it would hold a lone surrogate; `InputError` if not JSON."""
    try:
        text = _READABLE.encode(value)
        return text if storable(text) else _ASCII.encode(value)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"The value {value!r:.200} cannot be written as JSON ({error}).",
            mend="Keep only texts, numbers, true, false, null, lists and mappings in it.",
        ) from error


def decode_json(text: str) -> Any:
    """What `encode_json` wrote; tuples have become lists."""
    return json.loads(text)
