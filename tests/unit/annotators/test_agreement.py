"""Alpha and kappa on tables that books print, and where they are not defined."""

from __future__ import annotations

import numpy as np
import pytest

from tiebreak.annotators.agreement import (
    alpha,
    cohen_kappa,
    measured_alpha,
    of_one_label,
)
from tiebreak.annotators.unclear_labels import find_unclear
from tiebreak.errors import UsageError

# Krippendorff's example of four coders and twelve units; . is no answer
TABLE = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
UNITS = [{f"c{i}": row[u] for i, row in enumerate(TABLE) if row[u] is not None} for u in range(12)]


def test_alpha_on_the_classic_table():
    assert alpha(UNITS) == pytest.approx(0.7434, abs=5e-5)


def test_a_unit_with_one_answer_changes_nothing():
    assert alpha(UNITS[:-1]) == alpha(UNITS)  # the last unit has one coder


def test_two_coders_by_hand():
    # 3 of 4 agree; values a 3+1, b: 8 answers, a 5, b 3: alpha = 1 - 7 * 2 / (64 - 34)
    units = [{"x": "a", "y": "a"}, {"x": "a", "y": "a"}, {"x": "b", "y": "b"}, {"x": "a", "y": "b"}]
    assert alpha(units) == pytest.approx(1 - 7 * 2 / 30)


@pytest.mark.parametrize("units", [[], [{"x": "a"}], [{"x": "a", "y": "a"}] * 5])
def test_alpha_is_not_defined(units):
    assert alpha(units) is None
    assert measured_alpha(units, np.random.default_rng(0)) is None


def test_the_interval_holds_the_value_and_narrows():
    rng = np.random.default_rng(1)
    few, many = measured_alpha(UNITS, rng), measured_alpha(UNITS * 20, rng)
    assert few is not None and many is not None
    assert few.low < few.value < few.high
    assert many.high - many.low < 0.5 * (few.high - few.low)
    assert few.n == 11
    again = measured_alpha(UNITS, np.random.default_rng(1))
    assert again == few


def test_perfect_agreement_on_few_units_proves_little():
    units = [{"x": v, "y": v} for v in "abababab"]
    found = measured_alpha(units, np.random.default_rng(0))
    assert found is not None
    # 1 - (1 - .025^(1/8)) / D_e with D_e = (256 - 128)/(16 * 15)
    assert found.low == pytest.approx(1 - (1 - 0.025 ** (1 / 8)) / (128 / 240))
    assert (found.value, found.high) == (1.0, 1.0)


def test_alpha_interval_covers():
    """Units of three coders who copy the truth with probability .8: the interval covers alpha's
    value in a large sample in at least 90 % of 120 small samples (nominal 95 %)."""
    rng = np.random.default_rng(3)

    def sample(n):
        truth = rng.integers(0, 3, (n, 1))
        keep = rng.random((n, 3)) < 0.8
        said = np.where(keep, truth, rng.integers(0, 3, (n, 3)))
        return [dict(zip("xyz", row, strict=True)) for row in said.tolist()]

    truth = alpha(sample(20_000))
    hits = 0
    for _ in range(120):
        found = measured_alpha(sample(80), rng, draws=300)
        hits += found.low <= truth <= found.high
    assert hits >= 108


def test_kappa_by_hand():
    first, second = ["a"] * 50 + ["b"] * 50, ["a"] * 45 + ["b"] * 5 + ["a"] * 15 + ["b"] * 35
    found = cohen_kappa(first, second)  # p_o .8, p_e .5 * .6 + .5 * .4 = .5
    assert found is not None
    assert found.value == pytest.approx(0.6)
    assert found.low < 0.6 < found.high
    # Clopper-Pearson of 80/100 is [.7082, .8733]
    assert found.low == pytest.approx((0.70816 - 0.5) / 0.5, abs=1e-4)
    assert found.high == pytest.approx((0.87334 - 0.5) / 0.5, abs=1e-4)


def test_kappa_of_full_agreement_has_a_width():
    found = cohen_kappa(["a", "b", "c"] * 3, ["a", "b", "c"] * 3)
    assert found is not None
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx((0.025 ** (1 / 9) - 1 / 3) / (2 / 3))


def test_kappa_is_not_defined_or_refused():
    assert cohen_kappa([], []) is None
    assert cohen_kappa(["a"] * 4, ["a"] * 4) is None
    with pytest.raises(UsageError, match="3 answers cannot be paired with 2"):
        cohen_kappa(["a"] * 3, ["a"] * 2)


def test_labels_that_are_mixed_up_are_to_merge_and_a_lone_one_to_hide():
    def unit(x, y):
        return {"x": (x,), "y": (y,)}

    mixed = [unit("bug", "fault"), unit("fault", "bug")] * 8 + [unit("bug", "bug")] * 4
    clear = [unit("praise", "praise")] * 20 + [unit("price", "price")] * 20
    # "other" is answered by others with every label in turn
    lone = [unit("other", x) for x in ("praise", "price") * 8]
    found = {
        u.label: u for u in find_unclear(mixed + clear + lone, ["bug", "fault", "other", "price"])
    }
    assert found["bug"].other == "fault" and found["fault"].other == "bug"
    assert found["other"].other is None
    assert "price" not in found
    assert found["other"].units == 16


def test_a_label_hardly_ever_given_is_left_alone():
    units = [{"x": ("a",), "y": ("b",)}] * 9
    assert find_unclear(units, ["a", "b"]) == ()
    assert {u.label for u in find_unclear([*units, units[0]], ["a", "b"])} == {"a", "b"}


def test_sets_are_compared_label_by_label():
    units = [{"x": ("a", "b"), "y": ("a",)}, {"x": (), "y": ()}]
    assert of_one_label(units, "b") == [{"x": True, "y": False}, {"x": False, "y": False}]
