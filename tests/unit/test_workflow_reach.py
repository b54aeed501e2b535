"""A batch from a pool that is too large to look at whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benches import make_bench
from unit_vectors import unit_rows

from tiebreak.domain.batches import QueryBatch
from tiebreak.learner.classifiers.logistic import create
from tiebreak.retrieval.candidates import Reach
from tiebreak.workflow import reach as step
from tiebreak.workflow.loop import RunOptions, run
from tiebreak.workflow.predict import probabilities


def batches(folder: Path, above: int | None) -> tuple[QueryBatch, ...]:
    settings = {} if above is None else {"index": {"candidates_above": above}}
    bench = make_bench(folder, settings=settings)
    run(bench, RunOptions(batch=20, rounds=3, reviewer="labels"))
    made = tuple(bench.store.batches.all())
    bench.close()
    return made


def chosen(made: tuple[QueryBatch, ...]) -> list[list[tuple[int, str, str]]]:
    return [[(i.record_id, i.arm, i.reason) for i in batch.items] for batch in made]


def test_within_reach_of_everything_the_picks_are_the_exact_ones(tmp_path: Path) -> None:
    exact = chosen(batches(tmp_path / "exact", None))
    assert len(exact) == 3
    assert chosen(batches(tmp_path / "at", 240)) == exact
    assert chosen(batches(tmp_path / "above", 10)) == exact  # the lot alone is larger than this


def test_a_restricted_pool_gives_whole_batches_of_the_most_doubtful(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    reach = Reach(neighbours=2, lot=30, doubtful=25, chunk=50)

    def spied(*args, **kwargs):
        found = candidates(*args, **{**kwargs, "reach": reach})
        sizes.append(len(found))
        return found

    candidates = step.candidates
    monkeypatch.setattr(step, "candidates", spied)
    made = batches(tmp_path, 50)
    assert [len(batch.items) for batch in made] == [20, 20, 20]
    assert sizes[0] == 30  # nothing but the lot before the first labels
    assert all(25 <= size < 150 for size in sizes[1:])
    ids = [i.record_id for batch in made for i in batch.items]
    assert len(set(ids)) == len(ids)
    assert chosen(batches(tmp_path / "again", 50)) == chosen(made)


def test_the_screen_is_the_margin_for_every_head_and_unseen_classes() -> None:
    rng = np.random.default_rng(0)
    vectors = unit_rows(rng, 200, 16)
    labels = [f"l{i % 4}" for i in range(60)]
    head = create().fit(vectors[:60], labels, ("l0", "l1", "never", "l2", "l3"), 30.0)
    assert head is not None
    best = np.sort(probabilities((1, 1.7, head), vectors), axis=1)
    want = 1 - (best[:, -1] - best[:, -2])
    assert np.abs(step.screen((1, 1.7, head))(vectors) - want).max() < 1e-5

    class Other:
        classes, c, logits = head.classes, head.c, head.logits

    assert np.abs(step.screen((1, 1.7, Other()))(vectors) - want).max() < 1e-12
