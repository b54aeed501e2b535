"""Name to implementation, by convention ``tiebreak/<area>/<kind>/<name>.py``, else entry points.

A module found so has ``create(**settings)``. Third parties join with an entry point in the group
``tiebreak.<kind>`` that names such a function.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from importlib.metadata import entry_points
from importlib.resources import files
from typing import Any

from tiebreak.errors import ConfigError

AREAS = {
    "embedders": "retrieval",
    "indexes": "retrieval",
    "strategies": "learner",
    "classifiers": "learner",
    "set_classifiers": "learner",
}


def known(kind: str) -> list[str]:
    """Names that can be had, ours and third parties', sorted."""
    folder = files(f"tiebreak.{AREAS[kind]}") / kind
    ours = {e.name[:-3] for e in folder.iterdir() if e.name.endswith(".py") and e.name[0] != "_"}
    return sorted(ours | {e.name for e in entry_points(group=f"tiebreak.{kind}")})


def find(kind: str, name: str) -> Callable[..., Any]:
    """The ``create`` function of an implementation; an unknown name lists the known ones."""
    if name.isidentifier() and not name.startswith("_"):
        module = f"tiebreak.{AREAS[kind]}.{kind}.{name}"
        if importlib.util.find_spec(module) is not None:
            create: Callable[..., Any] = importlib.import_module(module).create
            return create
    for entry in entry_points(group=f"tiebreak.{kind}", name=name):
        loaded: Callable[..., Any] = entry.load()
        return loaded
    raise ConfigError(
        f"There is no {kind[:-1]} {name!r}.", mend=f"Known: {', '.join(known(kind))}."
    )
