"""The agent's word as a control variate: only what it had said before a lot, of whomever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from contexts import make_context, slice_rows
from half_control import HALF
from stores import suggestion

from tiebreak.evaluation.agent_history import MIN_ANSWERED_SHARE, AgentHistory
from tiebreak.evaluation.batch_scores import batch_scores
from tiebreak.evaluation.learning_curve import learning_curve_points
from tiebreak.evaluation.model_history import ModelReading, batch_populations, model_history
from tiebreak.evaluation.prevalence import label_prevalence
from tiebreak.learner.opinion.fusion import fit_fusion, fuse
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.models.predict import probabilities
from tiebreak.project.context import ProjectContext
from tiebreak.project.wiring import read_head

SETTINGS = {**HALF, "learn": {"head": "logistic"}}
FIRST, LAST = 5, 7
"""Rounds with a word: rounds 2 to 4 have the first 30 verified records."""


def simulated_agent(context: ProjectContext, right: float, ids: list[int] | None = None) -> None:
    """A **simulated** agent's answers to all records of the pool, or to these."""
    gold, names = context.store.gold.get(context.table.pool.tolist()), context.schema.names
    rng = np.random.default_rng(3)
    told = []
    for i in gold if ids is None else ids:
        label = gold[i] if rng.random() < right else (names[rng.integers(len(names))],)
        told.append(suggestion(i, labels=label, agent="simulated", schema_version=1))
    context.store.suggestions.append(told)


def played(folder: Path, *, heard: float | None = 1.0) -> ProjectContext:
    """Rounds of ten records by lot; after the first the agent answers all, or a part."""
    context = make_context(folder, slice_rows(300, 20), settings=SETTINGS)
    run_loop(context, RunOptions(rounds=1, reviewer="labels"))
    if heard is not None:
        simulated_agent(context, 0.9, context.table.pool[: round(heard * 300)].tolist())
    run_loop(context, RunOptions(rounds=7, reviewer="labels"))
    return context


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> ProjectContext:
    return played(tmp_path_factory.mktemp("heard"))


@pytest.fixture
def context(shared: ProjectContext) -> Iterator[ProjectContext]:
    yield shared
    shared.memo.clear()


def by_round(context: ProjectContext) -> dict[int, ModelReading]:
    return {batch.round: read for batch, _, _, read in model_history(context) if read is not None}


def test_a_guess_is_one_function_of_drawn_and_undrawn_records(context: ProjectContext) -> None:
    """Agent and model together, fitted on the control records of earlier rounds alone."""
    cards = {card.version: card for card in context.store.notes.models()}
    standing, names = context.store.annotations.standing(), list(context.schema.names)
    place = {name: j for j, name in enumerate(names)}
    answers = context.store.suggestions.latest()
    found, verified, checked = by_round(context), [], 0
    for batch, population in batch_populations(context):
        if batch.round >= FIRST:
            p = np.array([item.model_probabilities for item in verified])
            said = np.array([place[x.agent_labels[0]] if x.agent_labels else -1 for x in verified])
            true = np.array([place[standing[x.record_id].labels[0]] for x in verified])
            fusion = fit_fusion(p, said, true)
            card = cards[batch.model_version]
            head = (card.version, card.temperature, read_head(context.folder, card))
            ids = population()
            bare = probabilities(head, context.rows(ids), calibrated=False)
            told = [answers.get(i) for i in ids.tolist()]
            q = fuse(fusion, bare, np.array([place[t.labels[0]] if t else -1 for t in told]))
            doubt = 1 - q[np.arange(len(q)), bare.argmax(axis=1)]
            read = found[batch.round]
            checked += 1
            assert read.mean_guess == pytest.approx(doubt.mean(), abs=1e-9)
            assert read.shares == pytest.approx(q.mean(axis=0), abs=1e-9)
            assert read.guess_variance == 0
            for at, i in enumerate(ids.tolist()):
                if i in read.best:
                    assert read.best[i][1] == pytest.approx(doubt[at], abs=1e-9)
                if i in read.probable:
                    assert read.probable[i] == pytest.approx(q[at], abs=1e-9)
        verified += [x for x in batch.items if x.arm == "control" and x.model_probabilities]
    assert checked == LAST - FIRST + 1


def test_what_the_agent_says_after_a_lot_changes_nothing_of_it(context: ProjectContext) -> None:
    """Broken if the newest answer counted: those who were drawn are asked again, others not."""
    before, told = by_round(context), (learning_curve_points(context), label_prevalence(context))
    simulated_agent(context, 0.0)
    context.memo.clear()
    after = by_round(context)
    assert [r.mean_guess for r in after.values()] == [r.mean_guess for r in before.values()]
    assert [r.best for r in after.values()] == [r.best for r in before.values()]
    assert (learning_curve_points(context), label_prevalence(context)) == told


def test_the_word_counts_where_enough_was_said_and_verified(tmp_path: Path) -> None:
    alone = played(tmp_path / "a", heard=None)
    few = played(tmp_path / "b", heard=MIN_ANSWERED_SHARE - 0.1)
    many = played(tmp_path / "c", heard=0.9)
    cards = {card.version: card for card in many.store.notes.models()}
    # nine in ten answered: it takes a round more until 30 of those are verified
    for context, first in ((alone, 99), (few, 99), (many, FIRST + 1)):
        heard = AgentHistory(context)
        rounds = [
            batch.round
            for batch, population in batch_populations(context)
            if batch.model_version
            and heard.before(batch, cards[batch.model_version], population) is not None
        ]
        assert rounds == list(range(first, LAST + 1))
    assert learning_curve_points(few) == learning_curve_points(alone)
    assert learning_curve_points(many) != learning_curve_points(alone)


def test_it_knows_better_where_the_model_errs(context: ProjectContext, tmp_path: Path) -> None:
    def told(context: ProjectContext) -> float:
        late = [look.control for look in batch_scores(context) if look.round >= FIRST]
        loss = np.concatenate([x.loss for x in late])
        return float(np.corrcoef(loss, np.concatenate([x.guess for x in late]))[0, 1])

    alone = played(tmp_path, heard=None)
    assert told(context) > told(alone) + 0.1
