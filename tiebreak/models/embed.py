"""Embed every record that has no vector yet, and what the labels' names say to the encoder; link
near duplicates, keep a large pool's index."""

from __future__ import annotations

import re
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tiebreak.domain.arrays import Floats, Positions
from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.domain.ports import Embedder
from tiebreak.domain.records import content_hash
from tiebreak.project import ProjectContext
from tiebreak.retrieval import embed_missing, near_duplicates

if TYPE_CHECKING:
    from tiebreak.store import VectorFile

_JOINTS = re.compile(r"[\s_/\-]+")

NEAR = "near-duplicates"
"""The step in the log; its ``up_to`` is the last pool record that was looked at."""


def embed_records(context: ProjectContext) -> dict[str, Any]:
    """Bring vectors up to the records; returns what was done (nothing, the second time)."""
    hashes = context.table.hashes
    report: dict[str, Any] = {"embedded": 0, "cut": 0}
    if bool((context.placed < 0).any()):
        done = embed_missing(
            hashes, partial(_texts, context), context.vectors, context.embedder, context.progress
        )
        report = {**asdict(done), "texts_per_second": round(done.texts_per_second, 1)}
        context.store.notes.report("embed", 0, report)
        context.progress.note(
            f"embedded {done.embedded} texts ({done.texts_per_second:.0f} a second); "
            f"{done.cut} are longer than the encoder's window of {done.window} tokens"
        )
    embed_label_names(context.schema, context.vectors, context.embedder)
    if len(context.table.pool) > context.settings.index.candidates_above and context.near_rows:
        context.near_rows.ready()  # now, not when people wait for their next batch
    return {**report, "near_duplicates": _link_near(context)}


def _texts(context: ProjectContext, positions: Positions) -> list[str]:
    return [r.text for r in context.store.records.get(context.table.ids[positions].tolist())]


def _link_near(context: ProjectContext) -> int:
    """Link near duplicates within the pool, of records that came in since the last look."""
    pool = context.table.pool
    last = context.store.notes.last_report(NEAR)
    after = int(last["up_to"]) if last else 0
    if not len(pool) or pool[-1] <= after:
        return 0
    report: dict[str, Any] = {"up_to": int(pool[-1]), "linked": 0}
    most = context.settings.index.near_duplicates_max
    if len(pool) > most:
        report["skipped"] = f"more records than index.near_duplicates_max = {most}"
        context.progress.note(f"near duplicates were not looked for: {report['skipped']}")
    else:
        known = np.fromiter(context.pool_state().links, dtype=np.int64)
        ids = pool[~np.isin(pool, known)]
        context.progress.start("near duplicates", None)
        links = near_duplicates(
            ids, context.rows(ids), threshold=context.settings.index.near_duplicate, after=after
        )
        context.progress.done()
        report["linked"] = context.store.records.link(links)
    context.store.notes.report(NEAR, 0, report)
    return int(report["linked"])


def name_text(label: Label) -> str:
    """The label in words: its name, and its definition if it has one."""
    name = _JOINTS.sub(" ", label.name).strip()
    return f"{name}. {label.definition.strip()}" if label.definition.strip() else name


def embed_label_names(schema: LabelSchema, vectors: VectorFile, encoder: Embedder) -> None:
    """Embed the names that have no vector yet; the caller holds the project's lock."""
    texts, hashes = _name_texts(schema)
    new = vectors.missing(hashes)
    if len(new):
        vectors.append(hashes[new], encoder.embed([texts[i] for i in new.tolist()]))


def prototypes(context: ProjectContext) -> Floats:
    """Unit vectors float32[k, d] of the names, in schema order."""
    texts, hashes = _name_texts(context.schema)
    if len(context.vectors.missing(hashes)):
        return context.embedder.embed(texts)
    return context.vectors.rows(hashes)


def _name_texts(schema: LabelSchema) -> tuple[list[str], npt.NDArray[np.void]]:
    texts = [name_text(label) for label in schema.labels]
    raw = b"".join(bytes.fromhex(content_hash(text)) for text in texts)
    return texts, np.frombuffer(raw, dtype="V32")
