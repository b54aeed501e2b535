"""Name to implementation, by convention ``tiebreak/<area>/<kind>/<name>.py``, else entry points.

A module found so has ``create(**settings)``. A folder whose modules make several kinds each has a
table ``VARIANTS`` of name to (module, settings). Third parties join with an entry point in the
group ``tiebreak.<kind>`` that names such a function.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from functools import partial
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
    folder, variants = files(f"tiebreak.{AREAS[kind]}") / kind, _variants(kind)
    ours = {e.name[:-3] for e in folder.iterdir() if e.name.endswith(".py") and e.name[0] != "_"}
    ours = ours - {module for module, _ in variants.values()} | variants.keys()
    return sorted(ours | {e.name for e in entry_points(group=f"tiebreak.{kind}")})


def find(kind: str, name: str) -> Callable[..., Any]:
    """The ``create`` function of an implementation; an unknown name lists the known ones."""
    variants = _variants(kind)
    shared = {module for module, _ in variants.values()}
    if name.isidentifier() and not name.startswith("_") and name not in shared:
        file, settings = variants.get(name, (name, {}))
        module = f"tiebreak.{AREAS[kind]}.{kind}.{file}"
        if importlib.util.find_spec(module) is not None:
            create: Callable[..., Any] = importlib.import_module(module).create
            return partial(create, **settings) if settings else create
    for entry in entry_points(group=f"tiebreak.{kind}", name=name):
        loaded: Callable[..., Any] = entry.load()
        return loaded
    raise ConfigError(
        f"There is no {kind[:-1]} {name!r}.", mend=f"Known: {', '.join(known(kind))}."
    )


def _variants(kind: str) -> Mapping[str, tuple[str, Mapping[str, object]]]:
    package = importlib.import_module(f"tiebreak.{AREAS[kind]}.{kind}")
    return getattr(package, "VARIANTS", {})
