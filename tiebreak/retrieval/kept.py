"""The index over all rows of a vector file, kept beside it and grown as rows are appended.

Two files: FAISS's own, and JSON that says what it is of and how it hashes. Each is written beside
its place, flushed and renamed. What a kill between the two leaves does not match, and what does
not match is made again: an index only saves time. FAISS reads no byte before the checksum is
right: of damaged bytes it may ask for any memory, or crash.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import faiss as _faiss
import numpy as np

from tiebreak.domain.arrays import Floats, Ids, Positions
from tiebreak.domain.ports import Progress
from tiebreak.retrieval.faiss_index import FaissIndex
from tiebreak.retrieval.ranking import blocks

faiss: Any = _faiss  # its stubs lack callbacks

FORMAT = 2
"""Format 1 was one ``.index`` file: it is not read, and removed when an index is written."""

SLACK = 0.02
"""Share of rows that may be missing in the file: they are added anew in each process, which takes
less time than to write all of it."""

_CHUNK = 16_384


@dataclass(frozen=True, kw_only=True, slots=True)
class Sidecar:
    """What the JSON beside FAISS's file says: of which rows it is, and how it hashes."""

    format: int
    kind: str
    dim: int
    rows: int
    digest: str | None
    bytes: int
    sha256: str


class RowFile(Protocol):
    """Where the rows are (`tiebreak.store.vectors.VectorFile`)."""

    dim: int

    def __len__(self) -> int: ...
    def at(self, positions: Positions) -> Floats: ...
    def digest(self, rows: int) -> str | None: ...


@dataclass
class KeptIndex:
    """An index whose ids are rows of *rows*, in the file *path*; loaded when first asked.

    One process at a time may call it: the caller holds the project's lock.

    Args:
        path: of FAISS's file, made with the first index; the JSON stands beside it.
        rows: what is searched.
        kind: of the index; another kind's file is not used.
        create: makes an empty one of this kind, for vectors of so many numbers.
        progress: is notified of what takes long.
    """

    path: Path
    rows: RowFile
    kind: str
    create: Callable[[int], FaissIndex]
    progress: Progress
    _index: FaissIndex | None = None
    _saved: int = 0

    @property
    def sidecar(self) -> Path:
        """The JSON: format, kind, dim, number and digest of rows, bytes and SHA-256 of the file."""
        return self.path.with_name(f"{self.path.name}.json")

    def ready(self) -> None:
        """See to it that a file is there that `search` can use without making an index."""
        if self._index is None:
            matching = self._matching()
            if matching and len(self.rows) - matching.rows <= SLACK * matching.rows:
                return
        self._current()

    def search(self, vectors: Floats, k: int) -> tuple[Ids, Floats]:
        """Rows int64[m, k] with cosines float32[m, k], as `VectorIndex.search` has it."""
        return self._current().search(vectors, k)

    def __len__(self) -> int:
        return len(self.rows)

    def _current(self) -> FaissIndex:
        """The index of all rows, loaded or made, and its file not far behind."""
        index = self._index or self._load() or self._build()
        self._index = index
        for start, stop in blocks(len(self.rows) - len(index), _CHUNK):
            ids = np.arange(len(index), len(index) + stop - start, dtype=np.int64)
            index.add(ids, self.rows.at(ids))
        if len(index) - self._saved > SLACK * self._saved:
            self._save(index)
        return index

    def _matching(self) -> Sidecar | None:
        """What the sidecar says, if that is of these rows and of a file of this size."""
        try:
            written: Any = json.loads(self.sidecar.read_bytes())
            size, sha256 = written["rows"], written["sha256"]
            expected = self._description(size, self.path.stat().st_size, sha256)
            matches = 0 < size <= len(self.rows) and written == asdict(expected)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return expected if matches else None

    def _description(self, rows: int, size: int, sha256: str) -> Sidecar:
        return Sidecar(
            format=FORMAT,
            kind=self.kind,
            dim=self.rows.dim,
            rows=rows,
            digest=self.rows.digest(rows),
            bytes=size,
            sha256=sha256,
        )

    def _load(self) -> FaissIndex | None:
        matching = self._matching()
        if matching is None:
            return None
        index = self.create(self.rows.dim)
        inner = read_index_file(self.path, matching.sha256)
        if inner is None or (inner.ntotal, inner.d) != (matching.rows, index.dim):
            self.progress.note(f"the index {self.path.name} is damaged and is made again")
            return None
        index.index = inner
        self._saved = len(index)
        return index

    def _build(self) -> FaissIndex:
        self.progress.note(f"an index of {len(self.rows)} vectors is made, once")
        index = self.create(self.rows.dim)
        index.fill(len(self.rows), self.rows.at)
        self._saved = 0
        return index

    def _save(self, index: FaissIndex) -> None:
        """Keep it; a disk that refuses costs time alone, so it is a note and no error."""
        outdated = self.path.with_suffix(".index")
        parts = [path.with_name(f"{path.name}.part") for path in (self.path, self.sidecar)]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for path in (outdated, outdated.with_name(f"{outdated.name}.part")):
                path.unlink(missing_ok=True)
            try:
                sha256 = write_index_file(index.index, parts[0])
                description = self._description(len(index), parts[0].stat().st_size, sha256)
                with parts[1].open("w", encoding="utf-8") as file:
                    json.dump(asdict(description), file)
                    file.flush()
                    os.fsync(file.fileno())
                parts[0].replace(self.path)
                parts[1].replace(self.sidecar)
            finally:
                for part in parts:
                    part.unlink(missing_ok=True)
        except OSError as problem:
            self.progress.note(f"the index cannot be kept at {str(self.path)!r}: {problem}")
        self._saved = len(index)  # either way it is not tried again at once


def write_index_file(index: Any, path: Path) -> str:
    """Write and flush FAISS's file of *index*; returns its SHA-256 (hex).

    FAISS's bytes come through a callback: written by itself, a full disk may go unnoticed.

    Raises:
        OSError: the disk refuses.
    """
    sha256 = hashlib.sha256()
    refused: list[OSError] = []
    with path.open("wb") as file:

        def write(raw: bytes) -> int:
            try:
                file.write(raw)
            except OSError as problem:  # FAISS would make an error of its own of it
                refused.append(problem)
                raise
            sha256.update(raw)
            return len(raw)

        try:
            faiss.write_index(index, faiss.PyCallbackIOWriter(write))
        except Exception:
            if refused:
                raise refused[0] from None
            raise
        file.flush()
        os.fsync(file.fileno())
    return sha256.hexdigest()


def read_index_file(path: Path, sha256: str) -> Any | None:
    """FAISS's index in this file; None if its SHA-256 (hex) is another, or FAISS refuses it."""
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                return None
        return faiss.read_index(str(path))
    except (OSError, RuntimeError):  # whole, but of a FAISS that this one does not understand
        return None
