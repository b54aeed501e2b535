"""The newest head with the vectors on disk: predictions for records without loading the encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tiebreak.domain.arrays import Floats, Floats64, Ids
from tiebreak.domain.batches import ModelInfo
from tiebreak.domain.ports import Head
from tiebreak.domain.records import RecordTable
from tiebreak.errors import ModelFileError, StoreError
from tiebreak.models.predict import probabilities
from tiebreak.project import ProjectContext, wiring

if TYPE_CHECKING:
    from tiebreak.store import VectorFile


class Scorer:
    """A head, and the vectors of the encoder that it was trained with. For readers only."""

    def __init__(self, context: ProjectContext, card: ModelInfo, head: Head) -> None:
        self._context = context
        self.encoder = card.embedder
        self._head = (card.version, card.temperature, head)
        self.version = card.version
        self.classes = head.classes
        kept: tuple[RecordTable, VectorFile] | None = context.memo.get(self._key)
        if kept is None or not kept[1].data.is_file():
            self._open()
        else:  # of a million records, seconds to read
            self._table, self._vectors = kept

    @classmethod
    def newest(cls, context: ProjectContext) -> Scorer | None:
        """The newest head under the schema in force; None if there is none, or its files are gone.

        Gone files are the loop's to make again; a reader goes on without them.
        """
        card = context.store.notes.last_model()
        if card is None or card.schema_version != context.schema.version:
            return None
        try:
            return cls(context, card, wiring.read_head(context.folder, card))
        except (ModelFileError, StoreError):
            return None

    def probabilities(self, vectors: Floats) -> Floats64:
        """Calibrated, float64[n, k] over `classes`, for float32[n, d]."""
        return probabilities(self._head, vectors)

    def rows(self, ids: Ids) -> Floats:
        """Vectors float32[n, d] of records; what was imported and embedded since is read now.

        Raises:
            StoreError: a record has no vector.
        """
        try:
            return self._rows(ids)
        except StoreError:
            self._open()
            return self._rows(ids)

    def _open(self) -> None:
        """Read what is there now. It is kept for the next reader, who finds out what it lacks."""
        self._table = self._context.store.records.table()
        vectors = wiring.written_vectors(self._context.folder, self.encoder)
        if vectors is None:
            raise StoreError("There are no vectors on disk.", mend="Run: tiebreak run DIR")
        self._vectors = vectors
        self._context.memo[self._key] = (self._table, vectors)

    @property
    def _key(self) -> tuple[str, str]:
        return "records", self.encoder

    def _rows(self, ids: Ids) -> Floats:
        known = self._table.ids
        at = np.minimum(np.searchsorted(known, ids), max(len(known) - 1, 0))
        if len(ids) and not (len(known) and bool((known[at] == ids).all())):
            raise StoreError("A record came in after these were read.")
        return self._vectors.rows(self._table.hashes[at])
