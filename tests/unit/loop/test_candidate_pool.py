"""A batch from a pool that is too large to look at whole."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from clock import TickingClock
from contexts import make_context, slice_rows
from unit_vectors import unit_rows

from tiebreak.domain.batches import QueryBatch
from tiebreak.errors import StoreError
from tiebreak.learner.classifiers.logistic import create
from tiebreak.loop import candidate_pool as step
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.models.embed import embed_records
from tiebreak.models.predict import probabilities
from tiebreak.retrieval.candidates import PoolLimits
from tiebreak.retrieval.indexes import auto
from tiebreak.store.memory import MemoryStore


def batches(folder: Path, above: int | None) -> tuple[QueryBatch, ...]:
    settings = {} if above is None else {"index": {"candidates_above": above}}
    context = make_context(folder, settings=settings)
    run_loop(context, RunOptions(batch=20, rounds=3, reviewer="labels"))
    made = tuple(context.store.batches.all())
    context.close()
    return made


def chosen(made: tuple[QueryBatch, ...]) -> list[list[tuple[int, str, str]]]:
    return [[(i.record_id, i.arm, i.reason) for i in batch.items] for batch in made]


def test_within_reach_of_everything_the_picks_are_the_exact_ones(tmp_path: Path) -> None:
    exact = chosen(batches(tmp_path / "exact", None))
    assert len(exact) == 3
    assert chosen(batches(tmp_path / "at", 240)) == exact
    assert chosen(batches(tmp_path / "above", 10)) == exact  # less than the random part


def test_a_restricted_pool_gives_whole_batches_of_the_most_doubtful(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    limits = PoolLimits(neighbours=2, sampled=30, uncertain=25, chunk=50)

    def spied(*args, **kwargs):
        found = candidates(*args, **{**kwargs, "limits": limits})
        sizes.append(len(found))
        return found

    candidates = step.preselect
    monkeypatch.setattr(step, "preselect", spied)
    made = batches(tmp_path, 50)
    assert [len(batch.items) for batch in made] == [20, 20, 20]
    assert sizes[0] == 30  # nothing but the random part before the first labels
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
        classes, c, logits, link = head.classes, head.c, head.logits, head.link

    assert np.abs(step.screen((1, 1.7, Other()))(vectors) - want).max() < 1e-12


def spy_on_candidates(monkeypatch: pytest.MonkeyPatch, limits: PoolLimits) -> list[dict]:
    """What `candidates` is given, and gives, within these limits."""
    seen = []

    def spied(*args, **kwargs):
        found = candidates(*args, **{**kwargs, "limits": limits})
        seen.append({**kwargs, "n": args[0], "rows": args[1], "found": found})
        return found

    candidates = step.preselect
    monkeypatch.setattr(step, "preselect", spied)
    return seen


def test_the_kept_index_reaches_what_comparing_all_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`auto` is exact at this size: the same candidates and picks as with no index at all."""
    limits = PoolLimits(neighbours=6, sampled=20, uncertain=15, chunk=50)
    seen = spy_on_candidates(monkeypatch, limits)

    def made(name: str, kind: str) -> list[list[tuple[int, str, str]]]:
        context = make_context(
            tmp_path / name, settings={"index": {"candidates_above": 30, "kind": kind}}
        )
        run_loop(context, RunOptions(batch=20, rounds=4, reviewer="labels"))
        return chosen(tuple(context.store.batches.all()))

    with_index = made("auto", "auto")
    half = len(seen)
    assert all(call["near"] for call in seen[:half]) and half == 4
    assert made("flat", "faiss_flat") == with_index
    assert not any(call["near"] for call in seen[half:])
    for one, other in zip(seen[:half], seen[half:], strict=True):
        assert one["found"].tolist() == other["found"].tolist()
    assert len({len(call["found"]) for call in seen}) > 1
    assert [p.suffix for p in (tmp_path / "flat" / "vectors").iterdir()].count(".faiss") == 0


def test_the_index_is_made_once_and_follows_the_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auto, "create", partial(auto.create, lists_at=100))
    rows = slice_rows()
    settings = {"index": {"candidates_above": 30}}
    store = MemoryStore(TickingClock())
    context = make_context(tmp_path, rows[:200], settings=settings, store=store)
    run_loop(context, RunOptions(batch=20, rounds=1, reviewer="labels"))
    (kept,) = (tmp_path / "vectors").glob("*.faiss")
    before = kept.read_bytes()
    again = make_context(tmp_path, rows[:200], settings=settings, store=store)
    run_loop(again, RunOptions(batch=20, rounds=2, reviewer="labels"))
    assert kept.read_bytes() == before
    more = make_context(tmp_path, rows, settings=settings, store=store)
    run_loop(more, RunOptions(batch=20, rounds=3, reviewer="labels"))
    assert kept.read_bytes() != before
    assert [len(b.items) for b in store.batches.all()] == [20, 20, 20]
    index = more.near_rows
    assert index is not None and len(index) == len(more.vectors)
    found, _ = index.search(more.vectors.at(np.arange(len(index))), 1)
    assert found.ravel().tolist() == list(range(len(index)))


def test_what_is_near_is_open_and_nearest_first(tmp_path: Path) -> None:
    context = make_context(tmp_path)
    embed_records(context)
    open_ids = context.table.pool[::3]  # most of what is near is not open
    near = step._near(context, context.places(open_ids))
    assert near is not None
    vectors = context.rows(context.table.pool[1:40:4])
    truth = np.argsort(-(vectors @ context.rows(open_ids).T), axis=1, kind="stable")
    found = near(vectors, 4)
    cosines = np.take_along_axis(vectors @ context.rows(open_ids).T, found, axis=1)
    best = np.take_along_axis(vectors @ context.rows(open_ids).T, truth[:, :4], axis=1)
    assert (found >= 0).all()
    assert np.abs(cosines - best).max() < 1e-6
    every = near(vectors, len(open_ids))
    assert np.sort(every, axis=1).tolist() == [list(range(len(open_ids)))] * len(vectors)
    assert near(vectors[:0], 4).shape == (0, 4)


def test_equal_texts_are_one_candidate(tmp_path: Path) -> None:
    rows = slice_rows(40, 0)
    twice = rows + [{**r, "id": f"again-{r['id']}"} for r in rows]
    context = make_context(tmp_path, twice)
    embed_records(context)
    near = step._near(context, context.places(context.table.pool))
    assert near is not None
    found = near(context.rows(context.table.pool[:5]), 1)
    assert found.ravel().tolist() == [0, 1, 2, 3, 4]


def test_vectors_are_placed_once_until_something_comes(tmp_path: Path) -> None:
    rows = slice_rows()
    store = MemoryStore(TickingClock())
    context = make_context(tmp_path, rows[:100], store=store)
    assert (context.placed == -1).all()
    embed_records(context)
    placed = context.placed
    assert placed.tolist() == list(range(100))
    assert context.placed is placed
    make_context(tmp_path, rows[:150], store=store)
    assert context.placed is placed
    context.forget()
    assert context.placed[100:].tolist() == [-1] * 50
    with pytest.raises(StoreError, match="1 of 2 texts have no vector"):
        context.rows(context.table.ids[[3, 120]])
    embed_records(context)
    later = len(context.vectors) - 50  # the labels' names were embedded in between
    assert context.placed.tolist() == [*range(100), *range(later, later + 50)]
