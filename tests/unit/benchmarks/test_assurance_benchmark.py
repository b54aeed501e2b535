"""The benchmark of the promise: its fast campaigns are the product's, and its counts count."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.promise.campaigns import (
    World,
    by_the_product,
    campaigns,
    coin_order,
    differs,
    naive_threshold,
    play,
    widest,
)
from benchmarks.promise.error import rmse
from benchmarks.promise.files import Setting
from benchmarks.promise.page import markdown, page
from benchmarks.promise.run import play as play_section
from benchmarks.promise.triage import bounds
from tiebreak.assurance.rungs import Plan

PLAN = Plan(eps=0.05, delta=0.05, audits=250, credit=False)


def world(seed: int, worst: float, size: int = 2400) -> World:
    """Errors rise with the rank, to *worst*."""
    rng = np.random.default_rng(seed)
    scores = rng.random(size)
    return World(scores, rng.random(size) < worst * (1 - scores), size + 300)


@pytest.mark.parametrize(
    "plan",
    [
        PLAN,
        replace(PLAN, credit=True),
        replace(PLAN, promise="dataset", file_size=2700),
        replace(PLAN, eps=0.1, shares=(0.5, 0.75, 1.0)),
    ],
)
def test_the_fast_campaign_is_the_products(plan: Plan) -> None:
    certified = 0
    for seed in range(3):
        one = world(seed, (0.0, 0.03, 0.12)[seed])
        one = one.in_order(coin_order(len(one.scores), b"a secret of the test %d" % seed))
        assert differs(one, plan) is None
        certified += max(by_the_product(one, plan).out) > 0
    assert certified


def test_a_campaign_that_counts_otherwise_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.promise import campaigns as assurance_campaigns

    kind = assurance_campaigns._Counts.needs
    monkeypatch.setattr(assurance_campaigns._Counts, "needs", lambda self: kind(self) - 1)
    one = world(0, 0.0)
    assert differs(one, PLAN) is not None
    order = np.arange(len(one.scores))
    with pytest.raises(AssertionError, match="not the product's"):
        campaigns(one, PLAN, [order], checks=1)


def test_broken_campaigns_are_counted_and_audited_records_are_not_autonomous() -> None:
    rng = np.random.default_rng(0)
    bad = World(rng.random(1200), rng.random(1200) < 0.15, 1500)
    orders = [rng.permutation(1200) for _ in range(20)]
    told = campaigns(bad, PLAN, orders)
    assert told.broken <= 3
    believing = replace(PLAN, delta=0.999)  # a promise that is nearly none
    assert campaigns(bad, believing, orders).broken > 3
    clean = replace(bad, wrong=np.zeros(1200, dtype=bool))
    played = play(clean, PLAN)
    assert played.out[-1] == 1200 - len(played.drawn)
    assert played.share(1500) == played.out[-1] / 1500
    assert played.share(1500, audits=10) == 0.0


def test_the_naive_rule_breaks_and_the_widest_share_is_an_oracles() -> None:
    one = world(5, 0.16)  # .08 in all: eps lies inside
    broken, out = naive_threshold(one, 0.05, 100, 200, np.random.default_rng(0))
    assert broken > 0.15
    assert 0 < out < 0.8
    best = widest(one, 0.05, 100)
    order = np.argsort(-one.scores)
    n = round(best * one.records) + 100
    assert one.wrong[order[:n]].mean() <= 0.05
    assert one.wrong[order[: n + 1]].mean() > 0.05
    assert widest(replace(one, wrong=np.ones(2400, dtype=bool)), 0.05, 0) == 0.0


def test_bounds_of_a_stream() -> None:
    rng = np.random.default_rng(0)
    clean = np.zeros(1000, dtype=bool)
    told = bounds(clean, (0.05,), 20, rng)
    assert told["missed"] == told["above"][0.05] == 0
    assert told["force"][0.05] == 1.0  # U(0) = 35 of .05: 700 unaudited
    assert 850 < told["issued"][0.05] < 950
    wrong = np.ones(1000, dtype=bool)
    told = bounds(wrong, (0.05,), 300, rng)
    assert 0 < told["missed"] <= 300 * 0.09  # some: the bound is no wider than it need be
    assert told["issued"][0.05] == 0.0


def test_a_control_variate_that_knows_something_helps() -> None:
    rng = np.random.default_rng(0)
    f = rng.beta(0.3, 1.5, 3000)
    loss = (rng.random(3000) < f).astype(np.float64)
    told = rmse(loss, f, 300, rng)
    assert told["truth"] == loss.mean()
    assert told["IPW + control variate"] < 0.85 * told["random"]
    assert 0.88 < told["in 2 s.e."] <= 1.0


def test_a_section_that_was_played_is_kept_and_the_page_tells_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmarks.promise import run as assurance

    setting = Setting(tmp_path, quick=True, worlds=1, coins=2)
    told = play_section("exact", setting, tmp_path)
    assert [r["met"] for r in told["rows"]] == [True]
    monkeypatch.setitem(assurance.SECTIONS, "exact", lambda _: [])
    assert play_section("exact", setting, tmp_path) == told
    assert "kept" in capsys.readouterr().err
    other = replace(setting, coins=3)
    assert play_section("exact", other, tmp_path)["rows"] == []
    missed = {"rows": [{**told["rows"][0], "met": False, "naive": "31 %"}]}
    assert "| **not met** |" in markdown({"exact": missed})
    text = page({"exact": missed, "streams": {"rows": []}}, quick=True)
    assert "breaks eps in 31 % of runs" in text
    assert "## Arithmetic" in text
    assert "always" not in text
