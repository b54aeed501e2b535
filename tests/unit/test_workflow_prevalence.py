"""How common labels are, read back from a log; and what certificates do to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from benches import make_bench, slice_rows
from report_projects import PageReader, earn, told_bench

from tiebreak.domain.reviews import Annotation
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.loop import run
from tiebreak.workflow.people import annotate
from tiebreak.workflow.prevalence import prevalence
from tiebreak.workflow.promise.held import autonomous
from tiebreak.workflow.readings import with_populations
from tiebreak.workflow.report.data import report
from tiebreak.workflow.report.html import page
from tiebreak.workflow.running import RunOptions
from tiebreak.workflow.select import select, unlabelled
from tiebreak.workflow.wiring import head_file

HALF = {"select": {"control_share": 0.5, "batch": 20}}


def played(folder: Path, rounds: int = 6) -> Bench:
    bench = make_bench(folder, slice_rows(300, 20), settings=HALF)
    run(bench, RunOptions(rounds=rounds, reviewer="labels"))
    return bench


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return played(tmp_path_factory.mktemp("prevalence"))


@pytest.fixture
def bench(shared: Bench) -> Iterator[Bench]:
    yield shared
    shared.memo.clear()


def truth(bench: Bench) -> dict[str, float]:
    gold = bench.store.gold.get(bench.table.pool.tolist())
    values = [labels[0] for labels in gold.values()]
    return {name: values.count(name) / len(values) for name in bench.schema.names}


def test_each_label_has_its_share_of_the_pool(bench: Bench) -> None:
    told = prevalence(bench)
    real = truth(bench)
    assert [x["label"] for x in told] == list(bench.schema.names)
    assert {x["n"] for x in told} == {60}  # ten by lot in each of six rounds, the first's too
    assert sum(x["plain"] for x in told) == pytest.approx(1)
    assert sum(x["share"] for x in told) == pytest.approx(1, abs=0.1)  # but for cuts at 0
    for x in told:
        assert 0 <= x["low"] <= x["share"] <= x["high"] <= 1
    covered = [x["low"] <= real[x["label"]] <= x["high"] for x in told]
    assert np.mean(covered) >= 0.9
    assert prevalence(bench) == told


def test_it_is_nearer_to_the_truth_than_the_labels_that_were_asked_for(bench: Bench) -> None:
    real = truth(bench)
    told = {x["label"]: x for x in prevalence(bench)}
    off = sum((told[name]["share"] - real[name]) ** 2 for name in real)
    plain = sum((told[name]["plain"] - real[name]) ** 2 for name in real)
    assert off < plain


def test_without_the_heads_files_what_was_known_and_drawn_is_left(tmp_path: Path) -> None:
    bench = played(tmp_path)
    whole = prevalence(bench)
    bench.memo.clear()  # as another process would find it
    for card in bench.store.notes.models():
        head_file(bench.folder, card.version).unlink()
    bare = prevalence(bench)
    assert [x["plain"] for x in bare] == [x["plain"] for x in whole]
    assert [x["share"] for x in bare] != [x["share"] for x in whole]


def test_a_young_project_has_no_shares_and_a_finished_one_exact_ones(tmp_path: Path) -> None:
    young = make_bench(tmp_path / "a")
    assert prevalence(young) == []
    done = make_bench(tmp_path / "b", slice_rows(60, 10), settings=HALF)
    run(done, RunOptions(rounds=3, reviewer="labels"))
    real = truth(done)
    for x in prevalence(done):
        assert (x["low"], x["share"], x["high"]) == pytest.approx((real[x["label"]],) * 3)


def test_the_report_tells_it_most_common_first(tmp_path: Path) -> None:
    bench = told_bench(tmp_path)
    assert "How common each label is" not in page(report(bench))
    earn(bench)
    told = report(bench)
    assert told["prevalence"] == prevalence(bench)
    read = PageReader(page(told))
    rows = read.tables["Labels in the pool"]
    expected = sorted(told["prevalence"], key=lambda x: -x["share"])
    assert [row[:2] for row in rows[1:]] == [
        [x["label"], f"{100 * x['share']:.1f} %"] for x in expected
    ]


def test_a_lot_that_certificates_kept_small_is_drawn_from_what_they_left(tmp_path: Path) -> None:
    bench = told_bench(tmp_path)
    earn(bench)
    before = prevalence(bench)
    open_ids = unlabelled(bench).tolist()
    out = autonomous(bench)
    batch = select(bench, len(bench.store.batches.all()) + 1, 16)
    assert batch is not None
    *earlier, (last, population) = [(b, p().tolist()) for b, p in with_populations(bench)]
    assert last.round == batch.round
    assert population == open_ids
    assert len(out) > 0
    acted = {act.record_id for act in bench.store.annotations.scan()}
    free = [i for i in bench.table.pool.tolist() if i not in acted]
    assert free[: len(population)] != population  # broken: the first N that nobody acted on
    assert set(out) <= set(earlier[0][1])  # when the first lot was drawn nothing was out
    gold = bench.store.gold.get([x.record_id for x in batch.items])
    acts = [
        Annotation(
            record_id=i, who="ann", source="person", outcome="label", labels=v, shown="blind"
        )
        for i, v in gold.items()
    ]
    annotate(bench.store, bench.schema, acts)
    after = prevalence(bench)  # that lot does not reach what is out, and is left out
    assert [x["n"] for x in after] == [x["n"] for x in before]
