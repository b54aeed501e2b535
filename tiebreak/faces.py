"""Faces of rooms: the names that a folder gives to others, each loaded when it is first asked for.

A face costs nothing to import, so that a command loads what it uses and no more. Static readers
(mypy, the docs) see the same names in the face's ``TYPE_CHECKING`` block; a test compares both.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazy_face(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """A module's ``__getattr__`` that finds names where they are defined.

    Args:
        package: the room, ``__name__`` in its ``__init__``.
        homes: by module of the room the names that it gives, parted by spaces.
    """
    home_of = {name: module for module, names in homes.items() for name in names.split()}

    def find(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{home_of[name]}"), name)

    return find
