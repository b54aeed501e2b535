"""Coins: re-derived, exact at the boundary, one a record."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from tiebreak.assurance.coins import Coin, coin, in_order
from tiebreak.assurance.finite import is_certified, per_file
from tiebreak.assurance.policy import PolicyContent
from tiebreak.errors import UsageError

SECRET = b"a secret of thirty-two bytes ..."


def test_a_coin_is_the_hmac_of_version_and_record() -> None:
    drawn = coin(SECRET, 17, "1-abc")
    digest = hmac.new(SECRET, b"5:1-abc17", hashlib.sha256).digest()
    assert drawn.u == Fraction(int.from_bytes(digest, "big"), 2**256)
    assert drawn == coin(SECRET, 17, "1-abc")
    others = {coin(SECRET, 18, "1-abc"), coin(SECRET, 17, "2-abc"), coin(b"x" * 32, 17, "1-abc")}
    assert len({drawn.number, *(c.number for c in others)}) == 4
    # broken: joined without the length, version "1" of record 17 is version "11" of record 7
    assert coin(SECRET, 17, "1").number != coin(SECRET, 7, "11").number


@pytest.mark.parametrize("pi", [0.1, 0.02, 0.5, 1 / 3, 5e-324, 1 - 2**-53])
def test_the_boundary_is_exact(pi: float) -> None:
    edge = Fraction(pi) * 2**256
    below = Coin(int(edge) - (edge.denominator == 1), 1)
    assert below.falls(pi) == (below.number < edge)
    assert not Coin(int(edge) + (edge.denominator != 1), 1).falls(pi)
    if edge.denominator == 1 and pi < 1:
        assert not Coin(int(edge), 1).falls(pi)  # u = pi is not below pi
        assert Coin(int(edge) - 1, 1).falls(pi)


def test_a_float_would_round_u_up_to_pi() -> None:
    last = Coin(2**255 - 1, 1)  # u = .5 - 2^-256
    assert last.falls(0.5)
    assert not last.number / 2**256 < 0.5  # broken


def test_about_a_share_of_pi_falls_and_orders_are_fair() -> None:
    coins = in_order(SECRET, range(4000), "1-abc")
    assert sum(c.falls(0.1) for c in coins) == pytest.approx(400, abs=4 * 19)
    assert [c.u for c in coins] == sorted(c.u for c in coins)
    ranks = np.argsort([c.record_id for c in coins])
    assert abs(np.corrcoef(ranks, np.arange(4000))[0, 1]) < 4 / 4000**0.5
    assert coins == in_order(SECRET, reversed(range(4000)), "1-abc")


def test_a_coin_for_each_content_hides_clusters_of_duplicates() -> None:
    """1000 records, 56 wrong (5.6 %) in three clusters of the same text."""
    content = np.arange(1000)
    for cluster, rows in enumerate(np.split(np.arange(57), 3)):
        content[rows] = cluster
    wrong = np.arange(1000) < 57
    wrong[56] = False
    pool = per_file(1000, 0.05, 1000)

    def falsely(key: np.ndarray) -> float:
        found = 0
        for run in range(100):
            number = {k: coin(SECRET, int(k), f"{run}").number for k in set(key.tolist())}
            order = sorted(range(1000), key=lambda i: (number[int(key[i])], i))
            errors = np.cumsum(wrong[order])
            found += any(is_certified(pool, n, int(errors[n - 1]), 0.05) for n in range(60, 200, 4))
        return found / 100

    assert falsely(content) > 0.5  # broken
    assert falsely(np.arange(1000)) <= 0.05 + 2 * (0.05 * 0.95 / 100) ** 0.5


def test_a_short_secret_and_an_odd_pi_are_refused() -> None:
    with pytest.raises(UsageError, match="15 bytes"):
        coin(b"x" * 15, 1, "1")
    for pi in (0.0, 1.0, -0.1, float("nan")):
        with pytest.raises(UsageError):
            Coin(1, 1).falls(pi)


POLICY = PolicyContent(
    number=1, encoder="e", head="h", agent="a", prompt="p", guideline="g", demo_index="d",
    fusion=(("temperature", 0.1), ("weight", 2.0)), labels=("x", "y"),
    tiers=(("x", "low"), ("y", "never")), eps=(("low", 0.05),), rungs=(("low", 0.9),),
)  # fmt: skip


def test_every_part_of_a_policy_is_in_its_name() -> None:
    changed = [
        *(replace(POLICY, **{k: "z"}) for k in
          ("encoder", "head", "agent", "prompt", "guideline", "demo_index")),
        replace(POLICY, fusion=(("temperature", 0.1 + 1e-17 + 2**-56), ("weight", 2.0))),
        replace(POLICY, labels=("y", "x")),
        replace(POLICY, labels=("x,y",)),
        replace(POLICY, tiers=(("x", "never"), ("y", "low"))),
        replace(POLICY, eps=(("low", 0.02),)),
        replace(POLICY, rungs=(("low", 0.8),)),
    ]  # fmt: skip
    prints = {p.fingerprint for p in changed}
    assert len(prints) == len(changed)
    assert POLICY.fingerprint not in prints
    assert len(POLICY.fingerprint) == 64


def test_a_policy_promoted_again_is_the_same_with_new_coins() -> None:
    again = replace(POLICY, number=2, fusion=tuple(reversed(POLICY.fusion)))
    assert again.fingerprint == POLICY.fingerprint
    assert again.version != POLICY.version
    assert coin(SECRET, 1, again.version) != coin(SECRET, 1, POLICY.version)


def test_a_policy_without_a_number_or_with_an_infinite_one_is_refused() -> None:
    with pytest.raises(UsageError, match="number 0"):
        replace(POLICY, number=0)
    with pytest.raises(UsageError, match="repeat"):
        replace(POLICY, fusion=(("t", 1.0), ("t", 2.0)))
    with pytest.raises(UsageError, match="finite"):
        _ = replace(POLICY, fusion=(("t", float("inf")),)).fingerprint
