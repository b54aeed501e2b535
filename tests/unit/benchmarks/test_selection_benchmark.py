"""The comparison with peer libraries: its arithmetic, its page, and tiny jobs from end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.selection import page as selection_page
from benchmarks.selection.contenders import (
    BASELINE,
    CONTENDERS,
    OURS,
    PLAIN,
    PRODUCT,
    Contender,
    settings_of,
)
from benchmarks.selection.figures import (
    against,
    figures,
    gap_goals,
    label_goal,
    read,
    set_goals,
    share_goal,
)
from benchmarks.selection.job import play, recall
from benchmarks.selection.sets import Data, plan, pool_of, rare_classes

PEER = next(key for key, one in CONTENDERS.items() if one.library != OURS)


def run(key: str, accuracy: list[float], seed: int = 0, **more: Any) -> dict[str, Any]:
    """A job's result at 10, 20 and 40 labels."""
    return {
        "contender": key,
        "seed": seed,
        "labels": [10, 20, 40],
        "accuracy": accuracy,
        "query_seconds": [9.0, 0.1, 0.3],
        "fit_seconds": [0.0, 0.0, 0.0],
        "test_rows": 50,
        "rare": {"recall": 0.5, "of": "the rarest class"},
        "settings": settings_of(key, quick=False),
        **more,
    }


def test_figures_by_hand() -> None:
    told = figures([run(PRODUCT, [0.6, 0.8, 0.9])], [run(BASELINE, [0.4, 0.6, 0.8])])
    # trapezoids over 10..40: (10 * .7 + 20 * .85) / 30
    assert told.area == (pytest.approx(0.8), None, None)
    assert told.to == [20.0, pytest.approx(30.0), pytest.approx(40.0)]
    # random ends at .8 with 40 labels, the other is there with 20
    assert told.saved == (pytest.approx(0.5), None, None)
    assert told.seconds == pytest.approx(0.2)  # the first batch left out


def test_two_seeds_have_an_interval_and_pair_by_seed() -> None:
    base = [run(BASELINE, [0.4, 0.6, 0.8], 0), run(BASELINE, [0.4, 0.8, 0.9], 1)]
    told = figures([run(PRODUCT, [0.6, 0.8, 0.9], 0), run(PRODUCT, [0.9, 0.9, 0.9], 1)], base)
    assert told.saved is not None
    mean, low, high = told.saved
    assert mean == pytest.approx((0.5 + 0.75) / 2)
    # Student's t with one degree of freedom is 12.706; the standard error .125
    assert low == pytest.approx(mean - 12.706 * 0.125, abs=1e-3)
    assert high == pytest.approx(mean + 12.706 * 0.125, abs=1e-3)


def test_a_target_that_is_never_reached_is_none() -> None:
    told = figures([run(PLAIN, [0.1, 0.2, 0.3])], [run(BASELINE, [0.1, 0.2, 0.3])])
    assert told.to == [None, None, None]
    assert told.saved == (0.0, None, None)


def test_the_best_peer_is_the_one_with_all_seeds_and_the_highest_area() -> None:
    peers = [key for key, one in CONTENDERS.items() if one.library != OURS][:3]
    runs = {
        PRODUCT: [run(PRODUCT, [0.9] * 3, s) for s in (0, 1)],
        peers[0]: [run(peers[0], [0.7] * 3, s) for s in (0, 1)],
        peers[1]: [run(peers[1], [0.8] * 3, s) for s in (0, 1)],
        peers[2]: [run(peers[2], [0.99] * 3)],  # one seed alone
    }
    lead = against(runs)
    assert lead is not None
    assert (lead.peer, lead.best, lead.product) == (peers[1], 0.8, 0.9)
    assert lead.gap[0] == pytest.approx(0.1)


def test_without_the_product_or_a_peer_there_is_no_lead() -> None:
    assert against({PEER: [run(PEER, [0.7] * 3)]}) is None
    skipped = {"contender": PEER, "seed": 0, "skipped": {"why": "too slow", "seconds": 43.0}}
    assert against({PRODUCT: [run(PRODUCT, [0.7] * 3)], PEER: [skipped]}) is None


def lead_of(gap: float) -> Any:
    runs = {PRODUCT: [run(PRODUCT, [0.5 + gap] * 3)], PEER: [run(PEER, [0.5] * 3)]}
    return against(runs)


def test_targets_on_the_area() -> None:
    good = [lead_of(0.03)] * 6 + [lead_of(-0.002)]
    assert [goal.met for goal in gap_goals(good, 7)] == [True, True, True]
    behind = [lead_of(0.03)] * 6 + [lead_of(-0.004)]
    assert [goal.met for goal in gap_goals(behind, 7)] == [True, True, False]
    narrow = [lead_of(0.03)] * 5 + [lead_of(-0.001)] * 2
    assert [goal.met for goal in gap_goals(narrow, 7)] == [False, True, True]
    assert [goal.met for goal in gap_goals([lead_of(0.01)] * 7, 7)] == [True, False, True]
    assert [goal.met for goal in gap_goals(good[:3], 7)] == [None, None, None]


