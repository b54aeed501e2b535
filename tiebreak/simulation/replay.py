"""Replay one strategy on labelled records, by the product's own loop, and score it on test records.

A replay is a project in memory: its pool is 90 % of the records, drawn by lot, its labels are
sealed, its reviewer is simulated from them, it has no agent. So the control arm, the cold start,
the rule for C, the head and the care for duplicates are whatever `tiebreak run` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tiebreak.domain.arrays import Flags, Floats, Floats64, Positions
from tiebreak.domain.label_space import agrees, label_space
from tiebreak.domain.ports import Embedder, Progress
from tiebreak.domain.records import NewRecord
from tiebreak.loop import RunOptions, run_loop
from tiebreak.models import probabilities
from tiebreak.project import ProjectContext
from tiebreak.simulation.data import LabelledData, hashes_of
from tiebreak.store import MemoryStore, VectorFile

KEPT = 0.9
RANDOM = "random_uniform"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class ReplayStage:
    """What every replay of a simulation shares. ``test`` float32[t, d]; ``truth``: `truth_of`."""

    data: LabelledData
    encoder: Embedder
    vectors: VectorFile
    test: Floats
    truth: Positions
    batch: int
    labels: int

    @classmethod
    def of(
        cls, data: LabelledData, encoder: Embedder, vectors: VectorFile, *, batch: int, labels: int
    ) -> ReplayStage:
        """The stage for *data*, whose texts all have their vector in *vectors*."""
        return cls(
            data=data,
            encoder=encoder,
            vectors=vectors,
            test=vectors.rows(hashes_of(data.test)),
            truth=truth_of(data, data.test),
            batch=batch,
            labels=labels,
        )

    @property
    def rounds(self) -> int:
        """Batches in a replay; the last may be smaller."""
        return -(-self.labels // self.batch)


@dataclass(frozen=True, kw_only=True)
class Replay:
    """After each batch: how many ``labels``, and which test records were ``right``, bool[r, t]."""

    strategy: str
    seed: int
    labels: tuple[int, ...]
    right: Flags

    @property
    def accuracy(self) -> Floats64:
        """float64[r]: the share of the test records."""
        return np.asarray(self.right.mean(axis=1))


def truth_of(data: LabelledData, rows: Sequence[NewRecord]) -> Positions:
    """Each row's label as its position in the schema, int64[n, 1]; where any number may apply,
    which do, int64[n, k] of 0 and 1."""
    names = data.schema.names
    values = [row.labels for row in rows if row.labels is not None]
    return label_space(data.schema).encode(values, names)


def pool_size(data: LabelledData) -> int:
    """Records in the pool of each replay."""
    return int(KEPT * len(data.pool))


def replay_loop(
    stage: ReplayStage, strategy: str, seed: int, folder: Path, progress: Progress
) -> Replay:
    """Play *strategy* to the end; advances *progress* by one for each batch.

    Strategies are paired: equal seeds have the same pool and the same first lot. *folder* takes
    the heads' files. Random choice is random from the first batch on; any other strategy starts
    as the settings say.
    """
    context = _context(stage, strategy, seed, folder)
    labels: list[int] = []
    right: list[Flags] = []
    for number in range(1, stage.rounds + 1):
        run_loop(
            context,
            RunOptions(
                batch=stage.batch, rounds=number, max_labels=stage.labels, reviewer="labels"
            ),
        )
        head = context.head()
        assert head is not None  # every record has a label
        p = probabilities(head, stage.test)
        space = label_space(context.schema)
        labels.append(context.pool_state().answered_by_people)
        right.append(agrees(space.decide(p), stage.truth))
        progress.advance()
    return Replay(strategy=strategy, seed=seed, labels=tuple(labels), right=np.array(right))


def _context(stage: ReplayStage, strategy: str, seed: int, folder: Path) -> ProjectContext:
    data, store = stage.data, MemoryStore(lambda: EPOCH)
    chosen = np.random.default_rng([seed, 1]).permutation(len(data.pool))[: pool_size(data)]
    rows = [
        replace(data.pool[i], source="simulation", external_id=str(i), split=None)
        for i in sorted(chosen.tolist())
    ]
    store.notes.put_schema(data.schema)
    store.records.add(rows)
    ids = store.records.find("simulation", [row.external_id for row in rows])
    store.gold.put({ids[r.external_id]: r.labels for r in rows if r.labels is not None})
    settings = data.settings
    select = settings.select.model_copy(
        update={"strategy": strategy} | ({"cold_strategy": RANDOM} if strategy == RANDOM else {})
    )
    project = settings.project.model_copy(update={"seed": seed})
    context = ProjectContext(
        folder=folder,
        settings=settings.model_copy(update={"select": select, "project": project}),
        store=store,
        clock=lambda: EPOCH,
        agent_name="none",
    )
    context.embedder, context.vectors = stage.encoder, stage.vectors  # loaded and filled already
    return context
