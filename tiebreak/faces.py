"""Faces of rooms: the names that a folder gives to others, each loaded when it is first asked for.

A face says once, in its ``TYPE_CHECKING`` block, which module has which name: for mypy, for the
docs, and for `lazy_face`, which reads it there. So a face costs nothing to import, and a command
loads what it uses and no more.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
from collections.abc import Callable
from functools import cache
from importlib.abc import InspectLoader
from typing import Any


def lazy_face(package: str) -> Callable[[str], Any]:
    """A module's ``__getattr__`` that finds names where the face of *package* says they are."""

    def find(name: str) -> Any:
        home = homes(package).get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(home), name)

    return find


@cache
def homes(package: str) -> dict[str, str]:
    """The module of each name that a face gives, read from the face's source."""
    spec = importlib.util.find_spec(package)
    loader = spec.loader if spec is not None else None
    source = loader.get_source(package) if isinstance(loader, InspectLoader) else None
    return {
        alias.name: statement.module
        for block in ast.parse(source or "").body
        if isinstance(block, ast.If) and getattr(block.test, "id", "") == "TYPE_CHECKING"
        for statement in block.body
        if isinstance(statement, ast.ImportFrom) and statement.module
        for alias in statement.names
    }
