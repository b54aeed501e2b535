"""Vectors on disk: append-only float32 rows, memory-mapped, keyed by content hash.

Two files, named after the encoder's id. ``.f32`` holds the rows, one after the other. ``.keys``
holds blocks, one for each append: a 32-byte head (magic, dimension, row count, the first 16 bytes
of the SHA-256 over the block's keys and rows), then the 32-byte content hashes of the rows.

Rows are flushed before their block is, so a block that is whole has its rows. What a kill or a
power cut left behind is never read and is overwritten by the next append: a block counts as a
whole or not at all, so that a resumed run embeds the same chunks as an undisturbed one (an
encoder's last bits depend on the company that a text is in). One process writes at a time: the
caller holds the project's lock. Reading needs none.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tiebreak.domain.arrays import Floats, Hashes, Positions
from tiebreak.errors import StoreError

_MAGIC = b"TBv1"
_HEAD = struct.Struct("<4sIQ16s")
_KEY = 32
_PART = 4_096  # rows copied at a time: each brings what lies around it, up to 64 KB, into memory
_MIN_SPAN = 256  # rows; fewer are not worth a read of their own


class VectorFile:
    """The vectors of one encoder in *folder*; ``len()`` is the number of rows.

    Args:
        folder: made on the first append.
        embedder_id: `Embedder.id`; another id has other files.
        dim: numbers in a row.
    """

    def __init__(self, folder: Path, embedder_id: str, dim: int) -> None:
        name = _name(embedder_id)
        self.data = folder / f"{name}.f32"
        self.keys = folder / f"{name}.keys"
        self.dim = dim
        self._blocks: list[tuple[int, bytes]] = []  # rows and digest of each block
        self._hashes = bytearray()
        self._mapped: mmap.mmap | None = None
        self._array: Floats | None = None
        self._order: tuple[npt.NDArray[np.bytes_], npt.NDArray[np.intp]] | None = None
        self._load()

    @classmethod
    def written(cls, folder: Path, embedder_id: str) -> VectorFile | None:
        """The vectors that are there, their dimension read from the file; None if there are none.

        For readers that do not have the encoder loaded.
        """
        keys = folder / f"{_name(embedder_id)}.keys"
        if not keys.is_file() or keys.stat().st_size < _HEAD.size:
            return None
        with keys.open("rb") as file:
            _, dim, _, _ = _HEAD.unpack(file.read(_HEAD.size))
        return cls(folder, embedder_id, dim)

    def __len__(self) -> int:
        return len(self._hashes) // _KEY

    def missing(self, hashes: Hashes) -> Positions:
        """Positions in *hashes* (V32[n]) whose vector is not here; equal hashes: the first only."""
        unknown = np.flatnonzero(self.positions(hashes) < 0)
        _, first = np.unique(_sortable(hashes)[unknown], return_index=True)
        return np.sort(unknown[first]).astype(np.int64)

    def positions(self, hashes: Hashes) -> Positions:
        """The row of each hash (V32[n]), int64[n]; -1 where there is none."""
        if self._order is None:
            known = np.frombuffer(bytes(self._hashes), dtype=f"S{_KEY}")
            order = np.argsort(known, kind="stable")
            self._order = (known[order], order)
        known, order = self._order
        wanted = _sortable(hashes)
        if not len(known):
            return np.full(len(wanted), -1, dtype=np.int64)
        # a search in order stays in the processor's cache
        ascending = np.argsort(wanted, kind="stable")
        at = np.empty(len(wanted), dtype=np.int64)
        at[ascending] = np.minimum(np.searchsorted(known, wanted[ascending]), len(known) - 1)
        return np.where(known[at] == wanted, order[at], -1).astype(np.int64)

    def append(self, hashes: Hashes, rows: Floats) -> None:
        """Add vectors (float32[n, dim]) of new content hashes (V32[n]); on disk when it returns.

        Raises:
            StoreError: the shapes do not fit, or the disk refused (what was here stays good).
        """
        if rows.shape != (len(hashes), self.dim):
            raise StoreError(
                f"Vectors of shape {rows.shape!r} for {len(hashes)!r} hashes of dimension "
                f"{self.dim!r}.",
                mend="Embed with the encoder that the project names.",
            )
        if not len(hashes):
            return
        keys, values = _sortable(hashes).tobytes(), rows.astype("<f4").tobytes()
        digest = _digest(keys, values)
        head = _HEAD.pack(_MAGIC, self.dim, len(hashes), digest)
        try:
            self.data.parent.mkdir(parents=True, exist_ok=True)
            _write(self.keys, self._end, b"")  # first drop a torn block: its rows go next
            _write(self.data, len(self) * self.dim * 4, values)
            _write(self.keys, self._end, head + keys)
        except OSError as problem:
            raise StoreError(
                f"{str(self.data)!r} cannot be written: {problem}.", mend="Make room there."
            ) from None
        self._blocks.append((len(hashes), digest))
        self._hashes += keys
        self._unmap()
        self._order = None

    def rows(self, hashes: Hashes) -> Floats:
        """float32[n, dim], a copy, in the order of *hashes*; one without a vector: `StoreError`."""
        return self.at(self.positions(hashes))

    def at(self, positions: Positions) -> Floats:
        """float32[n, dim], a copy of the rows at *positions*, int64[n]; negative: `StoreError`."""
        lost = int((positions < 0).sum())
        if lost:
            raise StoreError(
                f"{lost!r} of {len(positions)!r} texts have no vector yet.",
                mend="Embed them with: tiebreak run",
            )
        out = np.empty((len(positions), self.dim), dtype=np.float32)
        for start in range(0, len(positions), _PART):
            part = positions[start : start + _PART]
            if _is_dense(part):
                self._read(part, out[start : start + _PART])
            else:
                out[start : start + _PART] = self._rows()[part]
                self._drop_pages()
        return out

    def _read(self, positions: Positions, out: Floats) -> None:
        """Rows that lie close together, by one read: half the time of touching a map's pages."""
        first, last = int(positions.min()), int(positions.max())
        count, offset = (last - first + 1) * self.dim, first * self.dim * 4
        span = np.fromfile(self.data, dtype="<f4", count=count, offset=offset)
        np.take(span.reshape(-1, self.dim), positions - first, axis=0, out=out, mode="clip")

    def digest(self, rows: int) -> str | None:
        """A name (hex) for the first *rows* rows and their order; None if no append ended there.

        What is derived from these rows and keeps their name can tell later whether they are the
        same: a torn append that was done again has another.
        """
        hashed = hashlib.sha256()
        done = 0
        for count, of_block in self._blocks:
            if done >= rows:
                break
            hashed.update(count.to_bytes(8, "little") + of_block)
            done += count
        return hashed.hexdigest() if done == rows else None

    def damaged(self) -> int:
        """How many rows stand in blocks whose checksum is wrong (reads everything)."""
        bad = done = 0
        for count, digest in self._blocks:
            bad += 0 if self._is_intact(done, count, digest) else count
            done += count
        return bad

    # -- reading what is there ---------------------------------------------------------------

    @property
    def _end(self) -> int:
        """Bytes of ``.keys`` that count."""
        return len(self._blocks) * _HEAD.size + len(self._hashes)

    def _load(self) -> None:
        raw = self.keys.read_bytes() if self.keys.is_file() else b""
        capacity = self.data.stat().st_size // (4 * self.dim) if self.data.is_file() else 0
        while self._end + _HEAD.size <= len(raw):
            magic, dim, count, digest = _HEAD.unpack_from(raw, self._end)
            start = self._end + _HEAD.size
            stop = start + count * _KEY
            fits = stop <= len(raw) and len(self) + count <= capacity
            if (magic, dim) != (_MAGIC, self.dim) or not fits:
                break
            self._blocks.append((count, digest))
            self._hashes += raw[start:stop]
        while self._blocks:
            count, digest = self._blocks[-1]
            if self._is_intact(len(self) - count, count, digest):
                break
            self._blocks.pop()
            del self._hashes[-count * _KEY :]
            self._unmap()

    def _is_intact(self, start: int, count: int, digest: bytes) -> bool:
        keys = bytes(self._hashes[start * _KEY : (start + count) * _KEY])
        return _digest(keys, self._rows()[start : start + count].tobytes()) == digest

    def _rows(self) -> Floats:
        if self._array is None:
            shape = (len(self), self.dim)
            if not len(self):
                return np.zeros(shape, dtype=np.float32)
            with self.data.open("rb") as file:
                size = shape[0] * shape[1] * 4
                self._mapped = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
            self._array = np.frombuffer(self._mapped, dtype="<f4").reshape(shape)
        return self._array

    def _drop_pages(self) -> None:
        """Take what was read out of this process's memory; the system's cache keeps it."""
        if self._mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._mapped.madvise(mmap.MADV_DONTNEED)

    def _unmap(self) -> None:
        self._array = self._mapped = None  # closed once nobody holds rows of it


def _is_dense(positions: Positions) -> bool:
    """Whether reading all between the first and the last row wastes little."""
    n = len(positions)
    return n >= _MIN_SPAN and int(positions.max() - positions.min()) < 2 * n


def _name(embedder_id: str) -> str:
    """What the two files of an encoder are called."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", embedder_id).strip("-")[:40]
    return f"{slug}-{hashlib.sha256(embedder_id.encode()).hexdigest()[:12]}"


def _sortable(hashes: Hashes) -> npt.NDArray[np.bytes_]:
    """The same bytes as S32: at this fixed length its order and equality are those of the bytes,
    and NumPy sorts and searches it in C (of void it can do neither well)."""
    return np.ascontiguousarray(hashes).view(f"S{_KEY}")


def _digest(keys: bytes, values: bytes) -> bytes:
    return hashlib.sha256(keys + values).digest()[:16]


def _write(path: Path, offset: int, raw: bytes) -> None:
    """Make the file hold its first *offset* bytes, then *raw*, and nothing more; flushed."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b") as file:
        file.truncate(offset)
        file.seek(offset)
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
