"""The context that every step is given: a project's parts, opened once, heavy ones on first use."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tiebreak.config import Settings
from tiebreak.domain.arrays import Floats, Ids
from tiebreak.domain.evidence import Suggestion
from tiebreak.domain.labels import LabelSchema
from tiebreak.domain.ports import Clock, Embedder, Head, LabelModel, Progress, Store
from tiebreak.domain.records import Record, RecordTable
from tiebreak.errors import ConfigError
from tiebreak.project import wiring
from tiebreak.project.pool import PoolState, read_pool

if TYPE_CHECKING:
    from tiebreak.retrieval import KeptIndex
    from tiebreak.store import VectorFile


class QuietProgress:
    """A `Progress` that says nothing."""

    def start(self, step: str, total: int | None) -> None:
        """Nothing."""

    def advance(self, n: int = 1) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def done(self) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the vectors of a table's records stand, as long as neither changes."""

    table: RecordTable
    vectors: VectorFile
    size: int
    rows: Ids

    def are_current(self, table: RecordTable, vectors: VectorFile) -> bool:
        return self.table is table and self.vectors is vectors and self.size == len(self.vectors)


@dataclass
class ProjectContext:
    """A project's open parts. ``agent_name`` overrides the settings' agent for this opening."""

    folder: Path
    settings: Settings
    store: Store
    clock: Clock
    progress: Progress = field(default_factory=QuietProgress)
    agent_name: str | None = None
    memo: dict[Hashable, Any] = field(default_factory=dict, repr=False)
    """What readers worked out of things that never change, such as a head's answers."""
    _places: _Places | None = field(default=None, init=False, repr=False)
    _schema: LabelSchema | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self._schema = self.store.notes.schema()

    @property
    def schema(self) -> LabelSchema:
        """The label schema in force when it was last looked up (`refresh_schema`)."""
        if self._schema is None:
            raise ConfigError(f"{str(self.folder)!r} has no labels.", mend="Run: tiebreak init")
        return self._schema

    def refresh_schema(self) -> None:
        """Look up the label schema: whoever opened the project since may have changed it."""
        self._schema = self.store.notes.schema()

    def pool_state(self) -> PoolState:
        """How the pool's records stand now; a step asks once and hands it on."""
        return read_pool(self)

    def rng(self, *names: str | int) -> np.random.Generator:
        """A generator that depends only on the project's seed and on *names*."""
        raw = "/".join(map(str, (self.settings.project.seed, *names))).encode()
        return np.random.default_rng(int.from_bytes(hashlib.sha256(raw).digest()[:8], "big"))

    def random_order(self, names: Sequence[str], purpose: str) -> list[int]:
        """Positions of *names* in random order: keyed by the seed, fixed for each name.

        A record keeps its place in it whatever happens to the others, so that a step that was
        killed half-way chooses the same records again.
        """
        seed = f"{self.settings.project.seed}/{purpose}/"
        keys = [hashlib.sha256((seed + n).encode()).digest() for n in names]
        return sorted(range(len(names)), key=keys.__getitem__)

    # -- heavy parts

    @cached_property
    def embedder(self) -> Embedder:
        """The text encoder."""
        return wiring.embedder(self.settings.embedder)

    @cached_property
    def vectors(self) -> VectorFile:
        """The project's vectors on disk."""
        return wiring.vectors(self.folder, self.embedder)

    @cached_property
    def near_rows(self) -> KeptIndex | None:
        """Finds the vector file's rows near to vectors, fast; None if the settings' kind cannot."""
        return wiring.kept_index(self.settings.index, self.vectors, self.progress)

    @cached_property
    def agent(self) -> LabelModel | None:
        """The language model behind the agent, or None."""
        return wiring.language_model(self.settings, self.agent_name)

    @cached_property
    def table(self) -> RecordTable:
        """Bare columns of all records, read once; `forget` after an import."""
        return self.store.records.table()

    def forget(self) -> None:
        """Drop what was read of the records, because they changed."""
        self.__dict__.pop("table", None)

    def read_anew(self) -> None:
        """Drop everything that was read or worked out, whether or not it can have changed."""
        self.forget()
        self.memo.clear()

    def close(self) -> None:
        """Stop the agent's server, if one was started, and close the store."""
        model = self.__dict__.pop("agent", None)
        if model is not None:
            model.close()
        self.store.close()

    # -- what several steps ask

    @property
    def placed(self) -> Ids:
        """The vector file's row of each record of the table, int64[n]; -1 for none yet.

        Found once: among a million content hashes that takes a second.
        """
        places = self._places
        if places is None or not places.are_current(self.table, self.vectors):
            rows = self.vectors.positions(self.table.hashes)
            places = _Places(self.table, self.vectors, len(self.vectors), rows)
            self._places = places
        return places.rows

    def places(self, ids: Ids) -> Ids:
        """The vector file's rows of records by id, int64[n]; -1 for none yet."""
        return self.placed[np.searchsorted(self.table.ids, ids)]

    def rows(self, ids: Ids) -> Floats:
        """Vectors float32[n, d] of records by id."""
        return self.vectors.at(self.places(ids))

    def records(self, ids: Iterable[int]) -> dict[int, Record]:
        """Records by id."""
        return {r.id: r for r in self.store.records.get(sorted(set(ids)))}

    def suggested(self, *, by_agent: bool = False) -> dict[int, Suggestion]:
        """The latest suggestion per record under the schema in force.

        With *by_agent* only what the agent of this opening said: it is not asked that again.
        """
        version = self.schema.version
        agent = wiring.configured_agent_id(self.settings, self.agent_name) if by_agent else None
        count = self.store.suggestions.count()
        known: tuple[int, dict[int, Suggestion]] | None = self.memo.get("suggestions")
        if known is None or known[0] != count:
            known = self.memo["suggestions"] = count, self.store.suggestions.latest()
        return {
            i: s
            for i, s in known[1].items()
            if s.schema_version == version and agent in (None, s.agent)
        }

    def head(self) -> tuple[int, float, Head] | None:
        """(version, temperature, weights) of the newest classifier head, or None before one."""
        card = self.store.notes.last_model()
        if card is None or card.schema_version != self.schema.version:
            return None
        return card.version, card.temperature, wiring.read_head(self.folder, card)


def utc_now() -> datetime:
    """The clock that projects use unless they are given another."""
    return datetime.now(UTC)
