"""The curves as SVG: well-formed, everything inside the picture, names that do not overlap."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from tiebreak.report.charts import DOCUMENT, Curve, moved_apart, round_step
from tiebreak.simulation.report import simulation_svg

SVG = "{http://www.w3.org/2000/svg}"


def drawn(
    names: tuple[str, ...] = ("margin", "random_uniform"),
    *,
    seeds: int = 3,
    data: str = "a <b> & c.csv",
) -> str:
    accuracy = [0.41, 0.63, 0.78, 0.812]
    ends = seeds > 1
    curves = [
        Curve(
            name=name,
            labels=[16, 32, 48, 60],
            accuracy=[a - 0.01 * at for a in accuracy],
            low=[a - 0.05 if ends else None for a in accuracy],
            high=[a + 0.05 if ends else None for a in accuracy],
        )
        for at, name in enumerate(names)
    ]
    return simulation_svg(curves, name=data, test=300, seeds=seeds, targets=[0.8, 0.99])


def read(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def test_it_is_an_svg_with_a_curve_a_band_and_a_name_for_each() -> None:
    root = read(drawn())
    assert root.tag == f"{SVG}svg"
    assert len(root.findall(f"{SVG}polyline")) == len(root.findall(f"{SVG}polygon")) == 2
    assert root.find(f"{SVG}title").text == "a <b> & c.csv: accuracy on 300 test records"  # type: ignore[union-attr]
    texts = [x.text for x in root.findall(f"{SVG}text")]
    assert "margin 81.2" in texts
    assert "random_uniform 80.2" in texts
    assert "labels by people" in texts
    assert {"0", "20", "40", "60", "40 %", "90 %"} <= set(texts)
    assert "prefers-color-scheme:dark" in (root.find(f"{SVG}style").text or "")  # type: ignore[union-attr]
    # of the two targets one is on the picture
    assert len([x for x in root.findall(f"{SVG}line") if x.get("class") == "target"]) == 1


def test_everything_is_inside_the_picture() -> None:
    root = read(drawn((*(f"strategy_{i}" for i in range(9)), "random_uniform")))
    numbers = []
    for shape in root:
        points = shape.get("points") or ""
        numbers += [tuple(map(float, p.split(","))) for p in points.split()]
        numbers += [(float(shape.get("x", 0)), float(shape.get("y", 0)))]
    assert len(numbers) > 80
    assert all(0 <= x <= DOCUMENT.width and 0 <= y <= DOCUMENT.height for x, y in numbers)


def test_one_seed_has_no_band_and_says_so() -> None:
    root = read(drawn(seeds=1))
    assert root.findall(f"{SVG}polygon") == []
    assert "one seed, so no interval" in [x.text for x in root.findall(f"{SVG}text")]


def test_equal_figures_give_equal_bytes_and_curves_differ_beside_colour() -> None:
    svg = drawn()
    assert svg == drawn()
    dash = re.search(r"\.line\.s1\{stroke-dasharray:([^}]*)\}", svg)
    assert dash is not None
    assert dash[1] == "7 4"
    assert ".line.s0{stroke-dasharray:none}" in svg


def test_a_long_name_is_cut() -> None:
    assert "x" * 49 + "…: accuracy" in drawn(data="x" * 300)


@pytest.mark.parametrize(("span", "step"), [(0.7, 0.1), (0.25, 0.05), (128, 20), (770, 100)])
def test_ticks_are_round(span: float, step: float) -> None:
    assert round_step(span, 8) == pytest.approx(step)


@given(st.lists(st.floats(50, 400), min_size=1, max_size=12))
def test_names_are_moved_apart_and_stay_inside(wanted: list[float]) -> None:
    placed = moved_apart(wanted, 15, 50, 400)
    order = sorted(placed)
    assert all(b - a >= 15 - 1e-6 for a, b in pairwise(order))
    assert order[0] >= 50 - 1e-6
    assert order[-1] <= 400 + 1e-6


def test_names_with_room_stay_where_they_are() -> None:
    assert moved_apart([300, 100, 200], 15, 50, 400) == [300, 100, 200]
