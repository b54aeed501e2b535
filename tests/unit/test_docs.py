"""The docs say what the code says: fresh references, links that lead somewhere, real names."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import yaml

from tiebreak.domain.ports import Pool

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
OUTSIDE = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md"]
"""Pages that stand outside docs/; `docs/site_hooks.py` puts them on the site."""
PAGES = [*(ROOT / name for name in OUTSIDE), *sorted(DOCS.rglob("*.md"))]
TO_BE_WRITTEN = "tiebreak/learner/strategies/confidence_ratio.py"
"""The worked example of CONTRIBUTING.md."""
TICKED = re.compile(r"`([^`\n]+)`")
ARXIV = re.compile(r"\b\d{4}\.\d{5}\b")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["commands", "configuration", "status", "results"])
def test_the_reference_is_fresh(name: str) -> None:
    written = getattr(script("make_reference"), name)()
    assert read(f"docs/{name}.md") == written, "run: python docs/make_reference.py"


def test_links_lead_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)} -> {target}"
        for page in PAGES
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def nav(part: Any) -> Iterator[str]:
    """Every page of the navigation."""
    if isinstance(part, str):
        yield part
    else:
        for inner in part.values() if isinstance(part, dict) else part:
            yield from nav(inner)


def test_every_page_is_in_the_navigation_once_and_none_is_missing() -> None:
    rooms = [f"api/{file.parent.name}.md" for file in (ROOT / "tiebreak").glob("*/__init__.py")]
    outside = ["index.md", "contributing.md", "changelog.md", "examples.md"]
    docs = [page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")]
    assert sorted(nav(yaml.safe_load(read("mkdocs.yml"))["nav"])) == sorted(docs + outside + rooms)


def test_paths_that_are_named_exist() -> None:
    """In running text; the changelog says what was there when it was written."""
    tops = {entry.name for base in (ROOT, ROOT / "tiebreak") for entry in base.iterdir()}
    missing = [
        f"{page.relative_to(ROOT)}: {word}"
        for page in PAGES
        for ticked in TICKED.findall(page.read_text(encoding="utf-8"))
        for word in ticked.split()
        if re.fullmatch(r"\w+/[\w./-]+", word) and word.split("/")[0] in tops
        if not any((base / word).exists() for base in (ROOT, ROOT / "tiebreak"))
        if word != TO_BE_WRITTEN and page.name != "CHANGELOG.md"
    ]
    assert missing == []


@cache
def defined(folder: str) -> frozenset[str]:
    """Functions, classes, their fields and values that the modules of a folder define."""
    pattern = re.compile(r"^ *(?:def|class) (\w+)|^ *(\w+)\b *[:=]", re.MULTILINE)
    return frozenset(
        name
        for file in (ROOT / "tiebreak" / folder).rglob("*.py")
        for found in pattern.findall(file.read_text(encoding="utf-8"))
        for name in found
        if name
    )


def rows(page: str, *, columns: int) -> list[list[str]]:
    """Rows of the page's tables with so many columns, heads left out."""
    lines = [line.strip("| ").split(" | ") for line in read(page).splitlines() if line[:2] == "| "]
    return [cells for cells in lines if len(cells) == columns]


def test_the_names_of_the_glossary_exist() -> None:
    cells = [
        cell for line in rows("docs/glossary.md", columns=4) for cell in TICKED.findall(line[3])
    ]
    assert len(cells) > 50
    assert [name for name in cells if not defined("").issuperset(name.split("."))] == []


def test_the_rooms_stand_as_in_the_contract_and_begin_at_what_they_have() -> None:
    contracts = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["type"] == "layers")
    by_layer = [
        {room.strip().removeprefix("tiebreak.") for room in layer.split("|")} for layer in layers
    ]
    table = [row for row in rows("docs/architecture.md", columns=4) if row[0].isdigit()]
    drawn: dict[int, set[str]] = {}
    for layer, room, _, begin in table:
        drawn.setdefault(int(layer), set()).add(room.strip("`"))
        assert defined(room.strip("`")).issuperset(TICKED.findall(begin)), room
    is_room = [layer for layer in by_layer if (ROOT / "tiebreak" / min(layer)).is_dir()]
    assert drawn == dict(enumerate(is_room, 1))


def test_every_paper_that_is_named_by_number_is_in_the_bibliography() -> None:
    files = [f for room in ("tiebreak", "benchmarks") for f in (ROOT / room).rglob("*.py")]
    named = {number for file in files for number in ARXIV.findall(file.read_text(encoding="utf-8"))}
    assert len(named) > 20
    assert named - set(ARXIV.findall(read("docs/bibliography.md"))) == set()


def test_the_example_of_a_first_change_works() -> None:
    code = re.search(r"```python\n(.*?)```", read("CONTRIBUTING.md"), re.DOTALL)
    assert code is not None
    module: dict[str, Any] = {}
    exec(code[1], module)
    pool = Pool(
        vectors=np.eye(4, dtype=np.float32),
        labelled=np.empty((0, 4), dtype=np.float32),
        probabilities=np.array([[0.9, 0.1], [0.5, 0.5], [0.6, 0.4], [1.0, 0.0]]),
        n_classes=2,
    )
    picks = module["create"]().query(pool, 3, np.random.default_rng(0))
    assert [pick.position for pick in picks] == [1, 2, 0]
    assert picks[1].utilities == {"ratio": pytest.approx(2 / 3)}
