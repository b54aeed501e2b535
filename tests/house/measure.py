"""How the house stands: ``python tests/house/measure.py [--root TREE] [--list] [--page]``.

``--list`` names what stands behind the counts; ``--page`` writes docs/journeys.md. ``--root`` reads
another checkout, whose journeys may start elsewhere.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path

import figures
from journeys import JOURNEYS, files_along, page
from tree import Tree
from words import DIALECT, TERMS

ROOT = Path(__file__).resolve().parents[2]
PAGE = "docs/journeys.md"


@dataclass(frozen=True)
class Figure:
    """A count or a share, and what stands behind it; NaN where it cannot be counted."""

    name: str
    value: float
    behind: Sequence[str] = ()

    def __str__(self) -> str:
        shown = f"{self.value:,}" if isinstance(self.value, int) else f"{self.value:.3f}"
        return f"{self.name:<52} {shown:>8}"


def measured(tree: Tree) -> list[Figure]:
    """Every figure of the house."""
    room, share = figures.biggest_share(tree)
    words = sum(figures.identifiers(tree).values(), Counter())
    banned = figures.banned(tree)
    twice = figures.names_defined_twice(tree)
    small = figures.small_modules(tree)
    return [
        _counts("lines", figures.lines_by_room(tree)),
        Figure("biggest folder's share", share, [room]),
        _circles("import circles", figures.circles(tree)),
        _circles("import circles, types included", figures.circles_of_types(tree)),
        _circles("circles among folders", figures.circles_of_folders(tree)),
        Figure("public names defined twice", len(twice), [f"{n}: {w}" for n, w in twice.items()]),
        _counts("untyped mappings in signatures", figures.untyped_signatures(tree)),
        _listed("modules over 300 lines", figures.big_modules(tree)),
        _listed("modules of at most 60 lines with one user", small),
        _counts("imports past a room's face", figures.past_faces(tree)),
        _counts("identifiers of the dialect", {w: words[w] for w in DIALECT}),
        _counts("identifiers of the ban list", {r: c.total() for r, c in banned.items()}),
        Figure(f"terms, of {len(TERMS)}, that name one file", len(figures.findable_terms(tree))),
        *_journeys(tree),
    ]


def _journeys(tree: Tree) -> list[Figure]:
    counted: list[Figure] = []
    for journey in JOURNEYS:
        try:
            files = files_along(tree, journey)
        except LookupError as problem:
            counted.append(Figure(journey.name, nan, [str(problem)]))
        else:
            counted.append(Figure(journey.name, len(files), [m.path.as_posix() for m in files]))
    return counted


def _counts(name: str, counts: Mapping[str, int]) -> Figure:
    most_first = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return Figure(name, sum(counts.values()), [f"{what}: {n:,}" for what, n in most_first if n])


def _listed(name: str, items: Mapping[str, object]) -> Figure:
    return Figure(name, len(items), [f"{what}: {value}" for what, value in items.items()])


def _circles(name: str, circles: Sequence[Sequence[str]]) -> Figure:
    return Figure(name, len(circles), [" ↔ ".join(circle) for circle in circles])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--list", action="store_true", help="name what is behind each count")
    parser.add_argument("--page", action="store_true", help=f"write {PAGE}")
    options = parser.parse_args()
    tree = Tree(options.root)
    if options.page:
        (options.root / PAGE).write_text(page(tree), encoding="utf-8")
    for figure in measured(tree):
        print(figure)
        if options.list:
            print(*(f"    {line}" for line in figure.behind), sep="\n")


if __name__ == "__main__":
    main()
