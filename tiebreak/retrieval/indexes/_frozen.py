"""An index on disk: plain arrays and FAISS's own format in one file that proves itself whole.

The file: a magic word, the SHA-256 of all that follows, the length of a JSON head, the head (what
the index is of, and the arrays' names, types and lengths), the arrays, FAISS's bytes. It is written
beside its place, flushed and renamed, so a kill leaves the old file or the new one. FAISS never
reads a byte before the checksum is right: of damaged bytes it may ask for any memory, or crash.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Protocol

import faiss as _faiss
import numpy as np

from tiebreak.retrieval.indexes._growing import Arrays, State

faiss: Any = _faiss  # its stubs lack half of what is used here

_MAGIC = b"TBx1"
_START = struct.Struct("<4s32sI")  # magic, checksum, bytes of the head
_HASHED = 36  # bytes before what the checksum covers

Head = Mapping[str, Any]


class Freezable(Protocol):
    """An index that can be taken apart and put together again."""

    def state(self) -> State: ...
    def restore(self, arrays: Arrays, index: Any) -> None: ...


def freeze_index(index: Freezable, path: Path, of: Head) -> None:
    """Write *index* with what it is *of* (JSON); an `OSError` leaves the old file, if any."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")  # one name: what a kill leaves is overwritten
    try:
        with part.open("w+b") as file:
            write_index(index, file, of)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_index(index: Freezable, file: IO[bytes], of: Head) -> None:
    """Write to a file that is empty, and can be read."""
    arrays, inner = index.state()
    shapes = [[name, a.dtype.str, len(a)] for name, a in arrays.items()]
    head = json.dumps({"of": dict(of), "arrays": shapes}).encode()
    file.write(_START.pack(_MAGIC, bytes(32), len(head)))
    file.write(head)
    for array in arrays.values():
        file.write(np.ascontiguousarray(array).tobytes())
    refused: list[OSError] = []

    def passed_on(raw: bytes) -> int:
        try:
            return file.write(raw)
        except OSError as problem:  # FAISS would make an error of its own of it
            refused.append(problem)
            raise

    try:
        faiss.write_index(inner, faiss.PyCallbackIOWriter(passed_on))
    except Exception:
        if refused:
            raise refused[0] from None
        raise
    digest = _digest(file)
    file.seek(0)
    file.write(_START.pack(_MAGIC, digest, len(head)))


def glance(path: Path) -> Head | None:
    """What the index in this file says it is of, unproved; None for no such file."""
    try:
        with path.open("rb") as file:
            of = _head(file)["of"]
            return of if isinstance(of, dict) else None
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return None


def thaw(index: Freezable, path: Path) -> bool:
    """Make *index* what the file holds; false if the file is damaged or gone."""
    try:
        with path.open("rb") as file:
            _, digest, _ = _START.unpack(file.read(_START.size))
            if _digest(file) != digest:
                return False
            file.seek(0)
            shapes = _head(file)["arrays"]
            arrays = {}
            for name, kind, size in shapes:
                raw = file.read(np.dtype(kind).itemsize * size)
                arrays[name] = np.frombuffer(raw, dtype=kind).copy()
            index.restore(arrays, faiss.read_index(faiss.PyCallbackIOReader(file.read)))
            return True
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, struct.error):
        return False  # whole, but of a FAISS that this one does not understand: RuntimeError


def _head(file: IO[bytes]) -> dict[str, Any]:
    magic, _, size = _START.unpack(file.read(_START.size))
    if magic != _MAGIC:
        raise ValueError(magic)
    head: dict[str, Any] = json.loads(file.read(size))
    return head


def _digest(file: IO[bytes]) -> bytes:
    """SHA-256 of all behind the checksum."""
    file.flush()
    file.seek(_HASHED)
    hashed = hashlib.sha256()
    while block := file.read(1 << 20):
        hashed.update(block)
    return hashed.digest()
