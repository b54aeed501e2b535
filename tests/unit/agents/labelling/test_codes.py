from __future__ import annotations

import math
from collections import Counter

import pytest

from tiebreak.agents.labelling import codes

NAMES = ("a", "b", "c", "d")


def logs(**chances: float) -> list[tuple[str, float]]:
    return [(token, math.log(p)) for token, p in chances.items()]


def test_codes_are_permuted_by_text_and_seed_and_by_nothing_else() -> None:
    assert codes.assign_codes(NAMES, 0, "x") == codes.assign_codes(NAMES, 0, "x")
    assert list(codes.assign_codes(NAMES, 0, "x")) == ["A", "B", "C", "D"]
    first = Counter(codes.assign_codes(NAMES, 0, f"text {i}")["A"] for i in range(2000))
    assert min(first.values()) > 400  # 500 each, were it exactly fair


def test_the_confidence_is_renormalised_over_the_codes() -> None:
    table = dict(zip("AB", ("spam", "ham"), strict=True))
    scored = codes.score(logs(A=0.3, The=0.5, B=0.1), table)
    assert scored is not None
    assert scored.label == "spam"
    assert scored.confidence == pytest.approx(0.75)


def test_a_space_before_a_code_counts_to_the_same_code() -> None:
    table = dict(zip("AB", ("spam", "ham"), strict=True))
    scored = codes.score([("A", math.log(0.3)), ("B", math.log(0.4)), (" A", math.log(0.2))], table)
    assert scored is not None
    assert scored.label == "spam"
    assert scored.confidence == pytest.approx(0.5 / 0.9)


def test_a_code_that_is_not_listed_is_unknown_and_not_impossible() -> None:
    table = dict(zip("ABC", ("x", "y", "z"), strict=True))
    scored = codes.score(logs(A=0.02, Well=0.01), table)
    assert scored is not None
    assert scored.confidence == pytest.approx(0.02 / (0.02 + 2 * 0.01))


def test_no_code_in_the_list_is_no_answer() -> None:
    assert codes.score(logs(Well=0.5, a=0.3), {"A": "spam", "B": "ham"}) is None


def test_the_table_is_read_back() -> None:
    table = codes.assign_codes(["x", "y"], 0, "")
    said = codes.code_table(table, {"x": "an unknown"})
    read = codes.read_table(f"Task.\n{said}\nThat was it.")
    assert read == {c: "x: an unknown" if n == "x" else n for c, n in table.items()}
