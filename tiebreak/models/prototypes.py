"""What the labels' names say to the encoder: one vector a label, kept with the texts' vectors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.domain.ports import Embedder, Floats
from tiebreak.domain.records import content_hash
from tiebreak.project.context import ProjectContext

if TYPE_CHECKING:
    from tiebreak.store.vectors import VectorFile

_JOINTS = re.compile(r"[\s_/\-]+")


def name_text(label: Label) -> str:
    """The label in words: its name, and its definition if it has one."""
    name = _JOINTS.sub(" ", label.name).strip()
    return f"{name}. {label.definition.strip()}" if label.definition.strip() else name


def embed_label_names(schema: LabelSchema, vectors: VectorFile, encoder: Embedder) -> None:
    """Embed the names that have no vector yet; the caller holds the project's lock."""
    texts, hashes = _texts(schema)
    new = vectors.missing(hashes)
    if len(new):
        vectors.append(hashes[new], encoder.embed([texts[i] for i in new.tolist()]))


def prototypes(context: ProjectContext) -> Floats:
    """Unit vectors float32[k, d] of the names, in schema order."""
    texts, hashes = _texts(context.schema)
    if len(context.vectors.missing(hashes)):
        return context.embedder.embed(texts)
    return context.vectors.rows(hashes)


def _texts(schema: LabelSchema) -> tuple[list[str], npt.NDArray[np.void]]:
    texts = [name_text(label) for label in schema.labels]
    raw = b"".join(bytes.fromhex(content_hash(text)) for text in texts)
    return texts, np.frombuffer(raw, dtype="V32")
