"""The contracts of the house: what may only fall, and where each figure is to arrive.

``python tests/house/measure.py --list`` says what stands behind a figure. A ceiling is lowered when
the figure has fallen; it is not raised.
"""

from __future__ import annotations

from pathlib import Path

import figures
import journeys
import pytest
from measure import PAGE, ROOT, Figure, measured
from tree import Tree

CEILINGS: dict[str, tuple[float, float | None]] = {  # what: (today's, to reach)
    "lines": (34_850, 31_000),
    "biggest folder's share": (0.142, 0.16),
    "import circles": (0, 0),
    "import circles, types included": (3, 0),
    "circles among folders": (0, 0),
    "public names defined twice": (0, 15),
    "untyped mappings in signatures": (18, 20),
    "modules over 300 lines": (1, None),
    "modules of at most 60 lines with one user": (13, None),
    "imports past a room's face": (0, None),
    "identifiers of the dialect": (3, None),
    "text → card": (46, 28),
    "answer → head": (28, 18),
    "candidate → export": (32, 18),
    "LLM reply → suggestion": (13, 13),
}
DEFINED_TWICE: frozenset[str] = frozenset()
"""Public names that two modules still define. May only shrink."""
OVER_300 = frozenset({"tiebreak.report.results"})
"""Modules of more than 300 lines. May only shrink."""


@pytest.fixture(scope="module")
def by_name(tree: Tree) -> dict[str, Figure]:
    return {figure.name: figure for figure in measured(tree)}


@pytest.mark.parametrize("name", CEILINGS)
def test_it_is_not_above_its_ceiling(by_name: dict[str, Figure], name: str) -> None:
    figure, (ceiling, _) = by_name[name], CEILINGS[name]
    assert figure.value <= ceiling, "\n".join([str(figure), *figure.behind])


def test_no_further_name_is_defined_twice(tree: Tree) -> None:
    assert figures.names_defined_twice(tree).keys() <= DEFINED_TWICE


def test_no_further_module_is_over_300_lines(tree: Tree) -> None:
    assert figures.big_modules(tree).keys() <= OVER_300


def test_every_excused_edge_still_needs_it(tree: Tree) -> None:
    assert figures.unused_edges(tree) == [], "strike them from figures.JSON_EDGES"


def test_the_page_of_journeys_is_fresh(tree: Tree) -> None:
    written = (ROOT / PAGE).read_text(encoding="utf-8")
    assert written == journeys.page(tree), "run: python tests/house/measure.py --page"


def test_benchmarks_do_not_import_each_other_in_circles() -> None:
    assert figures.circles(Tree(ROOT, "benchmarks")) == []


# -- that the figures count what they say, on a small house


HOUSE = {
    "tiebreak/__init__.py": '"""Face."""\n',
    "tiebreak/errors.py": "class Fault(Exception): ...\n",
    "tiebreak/domain/__init__.py": "",
    "tiebreak/domain/types.py": "class Card: ...\n",
    "tiebreak/shop/__init__.py": "from tiebreak.shop.sell import sell\n",
    "tiebreak/shop/sell.py": (
        "from typing import TYPE_CHECKING, Any\n"
        "import numpy as np\n"
        "from tiebreak.domain.types import Card\n"
        "from tiebreak.errors import Fault\n"
        "from tiebreak.shop.till import Till, unused\n"
        "if TYPE_CHECKING:\n"
        "    from tiebreak.shop.late import late\n"
        "def sell(till: Till, told: dict[str, Any]) -> Card:\n"
        "    np.close()\n"
        "    till.add(1)\n"
        "    raise Fault\n"
    ),
    "tiebreak/shop/till.py": (
        "from tiebreak.stock.count import count, price\n"
        "def unused() -> None: ...\n"
        "class Till:\n"
        "    def add(self, n: int) -> None:\n"
        "        count()\n"
        "    def close(self) -> None:\n"
        "        price()\n"
    ),
    "tiebreak/shop/late.py": "from tiebreak.shop import sell\ndef late() -> None: ...\n",
    "tiebreak/stock/__init__.py": "",
    "tiebreak/stock/count.py": (
        "LEAST_ROWS = 1\n"
        "def count() -> int:\n"
        "    from tiebreak.stock.rows import rows\n"
        "    return rows(LEAST_ROWS)\n"
        "def price() -> None:\n"
        "    from tiebreak.stock.prices import sell\n"
        "    sell()\n"
    ),
    "tiebreak/stock/rows.py": (
        "import tiebreak.stock.count\ndef rows(n: int) -> int:\n    return n\n"
    ),
    "tiebreak/stock/prices.py": "def sell() -> None: ...\n",
}


@pytest.fixture
def house(tmp_path: Path) -> Tree:
    for name, text in HOUSE.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return Tree(tmp_path)


def along(house: Tree, start: str, *ends: str) -> list[str]:
    files = journeys.files_along(house, journeys.Journey("", "", (start,), ends))
    return [module.name.removeprefix("tiebreak.") for module in files]


def test_a_journey_follows_calls_through_faces_methods_and_late_imports(house: Tree) -> None:
    way = ["shop.sell", "shop.till", "stock.count", "stock.rows"]
    assert along(house, "tiebreak.shop.sell") == way  # no domain, no errors, nothing uncalled
    assert along(house, "tiebreak.shop.sell.sell") == way


def test_a_method_is_a_start_and_ends_are_counted_but_not_followed(house: Tree) -> None:
    assert along(house, "tiebreak.shop.till.Till.close") == [
        *("shop.till", "stock.count", "stock.prices"),
    ]
    assert along(house, "tiebreak.shop.sell.sell", "tiebreak.stock.count") == [
        *("shop.sell", "shop.till", "stock.count"),
    ]


@pytest.mark.parametrize(
    "start", ["tiebreak.shop.sell.buy", "tiebreak.shop.till.Till.empty", "tiebreak.gone.away"]
)
def test_a_start_that_was_renamed_is_named(house: Tree, start: str) -> None:
    with pytest.raises(LookupError, match=start):
        along(house, start)


def test_circles_are_of_modules_that_run_or_of_types_too(house: Tree) -> None:
    counts = ["tiebreak.stock.count", "tiebreak.stock.rows"]
    assert figures.circles(house) == [counts]
    face = ["tiebreak.shop", "tiebreak.shop.late", "tiebreak.shop.sell"]
    assert figures.circles_of_types(house) == [face, counts]
    assert figures.circles_of_folders(house) == []


def test_folders_that_import_each_other_are_a_circle(house: Tree, tmp_path: Path) -> None:
    (tmp_path / "tiebreak/stock/prices.py").write_text("import tiebreak.shop.late\n")
    assert figures.circles_of_folders(Tree(tmp_path)) == [["tiebreak.shop", "tiebreak.stock"]]


def test_names_signatures_sizes_and_faces_are_counted(house: Tree) -> None:
    assert figures.names_defined_twice(house) == {
        "sell": ["tiebreak.shop.sell", "tiebreak.stock.prices"]
    }
    assert figures.untyped_signatures(house) == {"tiebreak.shop.sell.sell": 1}
    assert figures.past_faces(house) == {"stock": 1}
    assert figures.small_modules(house)["tiebreak.shop.till"] == "tiebreak.shop.sell"
    assert figures.lines(house) == sum(text.count("\n") for text in HOUSE.values())


def test_banned_identifiers_are_counted_where_they_stand(house: Tree) -> None:
    counted = {room: dict(count) for room, count in figures.banned(house).items() if count}
    assert counted == {"shop": {"told": 1}, "stock": {"LEAST_ROWS": 2}}
