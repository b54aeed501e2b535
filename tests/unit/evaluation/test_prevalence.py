"""How common labels are, read back from a log; and what certificates do to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from contexts import make_context, slice_rows
from half_control import HALF, played
from report_projects import PageReader, earn, told_bench

from tiebreak.domain.reviews import Annotation
from tiebreak.evaluation.model_history import batch_populations
from tiebreak.evaluation.prevalence import label_prevalence
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.loop.select import select
from tiebreak.project.context import ProjectContext
from tiebreak.project.wiring import head_file
from tiebreak.report.data import project_report
from tiebreak.report.html import report_html
from tiebreak.review.annotate import write_annotations


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> ProjectContext:
    return played(tmp_path_factory.mktemp("prevalence"), 6)


@pytest.fixture
def context(shared: ProjectContext) -> Iterator[ProjectContext]:
    yield shared
    shared.memo.clear()


def truth(context: ProjectContext) -> dict[str, float]:
    gold = context.store.gold.get(context.table.pool.tolist())
    values = [labels[0] for labels in gold.values()]
    return {name: values.count(name) / len(values) for name in context.schema.names}


def test_each_label_has_its_share_of_the_pool(context: ProjectContext) -> None:
    told = label_prevalence(context)
    real = truth(context)
    assert [x.label for x in told] == list(context.schema.names)
    assert {x.n for x in told} == {60}  # ten by lot in each of six rounds, the first's too
    assert sum(x.plain for x in told) == pytest.approx(1)
    assert sum(x.share for x in told) == pytest.approx(1, abs=0.1)  # but for cuts at 0
    for x in told:
        assert 0 <= x.low <= x.share <= x.high <= 1
    covered = [x.low <= real[x.label] <= x.high for x in told]
    assert np.mean(covered) >= 0.9
    assert label_prevalence(context) == told


def test_it_is_nearer_to_the_truth_than_the_labels_that_were_asked_for(
    context: ProjectContext,
) -> None:
    real = truth(context)
    told = {x.label: x for x in label_prevalence(context)}
    off = sum((told[name].share - real[name]) ** 2 for name in real)
    plain = sum((told[name].plain - real[name]) ** 2 for name in real)
    assert off < plain


def test_without_the_heads_files_what_was_known_and_drawn_is_left(tmp_path: Path) -> None:
    context = played(tmp_path, 6)
    whole = label_prevalence(context)
    context.memo.clear()  # as another process would find it
    for card in context.store.notes.models():
        head_file(context.folder, card.version).unlink()
    bare = label_prevalence(context)
    assert [x.plain for x in bare] == [x.plain for x in whole]
    assert [x.share for x in bare] != [x.share for x in whole]


def test_a_young_project_has_no_shares_and_a_finished_one_exact_ones(tmp_path: Path) -> None:
    young = make_context(tmp_path / "a")
    assert label_prevalence(young) == ()
    done = make_context(tmp_path / "b", slice_rows(60, 10), settings=HALF)
    run_loop(done, RunOptions(rounds=3, reviewer="labels"))
    real = truth(done)
    for x in label_prevalence(done):
        assert (x.low, x.share, x.high) == pytest.approx((real[x.label],) * 3)


def test_the_report_tells_it_most_common_first(tmp_path: Path) -> None:
    context = told_bench(tmp_path)
    assert "How common each label is" not in report_html(project_report(context))
    earn(context)
    report = project_report(context)
    assert report.prevalence == label_prevalence(context)
    read = PageReader(report_html(report))
    rows = read.tables["Labels in the pool"]
    expected = sorted(report.prevalence, key=lambda x: -x.share)
    assert [row[:2] for row in rows[1:]] == [[x.label, f"{100 * x.share:.1f} %"] for x in expected]


def test_a_lot_that_certificates_kept_small_is_drawn_from_what_they_left(tmp_path: Path) -> None:
    context = told_bench(tmp_path)
    earn(context)
    before = label_prevalence(context)
    open_ids = context.pool_state().unlabelled.tolist()
    out = context.pool_state().released
    batch = select(context, len(context.store.batches.all()) + 1, 16)
    assert batch is not None
    *earlier, (last, population) = [(b, p().tolist()) for b, p in batch_populations(context)]
    assert last.round == batch.round
    assert population == open_ids
    assert len(out) > 0
    acted = {act.record_id for act in context.store.annotations.scan()}
    free = [i for i in context.table.pool.tolist() if i not in acted]
    assert free[: len(population)] != population  # broken: the first N that nobody acted on
    assert set(out) <= set(earlier[0][1])  # when the first lot was drawn nothing was out
    gold = context.store.gold.get([x.record_id for x in batch.items])
    acts = [
        Annotation(
            record_id=i, who="ann", source="person", outcome="label", labels=v, shown="blind"
        )
        for i, v in gold.items()
    ]
    write_annotations(context.store, context.schema, acts)
    after = label_prevalence(context)  # that lot does not reach what is out, and is left out
    assert [x.n for x in after] == [x.n for x in before]