def test_targets_of_a_set() -> None:
    assert label_goal("x", 215.0, 215).met
    assert not label_goal("x", 216.0, 215).met
    assert not label_goal("x", None, 215).met
    assert share_goal("x", 0.65, 0.65).met
    assert not share_goal("x", 0.649, 0.65).met
    base = run(BASELINE, [0.4, 0.6, 0.8])
    told = selection_page.by_contender({PRODUCT: [run(PRODUCT, [0.6, 0.8, 0.9])], BASELINE: [base]})
    assert [goal.met for goal in set_goals("clinc150", told)] == [True, True, False]
    assert set_goals("sms_spam", told) == []


def test_plan_is_the_products_batch_and_ten_labels_a_class() -> None:
    assert plan(77) == (77, 770)
    assert plan(150) == (100, 1500)
    assert plan(7) == (16, 320)
    assert plan(7, quick=True) == (16, 128)


def test_rare_classes() -> None:
    labels = np.repeat([0, 1, 2], [90, 9, 1])
    assert rare_classes(labels, np.array([0, 1, 2])) == ([2], "the 1 classes below 2 %")
    assert rare_classes(labels, np.array([0, 1]))[0] == [1]  # 2 is never tested
    many = np.repeat(np.arange(100), np.r_[np.full(90, 10), np.full(10, 5)])
    assert rare_classes(many, np.arange(100)) == ([*range(90, 100)], "the rarest 10 of 100 classes")


def test_recall_is_the_mean_over_classes() -> None:
    truth, predicted = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 0])
    assert recall(predicted, truth, [0, 1]) == 0.75
    assert recall(predicted, truth, [2]) == 0.0


@pytest.fixture(scope="module")
def data() -> Data:
    """Three blobs in 8 dimensions."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(3, 8))

    def part(n: int) -> tuple[np.ndarray, np.ndarray]:
        of = rng.integers(3, size=n)
        rows = centres[of] + 0.3 * rng.normal(size=(n, 8))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), of

    (train, labels), (test, truth) = part(120), part(60)
    names = (centres / np.linalg.norm(centres, axis=1, keepdims=True)).astype(np.float32)
    return Data(("a", "b", "c"), names, train, labels, test, truth, batch=8, budget=20)


@pytest.mark.parametrize("key", [PRODUCT, PLAIN, BASELINE])
def test_a_job_of_ours_from_end_to_end(data: Data, key: str) -> None:
    told = play(data, CONTENDERS[key], 0, limit=60.0)
    assert told["labels"] == [8, 16, 20]
    assert len(told["accuracy"]) == len(told["query_seconds"]) == 3
    assert told["accuracy"][-1] > 0.8
    assert json.loads(json.dumps(told)) == told
    again = play(data, CONTENDERS[key], 0, limit=60.0)
    assert again["accuracy"] == told["accuracy"]


def test_random_starts_are_the_same_records(data: Data) -> None:
    first = {
        key: play(data, CONTENDERS[key], 1, limit=60.0)["accuracy"][0]
        for key in (BASELINE, "tiebreak_margin_random_start")
    }
    assert len(set(first.values())) == 1
    assert (pool_of(120, 1) == pool_of(120, 1)).all()
    assert not np.array_equal(pool_of(120, 1), pool_of(120, 2))


def test_what_is_too_slow_or_fails_is_told(data: Data) -> None:
    slow = play(data, CONTENDERS[PLAIN], 0, limit=-1.0)
    assert slow["skipped"]["why"] == "too slow"
    assert slow["skipped"]["seconds"] >= 0
    failed = play(data, Contender("x", OURS, "no_such", "random"), 0, limit=60.0)
    assert failed["skipped"]["why"] == "failed"
    assert "no_such" in failed["skipped"]["error"]


def test_the_page_tells_what_was_met_and_what_was_not_run(tmp_path: Path) -> None:
    results, page = tmp_path / "results", tmp_path / "page"
    (results / "banking77").mkdir(parents=True)
    told = [run(PRODUCT, [0.6, 0.8, 0.9]), run(BASELINE, [0.4, 0.6, 0.8]), run(PEER, [0.5] * 3)]
    slow = {k: v for k, v in run("skactiveml_badge", []).items() if k in ("contender", "settings")}
    told.append({**slow, "seed": 0, "skipped": {"why": "too slow", "seconds": 43.2}})
    stale = run(PLAIN, [0.9] * 3, settings={"strategy": "what it was before"})
    for one in [*told, stale]:
        file = results / "banking77" / f"{one['contender']}-0.json"
        file.write_text(json.dumps(one), encoding="utf-8")
    assert PLAIN not in read(results, quick=False)["banking77"]
    short = selection_page.write(results, page, quick=False)
    text = (page / "selection.md").read_text(encoding="utf-8")
    assert "| BANKING77 labels to 80 % | ≤ 215 | 20 | met |" in text
    assert "| BANKING77 accuracy at 770 labels | ≥ 91.5% | 90.0% | **not met** |" in text
    assert "too slow: 43 s for a batch" in text
    assert short["sets"] == {"banking77": {"lead": 0.3, "peer": PEER}}
    assert short["met"] is False
    assert (page / "selection-banking77.svg").read_text(encoding="utf-8").startswith("<svg")
