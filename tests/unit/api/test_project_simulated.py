"""`Project.annotate(simulated=True)`: a lookup's answer is never counted as a person's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tiebreak import Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project.create(
        tmp_path / "p", labels=["bug", "request"], agent="none", embedder="hashing"
    )
    with made:
        made.add([{"id": "a", "text": "It crashes"}, {"id": "b", "text": "Dark mode, please"}])
        yield made


def test_it_is_counted_apart(project: Project) -> None:
    project.annotate("a", "bug", who="a lookup", simulated=True)
    project.annotate("b", "request", who="ada")
    counts = project.status().labelled
    assert (counts.simulated, counts.human) == (1, 1)


def test_it_does_not_replace_what_a_person_said(project: Project, tmp_path: Path) -> None:
    project.annotate("a", "bug", who="ada")
    project.annotate("a", "request", who="a lookup", simulated=True)
    project.export(tmp_path / "out.csv", only_labelled=True)
    (row,) = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert ",bug,human,ada," in row
