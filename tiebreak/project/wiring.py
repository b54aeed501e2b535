"""The one place that builds implementations from settings, each imported on first use."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tiebreak import registry
from tiebreak.config import AgentPart, EmbedderPart, IndexPart, Price, Settings
from tiebreak.domain.batches import ModelInfo
from tiebreak.domain.ports import (
    Classifier,
    Clock,
    Embedder,
    Head,
    LabelModel,
    Progress,
    QueryStrategy,
    SetClassifier,
    Store,
    VectorIndex,
)
from tiebreak.errors import ConfigError, StoreBusy

if TYPE_CHECKING:
    from tiebreak.retrieval import KeptIndex
    from tiebreak.store import VectorFile

DATABASE = "tiebreak.db"


def open_store(folder: Path, settings: Settings, clock: Clock) -> Store:
    """The project's store: SQLite in its folder, or what ``store.url`` names."""
    from tiebreak.store import SqlStore

    return SqlStore.open(settings.store.url or str(folder / DATABASE), clock)


@contextmanager
def project_lock(folder: Path) -> Iterator[None]:
    """Hold the project for one long step; the system lets go when the process dies.

    Raises:
        StoreBusy: another process runs or imports in this project now.
    """
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreBusy(
                f"Another process is running or importing in {str(folder)!r}.",
                mend="Wait for it to end, or stop it.",
            ) from None
        yield
    finally:
        os.close(handle)


def embedder(part: EmbedderPart) -> Embedder:
    """The text encoder: one of ours by name, else a sentence-transformers model or path."""
    options = {"batch_size": part.batch_size, "threads": part.threads}
    options = {key: value for key, value in options.items() if value}  # 0: the encoder's own
    if part.name in registry.known("embedders"):
        made: Embedder = registry.find("embedders", part.name)(**options)
        return made
    create = registry.find("embedders", "sentence_transformers")
    encoder: Embedder = create(name=part.name, **options)
    return encoder


def vectors(folder: Path, encoder: Embedder) -> VectorFile:
    """Vectors on disk for this encoder."""
    from tiebreak.store import VectorFile

    return VectorFile(folder / "vectors", encoder.id, encoder.dim)


def written_vectors(folder: Path, encoder_id: str) -> VectorFile | None:
    """The vectors that an encoder of this id left on disk, without loading it; None for none."""
    from tiebreak.store import VectorFile

    return VectorFile.written(folder / "vectors", encoder_id)


def index(part: IndexPart, dim: int) -> VectorIndex:
    """An empty vector index."""
    made: VectorIndex = registry.find("indexes", part.kind)(dim)
    return made


def kept_index(part: IndexPart, rows: VectorFile, progress: Progress) -> KeptIndex | None:
    """The index over all rows that is kept beside them; None for a kind that answers exactly,
    which takes as long as to look at every row."""
    from tiebreak.retrieval import FaissIndex, KeptIndex

    create = registry.find("indexes", part.kind)
    made = create(rows.dim)
    if not isinstance(made, FaissIndex) or made.lists_at is None:
        return None
    path = rows.data.with_suffix(".faiss")
    return KeptIndex(path=path, rows=rows, kind=part.kind, create=create, progress=progress)


def strategy(name: str) -> QueryStrategy:
    """A query strategy by name."""
    made: QueryStrategy = registry.find("strategies", name)()
    return made


def classifier(name: str) -> Classifier:
    """A classifier that `fit`s heads."""
    made: Classifier = registry.find("classifiers", name)()
    return made


def set_classifier(name: str) -> SetClassifier:
    """A classifier for records to which any number of labels may apply."""
    made: SetClassifier = registry.find("set_classifiers", name)()
    return made


def write_head(folder: Path, version: int, head: Head) -> str:
    """Write a head beside the database; returns the SHA-256 of the file."""
    from tiebreak.learner import heads

    return heads.save_head(head, head_file(folder, version))


def read_head(folder: Path, card: ModelInfo) -> Head:
    """A head as its card names it; `ModelFileError` when the file is missing or damaged."""
    from tiebreak.learner import heads

    return heads.load_head(head_file(folder, card.version), sha256=card.sha256)


def head_file(folder: Path, version: int) -> Path:
    """Where a head's weights are kept."""
    return folder / "models" / f"head-{version:04d}.npz"


def agent_settings(settings: Settings, name: str | None) -> AgentPart:
    """The agent's settings, with another name put in for this opening."""
    return settings.agent.model_copy(update={"name": name}) if name else settings.agent


def configured_agent_id(settings: Settings, name: str | None) -> str | None:
    """What `LabelModel.id` will be, without opening the model; None for no agent."""
    from tiebreak.agents import agent_id as named

    return named(agent_settings(settings, name))


def language_model(settings: Settings, name: str | None) -> LabelModel | None:
    """The language model behind the agent, or None for ``none``."""
    from tiebreak.agents import open_agent

    return open_agent(agent_settings(settings, name))


def price(settings: Settings, model: LabelModel) -> Price | None:
    """The price of a model: of its full id, or of its bare name."""
    bare = model.id.partition(":")[2]
    return settings.prices.get(model.id) or settings.prices.get(bare)


def project_folder(folder: Path) -> Path:
    """*folder* if it exists; else a `ConfigError`."""
    if not folder.is_dir():
        raise ConfigError(
            f"There is no folder {str(folder)!r}.",
            mend=f"Make a project with: tiebreak init {folder} --labels a,b,c",
        )
    return folder
