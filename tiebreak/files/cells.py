"""What single cells become: clean text, labels, ids, values that JSON can hold."""

from __future__ import annotations

import json
import math
import re
from datetime import date, time
from typing import Any

from tiebreak.domain.labels import PARTS

_UNFIT = re.compile("[\0\ud800-\udfff]")  # no database keeps NUL, none stores a lone surrogate
_PARTS = re.compile("|".join(map(re.escape, PARTS)))
_REPLACEMENT = "\ufffd"


def clean_text(text: str) -> str:
    """The text with what cannot be stored replaced by U+FFFD; the same object if it is fit."""
    if text.isascii() and "\0" not in text:
        return text
    return _UNFIT.sub(_REPLACEMENT, text)


def text_cell(value: Any) -> str | None:
    """A text, not yet cleaned; None if the cell holds something else (a list, an object)."""
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return None if isinstance(value, list | tuple | dict) else _as_text(value)


def id_cell(value: Any) -> str:
    """An id as a string; empty if the cell is. 12.0, as spreadsheets write it, is 12."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return clean_text(text_cell(value) or "").strip()


def label_cell(value: Any) -> tuple[str, ...]:
    """The labels in a cell: none, one, or several if it is a list (also one written as JSON)."""
    if isinstance(value, str) and value[:1] == "[":
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return (clean_text(value).strip(),)
    if isinstance(value, list | tuple):
        return tuple(name for item in value for name in [id_cell(item)] if name)
    name = id_cell(value)
    return (name,) if name else ()


def set_cell(value: Any) -> tuple[str, ...] | None:
    """The labels in a cell where there may be any number: a list, or names parted by ; or |.

    None for an empty cell, which says nothing; an empty list says that no label applies.
    """
    if isinstance(value, str) and value[:1] != "[":
        names = [clean_text(name).strip() for name in _PARTS.split(value)]
        return tuple(name for name in names if name) or None
    if isinstance(value, str | list | tuple):
        return label_cell(value)
    return label_cell(value) or None


def plain_value(value: Any) -> Any:
    """The value as JSON knows it, with texts cleaned; what it does not know, as text."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(k)): plain_value(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return clean_text(_as_text(value))


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    # datetime is a date
    return value.isoformat() if isinstance(value, date | time) else str(value)
