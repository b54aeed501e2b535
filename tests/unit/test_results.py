"""Typed results become plain JSON, keys in the order of the fields."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tiebreak.results import to_json


@dataclass(frozen=True, slots=True)
class Inner:
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Outer:
    zebra: tuple[Inner, ...]
    apple: Inner | None
    shares: dict[str, object]


def test_a_result_becomes_plain_types_in_the_order_of_its_fields() -> None:
    result = Outer((Inner(0.5, float("inf")),), None, {"b": np.int64(3), "a": {2, 1}})
    assert json.dumps(to_json(result), allow_nan=False) == (
        '{"zebra": [{"low": 0.5, "high": "inf"}], "apple": null, "shares": {"b": 3, "a": [1, 2]}}'
    )


def test_numpy_and_paths_become_what_json_knows() -> None:
    values = [np.float64(0.25), np.float32(-np.inf), np.bool_(True), np.arange(2), Path("a"), 1]
    plain = to_json(values)
    assert plain == [0.25, "-inf", True, [0, 1], "a", 1]
    assert [type(item) for item in plain] == [float, str, bool, list, str, int]
    assert to_json(float("nan")) == "nan"
