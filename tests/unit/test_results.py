"""Typed results become plain JSON, in the order of their fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, nan

import numpy as np

from tiebreak.results import to_json


@dataclass(frozen=True, slots=True)
class Inner:
    z: float
    a: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outer:
    last: Inner | None
    by_name: Mapping[str, Inner]
    values: object


def test_fields_keep_their_order_all_the_way_down() -> None:
    made = to_json(Outer(Inner(0.5, (2, 1)), {"b": Inner(1.0, ()), "a": Inner(2.0, (3,))}, None))
    assert json.dumps(made) == (
        '{"last": {"z": 0.5, "a": [2, 1]}, '
        '"by_name": {"b": {"z": 1.0, "a": []}, "a": {"z": 2.0, "a": [3]}}, "values": null}'
    )


def test_what_json_does_not_know_is_plain() -> None:
    values = [np.float64(0.25), np.int64(3), np.bool_(True), np.array([[1.5], [inf]]), -inf, nan]
    made = to_json(Outer(None, {}, values))["values"]
    assert made == [0.25, 3, True, [[1.5], ["inf"]], "-inf", "nan"]
    assert [type(one) for one in made[:3]] == [float, int, bool]
