"""Faces give what they say, and nothing has the name of a module beside it."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest
from measure import ROOT

from tiebreak.faces import homes

FACES = sorted(
    ".".join(file.relative_to(ROOT).parent.parts)
    for file in (ROOT / "tiebreak").rglob("__init__.py")
    if "lazy_face(__name__)" in file.read_text(encoding="utf-8")
)


def test_rooms_have_faces() -> None:
    assert len(FACES) > 18


@pytest.mark.parametrize("package", FACES)
def test_a_face_gives_each_name_that_it_says(package: str) -> None:
    face = importlib.import_module(package)
    assert homes(package)
    for name, home in homes(package).items():
        given = getattr(face, name)
        assert given is getattr(importlib.import_module(home), name)
        assert not isinstance(given, ModuleType), "a module of this name hides it"
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        _ = face.no_such_name
