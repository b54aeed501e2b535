"""Classifier heads: the linear one, and how it is kept on disk without pickle.

A file is an ``.npz`` of plain arrays; what is no array (format, classes, C) is JSON in one of them.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

from tiebreak.domain.arrays import Floats, Floats64
from tiebreak.domain.ports import Head, HeadLink
from tiebreak.errors import ModelFileError, UsageError

FORMAT = 1
SETS_FORMAT = 2
"""Of a file that names its link. A head with the link that was the only one is still format 1."""
CHUNK = 16_384
_MEND = "Delete the file and train again from the stored labels: tiebreak run DIR"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LinearHead:
    """A linear `tiebreak.domain.ports.Head`: logits = vectors · coefᵀ + intercept.

    ``coef`` float64[k, d]; ``intercept`` float64[k], -inf (over a zero row of ``coef``) for a class
    without a training row. ``converged`` is false if the optimiser stopped at its iteration limit.
    ``link`` makes probabilities of logits: softmax over the classes, or a sigmoid for each of them.
    """

    classes: tuple[str, ...]
    c: float
    coef: Floats64
    intercept: Floats64
    converged: bool = True
    link: HeadLink = "softmax"

    def logits(self, vectors: Floats) -> Floats64:
        """float64[n, k] for float32[n, d]; -inf for a class never seen."""
        if vectors.ndim != 2 or vectors.shape[1] != self.coef.shape[1]:
            raise UsageError(
                f"The model was trained on vectors of {self.coef.shape[1]} numbers and was given "
                f"an array of shape {vectors.shape!r}.",
                mend="Use the embedder it was trained with, or train again: tiebreak run DIR",
            )
        out = np.empty((len(vectors), len(self.classes)))
        for start in range(0, len(vectors), CHUNK):  # or a million rows are doubled in memory
            rows = slice(start, start + CHUNK)
            out[rows] = vectors[rows].astype(np.float64) @ self.coef.T + self.intercept
        return out


def save_head(head: Head, path: Path) -> str:
    """Write *head* so that a reader sees the old file or the new one; returns its SHA-256 (hex).

    Equal heads give equal bytes. A head that is not a `LinearHead` is a `UsageError`.
    """
    if not isinstance(head, LinearHead):
        raise UsageError(
            f"A head of type {type(head).__name__!r} cannot be saved.", mend="Save a LinearHead."
        )
    meta = {
        "format": FORMAT,
        "classes": list(head.classes),
        "c": float(head.c),
        "converged": head.converged,
    }
    if head.link != "softmax":
        meta |= {"format": SETS_FORMAT, "link": head.link}
    packed = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)
    buffer = BytesIO()
    np.savez(buffer, meta=packed, coef=head.coef, intercept=head.intercept)
    raw = buffer.getvalue()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with part.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return hashlib.sha256(raw).hexdigest()


def load_head(path: Path, sha256: str) -> LinearHead:
    """Read a head back, bit for bit, if the file is the very one that `save_head` wrote.

    A missing file, one with another SHA-256 or of another format is a `ModelFileError`.
    """
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise ModelFileError(
            f"The model file {str(path)!r} cannot be read: {problem.strerror}.", mend=_MEND
        ) from None
    actual = hashlib.sha256(raw).hexdigest()
    if actual != sha256:
        raise ModelFileError(
            f"The model file {str(path)!r} is damaged or was replaced: its SHA-256 is {actual!r} "
            f"and not {sha256!r}.",
            mend=_MEND,
        )
    with np.load(BytesIO(raw), allow_pickle=False) as arrays:
        meta = json.loads(arrays["meta"].tobytes())
        coef, intercept = arrays["coef"], arrays["intercept"]
    if meta["format"] not in (FORMAT, SETS_FORMAT):
        raise ModelFileError(
            f"The model file {str(path)!r} has format {meta['format']!r} and not {FORMAT} or "
            f"{SETS_FORMAT}.",
            mend=_MEND,
        )
    return LinearHead(
        classes=tuple(meta["classes"]),
        c=meta["c"],
        coef=coef,
        intercept=intercept,
        converged=meta["converged"],
        link=meta.get("link", "softmax"),
    )
